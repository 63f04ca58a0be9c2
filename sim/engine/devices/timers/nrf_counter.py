"""What the timers of nRF chips count with: a counter of some width and registers it is compared with.

Matches are worked out when somebody looks, in their order; an event of the clock is scheduled only for those that
somebody would notice.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from sim.engine.devices.base import ClockService, Event
from sim.engine.devices.nrf_tasks import NrfPeripheral
from sim.engine.devices.ticks import Ticks

COMPARE, _CC = 0x140, 0x540
"""Events of reached values; the values."""


class NrfCounter:
    """Counts up from 0.

    Args:
        clock: virtual time.
        hertz: what it counts, before the divider.
        bits: its width.
        compares: how many values it is compared with (``compare``).
        matched: told the number of a value at the tick it is reached.
        wanted: whether somebody would notice that.
    """

    def __init__(
        self,
        clock: ClockService,
        hertz: int,
        bits: int,
        compares: int,
        matched: Callable[[int], None],
        wanted: Callable[[int], bool],
    ) -> None:
        self._clock, self._ticks = clock, Ticks(clock, hertz)
        self._matched, self._wanted = matched, wanted
        self._event: Event | None = None
        self.compare = [0] * compares
        self.forget(bits)

    def forget(self, bits: int) -> None:
        """Stopped at 0; all values are 0."""
        self._cancel()
        self.mask = (1 << bits) - 1
        self.running = False
        self._base = self._seen = 0  # count = base + ticks looked at
        self.compare[:] = [0] * len(self.compare)

    @property
    def value(self) -> int:
        """The count now."""
        self.look()
        return self._base + self._seen & self.mask

    def start(self, divider: int) -> None:
        """Count every ``divider`` periods from now on."""
        self.stop()
        self._ticks.restart(divider)
        self.running = True
        self.plan()

    def stop(self) -> None:
        """The count stays."""
        self._base, self._seen = self.value, 0
        self.running = False
        self._cancel()

    def set(self, value: int) -> None:
        """Go on from ``value``."""
        self.look()
        self._base = value - self._seen
        self.plan()

    def step(self) -> None:
        """One count by hand, while it does not count by itself."""
        self._base = self._base + 1 & self.mask
        for number, compare in enumerate(self.compare):
            if compare & self.mask == self._base:
                self._matched(number)

    def _distances(self) -> list[int]:
        """Ticks until each value is reached."""
        now = self._base + self._seen
        return [(compare - now - 1 & self.mask) + 1 for compare in self.compare]

    def look(self) -> None:
        """Tell the matches of the ticks gone by."""
        while self.running and self._seen < (now := self._ticks.passed):
            distances = self._distances()
            nearest = min(distances)
            if self._seen + nearest > now:
                self._seen = now
                return
            self._seen += nearest
            for number, distance in enumerate(distances):
                if distance == nearest:
                    self._matched(number)

    def plan(self) -> None:
        """Be there for the next match that somebody would notice."""
        self._cancel()
        if not self.running:
            return
        ahead = [distance for number, distance in enumerate(self._distances()) if self._wanted(number)]
        if ahead:
            self._event = self._clock.schedule(self._ticks.cycles_until(self._seen + min(ahead)), self._due)

    def _due(self) -> None:
        self._event = None
        self.look()
        self.plan()

    def _cancel(self) -> None:
        if self._event is not None:
            self._clock.cancel(self._event)
            self._event = None


class NrfCounting(NrfPeripheral):
    """A peripheral around a counter, which a subclass makes."""

    _counter: NrfCounter

    def _declare_compares(self, count: int, bits: int) -> None:
        """Events COMPARE[n] and registers CC[n] of ``bits``."""
        for number in range(count):
            self.event(COMPARE + 4 * number, f"COMPARE[{number}]")
            self.bank.register(_CC + 4 * number, f"CC[{number}]").field(
                0,
                bits,
                "CC",
                read=partial(self._counter.compare.__getitem__, number),
                on_write=partial(self._counter.compare.__setitem__, number),
            )

    def read(self, offset: int, width: int) -> int:
        self._counter.look()
        return self.bank.read(offset, width)

    def write(self, offset: int, width: int, value: int) -> None:
        self._counter.look()
        self.bank.write(offset, width, value)
        self._plan()

    def interests_changed(self) -> None:
        self._counter.look()
        self._plan()

    def _plan(self) -> None:
        self._counter.plan()
