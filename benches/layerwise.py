"""Theorem 1 for a scalar linear network in numpy, array by array, for benches/layerwise.rs.

Usage: layerwise.py WIDTH TIMES REPEATS. Prints one JSON object: seconds of each repeat (all weights at all times, in one pair of arrays), seconds of the same for a copy of the
weights, and theta at the last time. The weights are a_i = cos i, b_i = sin(2 i), with Z = sqrt(WIDTH), S = 1, times 0.01, 0.02, ...
"""

import json
import os
import sys
import time

os.environ["OMP_NUM_THREADS"] = "1"
import numpy as np  # noqa: E402


def main():
    p, count, repeats = (int(x) for x in sys.argv[1:])
    i = np.arange(p, dtype=float)
    a0, b0 = np.cos(i), np.sin(2 * i)
    z, s = np.sqrt(p), 1.0
    times = 0.01 * np.arange(1, count + 1)
    a, b, u, v = (np.empty(p) for _ in range(4))

    def gamma(t, start, weight):
        root = np.sqrt(weight**2 - start**2 + s**2)
        e = np.exp(-2 * root * t / z)
        above = weight - start + s + root + (-weight + start - s + root) * e
        return above / (weight + start - s + root + (-weight - start + s + root) * e)

    def run():
        begin = time.perf_counter()
        start, weight = a0 @ b0 / z, 0.5 * (a0 @ a0 + b0 @ b0) / z
        for t in times:
            g = np.sqrt(gamma(t, start, weight))
            np.add(a0, b0, out=u)
            np.subtract(a0, b0, out=v)
            np.multiply(u, 0.5 * g, out=u)
            np.multiply(v, 0.5 / g, out=v)
            np.add(u, v, out=a)
            np.subtract(u, v, out=b)
        return time.perf_counter() - begin

    def copy():
        begin = time.perf_counter()
        for _ in times:
            np.copyto(a, a0)
            np.copyto(b, b0)
        return time.perf_counter() - begin

    copies = [copy() for _ in range(repeats)]
    seconds = [run() for _ in range(repeats)]
    print(json.dumps({"numpy": np.__version__, "seconds": seconds, "copy": copies, "theta": float(a @ b / z)}))


main()
