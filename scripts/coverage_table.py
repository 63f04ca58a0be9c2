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


def show_coverage(folder: Path, found: Coverage) -> None:
    """Covered of all, by file, and where the reports are."""
    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    for heading in ("file", "lines", "%", "branches", "%", "functions", "%"):
        table.add_column(heading, justify="left" if heading == "file" else "right", no_wrap=True)
    for name in sorted(found.files):
        alone = Coverage()
        alone.files[name] = found.files[name]
        table.add_row(Text(printable(name, 60)), *_cells(alone))
    table.add_section()
    table.add_row("all", *_cells(found))
    console = terminal()
    console.print(table)
    console.print(f"written to {printable(str(folder))}: {INFO}, {XML}, {PAGES}/index.html")


def _cells(found: Coverage) -> list[str]:
    cells = []
    for covered, whole in found.totals().values():
        cells += [f"{covered:,}/{whole:,}", f"{100 * covered / whole:.1f}"] if whole else ["", ""]
    return cells
