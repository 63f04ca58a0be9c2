"""Board truth: what a board would only show as a wrong picture, said as a warning with address, symbol and cycle."""

from __future__ import annotations

from sim.engine.truth.board_truth import BoardTruth
from sim.engine.truth.findings import Finding, Kind

__all__ = ["BoardTruth", "Finding", "Kind"]
