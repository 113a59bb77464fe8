"""Writes gpt_traces.csv: logits and losses of small GPTs in PyTorch from given weights, step by step.

Weights and tokens are simple functions of their indices, so that the test can make the same ones:
    value(i, salt) = sin(1.7 i + salt) / 2, and 1 more for the scale of a normalisation; salt: number of the tensor
    token(i, j, step) = (5 i + 3 j + i j + 2 step) mod 11
"""

import csv
import math
import pathlib

import torch
from torch import nn
from torch.nn import functional

torch.set_num_threads(1)

VOCABULARY, BLOCK, LAYERS, HEADS, WIDTH = 11, 6, 2, 2, 8
ROWS, STEPS, WARMUP, RATE, FLOOR = 4, 12, 3, 1e-2, 1e-3


class Linear(nn.Module):
    """x W + b, with W inputs x outputs."""

    def __init__(self, inputs, outputs):
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(inputs, outputs))
        self.bias = nn.Parameter(torch.zeros(outputs))

    def forward(self, x):
        return x @ self.weight + self.bias


class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.ln_1, self.attn, self.proj = nn.LayerNorm(WIDTH), Linear(WIDTH, 3 * WIDTH), Linear(WIDTH, WIDTH)
        self.ln_2, self.fc, self.back = nn.LayerNorm(WIDTH), Linear(WIDTH, 4 * WIDTH), Linear(4 * WIDTH, WIDTH)

    def forward(self, x):
        n, t, c = x.shape
        q, k, v = (y.view(n, t, HEADS, c // HEADS).transpose(1, 2) for y in self.attn(self.ln_1(x)).split(c, dim=2))
        y = functional.scaled_dot_product_attention(q, k, v, is_causal=True)
        x = x + self.proj(y.transpose(1, 2).reshape(n, t, c))
        return x + self.back(functional.gelu(self.fc(self.ln_2(x))))


class Gpt(nn.Module):
    def __init__(self, tied):
        super().__init__()
        self.wte, self.wpe = nn.Embedding(VOCABULARY, WIDTH), nn.Embedding(BLOCK, WIDTH)
        self.blocks, self.ln = nn.ModuleList(Block() for _ in range(LAYERS)), nn.LayerNorm(WIDTH)
        self.last = None if tied else nn.Parameter(torch.zeros(VOCABULARY, WIDTH))

    def tensors(self):
        yield from (self.wte.weight, self.wpe.weight)
        for b in self.blocks:
            for part in (b.ln_1, b.attn, b.proj, b.ln_2, b.fc, b.back):
                yield from (part.weight, part.bias)
        yield from (self.ln.weight, self.ln.bias)
        if self.last is not None:
            yield self.last

    def forward(self, tokens):
        x = self.wte(tokens) + self.wpe(torch.arange(tokens.shape[1]))
        for block in self.blocks:
            x = block(x)
        return self.ln(x) @ (self.wte.weight if self.last is None else self.last).T


def start(net):
    norms = {id(p) for m in net.modules() if isinstance(m, nn.LayerNorm) for p in (m.weight,)}
    for salt, p in enumerate(net.tensors()):
        x = torch.tensor([math.sin(1.7 * i + salt) / 2 for i in range(p.numel())], dtype=torch.float64)
        p.data = (x + (1 if id(p) in norms else 0)).float().reshape(p.shape)


def batch(step):
    rows = [[(5 * i + 3 * j + i * j + 2 * step) % VOCABULARY for j in range(BLOCK + 1)] for i in range(ROWS)]
    rows = torch.tensor(rows)
    return rows[:, :-1], rows[:, 1:]


def losses(net, x, y):
    return functional.cross_entropy(net(x).flatten(0, 1), y.flatten(), reduction="none")


def rate(step):
    """nanoGPT's."""
    if step < WARMUP:
        return RATE * (step + 1) / (WARMUP + 1)
    done = (step - WARMUP) / (STEPS - WARMUP)
    return FLOOR + 0.5 * (1 + math.cos(math.pi * done)) * (RATE - FLOOR)


out = []
for name, tied, weight, weighted in [("uniform", True, "uniform", 0), ("loss", True, "loss", 6), ("normalised", False, "normalised", 6)]:
    net = Gpt(tied)
    start(net)
    if weight != "loss":
        logits = net(batch(0)[0]).detach().flatten().tolist()
        out += [(name + "-logits", i, repr(x)) for i, x in enumerate(logits)]
    groups = [{"params": [p for p in net.tensors() if p.dim() >= 2], "weight_decay": 0.1}, {"params": [p for p in net.tensors() if p.dim() < 2], "weight_decay": 0}]
    optimizer = torch.optim.AdamW(groups, lr=RATE, betas=(0.9, 0.95))
    for step in range(STEPS):
        for group in optimizer.param_groups:
            group["lr"] = rate(step)
        optimizer.zero_grad()
        x, y = batch(step)
        mean = 0
        for part in (slice(0, ROWS // 2), slice(ROWS // 2, ROWS)):
            loss = losses(net, x[part], y[part])
            w = loss.detach() if weight != "uniform" and step < weighted else torch.ones_like(loss)
            w = w / w.mean() if weight == "normalised" else w
            ((w * loss).mean() / 2).backward()
            mean += loss.mean().item() / 2
        out.append((name, step, repr(mean)))
        torch.nn.utils.clip_grad_norm_(net.parameters(), 1.0)
        optimizer.step()

with open(pathlib.Path(__file__).with_name("gpt_traces.csv"), "w", newline="") as f:
    writer = csv.writer(f, lineterminator="\n")
    writer.writerow(["case", "index", "value"])
    writer.writerows(out)
