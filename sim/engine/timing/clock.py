"""Virtual time: cycles, seconds, and events in the order (time, sequence)."""

from __future__ import annotations

import heapq
from collections.abc import Callable
from fractions import Fraction

from sim.engine.native import shared

DEFAULT_FREQUENCY = 100_000_000  # Renode's PerformanceInMips when a board says nothing: 100
STORM = 1_000_000  # events at one moment that can only be a device rescheduling itself with delay 0


class ScheduledEvent:
    """An action to run once the core has reached cycle ``due``."""

    __slots__ = ("action", "due")

    def __init__(self, due: int, action: Callable[[], None]) -> None:
        self.due = due
        self.action: Callable[[], None] | None = action


class Clock:
    """Core cycles since the machine started, and what is to happen when.

    The native hooks keep the count in ``state``; between two instructions Python reads it there. An event that
    becomes due while the core runs lowers the core's deadline, so it is served at the next block boundary.
    """

    def __init__(self, state: memoryview[int]) -> None:
        self.state = state
        self._frequency = DEFAULT_FREQUENCY
        self._base_cycle = 0
        self._base_seconds = Fraction(0)
        self._heap: list[tuple[int, int, ScheduledEvent]] = []
        self._sequence = 0
        self.consulted = False
        """Somebody has asked for the time, or something to be done later, since this was set to False."""
        self.wires_take_time = False
        """Whether bits on serial lines take their time."""
        self.on_change: list[Callable[[Callable[[int], int]], None]] = []
        """Called by ``change_frequency`` with what gives, for a cycle to come, the one at the same time in seconds."""

    @property
    def now(self) -> int:
        """Cycles since the machine started; inside a device access, exact to the instruction."""
        state = self.state
        self.consulted = True
        return state[shared.ACCESS_NOW] if state[shared.IN_RUN] else state[shared.NOW]

    @property
    def frequency(self) -> int:
        """Core cycles per second of virtual time."""
        return self._frequency

    @frequency.setter
    def frequency(self, hertz: int) -> None:
        self._base_seconds = self.exact_seconds
        self._base_cycle = self.now
        self._frequency = hertz

    def change_frequency(self, hertz: int) -> None:
        """The core goes on at another clock: what is to come keeps its time in seconds, so its cycle moves."""
        now, old = self.now, self._frequency
        self.frequency = hertz

        def moved(cycle: int) -> int:
            return cycle if cycle <= now or cycle == shared.NEVER else now + ((cycle - now) * hertz + old // 2) // old

        for _, _, event in self._heap:
            event.due = moved(event.due)
        self._heap = [(event.due, sequence, event) for _, sequence, event in self._heap]
        heapq.heapify(self._heap)
        for listener in self.on_change:
            listener(moved)

    @property
    def exact_seconds(self) -> Fraction:
        """Virtual time since the machine started, in seconds."""
        base, frequency = self._base_seconds, self._frequency  # their sum, normalised once: devices ask often
        cycles = self.now - self._base_cycle
        return Fraction(base.numerator * frequency + cycles * base.denominator, base.denominator * frequency)

    @property
    def seconds(self) -> float:
        """Virtual time since the machine started, in seconds."""
        return float(self.exact_seconds)

    def cycles(self, seconds: float | Fraction) -> int:
        """The cycles nearest to a time span in seconds."""
        if not isinstance(seconds, Fraction):
            seconds = Fraction(seconds)
        whole, rest = divmod(seconds.numerator * self._frequency, seconds.denominator)
        past_half = 2 * rest - seconds.denominator
        return whole + (past_half > 0 or (past_half == 0 and whole & 1))

    def schedule(self, delay_cycles: int, action: Callable[[], None]) -> ScheduledEvent:
        """Run ``action`` ``delay_cycles`` (>= 0) from now; same cycle: in order of scheduling."""
        return self.schedule_at(self.now + max(0, delay_cycles), action)

    def schedule_at(self, due: int, action: Callable[[], None]) -> ScheduledEvent:
        """Run ``action`` when the core reaches cycle ``due``; in the past means as soon as possible."""
        self.consulted = True
        event = ScheduledEvent(due, action)
        self._sequence += 1
        heapq.heappush(self._heap, (due, self._sequence, event))
        if due < self.state[shared.DEADLINE]:
            self.state[shared.DEADLINE] = due
        return event

    def cancel(self, event: object) -> None:
        """Forget ``event``; one already run or cancelled is ignored."""
        assert isinstance(event, ScheduledEvent)
        event.action = None
        if len(self._heap) > 64 and self._heap[-1][2].action is None:
            self._heap = [entry for entry in self._heap if entry[2].action is not None]
            heapq.heapify(self._heap)

    @property
    def next_due(self) -> int:
        """Cycle of the next event; ``shared.NEVER`` when nothing is scheduled."""
        heap = self._heap
        while heap:
            if heap[0][2].action is not None:
                return heap[0][0]
            heapq.heappop(heap)
        return shared.NEVER

    def run_due(self) -> None:
        """Run every event due by now, those that these schedule included."""
        state = self.state
        served = 0
        while self._heap and self._heap[0][0] <= state[shared.NOW]:
            event = heapq.heappop(self._heap)[2]
            action, event.action = event.action, None
            if action is not None:
                action()
                served += 1
                if served > STORM:
                    raise RuntimeError(f"{STORM} events without time passing, the last by {action!r}")

    def stop_core(self) -> None:
        """End the core's run at the next block boundary, so that events and interrupts are looked at again."""
        self.consulted = True
        self.state[shared.DEADLINE] = 0
