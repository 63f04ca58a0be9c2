"""Keywords that judge prediction lines; the same whichever engine sent the line."""

from __future__ import annotations

import json
import re
from pathlib import Path

from robot.api import logger
from robot.api.deco import keyword, library
from robot.libraries.BuiltIn import BuiltIn

from sim.console import LABELS, Prediction, ScoreLine
from sim.text import printable
from sim.verdict import FrameSequence, Judged

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
        self._classes: tuple[str, ...] = LABELS

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
        self._classes = tuple(document.get("classes", LABELS))
        return rows

    @keyword("All Scores Should Equal Reference")
    def all_scores_should_equal_reference(self, row: dict[str, object], uart: str = "sysbus.usart3") -> None:
        """Asks the console for all scores of the last picture (command `a`) and fails unless they are ``row``'s, each
        under its label; for networks with more scores than a prediction line holds."""
        builtin = BuiltIn()
        builtin.run_keyword("Write Line To Uart", "a")
        labels: list[str] = []
        scores: list[int] = []
        wanted = row["scores"]
        assert isinstance(wanted, list)
        while len(scores) < len(wanted):
            text = str(builtin.run_keyword("Wait For Line On Uart", f"scores from {len(scores)} of ").Line)
            line = ScoreLine.parse(text)
            if line is None or line.count != len(wanted):
                raise AssertionError(f"{printable(text, 200)!r}: expected scores from {len(scores)} of {len(wanted)}")
            labels += line.labels
            scores += line.scores
        if (tuple(labels), scores) != (self._classes, wanted):
            raise AssertionError(f"{row['source']}: the board says {scores} of {labels}, the reference {wanted}")

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
        expected = self._expected(row, len(prediction.scores))
        labels, decision = (tuple(_texts(row.get(key))) for key in ("labels", "decision"))
        logger.info(str(Judged(prediction, str(row.get("source")), labels, decision, expected[1])))
        if (prediction.labels, prediction.scores) != expected:
            raise AssertionError(
                f"frame {prediction.frame} ({row['source']}): the board says {list(prediction.scores)} of"
                f" {list(prediction.labels)}, the reference {list(expected[1])} of {list(expected[0])}"
            )
        said, wanted = (prediction.grade, prediction.zone), (row.get("grade", ""), row.get("zone", ""))
        if said != wanted:
            raise AssertionError(
                f"frame {prediction.frame} ({row['source']}): the board says {said}, expected {wanted}"
            )
        return row

    def _expected(self, row: dict[str, object], count: int) -> tuple[tuple[str, ...], tuple[int, ...]]:
        """Labels and scores of a line with ``count`` of them: all in their order, or the highest first."""
        scores = row["scores"]
        assert isinstance(scores, list)
        numbers = list(range(len(scores)))
        if 0 < count < len(scores):
            numbers = sorted(numbers, key=lambda at: (-scores[at], at))[:count]
        return tuple(self._classes[at] for at in numbers), tuple(scores[at] for at in numbers)

    @keyword("Board Was Reset")
    def board_was_reset(self) -> None:
        """The test has reset the board, or waited for a reset it wants: frames count from 1 again."""
        self._sequence.allow_restart()

    @keyword("Frames May Be Missing")
    def frames_may_be_missing(self) -> None:
        """The test has done what may leave out frames before the next: stopped the firmware, say."""
        self._sequence.allow_gap()

    def _photograph(self, number: int) -> int | None:
        # Paused: a Renode that goes on runs the camera's script for the board as well, with the same `request`.
        commands = ("pause", f"{self._camera} ControlRead {_CAPTURED} {number}", "start")
        _, answer, _ = [str(BuiltIn().run_keyword("Execute Command", each)) for each in commands]
        found = _NUMBER.search(answer)
        if found is None:
            raise AssertionError(f"{self._camera} answered {printable(answer, 100)!r}: expected a photograph's index")
        index = int(found[0], 0)
        return None if index == _NOTHING else index


def _texts(value: object) -> list[str]:
    return [str(each) for each in value] if isinstance(value, list) else []
