"""The Resource model stepped by Euler's method in numpy, as the published code does, for benches/resource.rs.

Usage: resource.py N_TASK STEPS ALPHA ETA WASTE REPEATS. Prints one JSON object: seconds of each repeat, and the unskills after the last step.
"""

import json
import os
import sys
import time

os.environ["OMP_NUM_THREADS"] = "1"
import numpy as np  # noqa: E402


def main():
    n, steps, repeats = (int(sys.argv[i]) for i in (1, 2, 6))
    alpha, eta, waste = (float(sys.argv[i]) for i in (3, 4, 5))
    p = np.arange(1, n + 1) ** -alpha
    p /= p.sum()

    def run():
        u = np.ones(n)
        record = np.empty((steps, n))
        begin = time.perf_counter()
        for step in range(steps):
            gradient = p * u
            u = np.maximum(u - eta * gradient / (gradient.sum() + waste), 0)
            record[step] = u
        return time.perf_counter() - begin, record

    np.seterr(invalid="ignore")
    run()  # warm up
    results = [run() for _ in range(repeats)]
    # Where everything is learned and nothing wasted, the loop divides 0 by 0: those skills are at 0.
    last = np.nan_to_num(results[-1][1][-1])
    print(json.dumps({"numpy": np.__version__, "seconds": [r[0] for r in results], "last": last.tolist()}))


main()
