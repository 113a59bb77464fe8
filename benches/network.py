"""The steps of benches/network.rs in PyTorch: eager autograd, torch.optim, random data of the same sizes.

Usage: network.py CASE THREADS STEPS REPEATS. Prints one JSON object: seconds of a step in each repeat.
"""

import json
import sys
import time

import torch
from torch import nn
from torch.nn import functional


def perceptron(widths, activation, dtype):
    layers = []
    for fan_in, fan_out in zip(widths, widths[1:]):
        layers += [nn.Linear(fan_in, fan_out, dtype=dtype), activation()]
    return nn.Sequential(*layers[:-1])


def one_hot(controls, bits, batch):
    x = torch.zeros(batch, controls + bits)
    x[torch.arange(batch), torch.randint(controls, (batch,))] = 1
    x[:, controls:] = torch.randint(2, (batch, bits)).float()
    return x


def domino():
    net = perceptron([32, 50, 2], nn.ReLU, torch.float64)
    x = torch.randint(2, (10000, 32)).double()
    y, w = torch.randint(2, (10000, 2)).double(), torch.ones(10000, 2, dtype=torch.float64)
    w[:9000, 1] = 0
    return torch.optim.Adam(net.parameters(), 1e-3), lambda: (w * (net(x) - y) ** 2).mean()


def parity():
    net = perceptron([600, 300, 2], nn.ReLU, torch.float32)
    x, y = one_hot(500, 100, 20000), torch.randint(2, (20000,))
    return torch.optim.AdamW(net.parameters(), 1e-3, weight_decay=0), lambda: functional.cross_entropy(net(x), y)


def emergence():
    net = perceptron([37, 1000, 1], nn.ReLU, torch.float32)
    x, y = one_hot(5, 32, 4000), torch.randn(4000, 1)
    return torch.optim.SGD(net.parameters(), 0.05), lambda: functional.mse_loss(net(x), y)


def grokking():
    vectors = nn.Embedding(59, 128, dtype=torch.float64)
    net = perceptron([256, 100, 100, 59], nn.SiLU, torch.float64)
    x, y = torch.randint(59, (2785, 2)), torch.randint(59, (2785,))
    params = [*vectors.parameters(), *net.parameters()]
    return torch.optim.AdamW(params, 1e-2, weight_decay=0.03), lambda: functional.cross_entropy(net(vectors(x).flatten(1)), y)


def squares():
    net = perceptron([2, 100, 100, 2], nn.SiLU, torch.float64)
    x, w = torch.rand(1000, 2, dtype=torch.float64), torch.ones(1000, 2, dtype=torch.float64)
    return torch.optim.Adam(net.parameters(), 5e-4), lambda: (w * (net(x) - x**2) ** 2).mean()


def convolution(norm):
    blocks, before = [], 1
    for channels in (32, 64):
        blocks += [nn.Conv2d(before, channels, 3, padding=1, bias=not norm)]
        blocks += [nn.BatchNorm2d(channels)] if norm else []
        blocks += [nn.ReLU(), nn.MaxPool2d(2)]
        before = channels
    net = nn.Sequential(*blocks, nn.Flatten(), nn.Linear(64 * 49, 1024), nn.ReLU(), nn.Linear(1024, 10))
    x, y = torch.rand(128, 1, 28, 28), torch.randint(10, (128,))
    return torch.optim.Adam(net.parameters(), 1e-3), lambda: functional.cross_entropy(net(x), y)


class Block(nn.Module):
    def __init__(self, before, channels, stride):
        super().__init__()
        self.first = nn.Sequential(nn.Conv2d(before, channels, 3, stride, 1, bias=False), nn.BatchNorm2d(channels), nn.ReLU(inplace=True))
        self.second = nn.Sequential(nn.Conv2d(channels, channels, 3, 1, 1, bias=False), nn.BatchNorm2d(channels))
        same = before == channels and stride == 1
        self.shortcut = nn.Identity() if same else nn.Sequential(nn.Conv2d(before, channels, 1, stride, bias=False), nn.BatchNorm2d(channels))

    def forward(self, x):
        return functional.relu(self.second(self.first(x)) + self.shortcut(x))


def resnet18():
    layers, before = [nn.Conv2d(3, 64, 3, padding=1, bias=False), nn.BatchNorm2d(64), nn.ReLU(inplace=True)], 64
    for channels, stride in ((64, 1), (64, 1), (128, 2), (128, 1), (256, 2), (256, 1), (512, 2), (512, 1)):
        layers.append(Block(before, channels, stride))
        before = channels
    net = nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(512, 10))
    x, y = torch.rand(128, 3, 32, 32), torch.randint(10, (128,))
    return torch.optim.SGD(net.parameters(), 0.05, momentum=0.9, weight_decay=1e-3), lambda: functional.cross_entropy(net(x), y)


class Decoder(nn.Module):
    """A block of nanoGPT."""

    def __init__(self, width, heads):
        super().__init__()
        self.heads = heads
        self.ln_1, self.attn, self.proj = nn.LayerNorm(width), nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.ln_2, self.fc, self.back = nn.LayerNorm(width), nn.Linear(width, 4 * width), nn.Linear(4 * width, width)

    def forward(self, x):
        n, t, c = x.shape
        q, k, v = (y.view(n, t, self.heads, c // self.heads).transpose(1, 2) for y in self.attn(self.ln_1(x)).split(c, dim=2))
        y = functional.scaled_dot_product_attention(q, k, v, is_causal=True)
        x = x + self.proj(y.transpose(1, 2).contiguous().view(n, t, c))
        return x + self.back(functional.gelu(self.fc(self.ln_2(x))))


def gpt(vocabulary, block, layers, heads, width, blocks):
    wte, wpe = nn.Embedding(vocabulary, width), nn.Embedding(block, width)
    decoders, ln = nn.Sequential(*(Decoder(width, heads) for _ in range(layers))), nn.LayerNorm(width)
    params = [p for m in (wte, wpe, decoders, ln) for p in m.parameters()]
    for p in params:
        if p.dim() == 2:
            nn.init.normal_(p, std=0.02)
    x, y = torch.randint(vocabulary, (2, blocks, block))

    def loss():
        h = ln(decoders(wte(x) + wpe(torch.arange(block))))
        return functional.cross_entropy(functional.linear(h, wte.weight).view(-1, vocabulary), y.view(-1))

    groups = [{"params": [p for p in params if p.dim() == 2], "weight_decay": 0.1}, {"params": [p for p in params if p.dim() < 2], "weight_decay": 0}]
    optimizer = torch.optim.AdamW(groups, 3e-7, betas=(0.9, 0.95))
    optimizer.register_step_pre_hook(lambda *_: nn.utils.clip_grad_norm_(params, 1.0) and None)
    return optimizer, loss


CASES = {
    "gpt": lambda: gpt(256, 128, 4, 4, 128, 16),
    "gpt2": lambda: gpt(50257, 512, 12, 12, 768, 1),
    "resnet18": resnet18,
    "domino": domino,
    "parity": parity,
    "emergence": emergence,
    "grokking": grokking,
    "squares": squares,
    "convolution": lambda: convolution(False),
    "batch_norm": lambda: convolution(True),
}


def main():
    case, threads, steps, repeats = sys.argv[1], *map(int, sys.argv[2:5])
    torch.set_num_threads(threads)
    torch.manual_seed(0)
    optimizer, loss = CASES[case]()

    def run(steps):
        begin = time.perf_counter()
        for _ in range(steps):
            optimizer.zero_grad()
            value = loss()
            value.backward()
            optimizer.step()
            value.item()
        return (time.perf_counter() - begin) / steps

    run(3)  # warm up
    print(json.dumps({"torch": torch.__version__, "seconds": [run(steps) for _ in range(repeats)]}))


main()
