"""The notebooks run from top to bottom, say the same each time, and stay small; a failing cell is said plainly."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "setup"))

import execute  # noqa: E402

NOTEBOOKS = sorted(p for p in (ROOT / "notebooks").rglob("*.ipynb") if ".ipynb_checkpoints" not in p.parts)
DEVICE = os.environ.get("DEVICE") or "libtorch"


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)
def test_a_notebook_runs_and_says_the_same_again(path, tmp_path, monkeypatch):
    monkeypatch.setenv("SCURVE_DATA", str(tmp_path / "tables"))
    texts = []
    for _ in range(2):
        shutil.rmtree(tmp_path / "tables", ignore_errors=True)
        notebook = execute.execute(path, "check", DEVICE, say=lambda line: None)
        execute.write(notebook, tmp_path / path.name)
        texts.append((tmp_path / path.name).read_text())
    assert texts[0] == texts[1]
    assert str(ROOT) not in texts[0] and str(Path.home()) + "/" not in texts[0]
    outputs = [o for c in notebook.cells if c.cell_type == "code" for o in c.outputs]
    assert outputs and not any(o.output_type == "error" for o in outputs)
    assert not any(o.get("data", {}).get("text/plain", "").strip() == "()" for o in outputs)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)
def test_a_committed_notebook_names_the_kernel_and_holds_no_error(path):
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    assert notebook.metadata.kernelspec.name == "scurve"
    assert path.stat().st_size < execute.LARGEST
    for cell in notebook.cells:
        assert not any(o.output_type == "error" for o in cell.get("outputs", []))


def write(path, *sources):
    cells = [nbformat.v4.new_code_cell(source) for source in sources]
    nbformat.write(nbformat.v4.new_notebook(cells=cells), path)


def run(*arguments):
    command = [sys.executable, str(ROOT / "setup/execute.py"), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_a_failing_cell_stops_the_run_and_is_named(tmp_path):
    write(tmp_path / "bad.ipynb", "let x = 1;", 'None::<u8>.expect("nothing in it");', "let y = 2;")
    result = run(tmp_path / "bad.ipynb", "--out", tmp_path / "out")
    assert result.returncode == 1
    assert "cell 2 of 3 failed" in result.stderr and "nothing in it" in result.stderr
    assert not (tmp_path / "out").exists()


def test_an_unknown_name_is_answered_with_the_known_ones(tmp_path):
    result = run("nowhere", "--out", tmp_path)
    assert result.returncode == 1
    assert "no notebook" in result.stderr and "00-start-here" in result.stderr


def test_nbconvert_finds_the_kernel_by_itself(tmp_path):
    """As a person would type it, with nothing set: headless, so a panic is an error."""
    write(tmp_path / "bad.ipynb", 'panic!("on purpose")')
    notebook = nbformat.read(tmp_path / "bad.ipynb", as_version=4)
    notebook.metadata["kernelspec"] = {"name": "scurve", "display_name": "Rust (scurve)", "language": "rust"}
    nbformat.write(notebook, tmp_path / "bad.ipynb")
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("SCURVE_", "VSCODE_", "JPY_"))}
    command = [ROOT / ".venv/bin/jupyter", "nbconvert", "--execute", "--to", "notebook", "--stdout", tmp_path / "bad.ipynb"]
    result = subprocess.run(list(map(str, command)), capture_output=True, text=True, env=environment, check=False)
    assert result.returncode != 0 and "on purpose" in result.stderr
