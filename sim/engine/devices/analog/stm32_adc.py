"""Analog-to-digital converter of STM32F2, F4, F7 and L1 (RM0090 section 13): regular conversions.

Commands, outputs and scope as in Renode's ``Analog.STM32_ADC``: ``FeedSample code channel repeat`` (or a file of
codes; -1 repeats for ever) says what the next conversions of a channel give; software starts single, scan and
continuous conversions.

Beyond Renode, as on the chip: a conversion takes its SMPR and RES cycles (of 21 MHz, a quarter of the fastest PCLK2)
instead of 100 us; without SCAN only the first channel of the sequence is converted; EOCS; alignment; overrun, which
stops the converter; the analog watchdog; flags are cleared by writing 0. External triggers, injected channels,
discontinuous and multi-converter modes are not modelled; the converters' common registers at 0x300 are not in this
window.
"""

from __future__ import annotations

from sim.engine.devices.analog.adc_converter import AdcConverter
from sim.engine.devices.analog.analog_input import Channel, Repeat
from sim.engine.devices.base import Services
from sim.engine.devices.registers import Field, Mode

_CHANNELS = 19
_CLOCK = 21_000_000  # Hz
_SAMPLING = (3, 15, 28, 56, 84, 112, 144, 480)  # cycles by SMPx
_RESOLUTION = (12, 10, 8, 6)  # bits, and cycles a conversion takes after sampling
_AWD, _EOC, _STRT, _OVR = 1 << 0, 1 << 1, 1 << 4, 1 << 5


class Stm32Adc(AdcConverter):
    """One converter with 19 channels."""

    RENODE_TYPES = ("Analog.STM32_ADC",)
    RENODE_MEMBERS = ("FeedSample",)
    HAS_DEFAULT_OUTPUT = False
    size = 0x50

    def __init__(self, services: Services, name: str) -> None:
        super().__init__(services, name, _CHANNELS)
        bank = self.bank
        self._flags = bank.register(0x00, "SR").after_write(lambda _: self._update())
        self._flags.field(0, 6, "OVR STRT JSTRT JEOC EOC AWD", Mode.WRITE_ZERO_TO_CLEAR)
        cr1 = bank.register(0x04, "CR1").after_write(self._control1_written)
        self._watched = cr1.field(0, 5, "AWDCH")
        self._eocie = cr1.flag(5, "EOCIE")
        self._awdie = cr1.flag(6, "AWDIE")
        self._scan = cr1.flag(8, "SCAN")
        self._watch_single = cr1.flag(9, "AWDSGL")
        self._watch = cr1.flag(23, "AWDEN")
        self._resolution = cr1.field(24, 2, "RES")
        self._ovrie = cr1.flag(26, "OVRIE")
        cr1.storage(0x07C0FFFF)
        cr2 = bank.register(0x08, "CR2").after_write(self._control2_written)
        self._on = cr2.flag(0, "ADON", on_change=self._switched)
        self._continuous = cr2.flag(1, "CONT")
        self._dma = cr2.flag(8, "DMA")
        self._each = cr2.flag(10, "EOCS")
        self._left = cr2.flag(11, "ALIGN")
        cr2.flag(22, "JSWSTART", Mode.WRITE)
        cr2.flag(30, "SWSTART", Mode.WRITE)
        cr2.storage(0x3F3F0F03)
        sampling = bank.register(0x0C, "SMPR1"), bank.register(0x10, "SMPR2")
        self._sampling: list[Field] = [
            sampling[channel < 10].field(3 * (channel % 10), 3, f"SMP{channel}") for channel in range(_CHANNELS)
        ]
        for index in range(4):
            bank.register(0x14 + 4 * index, f"JOFR{index + 1}").storage(0xFFF)
            bank.register(0x3C + 4 * index, f"JDR{index + 1}").field(0, 16, "JDATA", Mode.READ)
        self._high = bank.register(0x24, "HTR", 0xFFF).field(0, 12, "HT")
        self._low = bank.register(0x28, "LTR").field(0, 12, "LT")
        sequence = [bank.register(0x2C + 4 * index, f"SQR{index + 1}") for index in range(3)]
        self._order: list[Field] = [
            sequence[2 - place // 6].field(5 * (place % 6), 5, f"SQ{place + 1}") for place in range(16)
        ]
        self._length = sequence[0].field(20, 4, "L")
        bank.register(0x38, "JSQR").storage(0x3FFFFF)
        self._data = bank.register(0x4C, "DR").field(0, 16, "DATA", Mode.READ, read=self._take)

    def reset(self) -> None:
        """Registers to reset values; what was fed stays for the next program."""
        super().reset()
        self._halt()
        self._update()

    def feed_sample(self, value: float | str, channel_idx: Channel, repeat: Repeat = 1) -> None:
        """A code, or a file with one code a line, for the next conversions of a channel; ``repeat`` -1: for ever."""
        self._feed(channel_idx, value, repeat)

    def _switched(self, old: int, new: int) -> None:
        if not new:
            self._halt()

    def _control1_written(self, written: int) -> None:
        if written & 1 << 11:
            self.log.warning("discontinuous mode (CR1.DISCEN) is not modelled: whole sequences are converted")
        self._update()

    def _control2_written(self, written: int) -> None:
        if written & 1 << 22:
            self.log.warning("injected channels (CR2.JSWSTART) are not modelled")
        if written & 0x3 << 28:
            self.log.warning("external triggers (CR2.EXTEN) are not modelled: only SWSTART converts")
        if written & 1 << 30:
            self._start()

    def _start(self) -> None:
        if not self._on:
            self.log.warning("SWSTART while ADON is 0: ignored")
        elif self._conversion is None and not self._parked:
            self._flags.raw |= _STRT
            self._sequence = self._channels()
            self._begin()

    def _channels(self) -> list[int]:
        """Channels 0 to 18; what a sequence names beyond is not connected and reads as channel 18."""
        count = self._length.value + 1 if self._scan else 1
        return [min(field.value, _CHANNELS - 1) for field in self._order[:count]]

    def _duration(self) -> tuple[int, int]:
        return _SAMPLING[self._sampling[self._sequence[0]].value] + _RESOLUTION[self._resolution.value], _CLOCK

    def _convert(self, channel: int) -> None:
        bits = _RESOLUTION[self._resolution.value]
        code = int(self._inputs[channel].take()) & (1 << bits) - 1
        watched = self._watch and (not self._watch_single or channel == self._watched.value)
        if watched and not self._low.value <= code <= self._high.value:
            self._flags.raw |= _AWD
        if self._flags.raw & _EOC and (self._dma or self._each):
            self._flags.raw |= _OVR
            self._update()
            return
        self._data.value = code << (0 if not self._left else 2 if bits == 6 else 16 - bits)
        if self._each or not self._sequence or self._dma:
            self._flags.raw |= _EOC
        self._update()
        if self._dma:
            self.dma_request.pulse()

    def _proceeds(self) -> bool:
        if self._flags.raw & _OVR or not self._on:
            return False
        if not self._sequence and self._continuous:
            self._sequence = self._channels()
        return bool(self._sequence)

    @property
    def _nobody_looks(self) -> bool:
        watching = self._watch and not self._flags.raw & _AWD
        return bool(self._flags.raw & _EOC) and not self._dma and not self._each and not watching

    def _take(self) -> int:
        self._flags.raw &= ~_EOC
        self._update()
        return self._data.value

    def _update(self) -> None:
        flags = self._flags.raw
        self.irq.set(
            (bool(self._eocie) and bool(flags & _EOC))
            or (bool(self._awdie) and bool(flags & _AWD))
            or (bool(self._ovrie) and bool(flags & _OVR))
        )
