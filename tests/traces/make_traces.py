#!/usr/bin/env python3
"""Known answers for the optimizers: 1000 steps of each rule by PyTorch 2.9, written beside this file.

    python -m venv venv && venv/bin/pip install numpy torch==2.9.0 && venv/bin/python tests/traces/make_traces.py

cases.json      the cases: a name and the optimizer as this project's settings write it
traces.csv      f64, closed loop: case, problem, step, 4 parameters; gradients are computed on the way, as below
gradients.csv   f32, one fixed sequence of 1000 gradients of 4 parameters
matrix_cases.json, matrix.csv   f64: rules for matrices on a 3 x 2 problem
replay.csv      f32: case, step, the parameters after that many of those gradients

SGD, Adam and AdamW are torch.optim's (single-tensor, on the CPU). PyTorch has no Lion, no AdEMAMix and no exact sign
descent, no Sophia and no MARS: these are written here in plain tensor operations, from Program 1 of Chen et al. (2023),
Algorithm 1 of Pagliardini et al. (2025) with the half-life of its authors' code, the definition, Algorithm 3 of Liu et al.
(2024) and Algorithm 2 of Yuan et al. (2024) with its clip.

Muon is torch.optim's, with its iteration in f64 in place of bfloat16, but for the case that says so. SOAP is written here
from Algorithms 3 and 4 of Vyas et al. (2024) with the conventions of its authors' code.

What a rule needs besides the gradient: closed loop, Sophia is given the exact diagonal of the Hessian, and under the exact
form of MARS the gradient of step t is 1 + 0.3 sin t times the problem's, at both points. In the replay Sophia is given the
square of the step's gradient, MARS ¾ of the gradient before.

Numbers are written so that they read back to the same bits (repr of f64, 9 digits of f32).
"""

import csv
import json
import math
from pathlib import Path

import numpy as np
import torch

HERE = Path(__file__).parent
STEPS = 1000
RECORDED = [1, 2, 3, 5, 10, 20, 50, 100, 200, 300, 400, 500, 600, 700, 800, 900, 1000]
START = [0.3, 1.1, -0.7, 2.0]


class Rule(torch.optim.Optimizer):
    """A rule in plain tensor operations: subclasses write `update(param, grad, state, t, hyper)`."""

    def __init__(self, params, **hyper):
        super().__init__(params, hyper)

    @torch.no_grad()
    def step(self):
        for group in self.param_groups:
            for p in group["params"]:
                state = self.state[p]
                state["t"] = state.get("t", 0) + 1
                self.update(p, p.grad, state, state["t"], group)


class ExactSign(Rule):
    def update(self, p, g, state, t, h):
        p.sub_(h["lr"] * torch.sign(g))


class Lion(Rule):
    def update(self, p, g, state, t, h):
        b1, b2 = h["betas"]
        m = state.setdefault("m", torch.zeros_like(p))
        direction = torch.sign(b1 * m + (1 - b1) * g)
        p.mul_(1 - h["lr"] * h["weight_decay"]).sub_(h["lr"] * direction)
        m.copy_(b2 * m + (1 - b2) * g)


class AdEMAMix(Rule):
    def update(self, p, g, state, t, h):
        b1, b2, b3 = h["betas"]
        alpha = h["alpha"]
        if t < h["alpha_warmup"]:
            alpha = t / h["alpha_warmup"] * alpha
        if t < h["beta3_warmup"]:
            life = lambda beta: math.log(0.5) / math.log(beta + 1e-8) - 1
            f = t / h["beta3_warmup"]
            b3 = 0.5 ** (1 / ((1 - f) * life(b1) + f * life(b3) + 1))
        m1 = state.setdefault("m1", torch.zeros_like(p))
        m2 = state.setdefault("m2", torch.zeros_like(p))
        v = state.setdefault("v", torch.zeros_like(p))
        m1.copy_(b1 * m1 + (1 - b1) * g)
        m2.copy_(b3 * m2 + (1 - b3) * g)
        v.copy_(b2 * v + (1 - b2) * g * g)
        mean = m1 / (1 - b1**t) + alpha * m2
        root = torch.sqrt(v / (1 - b2**t)) + h["eps"]
        p.sub_(h["lr"] * (mean / root + h["weight_decay"] * p))


class Sophia(Rule):
    """Algorithm 3 of Liu et al. (2024); `p.curvature()` is the estimate of the Hessian's diagonal."""

    def update(self, p, g, state, t, h):
        b1, b2 = h["betas"]
        m = state.setdefault("m", torch.zeros_like(p))
        curvature = state.setdefault("h", torch.zeros_like(p))
        m.copy_(b1 * m + (1 - b1) * g)
        if (t - 1) % h["interval"] == 0:
            curvature.copy_(b2 * curvature + (1 - b2) * p.curvature())
        p.mul_(1 - h["lr"] * h["weight_decay"])
        p.sub_(h["lr"] * torch.clamp(m / torch.clamp(h["gamma"] * curvature, min=h["eps"]), -1, 1))


class Mars(Rule):
    """Algorithm 2 of Yuan et al. (2024); `p.before()` is the gradient of the present batch at the parameters before."""

    def update(self, p, g, state, t, h):
        b1, b2 = h["betas"]
        m = state.setdefault("m", torch.zeros_like(p))
        v = state.setdefault("v", torch.zeros_like(p))
        before = g
        if t > 1:
            before = p.before() if h["form"] == "exact" else state["g"]
        state["g"] = g.clone()
        c = g + h["gamma"] * (b1 / (1 - b1)) * (g - before)
        norm = torch.linalg.vector_norm(c)
        if h["clip"] and norm > 1:
            c = c / norm
        m.copy_(b1 * m + (1 - b1) * c)
        v.copy_(b2 * v + (1 - b2) * c * c)
        step = (m / (1 - b1**t)) / (torch.sqrt(v / (1 - b2**t)) + h["eps"])
        p.mul_(1 - h["lr"] * h["weight_decay"]).sub_(h["lr"] * step)


class Soap(Rule):
    """Algorithms 3 and 4 of Vyas et al. (2024), with the first step, bias corrections and decay of its authors' code."""

    def update(self, p, g, state, t, h):
        b1, b2 = h["betas"]
        if t == 1:
            state["l"], state["r"] = (1 - b2) * g @ g.T, (1 - b2) * g.T @ g
            state["ql"], state["qr"] = (torch.linalg.eigh(x)[1].flip(1) for x in (state["l"], state["r"]))
            state["m"], state["v"] = torch.zeros_like(p), torch.zeros_like(p)
            return
        t -= 1
        ql, qr = state["ql"], state["qr"]
        projected = ql.T @ g @ qr
        state["m"] = b1 * state["m"] + (1 - b1) * g
        state["v"] = b2 * state["v"] + (1 - b2) * projected**2
        step = ql @ ((ql.T @ state["m"] @ qr) / (torch.sqrt(state["v"]) + h["eps"])) @ qr.T
        p.sub_(h["lr"] * math.sqrt(1 - b2**t) / (1 - b1**t) * step)
        p.mul_(1 - h["lr"] * h["weight_decay"])
        state["l"] = b2 * state["l"] + (1 - b2) * g @ g.T
        state["r"] = b2 * state["r"] + (1 - b2) * g.T @ g
        if t % h["frequency"] == 0:
            for axis, x, q in ((0, "l", "ql"), (1, "r", "qr")):
                product = state[x] @ state[q]
                order = torch.argsort((state[q] * product).sum(0), descending=True, stable=True)
                state[q] = torch.linalg.qr(product[:, order])[0]
                state["v"] = state["v"].index_select(axis, order)


def torch_muon(params, scale="original", **h):
    adjust = {"original": "original", "match_adamw": "match_rms_adamw"}[scale]
    return torch.optim.Muon(params, adjust_lr_fn=adjust, **h)


def torch_adam(cls):
    return lambda params, **h: cls(params, foreach=False, fused=False, **h)


def torch_sgd(params, **h):
    return torch.optim.SGD(params, foreach=False, fused=False, **h)


def sign_as_adam(params, lr, eps):
    return torch_adam(torch.optim.Adam)(params, lr=lr, betas=(0.0, 0.0), eps=eps)


ADAM, ADAMW = torch_adam(torch.optim.Adam), torch_adam(torch.optim.AdamW)
MIX = dict(betas=(0.9, 0.999, 0.9999), alpha=2.0, eps=1e-8, weight_decay=0.0, alpha_warmup=0, beta3_warmup=0)

MARS = dict(betas=(0.95, 0.99), gamma=0.025, eps=1e-8, weight_decay=0.0, clip=True, form="approximate")

# name, kind, how to make it, hyper-parameters. The `form` of sign descent is this project's only.
CASES = [
    ("sgd", "sgd", torch_sgd, dict(lr=3e-4)),
    ("sgd-momentum", "sgd", torch_sgd, dict(lr=1e-4, momentum=0.9)),
    ("sgd-dampening", "sgd", torch_sgd, dict(lr=5e-4, momentum=0.8, dampening=0.4)),
    ("sgd-nesterov", "sgd", torch_sgd, dict(lr=1e-4, momentum=0.9, nesterov=True)),
    ("sgd-l2", "sgd", torch_sgd, dict(lr=1e-4, momentum=0.5, weight_decay=0.3)),
    ("sign-exact", "sign_gd", ExactSign, dict(lr=2.73e-3, form="exact")),
    ("sign-adam", "sign_gd", sign_as_adam, dict(lr=2.73e-3, eps=1e-8, form="adam")),
    ("sign-adam-eps", "sign_gd", sign_as_adam, dict(lr=2e-3, eps=3.0, form="adam")),
    ("adam", "adam", ADAM, dict(lr=1e-2)),
    ("adam-betas", "adam", ADAM, dict(lr=3e-3, betas=(0.7, 0.99), eps=1e-2)),
    ("adam-l2", "adam", ADAM, dict(lr=1e-2, weight_decay=0.5)),
    ("adamw", "adamw", ADAMW, dict(lr=1e-2)),
    ("adamw-decay", "adamw", ADAMW, dict(lr=5e-3, betas=(0.9, 0.99), weight_decay=0.5)),
    ("adamw-beta1-0", "adamw", ADAMW, dict(lr=1e-3, betas=(0.0, 0.99), weight_decay=0.1)),
    ("ademamix", "ademamix", AdEMAMix, dict(MIX, lr=1e-3)),
    ("ademamix-warmup", "ademamix", AdEMAMix,
     dict(MIX, lr=2e-3, alpha=5.0, weight_decay=0.1, alpha_warmup=400, beta3_warmup=700)),
    ("lion", "lion", Lion, dict(lr=2.73e-3, betas=(0.9, 0.99), weight_decay=0.0)),
    ("sophia", "sophia", Sophia,
     dict(lr=2.73e-3, betas=(0.96, 0.99), gamma=0.01, eps=1e-12, weight_decay=0.0, interval=10)),
    ("sophia-decay", "sophia", Sophia,
     dict(lr=2.1e-3, betas=(0.9, 0.8), gamma=0.5, eps=1e-3, weight_decay=0.2, interval=7)),
    ("mars", "mars", Mars, dict(MARS, lr=1.7e-3)),
    ("mars-free", "mars", Mars, dict(MARS, lr=3e-3, betas=(0.9, 0.99), gamma=0.1, weight_decay=0.1, clip=False)),
    ("mars-exact", "mars", Mars, dict(MARS, lr=1.7e-3, form="exact")),
    ("lion-decay", "lion", Lion, dict(lr=2.1e-3, betas=(0.95, 0.98), weight_decay=0.3)),
]


# The same for a matrix of 3 x 2.
MATRIX_CASES = [
    ("muon", "muon", torch_muon, dict(lr=2e-3, weight_decay=0.0)),
    ("muon-decay", "muon", torch_muon, dict(lr=2e-3, momentum=0.9, nesterov=False, weight_decay=0.3)),
    ("muon-adamw", "muon", torch_muon, dict(lr=2e-3, weight_decay=0.1, scale="match_adamw")),
    ("muon-bf16", "muon", torch_muon, dict(lr=2e-3, weight_decay=0.0)),
    ("soap", "soap", Soap, dict(lr=3e-3, betas=(0.95, 0.95), eps=1e-8, weight_decay=0.01, frequency=10)),
    ("soap-often", "soap", Soap, dict(lr=2e-3, betas=(0.9, 0.99), eps=1e-4, weight_decay=0.0, frequency=1)),
]


def matrix_gradient(step, w):
    """L = ½ ‖A (W − C) B‖² with C turning slowly, so that the gradient does not die."""
    a = np.array([[2.0, 0.3, 0.0], [0.1, 1.0, -0.4], [0.5, 0.0, 0.7]])
    b = np.array([[1.0, 0.2], [-0.3, 1.5]])
    phase = np.array([[0.0, 1.0], [2.0, 0.5], [-1.0, 1.7]])
    c = 2.0 * np.cos(0.01 * step + phase)
    return a.T @ a @ (w - c) @ b @ b.T


MATRIX_START = [[0.3, 1.1], [-0.7, 2.0], [0.4, -1.2]]


def run_matrix(case, start):
    """As torch does, but with the iteration of Muon in f64 unless the case is of bf16."""
    w = torch.tensor(start, dtype=torch.float64, requires_grad=True)
    optimizer = case[2]([w], **case[3])
    bfloat16 = torch.Tensor.bfloat16
    if case[0] != "muon-bf16":
        torch.Tensor.bfloat16 = torch.Tensor.clone
    try:
        for step in range(1, STEPS + 1):
            w.grad = torch.from_numpy(matrix_gradient(step, w.detach().numpy().copy()))
            optimizer.step()
            if step in RECORDED:
                yield step, w.detach().numpy().copy()
    finally:
        torch.Tensor.bfloat16 = bfloat16


def quadratic(x):
    """L = ½ Σ h (x − c)², condition number 1000."""
    h = np.array([1.0, 10.0, 100.0, 1000.0])
    c = np.array([1.0137, -2.0291, 0.5483, 0.0719])
    return h * (x - c)


def rosenbrock(x):
    """L = Σ_{i<3} 100 (x_{i+1} − x_i²)² + (1 − x_i)²."""
    g = np.zeros(4)
    for i in range(3):
        r = x[i + 1] - x[i] * x[i]
        g[i] += -400.0 * x[i] * r - 2.0 * (1.0 - x[i])
        g[i + 1] += 200.0 * r
    return g


def quadratic_curvature(x):
    return np.array([1.0, 10.0, 100.0, 1000.0])


def rosenbrock_curvature(x):
    h = np.zeros(4)
    for i in range(3):
        h[i] += 1200.0 * x[i] * x[i] - 400.0 * x[i + 1] + 2.0
        h[i + 1] += 200.0
    return h


CURVATURE = {quadratic: quadratic_curvature, rosenbrock: rosenbrock_curvature}


def make(case, params):
    _, _, make_optimizer, hyper = case
    own = make_optimizer not in (Mars,)
    return make_optimizer(params, **{k: v for k, v in hyper.items() if k != "form" or not own})


def run(case, dtype, gradient, start=START, curvature=None, before=None):
    """Yields (step, parameters) of the recorded steps; `gradient`, `curvature` and `before` are of (step, x)."""
    x = torch.tensor(start, dtype=dtype, requires_grad=True)
    optimizer = make(case, [x])
    last = None
    for step in range(1, STEPS + 1):
        here = x.detach().numpy().copy()
        given = lambda value: torch.from_numpy(value).to(dtype)
        x.grad = given(gradient(step, here))
        x.curvature = lambda: given(curvature(step, here))
        x.before = lambda: given(before(step, last))
        optimizer.step()
        last = here
        if step in RECORDED:
            yield step, x.detach().numpy().copy()


def gradients():
    """A fixed f32 sequence: four scales from 1e-3 to 30, a drift, noise, and an exact zero now and then."""
    rng = np.random.default_rng(0)
    t = np.arange(1, STEPS + 1)[:, None]
    drift = np.cos(2 * np.pi * t / np.array([1000.0, 700.0, 400.0, 150.0])) + 0.3
    g = np.array([1e-3, 0.1, 1.0, 30.0]) * (drift + 0.5 * rng.standard_normal((STEPS, 4)))
    g[::97, 1] = 0.0
    return g.astype(np.float32)


def write(name, header, rows):
    with open(HERE / name, "w", newline="") as f:
        out = csv.writer(f, lineterminator="\n")
        out.writerow(header)
        out.writerows(rows)


def main():
    torch.set_num_threads(1)
    names = ["x0", "x1", "x2", "x3"]
    cases = [dict(name=name, optimizer=dict(kind=kind, **hyper)) for name, kind, _, hyper in CASES]
    lines = ",\n".join("  " + json.dumps(case) for case in cases)
    (HERE / "cases.json").write_text(f"[\n{lines}\n]\n")

    rows = []
    for case in CASES:
        for problem in (quadratic, rosenbrock):
            batch = lambda step: 1.0 + 0.3 * math.sin(step) if case[3].get("form") == "exact" and case[1] == "mars" else 1.0
            noisy = lambda step, x: batch(step) * problem(x)
            bent = lambda _, x: CURVATURE[problem](x)
            closed = lambda start: run(case, torch.float64, noisy, start, bent, noisy)
            nudged = closed([START[0] + 1e-15, *START[1:]])
            for (step, x), (_, near) in zip(closed(START), nudged):
                # A trajectory that amplifies rounding tells nothing: choose other hyper-parameters for it.
                assert np.abs(x - near).max() < 5e-13 * np.abs(x).max(), (case[0], problem.__name__, step)
                rows.append([case[0], problem.__name__, step, *map(repr, x.tolist())])
    write("traces.csv", ["case", "problem", "step", *names], rows)

    cases = [dict(name=name, optimizer=dict(kind=kind, **hyper)) for name, kind, _, hyper in MATRIX_CASES]
    lines = ",\n".join("  " + json.dumps(case) for case in cases)
    (HERE / "matrix_cases.json").write_text(f"[\n{lines}\n]\n")
    rows = []
    for case in MATRIX_CASES:
        nudged = [[MATRIX_START[0][0] + 1e-15, MATRIX_START[0][1]], *MATRIX_START[1:]]
        for (step, w), (_, near) in zip(run_matrix(case, MATRIX_START), run_matrix(case, nudged)):
            apart = np.abs(w - near).max() / np.abs(w).max()
            assert apart < 5e-13, (case[0], step, apart)
            rows.append([case[0], step, *map(repr, w.ravel().tolist())])
    write("matrix.csv", ["case", "step", *(f"w{i}{j}" for i in range(3) for j in range(2))], rows)

    sequence = gradients()
    short = lambda row: [f"{v:.9g}" for v in row]
    write("gradients.csv", names, map(short, sequence))
    rows = []
    for case in CASES:
        here = lambda step, _: sequence[step - 1]
        square = lambda step, _: sequence[step - 1] ** 2
        earlier = lambda step, _: np.float32(0.75) * sequence[step - 2]
        for step, x in run(case, torch.float32, here, curvature=square, before=earlier):
            rows.append([case[0], step, *short(x)])
    write("replay.csv", ["case", "step", *names], rows)
    print(f"torch {torch.__version__}: {len(CASES)} cases, {STEPS} steps")


if __name__ == "__main__":
    main()
