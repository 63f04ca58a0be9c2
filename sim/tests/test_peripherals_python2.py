"""The scripts must stay Python 2.7: Renode runs them in IronPython."""

from __future__ import annotations

import ast
import io
import re
import tokenize
from pathlib import Path

import pytest

SCRIPTS = sorted((Path(__file__).parents[1] / "peripherals").glob("*.py"))

TOO_NEW = (
    ast.AnnAssign,
    ast.AsyncFunctionDef,
    ast.Await,
    ast.JoinedStr,
    ast.MatMult,
    ast.Match,
    ast.NamedExpr,
    ast.Nonlocal,
    ast.Starred,
    ast.YieldFrom,
)


def complaints(source: str) -> list[str]:
    """What in ``source`` Python 2.7 would not accept, or would take for something else."""
    found = []
    for node in ast.walk(ast.parse(source)):
        where = f"line {getattr(node, 'lineno', 0)}"
        if isinstance(node, ast.Starred) and isinstance(node.ctx, ast.Load):
            continue  # f(*arguments); in a list it is caught below
        if isinstance(node, TOO_NEW):
            found.append(f"{where}: {type(node).__name__}")
        if isinstance(node, (ast.List, ast.Tuple, ast.Set)) and any(isinstance(e, ast.Starred) for e in node.elts):
            found.append(f"{where}: star in a list")
        if isinstance(node, ast.Dict) and None in node.keys:
            found.append(f"{where}: ** in a dictionary")
        if isinstance(node, ast.Raise) and node.cause is not None:
            found.append(f"{where}: raise from")
        if isinstance(node, ast.ClassDef) and (node.keywords or not node.bases):
            found.append(f"{where}: a class without (object) is old-style in Python 2")
        if isinstance(node, ast.Div):
            found.append(f"{where}: / divides integers in Python 2; use //")
        if isinstance(node, ast.FunctionDef):
            arguments = node.args
            annotated = [a for a in (*arguments.args, arguments.vararg, arguments.kwarg) if a and a.annotation]
            if annotated or node.returns or arguments.kwonlyargs or arguments.posonlyargs:
                found.append(f"{where}: annotations or keyword-only arguments of {node.name}")
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ("print", "super"):
            found.append(f"{where}: {node.func.id}() differs in Python 2")
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in NEW_METHODS:
            found.append(f"{where}: .{node.func.attr}() is not in Python 2")
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.NUMBER and "_" in token.string:
            found.append(f"line {token.start[0]}: {token.string}")
        if token.type == tokenize.STRING and re.match(r"[bB]", token.string):
            found.append(f"line {token.start[0]}: bytes are str in Python 2; use bytearray")
    if not source.isascii():
        found.append("not ASCII: Python 2 wants a coding line")
    return found


NEW_METHODS = {"from_bytes", "to_bytes", "bit_count", "removeprefix", "removesuffix", "isascii", "clear", "copy"}


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.name)
def test_scripts_are_python_2(path: Path) -> None:
    assert complaints(path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    "source",
    [
        "f'{x}'",
        "x: int = 1",
        "def f(x) -> int: pass",
        "def f(x: int): pass",
        "def f(*, x): pass",
        "(x := 1)",
        "a = [*b]",
        "a, *b = c",
        "a = {**b}",
        "1_000",
        "raise A from b",
        "class A: pass",
        "print(1)",
        "x = 1 / 2",
        "b'x'",
        "[1].clear()",
        "x = 'ü'",
    ],
)
def test_the_check_finds_what_python_2_cannot_read(source: str) -> None:
    assert complaints(source)


def test_what_both_can_read_passes() -> None:
    assert complaints("class A(object):\n    def f(self, *a):\n        return g(*a) // 2, '%d' % 0x1F\n") == []
