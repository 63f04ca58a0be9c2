"""Pictures for reports: confusion of every class, contact sheets of a data set."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from model.dataset.frames import FrameSet
from model.evaluation.drawing import save


def confusion(decisions: NDArray[Any], labels: NDArray[Any]) -> NDArray[np.int64]:
    """``int64[outputs, 2, 2]`` counts: output, truth (no, yes), decision (no, yes).

    Args:
        decisions: ``[n, outputs]``, 0 or 1.
        labels: ``[n, outputs]``, 0 or 1.
    """
    said, true = np.asarray(decisions) > 0, np.asarray(labels) > 0
    return np.array(
        [[[int((~t & ~s).sum()), int((~t & s).sum())], [int((t & ~s).sum()), int((t & s).sum())]]
         for s, t in zip(said.T, true.T, strict=True)]
    )  # fmt: skip


def draw_confusion(counts: NDArray[np.int64], names: Sequence[str], folder: Path) -> list[Path]:
    """``confusion.svg`` and ``confusion.png``: one 2 x 2 table a class, shaded by the share of its row."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(2.6 * len(names), 2.8), layout="constrained")
    for number, (name, table) in enumerate(zip(names, counts, strict=True)):
        axes = figure.add_subplot(1, len(names), number + 1)
        shares = table / np.maximum(table.sum(axis=1, keepdims=True), 1)
        axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
        for (row, column), count in np.ndenumerate(table):
            colour = "white" if shares[row, column] > 0.5 else "black"
            text = f"{count}\n{shares[row, column]:.0%}"
            axes.text(column, row, text, ha="center", va="center", color=colour)
        axes.set_title(name)
        axes.set_xticks((0, 1), ("no", "yes"))
        axes.set_yticks((0, 1), ("no", "yes"))
        axes.set_xlabel("predicted")
        if number == 0:
            axes.set_ylabel("true")
    return save(figure, folder, "confusion")


def contact_sheet(frames: FrameSet, names: Sequence[str], count: int, seed: int, columns: int = 8) -> Image.Image:
    """Pictures of a data set, drawn at random, 160 x 120 each with its classes below it.

    Args:
        frames: the data set.
        names: names of the outputs.
        count: pictures at most.
        seed: of the draw; pictures stay in the order of the data set.
        columns: pictures in a row.
    """
    width, height, text = 160, 120, 14
    chosen = np.sort(np.random.default_rng(seed).permutation(len(frames))[:count])
    columns = min(columns, len(chosen))
    rows = -(-len(chosen) // columns)
    sheet = Image.new("RGB", (columns * width, rows * (height + text)), "white")
    draw = ImageDraw.Draw(sheet)
    for place, index in enumerate(chosen):
        left, top = place % columns * width, place // columns * (height + text)
        sheet.paste(Image.fromarray(frames.images[index]).resize((width - 2, height)), (left, top))
        classes = " ".join(name for name, hit in zip(names, frames.labels[index], strict=True) if hit)
        draw.text((left + 2, top + height + 1), classes, fill="black")
    return sheet
