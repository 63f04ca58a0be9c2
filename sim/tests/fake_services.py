"""A machine small enough to test one device: a hand-cranked clock, a byte dictionary for memory, a reset log."""

from __future__ import annotations

import heapq
from collections.abc import Callable
from dataclasses import dataclass, field
from fractions import Fraction

from sim.engine.devices.base import Device, Event


@dataclass
class FakeEvent:
    due: int
    action: Callable[[], None] | None


class FakeClock:
    """480 cycles a microsecond; time passes only in ``advance``."""

    def __init__(self, frequency: int = 480_000_000) -> None:
        self.frequency = frequency
        self.now = 0
        self.consulted = False
        self.wires_take_time = False
        self._heap: list[tuple[int, int, FakeEvent]] = []
        self._sequence = 0

    @property
    def exact_seconds(self) -> Fraction:
        return Fraction(self.now, self.frequency)

    def schedule(self, delay_cycles: int, action: Callable[[], None]) -> FakeEvent:
        assert delay_cycles >= 0
        event = FakeEvent(self.now + delay_cycles, action)
        self._sequence += 1
        heapq.heappush(self._heap, (event.due, self._sequence, event))
        return event

    def cancel(self, event: Event) -> None:
        assert isinstance(event, FakeEvent)
        event.action = None

    @property
    def pending(self) -> int:
        return sum(event.action is not None for _, _, event in self._heap)

    def advance(self, cycles: int) -> None:
        end = self.now + cycles
        while self._heap and self._heap[0][0] <= end:
            due, _, event = heapq.heappop(self._heap)
            self.now = due
            if event.action is not None:
                action, event.action = event.action, None
                action()
        self.now = end

    def microseconds(self, count: float) -> None:
        self.advance(round(count * self.frequency / 1_000_000))


@dataclass(frozen=True)
class FakeWindow:
    device: Device
    start: int = 0


class FakeBus:
    """Bytes in a dictionary, and device windows."""

    def __init__(self) -> None:
        self.bytes: dict[int, int] = {}
        self.windows: list[tuple[int, Device]] = []
        self.writes: list[tuple[int, int, int]] = []
        self.watched = False
        self.memories: list[tuple[int, Device]] = []
        self.holes: list[tuple[int, int]] = []

    def memory_at(self, address: int, count: int = 1) -> tuple[Device, int] | None:
        found = (entry for entry in self.memories if entry[0] <= address < entry[0] + entry[1].size)
        return next(((device, address - base) for base, device in found), None)

    def _window(self, address: int) -> tuple[int, Device] | None:
        return next(((base, device) for base, device in self.windows if base <= address < base + device.size), None)

    def window_at(self, address: int) -> FakeWindow | None:
        found = self._window(address)
        return None if found is None else FakeWindow(found[1], found[0])

    def read(self, address: int, width: int) -> int:
        window = self._window(address)
        if window is not None:
            return window[1].read(address - window[0], width)
        return int.from_bytes(self.read_bytes(address, width), "little")

    def write(self, address: int, width: int, value: int) -> None:
        window = self._window(address)
        self.writes.append((address, width, value))
        if window is not None:
            window[1].write(address - window[0], width, value)
        else:
            self.write_bytes(address, value.to_bytes(width, "little"))

    def read_bytes(self, address: int, count: int) -> bytes:
        return bytes(self.bytes.get(address + index, 0) for index in range(count))

    def write_bytes(self, address: int, data: bytes) -> None:
        self.bytes.update({address + index: byte for index, byte in enumerate(data)})

    def leads_to(self, address: int, count: int = 1) -> bool:
        return not any(address < end and first < address + count for first, end in self.holes)

    def is_unwatched(self, address: int, count: int = 1) -> bool:
        return not self.watched


@dataclass
class FakeServices:
    clock: FakeClock = field(default_factory=FakeClock)
    sysbus: FakeBus = field(default_factory=FakeBus)
    resets: list[str] = field(default_factory=list)
    last_reset: str = "power-on"

    def device(self, path: str) -> Device:
        raise AssertionError(f"no device asks for {path} in these tests")

    def request_reset(self, reason: str) -> None:
        self.resets.append(reason)


class Probe:
    """Remembers what an output line tells it."""

    def __init__(self) -> None:
        self.calls: list[tuple[int, bool]] = []

    def on_gpio(self, number: int, value: bool) -> None:
        self.calls.append((number, value))

    @property
    def rises(self) -> int:
        return sum(value for _, value in self.calls)
