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



def follow(name, shapes, forward, classes):
    """100 steps of Adam in f32 on the cross-entropy; parameter k is value(i, k)."""
    params = [values(math.prod(s), float(k), torch.float32).reshape(s).requires_grad_() for k, s in enumerate(shapes)]
    optimizer = torch.optim.Adam(params, 1e-3)
    for step in range(101):
        loss = torch.nn.functional.cross_entropy(forward(params), classes)
        if step % 10 == 0:
            rows.append([name, step, repr(loss.item())])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()


def cnn(norm):
    images = 2 * values(N * 64, 100, torch.float32).reshape(N, 1, 8, 8)

    def forward(p):
        h, k = images, 0
        for _ in range(2):
            h = torch.nn.functional.conv2d(h, p[k], None if norm else p[k + 1], padding=1)
            k += 1 if norm else 2
            if norm:
                h = torch.nn.functional.batch_norm(h, None, None, p[k], p[k + 1], training=True)
                # two places are left for running statistics
                k += 4
            h = torch.nn.functional.max_pool2d(torch.relu(h), 2)
        h = torch.relu(h.flatten(1) @ p[k] + p[k + 1])
        return h @ p[k + 2] + p[k + 3]

    shapes, before = [], 1
    for channels in (3, 4):
        shapes += [(channels, before, 3, 3)] + [(channels,)] * (4 if norm else 1)
        before = channels
    follow("cnn_norm" if norm else "cnn", shapes + [(16, 10), (10,), (10, 3), (3,)], forward, torch.arange(N) * 7 % 3)


def transformer():
    vocabulary, context, width, heads = 7, 3, 8, 2
    tokens = torch.tensor([[(5 * i + 3 * j + i * j) % vocabulary for j in range(context)] for i in range(N)])
    future = torch.full((context, context), -math.inf).triu(1)

    def norm(h, g, b):
        return torch.nn.functional.layer_norm(h, (width,), g, b, 1e-5)

    def split(x):
        return x.reshape(N, context, heads, width // heads).transpose(1, 2)

    def forward(p):
        h = p[0][tokens] + p[1]
        for block in range(2):
            (g1, b1, wq, bq, wkv, bkv, wm, bm, g2, b2, w1, c1, w2, c2) = p[2 + 14 * block : 16 + 14 * block]
            x = norm(h, g1, b1)
            key, value = (x @ wkv + bkv).chunk(2, 2)
            scores = split(x @ wq + bq) @ split(key).transpose(2, 3) / math.sqrt(width // heads) + future
            mixed = (scores.softmax(3) @ split(value)).transpose(1, 2).reshape(N, context, width)
            h = h + mixed @ wm + bm
            h = h + torch.relu(norm(h, g2, b2) @ w1 + c1) @ w2 + c2
        return norm(h[:, -1], p[30], p[31]) @ p[32] + p[33]

    w = width
    block = [(w,), (w,), (w, w), (w,), (w, 2 * w), (2 * w,), (w, w), (w,), (w,), (w,), (w, 2 * w), (2 * w,), (2 * w, w), (w,)]
    follow("transformer", [(vocabulary, w), (context, w)] + 2 * block + [(w,), (w,), (w, 5), (5,)], forward, torch.arange(N) * 7 % 5)


def convolved(p, h, norm, bias=False, stride=1):
    """One convolution with what follows it, taking its parameters from the front of p."""
    kernel = p.pop(0)
    h = torch.nn.functional.conv2d(h, kernel, p.pop(0) if bias else None, stride=stride, padding=kernel.shape[2] // 2)
    if norm:
        scale, shift, _, _ = [p.pop(0) for _ in range(4)]
        h = torch.nn.functional.batch_norm(h, None, None, scale, shift, training=True)
    return h


def shapes_of(before, channels, side, norm, bias=False):
    return [(channels, before, side, side)] + [(channels,)] * (int(bias) + 4 * int(norm))


def images():
    return 2 * values(N * 64, 100, torch.float32).reshape(N, 1, 8, 8)


def resnet():
    def forward(params):
        p = list(params)
        h = torch.relu(convolved(p, images(), True))
        for stride in (1, 2):
            inner = torch.relu(convolved(p, h, True, stride=stride))
            inner = convolved(p, inner, True)
            h = torch.relu(inner + (convolved(p, h, True, stride=stride) if stride > 1 else h))
        return h.mean((2, 3)) @ p[0] + p[1]

    shapes = shapes_of(1, 2, 3, True)
    for before, channels in ((2, 2), (2, 4)):
        shapes += shapes_of(before, channels, 3, True) + shapes_of(channels, channels, 3, True)
        shapes += shapes_of(before, channels, 1, True) if before != channels else []
    follow("resnet", shapes + [(4, 3), (3,)], forward, torch.arange(N) * 7 % 3)


def vgg(norm):
    def forward(params):
        p = list(params)
        h = images()
        for depth in (1, 2):
            for _ in range(depth):
                h = torch.relu(convolved(p, h, norm, bias=True))
            h = torch.nn.functional.max_pool2d(h, 2)
        return h.flatten(1) @ p[0] + p[1]

    shapes = shapes_of(1, 2, 3, norm, True) + shapes_of(2, 4, 3, norm, True) + shapes_of(4, 4, 3, norm, True)
    follow("vgg_norm" if norm else "vgg", shapes + [(16, 3), (3,)], forward, torch.arange(N) * 7 % 3)


cnn(False)
cnn(True)
transformer()
resnet()
vgg(False)
vgg(True)

with open(pathlib.Path(__file__).with_name("network_traces.csv"), "w", newline="") as file:
    writer = csv.writer(file)
    writer.writerow(["case", "step", "loss"])
    writer.writerows(rows)
