"""A line that carries bits one after the other: what it has been given is through a known number of cycles later.

Controllers of serial lines share it. By the ``instructions`` clock nothing takes time on a line, as in Renode
(``takes_time`` is False): a controller then does at once what ``carry`` would have called for later.
"""

from __future__ import annotations

from collections.abc import Callable

from sim.engine.devices.base import ClockService, Event

_TOGETHER = 10_000


def together(bits: int, rate: int) -> int:
    """Frames of so many bits that may go over a wire as one where only DMA streams would see them one by one: what
    ``rate`` bits a second carry in 100 us."""
    return max(1, rate // (_TOGETHER * bits))


class Wire:
    """Busy from ``carry`` until what it carries is through.

    Bits that follow each other without a gap are counted from the end of those before, not from the moment the core
    next stops for an event, and what a cycle does not divide is kept: a thousand characters take a thousand times one.
    """

    def __init__(self, clock: ClockService) -> None:
        self._clock = clock
        self._event: Event | None = None
        self._begun = 0  # cycle
        self._through: int | None = None  # cycle, while the line tells that it is through
        self._rest = (0, 1)  # of a cycle, that the bits before left over: parts, of how many

    @property
    def takes_time(self) -> bool:
        """Whether bits take any."""
        return self._clock.wires_take_time

    @property
    def busy(self) -> bool:
        """Something is under way."""
        return self._event is not None

    def carry(self, bits: int, rate: int, then: Callable[[], None]) -> None:
        """``bits`` at ``rate`` a second, then ``then()``. The line must be free, ``rate`` more than 0."""
        clock, now = self._clock, self._clock.now
        self._begun = now if self._through is None else self._through
        rest, of = self._rest if self._through is not None else (0, 1)
        cycles, parts = divmod(bits * clock.frequency + (rest if of == rate else 0), rate)
        self._rest = (parts, rate)

        def through() -> None:
            event, self._event = self._event, None
            self._through = event.due if event is not None else None
            try:
                then()
            finally:
                self._through = None

        self._event = clock.schedule(max(0, self._begun + cycles - now), through)

    def passed(self, parts: int) -> int:
        """Of so many equal parts of what is under way, how many are through by now."""
        if self._event is None:
            return 0
        return min(parts, parts * (self._clock.now - self._begun) // max(1, self._event.due - self._begun))

    def cut(self) -> None:
        """What is under way never arrives."""
        if self._event is not None:
            self._clock.cancel(self._event)
            self._event = None
