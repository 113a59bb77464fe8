"""The thin singular value decomposition in numpy, for benches/eigenfunction.rs.

Usage: eigenfunction.py SAMPLES FEATURES THREADS, the features as little-endian doubles on standard input. Prints one JSON object: seconds, and the
intensities s²/n.
"""

import json
import os
import sys
import time

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[name] = sys.argv[3]
import numpy as np  # noqa: E402


def main():
    n, p = int(sys.argv[1]), int(sys.argv[2])
    x = np.frombuffer(sys.stdin.buffer.read(), dtype="<f8").reshape(n, p)
    np.linalg.svd(x[:2000, :64], full_matrices=False)  # threads start here
    begin = time.perf_counter()
    u, s, vt = np.linalg.svd(x, full_matrices=False)
    seconds = time.perf_counter() - begin
    print(json.dumps({"numpy": np.__version__, "seconds": [seconds], "intensity": (s**2 / n).tolist()}))


main()
