"""The table of ``crosscam bench-models``: on the terminal, as Markdown and CSV, and as a picture."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from model.files import whole, write_text

if TYPE_CHECKING:
    from scripts.shelf_accuracy import Accuracy

CLOCK = 480_000_000
"""Hz of the board's core."""
_MILLIONS = (1, 2, 5, 10, 20, 50, 100, 200, 500)
_TEXTS = ("model", "type", "training set", "resolution", "note")


@dataclass(frozen=True)
class Row:
    """One model: ``cycles``, ``ram`` and ``flash`` on the bare STM32H743, None where ``problem`` says why it does not
    run; ``host_ms`` by LiteRT's own kernels, one thread, None where it does not take the model."""

    name: str
    type: str
    training_set: str
    classes: int
    bytes: int
    tensors: int
    resolution: str
    macs: int | None
    host_ms: float | None
    cycles: int | None = None
    ram: int | None = None
    flash: int | None = None
    equal: bool = True
    accuracy: Accuracy | None = None
    problem: str = ""

    @property
    def board_ms(self) -> float | None:
        """At 480 MHz."""
        return None if self.cycles is None else 1000 * self.cycles / CLOCK


def write_tables(rows: Sequence[Row], folder: Path, photographs: str) -> list[Path]:
    """``models.md``, ``models.csv`` and ``models.svg`` in ``folder``; ``photographs``: the frame folders' sets.

    Raises:
        CrosscamError: they cannot be written.
    """
    paths = [folder / f"models.{ending}" for ending in ("md", "csv", "svg")]
    write_text(paths[0], _markdown(rows, photographs))
    write_text(paths[1], _csv(rows))
    _draw(rows, paths[2])
    return paths


def cells(row: Row) -> dict[str, str]:
    """What the table says of a model, by heading."""
    accuracy = row.accuracy
    counts = (accuracy.correct, accuracy.incorrect, accuracy.best, accuracy.empty) if accuracy is not None else ()
    told = {
        "model": row.name,
        "type": row.type,
        "training set": row.training_set,
        "classes": str(row.classes),
        "bytes": f"{row.bytes:,}",
        "tensors": str(row.tensors),
        "resolution": row.resolution,
        "MACs": _number(row.macs),
        "cycles": _number(row.cycles),
        "board ms": "" if row.board_ms is None else f"{row.board_ms:.1f}",
        "host ms": "" if row.host_ms is None else f"{row.host_ms:.2f}",
        **dict.fromkeys(("correct", "incorrect", "best", "empty"), ""),
        "RAM": _number(row.ram),
        "flash": _number(row.flash),
        "note": row.problem or ("" if row.equal else "outputs DIFFER from the reference's"),
    }
    return told | dict(zip(("correct", "incorrect", "best", "empty"), map(str, counts), strict=False))


def shown_table(rows: Sequence[Row]) -> object:
    """For the terminal: what has room on a line."""
    from rich.box import SIMPLE_HEAD
    from rich.table import Table

    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    left_out = ("type", "training set", "classes", "bytes", "tensors", "MACs", "note")
    for heading in cells(rows[0]) if rows else ():
        if heading not in left_out:
            table.add_column(heading, justify="left" if heading in _TEXTS else "right", no_wrap=True)
    for row in rows:
        table.add_row(*(text for heading, text in cells(row).items() if heading not in left_out))
    return table


def _number(value: int | None) -> str:
    return "" if value is None else f"{value:,}"


def _markdown(rows: Sequence[Row], photographs: str) -> str:
    count = max((row.accuracy.count for row in rows if row.accuracy is not None), default=0)
    headings = list(cells(rows[0])) if rows else []
    lines = [
        "Bare STM32H743 at 480 MHz, cortex-m7 clock, generated kernels; host: LiteRT, one thread, this machine. "
        f"Accuracy: {count} labelled photographs of '{_cell(photographs)}'.",
        "",
        f"| {' | '.join(headings)} |",
        "|" + "|".join("---" if heading in _TEXTS else "---:" for heading in headings) + "|",
        *(f"| {' | '.join(_cell(text) for text in cells(row).values())} |" for row in rows),
    ]
    return "\n".join(lines) + "\n"


def _cell(text: str) -> str:
    for letter, written in (("\\", "\\\\"), ("|", "\\|"), ("<", "&lt;"), ("\n", " ")):
        text = text.replace(letter, written)
    return text


def _csv(rows: Sequence[Row]) -> str:
    """Numbers without separators; a text that a table program would take for a formula is quoted by an apostrophe."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    if rows:
        writer.writerow(cells(rows[0]))
    for row in rows:
        told = cells(row).items()
        writer.writerow([_plain(text) if heading in _TEXTS else text.replace(",", "") for heading, text in told])
    return out.getvalue()


def _plain(text: str) -> str:
    return f"'{text}" if text[:1] in ("=", "+", "-", "@") else text


def _draw(rows: Sequence[Row], path: Path) -> None:
    """Accuracy against cycles, a bubble's area its flash; what nobody trained lies below the line, without accuracy."""
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9, 5.5), layout="constrained")
    axes = figure.add_subplot()
    for row in rows:
        if row.cycles is None or row.flash is None:
            continue
        accuracy = row.accuracy
        height = 100 * accuracy.correct / accuracy.count if accuracy is not None and accuracy.count else -8
        colour = "#2f6fb4" if accuracy is not None else "#b8c0c8"
        axes.scatter(row.cycles / 1e6, height, s=row.flash / 2000, color=colour, alpha=0.65, edgecolors="#16202b")
        axes.annotate(
            row.name.replace("$", r"\$"), (row.cycles / 1e6, height), (0, 9), textcoords="offset points",
            rotation=35 if accuracy is None else 0, fontsize=8,
        )  # fmt: skip
    axes.axhline(0, color="#56626f", linewidth=0.8)
    axes.set_xscale("log")
    axes.set_xticks(_MILLIONS, map(str, _MILLIONS))
    axes.set_xticks([], minor=True)
    cycles = [row.cycles / 1e6 for row in rows if row.cycles is not None] or [1.0]
    axes.set_xlim(min(cycles) / 1.3, max(cycles) * 1.8)
    axes.set_ylim(-18, 112)
    axes.set_yticks(range(0, 101, 20))
    axes.set_xlabel("million cycles on the STM32H743")
    axes.set_ylabel("photographs told right, %")
    axes.set_title(
        "accuracy, cycles, flash (area); grey: no accuracy, nobody trained them or other labels", fontsize=10
    )
    with rc_context({"svg.hashsalt": "crosscam"}), whole(path) as part:
        figure.savefig(part, format="svg", metadata={"Date": None})
