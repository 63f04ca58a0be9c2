"""Keywords that judge prediction lines; the same whichever engine sent the line."""

from __future__ import annotations

import json
import re
from pathlib import Path

from robot.api.deco import keyword, library
from robot.libraries.BuiltIn import BuiltIn

from sim.console import Prediction
from sim.text import printable
from sim.verdict import FrameSequence

CAMERA = "sysbus.ov7670"
_CAPTURED = 0x11  # command of the camera script: index of the n-th photograph captured
_NOTHING = 0xFFFFFFFF
_NUMBER = re.compile(r"0[xX][0-9A-Fa-f]+|\d+", re.ASCII)


@library(scope="TEST")
class verdict:  # noqa: N801 - `Library  sim.robot.verdict` finds the class by the module's name
    """Each test counts its frames from 1."""

    def __init__(self) -> None:
        self._camera = CAMERA
        self._sequence = FrameSequence(self._photograph)

    @keyword("Parse Prediction")
    def parse_prediction(self, line: str) -> Prediction:
        """The prediction in ``line``; fails when the line is not one."""
        prediction = Prediction.parse(line)
        if prediction is None:
            raise AssertionError(f"not a prediction line: {printable(line, 200)!r}")
        return prediction

    @keyword("Load Reference")
    def load_reference(self, frames: str) -> list[dict[str, object]]:
        """``reference.json`` of a frame folder, one dictionary a frame (made by ``crosscam reference``)."""
        path = Path(frames) / "reference.json"
        if not path.is_file():
            raise AssertionError(f"{path} is missing; make it with `crosscam reference {frames}`")
        document = json.loads(path.read_text(encoding="utf-8"))
        rows: list[dict[str, object]] = document["frames"]
        return rows

    @keyword("Should Equal Reference")
    def should_equal_reference(
        self, prediction: Prediction, reference: list[dict[str, object]], camera: str = CAMERA
    ) -> dict[str, object]:
        """Fails unless ``prediction`` is of the next frame and has the scores of the photograph that ``camera`` says
        it showed, bit for bit; returns the reference's row of it.

        A number that came before (a repeated frame, a board that was reset) or one that was left out fails, unless the
        test has said ``Board Was Reset`` or ``Frames May Be Missing``.
        """
        self._camera = camera
        seen = self._sequence.take(prediction)
        if self._sequence.problems:
            problems, self._sequence.problems = self._sequence.problems, []
            raise AssertionError("; ".join(problems))
        assert seen is not None and seen.photograph is not None
        if seen.photograph >= len(reference):
            raise AssertionError(
                f"frame {prediction.frame} shows photograph {seen.photograph}, the reference knows {len(reference)}: "
                "expected the reference of the folder the camera looks at"
            )
        row = reference[seen.photograph]
        if list(prediction.scores) != row["scores"]:
            raise AssertionError(
                f"frame {prediction.frame} ({row['source']}): the board says {list(prediction.scores)},"
                f" the reference {row['scores']}"
            )
        return row

    @keyword("Board Was Reset")
    def board_was_reset(self) -> None:
        """The test has reset the board, or waited for a reset it wants: frames count from 1 again."""
        self._sequence.allow_restart()

    @keyword("Frames May Be Missing")
    def frames_may_be_missing(self) -> None:
        """The test has done what may leave out frames before the next: stopped the firmware, say."""
        self._sequence.allow_gap()

    def _photograph(self, number: int) -> int | None:
        answer = str(BuiltIn().run_keyword("Execute Command", f"{self._camera} ControlRead {_CAPTURED} {number}"))
        found = _NUMBER.search(answer)
        if found is None:
            raise AssertionError(f"{self._camera} answered {printable(answer, 100)!r}: expected a photograph's index")
        index = int(found[0], 0)
        return None if index == _NOTHING else index
