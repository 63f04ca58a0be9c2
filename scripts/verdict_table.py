"""The table and the last lines of ``crosscam run``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.box import SIMPLE_HEAD
from rich.table import Table
from rich.text import Text

from scripts.run_verdict import Row, Verdict
from sim.console import SHORT_LABELS
from sim.errors import shown
from sim.text import LONGEST_MESSAGE, number_of, printable
from sim.verdict import counted

if TYPE_CHECKING:
    from rich.console import Console


PROBLEMS_SHOWN = 20
_RIGHT = ("frame", "cycles")
_NARROW = ("frame", "photograph", "predicted", "host")
_SHORTEST_NAME = 11
"""Characters of a photograph's name that are always shown; it is cut before anything else is left out."""


def print_verdict(console: Console, verdict: Verdict, wall: float) -> None:
    """The rows, what went wrong, and PASS or FAIL; ``wall``: seconds of wall time a frame, 0 where unknown."""
    rows = verdict.rows
    if rows:
        console.print(_table(rows, _scores_heading(verdict.labels), console.width))
    if verdict.left_out:
        console.print(f"left out: {shown(', '.join(verdict.left_out), LONGEST_MESSAGE)}", soft_wrap=True)
    for problem in verdict.problems[:PROBLEMS_SHOWN]:
        console.print(f"problem: {printable(problem)}", style="red", soft_wrap=True)
    if len(verdict.problems) > PROBLEMS_SHOWN:
        console.print(f"and {number_of(len(verdict.problems) - PROBLEMS_SHOWN, 'problem')} more", style="red")
    labelled = [row for row in rows if row.labels]
    hits = sum(row.labels == row.predicted for row in labelled)
    agree = f"; {hits} of {len(labelled)} agree with the photograph's labels" if labelled else ""
    pace = f"; {wall:.2f} s of wall time a frame" if wall else ""
    others = {0: "", 1: "; a problem, see above"}.get(
        len(verdict.problems), f"; {len(verdict.problems)} problems, see above"
    )
    word = Text("PASS" if verdict.passed else "FAIL", style="green" if verdict.passed else "red")
    count = counted(verdict.equal, len(rows), verdict.wanted)
    console.print(word.append(f": {count}{others}{agree}{pace}", style="default"), soft_wrap=True)


def _scores_heading(labels: tuple[str, ...]) -> str:
    """The classes as the board abbreviates them."""
    short = {long: brief for brief, long in SHORT_LABELS.items()}
    return "  ".join(short.get(label, label) for label in labels)


def _table(rows: list[Row], scores: str, width: int) -> Table:
    """The fullest form that has room: all, without the reference's scores, or what matters most."""
    everything = ("frame", "photograph", "expected", "predicted", scores, "cycles", "host")
    for headings, short, gap in ((everything, False, 3), (everything, True, 3), (_NARROW, True, 2)):
        cells = [_cells(row, scores, short) for row in rows]
        longest = {heading: max(len(heading), *(cell[heading].cell_len for cell in cells)) for heading in headings}
        name_room = width - 1 - sum(gap + longest[heading] for heading in headings if heading != "photograph") - gap
        if name_room >= min(_SHORTEST_NAME, longest["photograph"]):
            break
    whole = headings is everything
    title = "Predictions of the board" if whole else None
    table = Table(title=title, box=SIMPLE_HEAD, pad_edge=False, padding=(0, 1) if whole else (0, 0, 0, 1))
    for heading in headings:
        limit = max(_SHORTEST_NAME, name_room) if heading == "photograph" else None
        table.add_column(heading, justify="right" if heading in _RIGHT else "left", no_wrap=True, max_width=limit)
    for each in cells:
        table.add_row(*(each[heading] for heading in headings))
    return table


def _cells(row: Row, scores: str, short: bool) -> dict[str, Text]:
    hit = row.labels == row.predicted
    differs = "differs" if short else f"differs: {row.reference}" if row.reference else "differs: other labels"
    if row.scores == row.reference and not short:
        differs = f"differs: {' '.join(row.reference_verdict)}"
    return {
        "frame": Text(str(row.frame)),
        "photograph": Text(printable(row.source)),
        "expected": Text(" ".join(row.labels)),
        "predicted": Text(" ".join([*row.predicted, row.verdict[1]]).rstrip(), style="green" if hit else "yellow"),
        scores: Text(" ".join(f"{score:+4d}" for score in row.scores)),
        "cycles": Text(f"{row.cycles:,}"),
        "host": Text("equal") if row.equal else Text(differs, style="red"),
    }
