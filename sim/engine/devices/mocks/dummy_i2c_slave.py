"""Renode's mock I2C slave: a byte queue and three events, for a script that plays the real device."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable

from sim.engine.devices.base import Device, Services
from sim.engine.devices.event import EventHandlers
from sim.engine.members import Byte


class DummyI2CSlave(Device):
    """Answers reads from a queue, zeros when it is empty; tells a script through events.

    ``data_received(data)`` on a write, ``read_requested(count)`` before a read takes bytes from the queue (so a
    handler may still enqueue the answer), ``transmission_finished()`` at STOP. Not in Renode: where a script sets
    ``answers_when``, that is asked whether the slave acknowledges its address, ``accepts_when(data)`` whether it does
    the last byte of a write under way.
    """

    RENODE_TYPES = ("Mocks.DummyI2CSlave",)
    RENODE_MEMBERS = ("EnqueueResponseByte", "FinishTransmission")
    SCRIPT_MEMBERS = (
        "EnqueueResponseBytes",
        "Read",
        "Write",
        "DataReceived",
        "ReadRequested",
        "TransmissionFinished",
        "AnswersWhen",
        "AcceptsWhen",
    )

    def __init__(self, services: Services, name: str) -> None:
        super().__init__(services, name)
        self.data_received: EventHandlers[[bytes]] = EventHandlers()
        self.read_requested: EventHandlers[[int]] = EventHandlers()
        self.transmission_finished: EventHandlers[[]] = EventHandlers()
        self.answers_when: Callable[[], object] | None = None
        self.accepts_when: Callable[[bytes], object] | None = None
        self._buffer: deque[int] = deque()

    def acknowledges_address(self) -> bool:
        """Whether the slave is there at all."""
        return self.answers_when is None or bool(self.answers_when())

    def accepts(self, data: bytes) -> bool:
        """Whether the last of ``data``, the bytes of a write so far, is acknowledged."""
        return self.accepts_when is None or bool(self.accepts_when(data))

    def write(self, data: bytes) -> None:  # type: ignore[override]  # an I2C transfer, not a bus write
        """One write transfer from the controller."""
        self.log.debug("received %d bytes: %s", len(data), data.hex(" "))
        self.data_received(data)

    def read(self, count: int = 1) -> bytes:  # type: ignore[override]  # an I2C transfer, not a bus read
        """One read transfer: queued bytes, then zeros."""
        self.read_requested(count)
        taken = bytes(self._buffer.popleft() for _ in range(min(count, len(self._buffer))))
        if len(taken) < count:
            self.log.debug("%d of %d bytes queued: the rest reads 0", len(taken), count)
        return taken.ljust(count, b"\0")

    def finish_transmission(self) -> None:
        """STOP on the bus."""
        self.transmission_finished()

    def enqueue_response_byte(self, byte: Byte) -> None:
        """Append one byte to what the next reads return."""
        self._buffer.append(byte & 0xFF)

    def enqueue_response_bytes(self, data: Iterable[int]) -> None:
        """Append bytes to what the next reads return."""
        self._buffer.extend(byte & 0xFF for byte in data)

    def reset(self) -> None:
        """Empty the queue; subscriptions stay."""
        self._buffer.clear()
