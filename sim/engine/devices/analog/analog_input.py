"""What is on an analog input: samples fed from the monitor, a script or a file, and the one when there are no more."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

from sim.engine.members import Between
from sim.errors import CrosscamError

Channel = Annotated[int, Between(0, 255)]
"""Kind of a channel's number; which there are, the device says."""
Repeat = Annotated[int, Between(-1, 1 << 16)]
"""Kind of how often samples are seen: -1 for ever."""
FOR_EVER = -1


class AnalogInput:
    """One channel of a converter; samples are in the converter's unit, millivolts or codes."""

    def __init__(self) -> None:
        self.default = 0.0
        self._queue: deque[float] = deque()
        self._again: tuple[float, ...] = ()

    def feed(self, samples: Sequence[float], repeat: int) -> None:
        """``samples`` are seen ``repeat`` times over, with ``FOR_EVER`` after what was fed before, again and again."""
        if repeat == FOR_EVER:
            self._again = tuple(samples)
        else:
            self._again = ()
            self._queue.extend(list(samples) * repeat)

    def take(self) -> float:
        """What the next conversion sees."""
        if not self._queue:
            self._queue.extend(self._again)
        return self._queue.popleft() if self._queue else self.default


def read_samples(path: Path) -> list[float]:
    """Samples from a text file: one number a line, lines that start with ``#`` are comments.

    Raises:
        CrosscamError: the file cannot be read, or a line is no number.
    """
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise CrosscamError(f"{path}: samples cannot be read ({error}); give a text file of numbers") from None
    samples: list[float] = []
    for number, line in enumerate(lines, 1):
        text = line.strip()
        if not text or text.startswith("#"):
            continue
        try:
            samples.append(float(text))
        except ValueError:
            raise CrosscamError(f"{path}:{number}: {text!r}: expected one number a line") from None
    return samples
