"""What the USARTs of all STM32 families share: characters to and from the host, silence on the line, interrupt level.

A character leaves the moment the firmware writes it; received characters wait in an unbounded queue, so nothing is
overrun. The families differ in their registers only, which the subclasses declare.

The DMA model pushes a memory-to-peripheral transfer when its stream is enabled. ST's drivers enable the stream, clear
TC, set DMAT, and wait for TC: so TC rises with DMAT, as if the characters left only then.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from sim.engine.devices.base import Event, Services
from sim.engine.devices.registers import RegisterDevice


class Stm32Serial(RegisterDevice):
    """One USART clocked with ``frequency`` Hz.

    The host reads what the firmware sends through ``on_char`` (called with each byte) and sends with ``write_char``.
    """

    def __init__(self, services: Services, name: str, frequency: int) -> None:
        super().__init__(services, name)
        self.irq = self.add_output("IRQ")
        self.on_char: list[Callable[[int], None]] = []
        self.frequency = frequency
        self._queue: deque[int] = deque()
        self._transfer_complete = True
        self._silence: Event | None = None

    # What a family says

    @property
    def baud_rate(self) -> int:
        """Bits per second the firmware has programmed; 0 while it has not."""
        raise NotImplementedError

    @property
    def _receiving(self) -> bool:
        """The receiver is on."""
        raise NotImplementedError

    @property
    def _transmitting(self) -> bool:
        """The transmitter is on."""
        raise NotImplementedError

    def _silent_bits(self) -> int | None:
        """Bit times of silence after a character until ``_fell_silent``; None when nobody waits for it."""
        raise NotImplementedError

    def _fell_silent(self) -> None:
        """The line has been silent that long."""
        raise NotImplementedError

    def _update(self) -> None:
        """Drive interrupt and DMA lines from flags and enables."""
        raise NotImplementedError

    # The host's side

    def write_char(self, byte: int) -> None:
        """One character from the host; lost, with a log line, while the receiver is off."""
        if not self._receiving:
            self.log.debug("receiver is off: character 0x%02X is lost", byte)
            return
        self._queue.append(byte & 0xFF)
        self._wait_for_silence()
        self._update()

    # The firmware's side

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
        if new:
            self._transfer_complete = True
            self._update()

    def _pop(self) -> int:
        """The oldest received character."""
        if not self._queue:
            self.log.warning("data register read while nothing has been received")
            return 0
        value = self._queue.popleft()
        self._update()
        return value

    def reset(self) -> None:
        super().reset()
        self._queue.clear()
        self._transfer_complete = True
        self._cancel_silence()
        self._update()

    def _wait_for_silence(self) -> None:
        self._cancel_silence()
        bits, baud_rate = self._silent_bits(), self.baud_rate
        if bits is None or not baud_rate:
            return
        clock = self.services.clock
        self._silence = clock.schedule(bits * clock.frequency // baud_rate, self._silence_due)

    def _cancel_silence(self) -> None:
        if self._silence is not None:
            self.services.clock.cancel(self._silence)
            self._silence = None

    def _silence_due(self) -> None:
        self._silence = None
        self._fell_silent()
        self._update()
