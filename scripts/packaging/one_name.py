"""The package ``crosscam`` of the folders of a checkout: files chosen, imports renamed.

In a checkout ``model``, ``sim`` and ``scripts`` are imported by these names, which belong to nobody in particular. So
what is installed elsewhere lies below one name: ``sim.boot`` becomes ``crosscam.sim.boot``. Folders keep their places
beside each other, so a path such as ``Path(__file__).parents[1] / "firmware"`` means the same in both.
"""

from __future__ import annotations

import ast
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

NAME = "crosscam"
PACKAGES = ("model", "sim", "scripts")
"""Folders of Python: everything in them but tests and what only development needs."""
FOLDERS = ("firmware", "robot_tests")
"""Folders without Python of ours."""
LEFT_OUT = frozenset({
    *("tests", "__pycache__", "generated", "build"),
    *("scripts/packaging", "scripts/fuzz", "sim/fuzz", "firmware/bench/dialogue", "firmware/bench/loops"),
    *("firmware/bench/polls", "firmware/bench/truth"),
})  # fmt: skip
"""Folders by name, or by their path from the checkout."""
OTHER_PYTHON = ("sim/peripherals", "sim/board")
"""Scripts for IronPython, which import nothing of ours."""
_OURS = "|".join(PACKAGES)
_COMMAND = re.compile(rf"(?<=python -m )(?=(?:{_OURS})\.)")
_ROBOT_LIBRARY = re.compile(rf"(?<=^Library)(\s+)(?=(?:{_OURS})\.)", re.MULTILINE)


def stage(checkout: Path, folder: Path) -> Path:
    """Write the package into ``folder``; returns its path there."""
    package = folder / NAME
    package.mkdir()
    (package / "__init__.py").write_text(f'"""{NAME}: no-hardware test bench for tiny vision firmware."""\n')
    for source in chosen(checkout):
        place = source.relative_to(checkout)
        target = package / place
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, target)
        if place.suffix == ".py" and not place.as_posix().startswith(OTHER_PYTHON):
            _rewrite(target, renamed)
        elif place.suffix in (".robot", ".resource"):
            _rewrite(target, renamed_libraries)
    return package


def chosen(checkout: Path) -> Iterator[Path]:
    """The files that are installed."""
    for name in (*PACKAGES, *FOLDERS):
        for path in sorted((checkout / name).rglob("*")):
            place = path.relative_to(checkout)
            folders = [parent.as_posix() for parent in place.parents]
            if path.is_file() and not LEFT_OUT & {*folders, *place.parts[:-1]} and path.suffix != ".pyc":
                yield path


def renamed(source: str) -> str:
    """Python ``source`` with imports of our packages from below ``crosscam``, and commands that name them."""
    lines = source.split("\n")
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ImportFrom) and not node.level and _is_ours(node.module or ""):
            row = node.lineno - 1
            before, after = lines[row][: node.col_offset], lines[row][node.col_offset :]
            lines[row] = before + re.sub(r"^from\s+", f"from {NAME}.", after)
        elif isinstance(node, ast.Import) and any(_is_ours(alias.name) for alias in node.names):
            row = node.lineno - 1
            assert node.end_lineno == node.lineno, f"line {node.lineno}: an import over several lines"
            end = node.end_col_offset
            lines[row] = lines[row][: node.col_offset] + _imports(node.names) + lines[row][end:]
    return _COMMAND.sub(f"{NAME}.", "\n".join(lines))


def renamed_libraries(source: str) -> str:
    """A Robot suite or resource with our keyword libraries from below ``crosscam``."""
    return _ROBOT_LIBRARY.sub(rf"\1{NAME}.", source)


def _is_ours(module: str) -> bool:
    return module.partition(".")[0] in PACKAGES


def _imports(names: list[ast.alias]) -> str:
    """Statements that bind what ``import a, b.c`` of our packages bound."""
    made = []
    for alias in names:
        root, dot, _ = alias.name.partition(".")
        if not _is_ours(alias.name):
            made.append(f"import {ast.unparse(alias)}")
        elif alias.asname:
            made.append(f"import {NAME}.{alias.name} as {alias.asname}")
        else:
            made += [f"import {NAME}.{alias.name}"] * bool(dot) + [f"from {NAME} import {root}"]
    return "; ".join(made)


def _rewrite(path: Path, change: Callable[[str], str]) -> None:
    text = path.read_text(encoding="utf-8")
    path.write_text(change(text), encoding="utf-8")
