"""Figures of matplotlib as files: the same figure gives the same bytes."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from model.files import whole

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def save(figure: Figure, folder: Path, name: str) -> list[Path]:
    """``name.svg`` and ``name.png``."""
    from matplotlib import rc_context

    paths = [folder / f"{name}.{ending}" for ending in ("svg", "png")]
    with rc_context({"svg.hashsalt": "crosscam"}):
        for path in paths:
            with whole(path) as part:
                figure.savefig(part, dpi=140, metadata={"Date": None} if path.suffix == ".svg" else None)
    return paths
