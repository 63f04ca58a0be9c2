"""The plan of the house: no circles between modules, modules of a size one can read, docstrings where others look.

Who may import whom is in ``pyproject.toml`` (import-linter, by ``make lint``). Imports for typing count here too.
"""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from statistics import median

import grimp
import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = ("model", "scripts", "sim")
MOST_LINES, USUAL_LINES = 600, 200


def test_no_circles() -> None:
    """Imports in functions and for typing count."""
    graph = grimp.build_graph(*PACKAGES, cache_dir=None)
    arrows = {module: graph.find_modules_directly_imported_by(module) for module in graph.modules}
    try:
        TopologicalSorter(arrows).prepare()
    except CycleError as error:
        pytest.fail("modules import each other in a circle: " + " <- ".join(error.args[1]))


def test_a_command_line_imports_little() -> None:
    """What a command needs is imported when it runs: all of it would be half a second before any help."""
    heavy = "{'numpy', 'PIL', 'numba', 'unicorn', 'ai_edge_litert', 'importlib.metadata'}"
    probe = f"import sys, scripts.main; sys.exit(' '.join({heavy} & sys.modules.keys()) or 0)"
    run = subprocess.run([sys.executable, "-c", probe], cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert (run.returncode, run.stderr) == (0, "")


def sources() -> Iterator[Path]:
    """The modules, without tests and scripts for IronPython."""
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            if not {"tests", "peripherals", "board"} & set(path.relative_to(ROOT).parts):
                yield path


def test_modules_are_of_a_size_one_can_read() -> None:
    lines = {
        path.relative_to(ROOT): path.read_text(encoding="utf-8").count("\n")
        for package in PACKAGES
        for path in (ROOT / package).rglob("*.py")
    }
    assert {path: count for path, count in lines.items() if count > MOST_LINES} == {}
    assert median(lines.values()) <= USUAL_LINES


class Classes(ast.NodeVisitor):
    """All classes by name: their bases, and their public methods with a docstring and without."""

    def __init__(self) -> None:
        self.bases: dict[str, set[str]] = {}
        self.said: dict[str, set[str]] = {}
        self.silent: list[tuple[str, str, str]] = []
        self.place = ""

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        bases = {_last_name(base) for base in node.bases}
        self.bases.setdefault(node.name, set()).update(bases)
        for item in node.body:
            if not isinstance(item, ast.FunctionDef) or not item.name[0].islower() or _is_declaration(item):
                continue  # with a capital: a member of Renode's, which documents it
            if ast.get_docstring(item) is not None:
                self.said.setdefault(node.name, set()).add(item.name)
            elif not node.name.startswith("_"):
                self.silent.append((node.name, item.name, f"{self.place}:{item.lineno}"))
        self.generic_visit(node)

    def says(self, name: str, method: str, seen: frozenset[str] = frozenset()) -> bool:
        """Whether a class or one it comes from documents ``method``."""
        if name in seen:
            return False
        return method in self.said.get(name, ()) or any(
            self.says(base, method, seen | {name}) for base in self.bases.get(name, ())
        )


def _last_name(base: ast.expr) -> str:
    while isinstance(base, ast.Subscript):
        base = base.value
    return base.attr if isinstance(base, ast.Attribute) else base.id if isinstance(base, ast.Name) else ""


def _is_declaration(method: ast.FunctionDef) -> bool:
    """A setter, an overload, or a protocol's member whose name and type say it all."""
    stub = isinstance(method.body[0], ast.Expr) and getattr(method.body[0].value, "value", None) is ...
    names = {_last_name(decorator) for decorator in method.decorator_list}
    return stub or bool(names & {"setter", "overload", "override"})


def test_public_methods_are_documented() -> None:
    """Those that override a documented one need not repeat it; ruff (D100, D101, D103) looks at the rest."""
    classes = Classes()
    for path in sources():
        classes.place = str(path.relative_to(ROOT))
        classes.visit(ast.parse(path.read_text(encoding="utf-8")))
    assert [place for name, method, place in classes.silent if not classes.says(name, method)] == []
