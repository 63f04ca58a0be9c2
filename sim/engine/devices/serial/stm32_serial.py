"""What the USARTs of all STM32 families share: characters to and from the host, silence on the line, DMA requests.

A character leaves the moment the firmware writes it. Characters from the host take no time either, but they are not
lost: they wait on the wire until the receive register (or FIFO) has room, as if the sender minded the receiver. IDLE
and the receiver time-out count their bit times from the last character that came or was taken in. The families differ
in their registers, which the subclasses declare.

Where nobody wired a transmit request, the DMA model pushes a memory-to-peripheral transfer when its stream is enabled.
ST's drivers enable the stream, clear TC, set DMAT, and wait for TC: so TC rises with DMAT there, as if the characters
left only then.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from functools import partial

from sim.engine.devices.base import Event, Services
from sim.engine.devices.dma_request import add_request
from sim.engine.devices.registers import Field, RegisterDevice
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
        self._wire: deque[int] = deque()  # sent by the host, not taken in yet
        self._received: deque[int] = deque()  # the receive register or FIFO
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
        self._wire.append(byte & 0xFF)
        self._wait_for_silence(self._silent_times())
        self._take_in()
        self._changed()

    # The firmware's side

    def _take_in(self) -> None:
        """From the wire to where the firmware reads."""
        taken = False
        while self._wire and len(self._received) < self._receive_depth:
            value = self._wire.popleft()
            self._received.append(value)
            self._taken_in(value)
            taken = True
        if taken:
            self._wait_for_silence(self._silences)  # what has come already does not come twice

    def _send(self, value: int) -> None:
        if not self._transmitting:
            self.log.warning("0x%02X written while the transmitter is off: nothing is sent", value)
            return
        for listener in self.on_char:
            listener(value & 0xFF)
        self._transfer_complete = True
        self._update()

    def _dma_transmission(self, old: int, new: int) -> None:
        """DMAT changed; see above."""
        if new and not self.transmit_dma_request.is_connected:
            self._transfer_complete = True
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
        self._transfer_complete = True
        self._changed()

    def _forget_received(self) -> None:
        self._wire.clear()
        self._received.clear()
        self._forget_silence()

    def _changed(self) -> None:
        """The interrupt line, and what the DMA could move now."""
        self._update()
        self.receive_dma_request.ask()
        self.transmit_dma_request.ask()

    def _receive_wanted(self) -> int:
        return len(self._received) + len(self._wire) if self._received and self._by_dma[0] else 0

    def _transmit_wanted(self) -> int:
        return _ANY if self._by_dma[1] and self._transmitting else 0

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
