"""Executes notebooks with the scurve kernel, as a reader would by "Run all", and fails loudly.

    execute.py [NOTEBOOK …] [--scale check|quick|paper] [--device libtorch|flex|cuda] (--inplace | --out FOLDER)

NOTEBOOK is a file, or a folder or file under notebooks/ (default: all of them). What is written holds nothing that
changes from run to run: no times, no paths of this machine, and nothing of stderr, which is the crate's progress.
"""

import argparse
import os
import re
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
# Where a kernel's connection is noted; read when the next lines import Jupyter.
os.environ.setdefault("JUPYTER_RUNTIME_DIR", str(ROOT / ".venv/runtime"))
os.environ.setdefault("IPYTHONDIR", str(ROOT / ".venv/ipython"))  # else ~/.ipython appears

import nbformat  # noqa: E402
from nbclient import NotebookClient  # noqa: E402
from nbclient.exceptions import CellExecutionError, DeadKernelError  # noqa: E402

KERNEL = "scurve"
LARGEST = 300_000  # bytes of an executed notebook, so that it opens at once and its history stays small
ANSI = re.compile(r"\x1b\[[0-9;]*m")


class Failure(Exception):
    """A notebook that did not run, or may not be kept; the text says where and why."""


def find(names: list[str]) -> list[Path]:
    """The notebooks that the names stand for, in the order in which a reader meets them."""
    base = ROOT / "notebooks"
    if not names:
        names = [str(base)]
    found: list[Path] = []
    for name in names:
        places = [Path(name), base / name, base / f"{name}.ipynb"]
        place = next((p for p in places if p.exists()), None)
        if place is None:
            known = sorted({p.parent.name for p in base.rglob("*.ipynb")} | {p.stem for p in base.rglob("*.ipynb")})
            raise Failure(f"no notebook or folder of notebooks is named {name!r}; there are {', '.join(known)}")
        inside = sorted(place.rglob("*.ipynb")) if place.is_dir() else [place]
        found += [p for p in inside if ".ipynb_checkpoints" not in p.parts and p not in found]
    if not found:
        raise Failure(f"no notebook in {', '.join(names)}")
    return found


def environment(scale: str, device: str) -> dict[str, str]:
    return {
        **os.environ,
        "SCURVE_SCALE": scale,
        "SCURVE_DEVICE": device,
        "SCURVE_KERNEL": "run",
        "SCURVE_PROGRESS": "none",
    }


def title(source: str) -> str:
    """A cell's first line of code, for the line that tells of its progress."""
    lines = [line.strip() for line in source.splitlines()]
    return next((line for line in lines if line and not line.startswith("//")), "")[:60]


def execute(path: Path, scale: str = "quick", device: str = "libtorch", say=print) -> nbformat.NotebookNode:
    """The notebook with its cells' outputs, cleaned; raises Failure with the cell and what it said."""
    notebook = nbformat.read(path, as_version=4)
    cells = [c for c in notebook.cells if c.cell_type == "code"]
    for cell in cells:
        cell.outputs, cell.execution_count = [], None
    began = time.monotonic()
    state = {"number": 0, "began": began}

    def on_start(cell, cell_index):
        if cell.cell_type == "code" and cell.source.strip():
            state.update(number=state["number"] + 1, began=time.monotonic())

    def on_end(cell, cell_index, execute_reply):
        took = time.monotonic() - state["began"]
        say(f"   [{state['number']:2}/{len(cells)}] {took:6.1f} s  {title(cell.source)}")

    client = NotebookClient(
        notebook,
        timeout=None,
        kernel_name=KERNEL,
        startup_timeout=120,
        resources={"metadata": {"path": str(path.resolve().parent)}},
        on_cell_start=on_start,
        on_cell_executed=on_end,
    )
    try:
        client.execute(env=environment(scale, device))
    except (CellExecutionError, DeadKernelError) as error:
        raise Failure(explain(path, cells, state["number"], error)) from None
    say(f"   {path.name}: {len(cells)} cells in {time.monotonic() - began:.0f} s")
    return clean(notebook)


def explain(path: Path, cells: list, number: int, error: Exception) -> str:
    """Which cell, its code, and all that it said, errors last."""
    cell = cells[max(number - 1, 0)]
    said = []
    for output in cell.outputs:
        if output.output_type == "stream":
            said.append(output.text)
        elif output.output_type == "error":
            said.append("\n".join(output.traceback) or output.evalue)
    text = ANSI.sub("", "".join(said)).strip() or str(error)
    return f"{path}: cell {number} of {len(cells)} failed\n--- code\n{cell.source.strip()}\n--- what it said\n{text}"


def clean(notebook: nbformat.NotebookNode) -> nbformat.NotebookNode:
    """Takes out what differs between two runs or two machines."""
    notebook.metadata = nbformat.from_dict(
        {
            "kernelspec": {"display_name": "Rust (scurve)", "language": "rust", "name": KERNEL},
            "language_info": {"file_extension": ".rs", "mimetype": "text/rust", "name": "Rust"},
        }
    )
    number = 0
    for cell in notebook.cells:
        cell.metadata.pop("execution", None)
        if cell.cell_type != "code":
            continue
        if cell.source.strip():
            number += 1
            cell.execution_count = number
        kept = []
        for output in cell.outputs:
            if output.output_type == "stream":
                if output.name == "stderr":
                    continue
                output.text = plain(output.text)
            elif "data" in output:
                output.data = {mime: plain(value) for mime, value in sorted(output.data.items())}
            if "execution_count" in output:
                output.execution_count = number
            kept.append(output)
        cell.outputs = kept
    return notebook


def plain(value):
    if not isinstance(value, str):
        return value
    return ANSI.sub("", value).replace(f"{ROOT}/", "").replace(str(ROOT), ".").replace(str(Path.home()), "~")


def write(notebook: nbformat.NotebookNode, path: Path) -> None:
    text = nbformat.writes(notebook) + "\n"
    if len(text.encode()) > LARGEST:
        raise Failure(f"{path}: {len(text.encode()) // 1000} kB executed, at most {LARGEST // 1000} kB: draw fewer points")
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.part")
    part.write_text(text)
    part.replace(path)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("notebooks", nargs="*")
    parser.add_argument("--scale", default="quick", choices=["check", "quick", "paper"])
    parser.add_argument("--device", default="libtorch", choices=["libtorch", "flex", "cuda"])
    where = parser.add_mutually_exclusive_group(required=True)
    where.add_argument("--inplace", action="store_true")
    where.add_argument("--out", type=Path)
    args = parser.parse_args()
    try:
        paths = find(args.notebooks)
        for index, path in enumerate(paths, 1):
            print(f"-- {index} of {len(paths)}: {path.resolve().relative_to(ROOT) if path.resolve().is_relative_to(ROOT) else path}", flush=True)
            notebook = execute(path, args.scale, args.device, say=lambda line: print(line, flush=True))
            write(notebook, path if args.inplace else args.out / path.name)
    except Failure as failure:
        print(f"\n{failure}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
