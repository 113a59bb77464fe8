"""The steps of benches/factor.rs in PyTorch: f64, one thread, eager autograd, torch.optim.SGD.

Usage: factor.py N RANK LEARNING_RATE STEPS REPEATS, with a, b, the start of both, row by row as f64 on standard input.
Prints one JSON object: seconds of each repeat, and the loss after the last step.
"""

import json
import sys
import time

import torch


def main():
    n, rank, steps, repeats = (int(sys.argv[i]) for i in (1, 2, 4, 5))
    rate = float(sys.argv[3])
    torch.set_num_threads(1)
    torch.set_default_dtype(torch.float64)
    numbers = torch.frombuffer(bytearray(sys.stdin.buffer.read()), dtype=torch.float64)
    a, b, start_a, start_b = numbers.reshape(4, n, rank)
    target = a @ b.T

    def run(steps):
        x = start_a.clone().requires_grad_()
        y = start_b.clone().requires_grad_()
        optimizer = torch.optim.SGD([x, y], lr=rate)
        begin = time.perf_counter()
        for _ in range(steps):
            optimizer.zero_grad()
            loss = 0.5 * ((target - x @ y.T) ** 2).sum()
            loss.backward()
            optimizer.step()
        seconds = time.perf_counter() - begin
        return seconds, 0.5 * ((target - x @ y.T) ** 2).sum().item()

    run(min(steps, 50))  # warm up
    results = [run(steps) for _ in range(repeats)]
    seconds = [seconds for seconds, _ in results]
    print(json.dumps({"torch": torch.__version__, "seconds": seconds, "loss": results[-1][1]}))


main()
