"""Whether the frames a vision firmware speaks of are those the camera showed, each once and in order.

A firmware numbers its frames from 1 after each reset. What a test has not asked for is a problem: a reset, a number
that comes twice, one that is left out, a line that is damaged, a frame of which the camera knows nothing.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass

from sim.console import Prediction, is_banner
from sim.reading import parse_json
from sim.text import number_of, printable

Photograph = Callable[[int], "int | None"]
"""Index in ``frames.json`` of the n-th photograph (from 0) the camera has delivered since the last reset; None: it has
not delivered so many."""
_JUDGED = "crosscam frame: "
_SHOWN = 100  # characters of a line that a message shows


@dataclass(frozen=True)
class Seen:
    """A prediction, and the ``photograph`` (index in ``frames.json``) it is of; None when that is not known."""

    prediction: Prediction
    photograph: int | None


@dataclass(frozen=True)
class Judged:
    """A frame that a test has held against the reference, as it notes it in its log, for reports.

    ``reference``: the scores it must have, in the order of the prediction's; ``labels``: the photograph's, empty where
    nobody knows; ``decision``: what the reference's scores amount to.
    """

    prediction: Prediction
    source: str
    labels: tuple[str, ...]
    decision: tuple[str, ...]
    reference: tuple[int, ...]

    def __str__(self) -> str:
        return _JUDGED + json.dumps(asdict(self))

    @staticmethod
    def read(text: str) -> Judged | None:
        """What ``str`` made; None when ``text`` is something else."""
        if not text.startswith(_JUDGED):
            return None
        try:
            fields = parse_json(text.removeprefix(_JUDGED))
            told = fields["prediction"]
            counts = (int(told[name]) for name in ("frame", "duration_ms", "cycles"))
            frame, duration, cycles = counts
            scores, reference = (tuple(map(int, values)) for values in (told["scores"], fields["reference"]))
            names = [tuple(map(str, values)) for values in (told["labels"], fields["labels"], fields["decision"])]
        except (KeyError, TypeError, ValueError):
            return None
        if len(names[0]) != len(scores):
            return None
        prediction = Prediction(frame, scores, duration, cycles, names[0])
        return Judged(prediction, str(fields.get("source")), names[1], names[2], reference)


class FrameSequence:
    """Takes the console's lines one by one.

    Attributes:
        seen: the predictions that came, repeated ones left out.
        problems: one text for each thing that went wrong, in order.
        left_out: frames that did not come, where a test has allowed for it.
        restarts: how often the board started anew, the first start not counted.
    """

    def __init__(self, photograph: Photograph) -> None:
        self._photograph = photograph
        self._lines = 0
        self._last = 0  # the highest number since the last start
        self._reset_reason: str | None = None  # a reset the machine told of, whose banner has not come
        self._started = False
        self._restart_allowed = False
        self._gap_allowed = False
        self._banner_allowed = False
        self.seen: list[Seen] = []
        self.problems: list[str] = []
        self.left_out: list[str] = []
        self.restarts = 0

    def allow_restart(self) -> None:
        """The test has asked for the next reset."""
        self._restart_allowed = True

    def allow_gap(self) -> None:
        """The test has done what may leave out frames, or show the banner once: typed a command, which a board that
        works on a frame answers after its prediction."""
        self._gap_allowed = self._banner_allowed = True

    def reset(self, reason: str) -> None:
        """The machine was reset."""
        self._reset_reason = reason
        self._restart(f"the board was reset ({printable(reason, _SHOWN)}) after {self._after()}")

    def line(self, text: str) -> Seen | None:
        """The next line; what it says of a frame, if it does."""
        self._lines += 1
        if is_banner(text):
            self._take_banner(text)
            return None
        prediction = Prediction.parse(text)
        if prediction is not None:
            return self.take(prediction, self._where(text))
        if Prediction.is_damaged(text):
            self.problems.append(f"{self._where(text)}: damaged, expected a prediction")
        return None

    def take(self, prediction: Prediction, where: str = "") -> Seen | None:
        """The next prediction; None when it repeats an earlier one. ``where``: its line, for messages."""
        where = where or f"frame {prediction.frame}"
        number, expected = prediction.frame, self._last + 1
        gap_allowed, self._gap_allowed = self._gap_allowed, False
        if number == 1 and self._last and self._restart_allowed:
            self._restart_allowed = False
            self._last, expected = 0, 1
        if number < expected:
            came = f"after frame {self._last}" if self._last else "where frames count from 1"
            self.problems.append(f"{where}: frame {number} came {came}: repeated, or the board started anew")
            return None
        if number > expected:
            missing = f"frame {expected}" if number == expected + 1 else f"frames {expected} to {number - 1}"
            if gap_allowed:
                self.left_out.append(missing)
            else:
                self.problems.append(f"{where}: {missing} did not come before it")
        self._last = number
        photograph = self._photograph(number - 1)
        if photograph is None:
            self.problems.append(f"{where}: the camera has not delivered {number_of(number, 'photograph')}")
        self.seen.append(Seen(prediction, photograph))
        return self.seen[-1]

    def _take_banner(self, text: str) -> None:
        expected = not self._started or self._banner_allowed or self._reset_reason is not None
        self._banner_allowed = False
        self._started, self._reset_reason = True, None
        if not expected:
            self._restart(f"{self._where(text)}: the board started anew after {self._after()}")

    def _restart(self, problem: str) -> None:
        self.restarts += 1
        self._last = 0
        if self._restart_allowed:
            self._restart_allowed = False
        else:
            self.problems.append(problem)

    def _after(self) -> str:
        return f"frame {self._last}" if self._last else "no frame at all"

    def _where(self, text: str) -> str:
        return f'line {self._lines} "{printable(text, _SHOWN)}"'


def counted(equal: int, came: int, wanted: int) -> str:
    """How many of ``wanted`` predictions came, and how many of those are ``equal`` to the reference."""
    if came >= wanted:
        return f"{equal} of {wanted} predictions equal the host reference bit for bit"
    are = "is" if came == 1 else "are"
    return f"{equal} of {came} that came {are} equal, {wanted - came} of {wanted} did not come"
