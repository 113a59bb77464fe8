"""The multilinear model's loss as a plain sum over skills in numpy, for benches/multilinear.rs.

Usage: multilinear.py SKILLS ALPHA START TIMES. Prints one JSON object: seconds of each repeat, and the losses.
"""

import json
import os
import sys
import time

os.environ["OMP_NUM_THREADS"] = "1"
import numpy as np  # noqa: E402


def main():
    n, alpha, start = int(sys.argv[1]), float(sys.argv[2]), float(sys.argv[3])
    times = [float(t) for t in sys.argv[4].split(",")]
    p = np.arange(1, n + 1, dtype=float) ** -(alpha + 1)
    p /= p.sum()
    c = start / (1 - start)

    def run():
        begin = time.perf_counter()
        losses = [float(np.sum(p * 0.5 / (1 + c * np.exp(2 * p * t)) ** 2)) for t in times]
        return time.perf_counter() - begin, losses

    np.seterr(over="ignore")  # a skill long learned: 1/∞
    results = [run() for _ in range(3 if n <= 1_000_000 else 1)]
    print(json.dumps({"numpy": np.__version__, "seconds": [r[0] for r in results], "losses": results[-1][1]}))


main()
