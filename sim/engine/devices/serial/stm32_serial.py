"""What the USARTs of all STM32 families share: characters to and from the host, silence on the line, DMA requests.

By the ``instructions`` clock a character leaves the moment the firmware writes it, and characters from the host take no
time either; they are not lost, but wait until the receive register (or FIFO) has room, as if the sender minded the
receiver. By the other clocks each takes the bits of its frame at the programmed baud rate, both ways: one is shifted
out while another waits in the data register (or up to 16 in a FIFO), and the host sends one after the other, whether
they are read in time or not; only a receiver that drives RTS is waited for. IDLE and the receiver time-out count their
bit times from the last character that came or was taken in. The families differ in their registers, which the
subclasses declare.

Where nobody wired a transmit request, the DMA model pushes a memory-to-peripheral transfer when its stream is enabled.
ST's drivers enable the stream, clear TC, set DMAT, and wait for TC: so TC rises with DMAT there, as if the characters
left only then. Where they take time, all of such a transfer waits to be sent.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from functools import partial

from sim.engine.devices.base import Event, Services
from sim.engine.devices.dma_request import add_request
from sim.engine.devices.registers import Field, RegisterDevice
from sim.engine.devices.wire import Wire
from sim.engine.members import Byte, UInt

_ANY = 1 << 16  # more characters than a DMA stream can have left

Silence = tuple[int, Callable[[], None]]
"""Bit times of silence after the last character, and what comes then."""


class Stm32Serial(RegisterDevice):
    """One USART clocked with ``frequency`` Hz.

    The host reads what the firmware sends through ``on_char`` (called with each byte) and sends with ``write_char``.
    """

    RENODE_MEMBERS = ("WriteChar", "BaudRate")

    _enabled: Field  # UE, RE and TE, which a subclass declares
    _receive_enabled: Field
    _transmit_enabled: Field

    def __init__(self, services: Services, name: str, frequency: int, receive_request: str) -> None:
        super().__init__(services, name)
        self.irq = self.add_output("IRQ")
        self.receive_dma_request = add_request(self, receive_request, self._receive_wanted, False)
        self.transmit_dma_request = add_request(self, "TransmitDmaRequest", self._transmit_wanted, True)
        self.on_char: list[Callable[[int], None]] = []
        self.frequency = frequency
        self._coming: deque[int] = deque()  # sent by the host, not taken in yet
        self._received: deque[int] = deque()  # the receive register or FIFO
        self._waiting: deque[int] = deque()  # written, not on the wire yet: the transmit register or FIFO
        self._outward, self._inward = Wire(services.clock), Wire(services.clock)
        self._transfer_complete = True
        self._silences: dict[Silence, Event] = {}  # still to come

    # What a family says

    @property
    def baud_rate(self) -> UInt:
        """Bits per second the firmware has programmed; 0 while it has not."""
        raise NotImplementedError

    @property
    def _receiving(self) -> bool:
        return bool(self._enabled) and bool(self._receive_enabled)

    @property
    def _transmitting(self) -> bool:
        return bool(self._enabled) and bool(self._transmit_enabled)

    @property
    def _receive_depth(self) -> int:
        """Characters that can wait to be read."""
        return 1

    @property
    def _transmit_depth(self) -> int:
        """Characters that can wait to be sent."""
        return 1

    @property
    def _frame_bits(self) -> int:
        """Bits of a character on the wire: start, word, stop."""
        raise NotImplementedError

    @property
    def _sender_waits(self) -> bool:
        """The receiver drives RTS, which the host minds."""
        raise NotImplementedError

    def _overrun(self, value: int) -> None:
        """A character came while there was no room."""
        raise NotImplementedError

    def _begins_to_send(self) -> None:
        """The data register was written: TC falls."""
        self._transfer_complete = False

    @property
    def _by_dma(self) -> tuple[bool, bool]:
        """CR3.DMAR and DMAT."""
        raise NotImplementedError

    def _silent_times(self) -> Iterable[Silence]:
        """What happens after how much silence."""
        raise NotImplementedError

    def _taken_in(self, value: int) -> None:
        """A character has reached the receive register."""

    def _update(self) -> None:
        """Drive the interrupt line from flags and enables."""
        raise NotImplementedError

    # The host's side

    def write_char(self, byte: Byte) -> None:
        """One character from the host; lost, with a log line, while the receiver is off."""
        if not self._receiving:
            self.log.debug("receiver is off: character 0x%02X is lost", byte)
            return
        self._coming.append(byte & 0xFF)
        if self._takes_time:
            self._receive_next()
        else:
            self._wait_for_silence(self._silent_times())
            self._take_in()
        self._changed()

    # The firmware's side

    def _take_in(self) -> None:
        """From the wire to where the firmware reads."""
        if self._takes_time:
            self._receive_next()
            return
        taken = False
        while self._coming and self._has_room:
            value = self._coming.popleft()
            self._received.append(value)
            self._taken_in(value)
            taken = True
        if taken:
            self._wait_for_silence(self._silences)  # what has come already does not come twice

    def _send(self, value: int) -> None:
        if not self._transmitting:
            self.log.warning("0x%02X written while the transmitter is off: nothing is sent", value)
            return
        if self._takes_time:
            self._queue(value & 0xFF)
        else:
            self._leave(value & 0xFF)
            self._transfer_complete = True
        self._update()

    def _leave(self, value: int) -> None:
        for listener in self.on_char:
            listener(value)

    def _dma_transmission(self, old: int, new: int) -> None:
        """DMAT changed; see above."""
        if new and not self.transmit_dma_request.is_connected and not self._outward.busy:
            self._transfer_complete = True
        self._changed()

    # Where characters take time

    @property
    def _takes_time(self) -> bool:
        return self._outward.takes_time and self.baud_rate > 0

    @property
    def _has_room(self) -> bool:
        """For a received character."""
        return len(self._received) < self._receive_depth

    @property
    def _may_write(self) -> bool:
        """The transmit register, or FIFO, has room; by the ``instructions`` clock always."""
        return len(self._waiting) < self._transmit_depth

    def _queue(self, value: int) -> None:
        """A character waits for the wire."""
        if not self._may_write and self.transmit_dma_request.is_connected:
            lost = value
            if self._transmit_depth == 1:  # a FIFO takes no more, a register is overwritten
                lost = self._waiting.pop()
                self._waiting.append(value)
            self.log.warning("0x%02X written while there is no room to send: 0x%02X is lost", value, lost)
        else:
            self._waiting.append(value)
        self._begins_to_send()
        self._send_next()

    def _send_next(self) -> None:
        if self._waiting and not self._outward.busy:
            value = self._waiting.popleft()
            self._outward.carry(self._frame_bits, self.baud_rate, partial(self._sent, value))
            self.transmit_dma_request.ask()

    def _sent(self, value: int) -> None:
        """The stop bit is through."""
        self._leave(value)
        self._send_next()
        if not self._outward.busy:
            self._transfer_complete = True
        self._changed()

    def _stop_sending(self) -> None:
        """The transmitter is off: what is under way is lost."""
        self._waiting.clear()
        self._outward.cut()

    def hold(self) -> None:
        """The clock stops (Stop mode): what is under way is lost, what waits is not."""
        if self._outward.busy:
            self.log.warning("the clock stops in the middle of a character, which is lost: wait for TC before")
        self._outward.cut()
        self._inward.cut()
        self._forget_silence()

    def resume(self) -> None:
        """The clock runs again."""
        self._send_next()
        if self._takes_time:
            self._receive_next()

    def _receive_next(self) -> None:
        if self._coming and not self._inward.busy and (self._has_room or not self._sender_waits):
            self._forget_silence()
            value = self._coming.popleft()
            self._inward.carry(self._frame_bits, self.baud_rate, partial(self._arrived, value))

    def _arrived(self, value: int) -> None:
        if self._has_room:
            self._received.append(value)
            self._taken_in(value)
        else:
            self._overrun(value)
        self._receive_next()
        if not self._inward.busy:
            self._wait_for_silence(self._silent_times())
        self._changed()

    def _pop(self) -> int:
        """The oldest received character."""
        if not self._received:
            self.log.warning("data register read while nothing has been received")
            return 0
        value = self._received.popleft()
        self._take_in()
        self._changed()
        return value

    def _drop_received(self, count: int) -> None:
        """Characters the firmware does not want."""
        for _ in range(min(count, len(self._received))):
            self._received.popleft()
        self._take_in()
        self._changed()

    def reset(self) -> None:
        super().reset()
        self._forget_received()
        self._stop_sending()
        self._transfer_complete = True
        self._changed()

    def _forget_received(self) -> None:
        self._stop_receiving()
        self._received.clear()

    def _stop_receiving(self) -> None:
        """The receiver is off: what is under way is lost."""
        self._coming.clear()
        self._inward.cut()
        self._forget_silence()

    def _changed(self) -> None:
        """The interrupt line, and what the DMA could move now."""
        self._update()
        self.receive_dma_request.ask()
        self.transmit_dma_request.ask()

    def _receive_wanted(self) -> int:
        """All that waits: what is taken makes room for what the host has sent, unless that takes time."""
        coming = 0 if self._takes_time else len(self._coming)
        return len(self._received) + coming if self._received and self._by_dma[0] else 0

    def _transmit_wanted(self) -> int:
        room = self._transmit_depth - len(self._waiting) if self._takes_time else _ANY
        return room if self._by_dma[1] and self._transmitting else 0

    # Silence

    def _wait_for_silence(self, times: Iterable[Silence]) -> None:
        """Count from now."""
        wanted = list(times)
        self._forget_silence()
        baud_rate, clock = self.baud_rate, self.services.clock
        if baud_rate:
            for each in wanted:
                delay = each[0] * clock.frequency // baud_rate
                self._silences[each] = clock.schedule(delay, partial(self._silent, each))

    def _forget_silence(self) -> None:
        for event in self._silences.values():
            self.services.clock.cancel(event)
        self._silences.clear()

    def _silent(self, which: Silence) -> None:
        del self._silences[which]
        which[1]()
        self._changed()
