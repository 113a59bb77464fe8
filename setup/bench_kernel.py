"""Times what a person waits for in a notebook: the kernel, its first cell, its first variable, and the cells after.

    bench_kernel.py [--kernels N] [--json]

Medians over N fresh kernels (default 3, after one that warms the disk's cache), each with the same cells.
"""

import argparse
import json
import os
import statistics
import sys
import tempfile

from session import Session

FIRST = "use scurve::prelude::*;"
FIRST_LET = "let seed = Seed(3);"
LATER = [
    "1 + 1",
    'let matrix = seed.normal("init", 4, 3);',
    "let product = matrix.dot(&matrix.t());",
    "let squares = product.iter().map(|x| x * x).collect::<Vec<_>>();",
    'let table = Table::new().with("square", squares.clone()).unwrap();',
    "table",
    "let mean = stats::mean(&squares);",
    "let experiment = RankOne { seeds: 1, ..RankOne::preset(Scale::Check) };",
    "let outcome = experiment.run().unwrap();",
    "outcome",
    "let figures = experiment.figures(&outcome).unwrap();",
    "figures",
    "let claims = experiment.claims(&outcome).unwrap(); claims",
    'let scale: Box<dyn Fn(f64) -> f64> = Box::new(|x| x * 2.0); println!("{:.1}", scale(mean.value));',
    "fn double(x: f64) -> f64 { x * 2.0 }",
    "double(mean.low) < double(mean.high)",
    '{ use scurve::burn::tensor::Tensor; let x = Tensor::<2>::ones([3, 3], &DeviceKind::from_env().unwrap().device().unwrap()); println!("{}", x.sum()); }',
]
# Seconds; the last is a median over the cells.
TARGETS = {"kernel ready": 6.0, "first cell": 1.0, "first let": 3.0, "later cell (median)": 0.8}


def measure(folder: str) -> tuple[dict[str, float], list[float]]:
    with Session("lab", SCURVE_DATA=folder, SCURVE_PROGRESS="none") as session:
        times = {"kernel ready": session.ready}
        later = []
        for index, code in enumerate([FIRST, FIRST_LET, *LATER]):
            reply = session.run(code)
            if not reply.ok:
                sys.exit(f"the cell\n  {code}\nfailed:\n{reply.error}{reply.stderr}")
            if index < 2:
                times[["first cell", "first let"][index]] = reply.seconds
            else:
                later.append(reply.seconds)
        times["later cell (median)"] = statistics.median(later)
        return times, later


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kernels", type=int, default=3)
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        measure(folder)
        runs = [measure(folder) for _ in range(args.kernels)]
    rows = {name: [times[name] for times, _ in runs] for name in TARGETS}
    cells = [statistics.median(later[i] for _, later in runs) for i in range(len(LATER))]
    if args.json:
        print(json.dumps({"seconds": rows, "cells": dict(zip(LATER, cells))}, indent=1))
        return
    print(f"{args.kernels} kernels, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}; seconds\n")
    print(f"{'':22}{'median':>8}{'least':>8}{'most':>8}{'target':>8}")
    for name, values in rows.items():
        print(f"{name:22}{statistics.median(values):8.2f}{min(values):8.2f}{max(values):8.2f}{TARGETS[name]:8.1f}")
    print("\nlater cells")
    for code, seconds in zip(LATER, cells):
        print(f"{seconds:8.2f}  {code if len(code) <= 90 else code[:87] + '...'}")


if __name__ == "__main__":
    main()
