"""Serial audio interface, two blocks that receive as slaves (RM0385 section 33, RM0433 section 51, RM0432).

What a master outside sends, ``play`` gives: frames of two 16-bit samples at its pace. A block that is enabled as a
receiver takes them into its FIFO of eight samples; what does not fit is lost, and OVRUDR says so. FREQ is up from the
threshold FTH on; with DMAEN each sample asks for a transfer (output 0: block A, 1: block B). Samples on their way to a
DMA stream go a millisecond at a time, never past a moment at which the stream raises a flag.

Renode 1.16.1 has no model of it. Transmitters, masters, companding, mute detection, TDM with more than the two slots
of I2S, and PDM are not modelled: their registers keep what is written.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from fractions import Fraction

from sim.engine.devices.base import Event, Services
from sim.engine.devices.dma_request import add_request
from sim.engine.devices.registers import Mode, RegisterDevice

FIFO = 8
CHANNELS = 2
SAMPLE_BITS = 16
_SLAVE_RECEIVER = 3
_OVRUDR, _FREQ = 1 << 0, 1 << 3
_THRESHOLDS = (1, 2, 4, 6, 8)  # samples from which FREQ is up, by FTH: a quarter of the FIFO is two
_DATA_BITS = (0, 0, 8, 10, 16, 20, 24, 32)  # by DS
_TOGETHER = 1000  # a second: how often samples are handed to a DMA stream


class SaiBlock:
    """One block: its registers and its FIFO."""

    def __init__(self, sai: Stm32Sai, letter: str, index: int, base: int) -> None:
        self._sai = sai
        self.fifo: deque[int] = deque()
        self._overrun = False
        self.request = add_request(sai, index, self._wanted, False)
        bank = sai.bank
        cr1 = bank.register(base, f"{letter}CR1", 0x40).after_write(lambda _: self.update())
        self._mode = cr1.field(0, 2, "MODE")
        self._size = cr1.field(5, 3, "DS")
        self._mono = cr1.flag(12, "MONO")
        self._enabled = cr1.flag(16, "SAIEN")
        self._dma = cr1.flag(17, "DMAEN")
        cr1.storage()
        cr2 = bank.register(base + 0x04, f"{letter}CR2").after_write(lambda _: self.update())
        self._threshold = cr2.field(0, 3, "FTH")
        cr2.field(3, 1, "FFLUSH", Mode.WRITE, on_change=lambda _, flush: self._flush(flush))
        cr2.storage(0xFFF7)
        bank.register(base + 0x08, f"{letter}FRCR", 0x7).storage()
        bank.register(base + 0x0C, f"{letter}SLOTR").storage()
        self._mask = bank.register(base + 0x10, f"{letter}IM").storage(0x7F).after_write(lambda _: self.update())
        bank.register(base + 0x14, f"{letter}SR").value_from(self._status)
        bank.register(base + 0x18, f"{letter}CLRFR").after_write(self._clear)
        bank.register(base + 0x1C, f"{letter}DR").value_from(self._read)

    @property
    def receives(self) -> bool:
        """Whether it takes what a master sends."""
        return bool(self._enabled) and self._mode.value == _SLAVE_RECEIVER

    @property
    def by_dma(self) -> int:
        """Samples up to the next flag of the DMA stream that takes them; 0: none does."""
        return self.request.until_flag if self._dma and self.request.is_connected else 0

    def reset(self) -> None:
        """Nothing received; the registers are reset by their bank."""
        self.fifo.clear()
        self._overrun = False

    def take(self, samples: Sequence[int]) -> None:
        """Signed 16-bit samples of whole frames, as they came in; what does not fit is lost."""
        bits = _DATA_BITS[self._size.value] or SAMPLE_BITS
        for sample in samples[:: CHANNELS if self._mono else 1]:
            if self._dma and len(self.fifo) >= FIFO:
                self.request.ask()
            if len(self.fifo) >= FIFO:
                self._overrun = True
                break
            wide = sample << bits - SAMPLE_BITS if bits >= SAMPLE_BITS else sample >> SAMPLE_BITS - bits
            self.fifo.append(wide & (1 << bits) - 1)
        self.update()

    def update(self) -> None:
        """DMA and interrupt follow the FIFO."""
        if self._wanted():
            self.request.ask()
        self._sai.update()

    @property
    def pending(self) -> bool:
        """Whether it wants the interrupt."""
        return bool(self._flags() & self._mask.raw)

    def _wanted(self) -> int:
        return len(self.fifo) if self._dma else 0

    def _flush(self, flush: int) -> None:
        if flush:
            self.fifo.clear()
            self.update()

    def _flags(self) -> int:
        level = _THRESHOLDS[min(self._threshold.value, len(_THRESHOLDS) - 1)]
        return _OVRUDR * self._overrun | _FREQ * (len(self.fifo) >= level)

    def _status(self) -> int:
        filled = len(self.fifo)
        level = 5 if filled == FIFO else (filled + 1) // 2  # FLVL: 0 empty, 1 to 4 by quarters
        return self._flags() | level << 16

    def _clear(self, written: int) -> None:
        if written & _OVRUDR:
            self._overrun = False
        self._sai.update()

    def _read(self) -> int:
        value = self.fifo.popleft() if self.fifo else 0
        self._sai.update()
        return value


class Stm32Sai(RegisterDevice):
    """Blocks A and B, and who sends to them."""

    RENODE_TYPES = ("Sound.STM32_SAI",)

    def __init__(self, services: Services, name: str) -> None:
        super().__init__(services, name)
        self.irq = self.add_output("IRQ")
        self.bank.register(0x00, "GCR").storage(0x33)
        self.blocks = [SaiBlock(self, "AB"[index], index, 0x04 + 0x20 * index) for index in range(2)]
        self.bank.register(0x44, "PDMCR").storage()
        self.bank.register(0x48, "PDMDLY").storage()
        self._samples: Sequence[int] = ()
        self._sent = 0
        self._rate = 0
        self._began = Fraction(0)
        self._due: Event | None = None

    def reset(self) -> None:
        super().reset()
        for block in self.blocks:
            block.reset()
        self.update()

    def play(self, samples: Sequence[int], rate: int) -> None:
        """A master begins to send: left and right in turn, signed 16 bits, ``rate`` frames a second."""
        clock = self.services.clock
        if self._due is not None:
            clock.cancel(self._due)
        self._samples, self._sent, self._rate, self._began = samples, 0, rate, clock.exact_seconds
        self._wait()

    @property
    def playing(self) -> bool:
        """Whether there is more to send."""
        return self._due is not None

    def update(self) -> None:
        """The interrupt follows both blocks."""
        self.irq.set(any(block.pending for block in self.blocks))

    def _wait(self) -> None:
        left = (len(self._samples) - self._sent) // CHANNELS
        if not left:
            self._due = None
            return
        block = next((block for block in self.blocks if block.receives), None)
        together = max(1, min(self._rate // _TOGETHER, block.by_dma // CHANNELS)) if block is not None else 1
        self._next = self._sent + CHANNELS * min(left, together)
        clock = self.services.clock
        delay = self._began + Fraction(self._next // CHANNELS, self._rate) - clock.exact_seconds
        self._due = clock.schedule(max(1, round(delay * clock.frequency)), self._arrived)

    def _arrived(self) -> None:
        samples = self._samples[self._sent : self._next]
        self._sent = self._next
        for block in self.blocks:
            if block.receives:
                block.take(samples)
        self._wait()
