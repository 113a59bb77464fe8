"""A table on disk is read by the tools that others use, and says where it comes from."""

import json
import os
import subprocess
from pathlib import Path

import duckdb
import pandas
import polars
import pyarrow.parquet
import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    metadata = subprocess.check_output(["cargo", "metadata", "--no-deps", "--format-version", "1"], cwd=ROOT)
    program = Path(json.loads(metadata)["target_directory"]) / "release/scurve"
    out = tmp_path_factory.mktemp("tables")
    command = [program, "run", "scurves/rank-one", "--scale", "check", "--seeds", "2", "--out", out]
    subprocess.run(list(map(str, command)), check=True, env={**os.environ, "SCURVE_PROGRESS": "none"}, capture_output=True)
    return out


def test_pandas_polars_and_duckdb_read_the_same_rows(folder):
    files = sorted(folder.rglob("runs.parquet"))
    assert len(files) == 2
    one = pandas.concat([pandas.read_parquet(f) for f in files])
    two = polars.scan_parquet(str(folder / "**/runs.parquet")).collect()
    three = duckdb.sql(f"select * from read_parquet('{folder}/**/runs.parquet', hive_partitioning = false)").df()
    assert len(one) == two.height == len(three) > 0
    for name in ("sigma", "final_loss"):
        values = sorted(one[name])
        assert values == sorted(two[name]) == sorted(three[name])


def test_duckdb_reads_all_seeds_as_one_table(folder):
    rows = duckdb.sql(
        f"select seed, count(*) as n from read_parquet('{folder}/**/runs.parquet', hive_partitioning = true) group by seed"
    ).fetchall()
    assert sorted(int(seed) for seed, _ in rows) == [0, 1]


def test_a_table_carries_its_provenance(folder):
    metadata = pyarrow.parquet.read_metadata(next(folder.rglob("runs.parquet"))).metadata
    keys = {key.decode() for key in metadata}
    assert any("settings" in key for key in keys) and any("seed" in key for key in keys), keys
    assert any("version" in key for key in keys) and any("hash" in key for key in keys), keys
