"""Whatever the crate returns can be bound to a name in a cell without writing its type.

rust-analyzer infers the type from a light view of the crate, so a method that returns, say, a foreign crate's type that the
view does not hold would need an annotation. Each public method of the prelude's types is called here, but never run.
"""

import re
from pathlib import Path

SOURCE = Path(__file__).resolve().parents[2] / "src"
IMPL = re.compile(r"^impl (?P<type>\w+) \{\n(?P<body>.*?)^\}", re.MULTILINE | re.DOTALL)
METHOD = re.compile(r"^    pub (?:const )?fn (?P<name>\w+)(?P<generic><.*?>)?\((?P<arguments>[^{;]*?)\)\s*->\s*(?P<result>[^{;]+?)\s*\{", re.MULTILINE)
# Shown in a cell, never kept.
SHOWN = ("evcxr_display",)


def count(arguments: str) -> int:
    depth, pieces = 0, [""]
    for character in arguments:
        depth += (character in "<([") - (character in ">)]")
        if character == "," and depth == 0:
            pieces.append("")
        else:
            pieces[-1] += character
    return sum(bool(piece.strip()) for piece in pieces)


def methods() -> list[tuple[str, list[tuple[str, int]]]]:
    """For each `impl` block its type, and the names and numbers of arguments of the methods that return something owned."""
    found = []
    for path in sorted(SOURCE.rglob("*.rs")):
        for block in IMPL.finditer(path.read_text()):
            calls = []
            for method in METHOD.finditer(block["body"]):
                borrowed = "&" in method["result"] or "'" in method["result"] or "impl " in method["result"]
                generic = method["generic"] or "impl " in method["arguments"]
                if not borrowed and not generic and method["name"] not in SHOWN:
                    calls.append((method["name"], count(method["arguments"])))
            if calls:
                found.append((block["type"], calls))
    return found


def test_every_returned_type_is_inferred(kernel):
    session = kernel("lab")
    assert session.run("use scurve::prelude::*; fn any<T>() -> T { panic!() }").ok
    checked, wrong = 0, []
    for kind, calls in methods():
        lines = [
            f"let value_{i} = if true {{ None }} else {{ Some({kind}::{name}({', '.join(['any()'] * n)})) }};"
            for i, (name, n) in enumerate(calls)
        ]
        reply = session.run("\n".join(lines))
        # Not in the prelude, or a namesake of a type that is.
        if "undeclared type" in reply.error or "[E0599]" in reply.error:
            continue
        checked += len(calls)
        if not reply.ok:
            wrong.append(f"{kind}: {reply.error.splitlines()[:2]} of\n" + "\n".join(lines))
    assert checked > 50
    assert not wrong, "\n\n".join(wrong)
