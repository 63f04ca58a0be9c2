"""Analog-to-digital converter of STM32G0 (RM0444 section 15): the F0's with a sequencer, oversampling, three watchdogs.

Parameters and commands as in Renode's ``Analog.STM32G0_ADC``. As on the chip and beyond that model: SCANDIR is bit 2
and RES bits 3 and 4 of CFGR1; with CHSELRMOD the register CHSELR is a list of up to eight channels; CCRDY follows a
write to it; SMPSEL says which of two sampling times a channel has; a conversion with oversampling takes OVSR of them
and gives their sum shifted by OVSS; the clock is HSI16 divided by CCR.PRESC. The regulator is there at once, and so is
the calibration, whose factor is 0.
"""

from __future__ import annotations

from sim.engine.devices.analog.stm32f0_adc import Stm32F0Adc
from sim.engine.devices.registers import Mode

_HSI16 = 16_000_000  # Hz
_DIVIDERS = (1, 2, 4, 6, 8, 10, 12, 16, 32, 64, 128, 256)  # by PRESC
_AWD1, _EOCAL, _CCRDY = 1 << 7, 1 << 11, 1 << 13
_ADVREGEN, _ADCAL = 1 << 28, 1 << 31
_LONGEST, _NO_MORE = 8, 0xF


class Stm32G0Adc(Stm32F0Adc):
    """``reference_voltage`` in volts, ``external_event_frequency`` in Hz."""

    RENODE_TYPES = ("Analog.STM32G0_ADC",)
    SAMPLING = (3, 7, 15, 25, 39, 79, 159, 321)
    CONVERSION = (25, 21, 17, 13)

    def _declare(self) -> None:
        super()._declare()
        bank = self.bank
        self.flags.field(8, 2, "AWD2 AWD3", Mode.WRITE_ONE_TO_CLEAR)
        self.flags.flag(11, "EOCAL", Mode.WRITE_ONE_TO_CLEAR)
        self.flags.flag(13, "CCRDY", Mode.WRITE_ONE_TO_CLEAR)
        self._enables.storage(0x2B00)
        self._listed = bank[0x0C].flag(21, "CHSELRMOD")
        cfgr2 = bank[0x10]
        self._oversampled = cfgr2.flag(0, "OVSE")
        self._ratio = cfgr2.field(2, 3, "OVSR")
        self._shift = cfgr2.field(5, 4, "OVSS")
        cfgr2.storage(0x20000200)
        smpr = bank[0x14]
        self._second_sampling = smpr.field(4, 3, "SMP2")
        self._takes_second = smpr.field(8, 19, "SMPSEL")
        self._chosen = bank[0x28].storage().after_write(self._channels_chosen)
        thresholds = [bank.register(offset, name, 0x0FFF0000) for offset, name in ((0x24, "AWD2TR"), (0x2C, "AWD3TR"))]
        watched = [bank.register(offset, name) for offset, name in ((0xA0, "AWD2CR"), (0xA4, "AWD3CR"))]
        self._further_watchdogs = [
            (threshold.field(0, 12, "LT"), threshold.field(16, 12, "HT"), channels.field(0, 19, "AWDCH"))
            for threshold, channels in zip(thresholds, watched, strict=True)
        ]
        bank.register(0xB4, "CALFACT").storage(0x7F)
        self._prescaler = bank[0x308].field(18, 4, "PRESC")

    def _forget(self) -> None:
        self._regulator = False
        super()._forget()

    def _control_value(self) -> int:
        return super()._control_value() | self._regulator * _ADVREGEN

    def _control(self, written: int) -> None:
        self._regulator = bool(written & _ADVREGEN)
        if written & _ADCAL:
            if self._enabled or not self._regulator:
                self.log.warning("ADCAL with ADEN set or without ADVREGEN: ignored")
            else:
                self.flags.raw |= _EOCAL
        super()._control(written)

    def _channels_chosen(self, written: int) -> None:
        self.flags.raw |= _CCRDY
        self._update()

    def _channels(self) -> list[int]:
        if not self._listed:
            return super()._channels()
        listed = [self._chosen.raw >> 4 * place & 0xF for place in range(_LONGEST)]
        return listed[: listed.index(_NO_MORE)] if _NO_MORE in listed else listed

    # Conversions

    @property
    def _conversions(self) -> int:
        return 2 << self._ratio.value if self._oversampled else 1

    def _duration(self) -> tuple[int, int]:
        second = self._takes_second.value >> self._sequence[0] & 1
        sampling = self.SAMPLING[(self._second_sampling if second else self._sampling).value]
        halves = sampling + self.CONVERSION[self._resolution.value]
        divider = _DIVIDERS[min(self._prescaler.value, len(_DIVIDERS) - 1)]
        return halves * self._conversions * divider, 2 * _HSI16

    def _sample(self, channel: int, full: int) -> int:
        total = sum(super(Stm32G0Adc, self)._sample(channel, full) for _ in range(self._conversions))
        return total >> self._shift.value & 0xFFFF if self._oversampled else total

    def _compare(self, channel: int, code: int) -> None:
        super()._compare(channel, code)
        for number, (low, high, channels) in enumerate(self._further_watchdogs, 1):
            if channels.value >> channel & 1 and not low.value <= code <= high.value:
                self.flags.raw |= _AWD1 << number

    @property
    def _nobody_looks(self) -> bool:
        seen = [_AWD1 << number for number, (*_, channels) in enumerate(self._further_watchdogs, 1) if channels]
        return super()._nobody_looks and all(self.flags.raw & flag for flag in seen)
