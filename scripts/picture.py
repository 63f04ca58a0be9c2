"""The house as a picture, drawn from the imports: ``python -m scripts.picture`` writes ``docs/house.svg``.

A box is a room, an arrow an import, typing counted; a room stands above all it imports. Arrows that follow from others
are left out, as are tests and the imports that ``pyproject.toml`` lets pass (``ignore_imports``).
"""

from __future__ import annotations

import fnmatch
import tomllib
from collections.abc import Mapping
from graphlib import TopologicalSorter
from html import escape
from pathlib import Path

ROOT = Path(__file__).parents[1]
TARGET = ROOT / "docs" / "house.svg"
INSIDE = ("model", "sim", "sim.engine")
"""Packages whose rooms are shown one by one."""
WIDTH, ROW, BOX, LETTER, GAP, MARGIN = 1150, 74, 28, 7.3, 16, 12
COLOURS = {"scripts": "#e8def0", "model": "#dcebd8", "sim": "#d9e6f2", "sim.engine": "#f5e6cc"}

Rooms = dict[str, set[str]]


def rooms_of(root: Path = ROOT) -> Rooms:
    """Room -> rooms it imports, by dotted name."""
    import grimp

    graph = grimp.build_graph("model", "sim", "scripts", cache_dir=None)
    contracts = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"][
        "contracts"
    ]
    allowed = [tuple(text.split(" -> ")) for contract in contracts for text in contract.get("ignore_imports", ())]
    packages = {name for name in graph.modules if (root / name.replace(".", "/")).is_dir()}
    rooms: Rooms = {}
    for module in graph.modules:
        room = _room(module, packages)
        if room is None:
            continue
        found = rooms.setdefault(room, set())
        for target in graph.find_modules_directly_imported_by(module):
            other = _room(target, packages)
            passes = any(fnmatch.fnmatch(module, one) and fnmatch.fnmatch(target, two) for one, two in allowed)
            if other is not None and other != room and not passes:
                found.add(other)
    return rooms


def _room(module: str, packages: set[str]) -> str | None:
    """The room of a module; None for tests and for modules that stand in none."""
    parts = module.split(".")
    if "tests" in parts:
        return None
    for length in range(1, len(parts) + 1):
        name = ".".join(parts[:length])
        if name not in INSIDE:
            return name if name in packages else None
    return None


def levels(rooms: Rooms) -> dict[str, int]:
    """0 for rooms that import none, else one more than the highest of those a room imports; CycleError on a circle."""
    found: dict[str, int] = {}
    for room in TopologicalSorter(rooms).static_order():
        found[room] = 1 + max((found[other] for other in rooms[room]), default=-1)
    return found


def reduced(rooms: Rooms) -> Rooms:
    """Without the arrows that follow from others."""
    below: Rooms = {}
    for room in TopologicalSorter(rooms).static_order():
        below[room] = rooms[room].union(*(below[other] for other in rooms[room]))
    return {
        room: {each for each in others if not any(each in below[other] for other in others if other != each)}
        for room, others in rooms.items()
    }


def draw(rooms: Rooms) -> str:
    """The picture as SVG."""
    height_of = levels(rooms)
    highest = max(height_of.values())
    places: dict[str, tuple[float, float, float]] = {}
    for level in range(highest + 1):
        row = sorted(room for room, found in height_of.items() if found == level)
        sizes = [LETTER * len(room) + GAP for room in row]
        x = (WIDTH - sum(sizes) - GAP * (len(row) - 1)) / 2
        for room, size in zip(row, sizes, strict=True):
            places[room] = (x, MARGIN + (highest - level) * ROW, size)
            x += size + GAP
    lines = [_arrow(places, room, other) for room in sorted(rooms) for other in sorted(reduced(rooms)[room])]
    boxes = [_box(room, *places[room]) for room in sorted(rooms)]
    height = 2 * MARGIN + highest * ROW + BOX
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}"'
        ' font-family="monospace" font-size="12">'
        '<defs><marker id="tip" viewBox="0 0 6 6" refX="6" refY="3" markerWidth="7" markerHeight="7" orient="auto">'
        '<path d="M0 0 L6 3 L0 6 z" fill="#666"/></marker></defs><rect width="100%" height="100%" fill="white"/>'
    )
    return "\n".join([head, *lines, *boxes, "</svg>"]) + "\n"


def _arrow(places: Mapping[str, tuple[float, float, float]], above: str, below: str) -> str:
    (x1, y1, size1), (x2, y2, size2) = places[above], places[below]
    ends = f'x1="{x1 + size1 / 2:.0f}" y1="{y1 + BOX:.0f}" x2="{x2 + size2 / 2:.0f}" y2="{y2:.0f}"'
    return f'<line {ends} stroke="#666" stroke-width="0.8" marker-end="url(#tip)"/>'


def _box(room: str, x: float, y: float, size: float) -> str:
    colour = next(COLOURS[part] for part in sorted(COLOURS, key=len, reverse=True) if f"{room}.".startswith(f"{part}."))
    return (
        f'<rect x="{x:.0f}" y="{y:.0f}" width="{size:.0f}" height="{BOX}" rx="4" fill="{colour}" stroke="#444"/>'
        f'<text x="{x + size / 2:.0f}" y="{y + 18:.0f}" text-anchor="middle">{escape(room)}</text>'
    )


if __name__ == "__main__":
    TARGET.write_text(draw(rooms_of()), encoding="utf-8")
    print(TARGET.relative_to(ROOT))
