"""What is on an analog input: voltages fed from the monitor, a script or a file, and the one when there are no more."""

from __future__ import annotations

from collections import deque
from pathlib import Path

from sim.errors import CrosscamError


class AnalogInput:
    """One channel of a converter; all values in millivolts."""

    def __init__(self) -> None:
        self.default = 0.0
        self._queue: deque[float] = deque()

    def feed(self, millivolts: float, repeat: int) -> None:
        """``repeat`` conversions see ``millivolts``."""
        self._queue.extend([millivolts] * repeat)

    def take(self) -> float:
        """What the next conversion sees."""
        return self._queue.popleft() if self._queue else self.default


def read_samples(path: Path) -> list[float]:
    """Millivolts from a text file: one number a line, lines that start with ``#`` are comments.

    Raises:
        CrosscamError: the file cannot be read, or a line is no number.
    """
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise CrosscamError(f"{path}: samples cannot be read ({error}); give a text file of millivolts") from None
    samples: list[float] = []
    for number, line in enumerate(lines, 1):
        text = line.strip()
        if not text or text.startswith("#"):
            continue
        try:
            samples.append(float(text))
        except ValueError:
            raise CrosscamError(f"{path}:{number}: {text!r}: expected one number of millivolts a line") from None
    return samples
