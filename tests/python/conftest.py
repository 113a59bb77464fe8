"""Kernels and folders that the tests share."""

import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "setup"))

from session import Session  # noqa: E402


@pytest.fixture
def kernel():
    """Starts kernels that end with the test: kernel("lab") or kernel("run", NAME=value)."""
    started = []

    def start(mode="run", **environment):
        started.append(Session(mode, **environment))
        return started[-1]

    yield start
    for session in started:
        session.close()


@pytest.fixture(scope="module")
def lab():
    """One kernel for the tests of a module that leave it as they found it."""
    with Session("lab") as session:
        assert session.run("use scurve::prelude::*;").ok
        yield session
