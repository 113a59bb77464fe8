"""What the notebook kernel promises: it fails loudly or kindly, infers types, and bears interruption and rebuilds."""

import json
import subprocess
import threading
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def test_a_panic_fails_an_executed_cell(kernel):
    session = kernel("run")
    reply = session.run('panic!("on purpose")')
    assert not reply.ok
    assert "on purpose" in reply.stderr + reply.error


def test_a_panic_in_the_lab_keeps_the_variables(kernel):
    session = kernel("lab")
    assert session.run("let kept = vec![1, 2, 3];").ok
    assert session.run('panic!("on purpose")').ok
    reply = session.run("kept.len()")
    assert reply.data["text/plain"] == "3", reply


def test_an_interrupt_returns_the_prompt_and_the_next_cell_works(kernel):
    session = kernel("lab")
    # Variables are lost with the process, what was imported is not.
    assert session.run("use scurve::prelude::*; let lost = 1;").ok
    interruption = threading.Timer(1.5, session.interrupt)
    interruption.start()
    began = time.monotonic()
    reply = session.run("std::thread::sleep(std::time::Duration::from_secs(300));", timeout=60)
    assert time.monotonic() - began < 60
    assert not reply.ok
    interruption.join()
    after = session.run("Seed(3).0 + 1")
    assert after.data["text/plain"] == "4", after


def test_two_kernels_run_at_once(kernel):
    first, second = kernel("lab"), kernel("lab")
    assert first.run("let who = 1;").ok and second.run("let who = 2;").ok
    assert first.run("who").data["text/plain"] == "1"
    assert second.run("who").data["text/plain"] == "2"


def test_a_dependency_of_ones_own_works_on_top(kernel):
    session = kernel("lab")
    reply = session.run(":dep either\nuse scurve::prelude::*;")
    assert reply.ok, reply.error
    reply = session.run("let side: either::Either<u64, f64> = either::Either::Left(Seed(3).0); side.left()")
    assert reply.data["text/plain"] == "Some(3)", reply.error


def test_output_comes_line_by_line(kernel):
    session = kernel("lab")
    seen = []
    client = session.client

    def collect(message):
        if message["msg_type"] == "stream":
            seen.append(time.monotonic())

    code = 'for i in 0..3 { println!("step {i}"); std::thread::sleep(std::time::Duration::from_millis(700)); }'
    client.execute_interactive(code, timeout=60, output_hook=collect, store_history=False)
    assert len(seen) == 3 and seen[-1] - seen[0] > 1.0


def test_a_cell_shows_no_unit(lab):
    assert not lab.run("let quiet = 1 + 1;").data
    assert not lab.run('println!("x");').data


def test_completion_knows_the_crate(lab):
    assert any(match.startswith("stream") for match in lab.complete("Seed(3).st"))
    assert any("Seed" in match for match in lab.complete("let seed = See"))


@pytest.mark.parametrize(
    "code, expected",
    [
        ("let seed = Seed(3);", "Seed"),
        ("let numbers = vec![1.0, 2.0].into_iter().map(|x: f64| x * x).collect::<Vec<_>>();", "Vec<f64>"),
        ('let matrix = Seed(3).normal("init", 3, 2);', "Array"),
        ("let product = matrix.t().dot(&matrix);", "Array"),
        ('let table = Table::new().with("t", vec![1.0, 2.0]);', "Table"),
    ],
)
def test_types_are_inferred(lab, code, expected):
    reply = lab.run(code)
    assert reply.ok, reply.error
    name = code.split()[1]
    kinds = lab.run(":vars").data["text/plain"].splitlines()
    assert any(kind.startswith(f"{name}: ") and expected in kind for kind in kinds), kinds


def test_a_rebuild_of_the_crate_does_not_disturb_a_running_kernel(kernel, tmp_path):
    """A build replaces the library in cargo's folder; the kernel reads its own copy, and no other file of a build."""
    metadata = json.loads(subprocess.check_output(["cargo", "metadata", "--no-deps", "--format-version", "1"], cwd=ROOT))
    library = Path(metadata["target_directory"]) / "release/libscurve.so"
    for config in (ROOT / ".venv/share/jupyter/kernels/scurve").glob("*/init.evcxr"):
        assert metadata["target_directory"] not in config.read_text()
    session = kernel("lab")
    assert session.run("use scurve::prelude::*; let kept = Seed(3);").ok
    aside = library.with_suffix(".aside")
    library.rename(aside)
    try:
        reply = session.run('kept.normal("init", 2, 2).dim()')
    finally:
        aside.rename(library)
    assert reply.data["text/plain"] == "(2, 2)", reply.error


def test_an_interrupted_run_keeps_its_finished_seeds(kernel, tmp_path):
    session = kernel("lab", SCURVE_DATA=str(tmp_path), SCURVE_PROGRESS="lines")
    assert session.run("use scurve::prelude::*;").ok
    assert session.run("let experiment = RankOne { seeds: 4000, ..RankOne::preset(Scale::Check) };").ok

    def interrupt_after_the_first_seed():
        # However long the cell takes to compile and the first seed to run.
        while not list(tmp_path.rglob("seed=0/done.json")):
            time.sleep(0.05)
        session.interrupt()

    interruption = threading.Thread(target=interrupt_after_the_first_seed, daemon=True)
    interruption.start()
    assert not session.run("let outcome = experiment.run().unwrap();").ok
    interruption.join(timeout=10)
    finished = {int(done.parent.name.removeprefix("seed=")) for done in tmp_path.rglob("done.json")}
    kept = next(seed for seed in range(4001) if seed not in finished)  # the seeds from 0 on; threads work in several places
    assert kept >= 1
    again = session.run(
        f"let outcome = RankOne {{ seeds: {kept}, ..RankOne::preset(Scale::Check) }}.run().unwrap(); outcome.reused()"
    )
    assert again.data["text/plain"] == str(kept), again.error
