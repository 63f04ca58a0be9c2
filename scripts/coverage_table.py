"""What ``crosscam coverage`` and ``robot --coverage`` print."""

from __future__ import annotations

from pathlib import Path

from rich.box import SIMPLE_HEAD
from rich.table import Table
from rich.text import Text

from scripts.console import terminal
from sim.coverage.reports import INFO, PAGES, XML
from sim.coverage.result import Coverage
from sim.text import printable

ROOM_OF_PERCENTS = 100
"""Columns of a terminal from which on percents and functions are shown."""


def show_coverage(folder: Path, found: Coverage) -> None:
    """Covered of all, by file, and where the reports are."""
    console = terminal()
    headings = ["file", "lines", "%", "branches", "%", "functions", "%"]
    shown = range(len(headings)) if console.width >= ROOM_OF_PERCENTS else (0, 1, 3)
    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    for place in shown:
        table.add_column(headings[place], justify="right" if place else "left", no_wrap=True)
    room = console.width - 14 * (len(shown) - 1)
    for name in sorted(found.files):
        alone = Coverage()
        alone.files[name] = found.files[name]
        cells = [_shortened(printable(name), room), *_cells(alone)]
        table.add_row(*(Text(cells[place]) for place in shown))
    table.add_section()
    table.add_row(*(["all", *_cells(found)][place] for place in shown))
    console.print(table)
    console.print(f"written to {printable(str(folder))}: {INFO}, {XML}, {PAGES}/index.html", soft_wrap=True)


def _shortened(name: str, room: int) -> str:
    """The end of a path says most."""
    return name if len(name) <= room else "\u2026" + name[len(name) - room + 1 :]


def _cells(found: Coverage) -> list[str]:
    cells = []
    for covered, whole in found.totals().values():
        cells += [f"{covered:,}/{whole:,}", f"{100 * covered / whole:.1f}"] if whole else ["", ""]
    return cells
