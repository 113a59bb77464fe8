"""Writes network_traces.csv: losses of small PyTorch networks from given weights, step by step.

Weights, inputs and targets are simple functions of their indices, so that the test can make the same ones:
    value(i, salt) = sin(1.7 i + salt) / 2
"""

import csv
import math
import pathlib

import torch

torch.set_num_threads(1)


def values(n, salt, dtype):
    return torch.tensor([math.sin(1.7 * i + salt) / 2 for i in range(n)], dtype=torch.float64).to(dtype)


ACTIVATIONS = {"relu": torch.relu, "tanh": torch.tanh, "silu": torch.nn.functional.silu}
CASES = [
    # name, widths, activation, loss, optimizer, dtype
    ("adam", [6, 20, 3], "relu", "mse", lambda p: torch.optim.Adam(p, 1e-2), torch.float64),
    ("adamw", [6, 10, 12, 4], "silu", "cross_entropy", lambda p: torch.optim.AdamW(p, 1e-2, betas=(0.9, 0.98), weight_decay=0.3), torch.float64),
    ("sgd", [6, 30, 3], "tanh", "mse", lambda p: torch.optim.SGD(p, 0.3, momentum=0.9), torch.float64),
    ("adam32", [6, 20, 3], "relu", "mse", lambda p: torch.optim.Adam(p, 1e-2), torch.float32),
    ("adamw32", [6, 10, 12, 4], "tanh", "cross_entropy", lambda p: torch.optim.AdamW(p, 1e-2), torch.float32),
]
N = 50

rows = []
for name, widths, activation, loss_name, make, dtype in CASES:
    params = []
    salt = 0
    for fan_in, fan_out in zip(widths, widths[1:]):
        # inputs x outputs
        params.append(values(fan_in * fan_out, salt, dtype).reshape(fan_in, fan_out).requires_grad_())
        params.append(values(fan_out, salt + 1, dtype).requires_grad_())
        salt += 2
    x = 2 * values(N * widths[0], 100, dtype).reshape(N, widths[0])
    y = 2 * values(N * widths[-1], 200, dtype).reshape(N, widths[-1])
    classes = torch.arange(N) * 7 % widths[-1]
    optimizer = make(params)
    for step in range(101):
        h = x
        for layer in range(len(widths) - 1):
            h = h @ params[2 * layer] + params[2 * layer + 1]
            if layer < len(widths) - 2:
                h = ACTIVATIONS[activation](h)
        if loss_name == "mse":
            loss = torch.nn.functional.mse_loss(h, y)
        else:
            loss = torch.nn.functional.cross_entropy(h, classes)
        if step % 10 == 0:
            rows.append([name, step, repr(loss.item())])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()

with open(pathlib.Path(__file__).with_name("network_traces.csv"), "w", newline="") as file:
    writer = csv.writer(file)
    writer.writerow(["case", "step", "loss"])
    writer.writerows(rows)
