"""Keywords that judge prediction lines; plain host code, the same whichever engine sent the line."""

from __future__ import annotations

import json
from pathlib import Path

from robot.api.deco import keyword

from sim.console import Prediction


@keyword("Parse Prediction")
def parse_prediction(line: str) -> Prediction:
    """The prediction in ``line``; fails when the line is not one."""
    prediction = Prediction.parse(line)
    if prediction is None:
        raise AssertionError(f"not a prediction line: {line!r}")
    return prediction


@keyword("Load Reference")
def load_reference(frames: str) -> list[dict[str, object]]:
    """``reference.json`` of a frame folder, one dictionary a frame (made by ``crosscam reference``)."""
    path = Path(frames) / "reference.json"
    if not path.is_file():
        raise AssertionError(f"{path} is missing; make it with `crosscam reference {frames}`")
    document = json.loads(path.read_text())
    rows: list[dict[str, object]] = document["frames"]
    return rows


@keyword("Should Equal Reference")
def should_equal_reference(prediction: Prediction, reference: list[dict[str, object]]) -> dict[str, object]:
    """Fails unless the scores are the reference's, bit for bit; returns the reference's row of that frame."""
    row = reference[(prediction.frame - 1) % len(reference)]
    if list(prediction.scores) != row["scores"]:
        raise AssertionError(
            f"frame {prediction.frame} ({row['source']}): the board says {list(prediction.scores)},"
            f" the reference {row['scores']}"
        )
    return row
