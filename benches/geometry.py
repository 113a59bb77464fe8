"""The steps of benches/geometry.rs in PyTorch: one thread, eager, as the public code of Physics of Skill Learning makes them.

Usage: geometry.py CASE N_TASK N_DIM BATCH ALPHA OPTIMIZER RATE STEPS REPEATS DTYPE. Draws task vectors of its own.

CASE squared: the batch is gathered, the gradient -mean((1 - s) t) is set by hand, skills are recorded before every step.
CASE entropy: the batch is gathered, the mean of -log sigmoid(s) goes backward, nothing is recorded.

Prints one JSON object: seconds of each repeat and the loss after the last step.
"""

import json
import sys
import time

import numpy as np
import torch

OPTIMIZERS = {
    "sgd": torch.optim.SGD,
    "sign_gd": lambda x, lr: torch.optim.Adam(x, lr=lr, betas=(0.0, 0.0)),
    "adam": torch.optim.Adam,
}


def main():
    case, optimizer, dtype = sys.argv[1], sys.argv[6], sys.argv[10]
    n_task, n_dim, batch, steps, repeats = (int(sys.argv[i]) for i in (2, 3, 4, 8, 9))
    alpha, rate = float(sys.argv[5]), float(sys.argv[7])
    torch.set_num_threads(1)
    torch.manual_seed(0)
    np.random.seed(0)
    vectors = torch.randn(n_task, n_dim, dtype=getattr(torch, dtype))
    vectors = vectors / vectors.norm(dim=1, keepdim=True)
    p = np.arange(1, n_task + 1, dtype=np.float64) ** -alpha
    p /= p.sum()
    weights = torch.tensor(p, dtype=vectors.dtype)

    def squared(theta, optimizer, steps):
        skills = torch.zeros(steps, n_task, dtype=vectors.dtype)
        for step in range(steps):
            skills[step] = vectors @ theta
            t = vectors[np.random.choice(n_task, batch, p=p)]
            theta.grad = -((1 - t @ theta)[:, None] * t).mean(0)
            optimizer.step()

    def entropy(theta, optimizer, steps):
        theta.requires_grad_()
        for _ in range(steps):
            optimizer.zero_grad()
            s = vectors[np.random.choice(n_task, batch, p=p)] @ theta
            loss = -torch.nn.functional.logsigmoid(s).mean()
            loss.backward()
            optimizer.step()

    def run(steps):
        theta = torch.zeros(n_dim, dtype=vectors.dtype)
        rule = OPTIMIZERS[optimizer]([theta], lr=rate)
        begin = time.perf_counter()
        {"squared": squared, "entropy": entropy}[case](theta, rule, steps)
        seconds = time.perf_counter() - begin
        s = vectors @ theta.detach()
        each = (1 - s) ** 2 if case == "squared" else -torch.nn.functional.logsigmoid(s)
        return seconds, (weights * each).sum().item()

    run(min(steps, 20))  # warm up
    results = [run(steps) for _ in range(repeats)]
    seconds = [seconds for seconds, _ in results]
    print(json.dumps({"torch": torch.__version__, "seconds": seconds, "loss": results[-1][1]}))


main()
