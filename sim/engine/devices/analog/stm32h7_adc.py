"""Analog-to-digital converters of STM32H742/743/753/750, revision V (RM0433 section 25).

Voltages come as in our ``Analog.STM32F0_ADC``: ``SetDefaultValue mV [channel]`` and ``FeedVoltageSampleToChannel
channel mV repeat`` (or a file of millivolts). Modelled: deep power-down, regulator (LDORDY) and calibration, which the
converter wants in this order before ADEN and ADRDY; single, continuous and discontinuous conversion of the regular
sequence and of the injected one, started by software or by a trigger (input n is the event that EXTSEL = n selects,
input 32 + n that of JEXTSEL = n); sampling and conversion times; resolutions, oversampling and left shift; EOSMP, EOC,
EOS, JEOC, JEOS; overrun and AUTDLY; the three analog watchdogs; ``DMARequest`` for DMNGT = 01 and 11. Single-ended
channels only; offsets, injected queues (JQM, JAUTO), dual mode and linearity words are kept and change nothing.

Renode 1.16.1 has no type for it (its H7 files name the F0's).
"""

from __future__ import annotations

from sim.engine.devices.analog.adc_converter import ADRDY, EOC, EOS, EOSMP, OVR, VoltageConverter
from sim.engine.devices.base import Device, Event, Services
from sim.engine.devices.dma_request import add_request
from sim.engine.devices.registers import Field, Mode, RegisterDevice
from sim.errors import CrosscamError

_CHANNELS = 20
_CLOCK = 30_000_000  # Hz of a converter whose clock nobody tells: between what the boost modes allow
_PRESCALERS = (1, 2, 4, 6, 8, 10, 12, 16, 32, 64, 128, 256)  # by CCR.PRESC
_FIXED_DIVIDER = 2  # behind them, in revision V (ST's driver computes BOOST with it)
_SAMPLING = (3, 5, 17, 33, 65, 129, 775, 1621)  # half cycles by SMP
_BITS = (16, 14, 12, 10, 8, 14, 12, 8)  # by RES
_JEOC, _JEOS = 1 << 5, 1 << 6
_AWD1, _LDORDY = 1 << 7, 1 << 12
_ADEN, _ADDIS, _ADSTART, _JADSTART, _ADSTP, _JADSTP = (1 << bit for bit in range(6))
_ADCALLIN, _LINEARITY, _REGULATOR, _DEEP, _ADCAL = 1 << 16, 0x3F << 22, 1 << 28, 1 << 29, 1 << 31
_KEPT = 0x7F000000 & ~(_REGULATOR | _DEEP) | _LINEARITY | _ADCALLIN | 0x300
_RISING, _FALLING = 1, 2
_INJECTED_TRIGGERS = 32


class Stm32H7Adc(VoltageConverter):
    """One converter; ``reference_voltage`` in volts."""

    RENODE_TYPES = ("Analog.STM32H7_ADC",)
    size = 0x100

    def __init__(self, services: Services, name: str, *, reference_voltage: float = 3.3) -> None:
        super().__init__(services, name, _CHANNELS, reference_voltage)
        self.request = add_request(self, "DMARequest", self._dma_wanted, False)
        self.hertz = _CLOCK
        """Clock of the conversions, where the common registers say no other."""
        self._injection: Event | None = None
        self._triggers: set[int] = set()  # inputs that are high
        self._declare()
        self._forget()

    def _declare(self) -> None:
        bank = self.bank
        self.flags = bank.register(0x00, "ISR").after_write(self._flags_cleared)
        self.flags.field(0, 11, "JQOVF AWD3 AWD2 AWD1 JEOS JEOC OVR EOS EOC EOSMP ADRDY", Mode.WRITE_ONE_TO_CLEAR)
        self.flags.flag(12, "LDORDY", Mode.READ)
        self._enables = bank.register(0x04, "IER").storage(0x7FF).after_write(lambda _: self._update())
        control = bank.register(0x08, "CR", _DEEP).value_from(self._control_value).after_write(self._control)
        control.field(0, 32, "CR", Mode.WRITE)
        cfgr = bank.register(0x0C, "CFGR", 1 << 31)
        self._management = cfgr.field(0, 2, "DMNGT", on_change=lambda old, new: self._update())
        self._resolution = cfgr.field(2, 3, "RES")
        self._extsel = cfgr.field(5, 5, "EXTSEL")
        self._exten = cfgr.field(10, 2, "EXTEN")
        self._overwrite = cfgr.flag(12, "OVRMOD")
        self._continuous = cfgr.flag(13, "CONT")
        self._delay = cfgr.flag(14, "AUTDLY")
        self._discontinuous = cfgr.flag(16, "DISCEN")
        self._group = cfgr.field(17, 3, "DISCNUM")
        self._watch_single = cfgr.flag(22, "AWD1SGL")
        self._watch = cfgr.flag(23, "AWD1EN")
        self._watched = cfgr.field(26, 5, "AWD1CH")
        cfgr.storage()
        cfgr2 = bank.register(0x10, "CFGR2")
        self._oversample = cfgr2.flag(0, "ROVSE")
        self._shift = cfgr2.field(5, 4, "OVSS")
        self._ratio = cfgr2.field(16, 10, "OSR")
        self._left_shift = cfgr2.field(28, 4, "LSHIFT")
        cfgr2.storage()
        sampling = bank.register(0x14, "SMPR1"), bank.register(0x18, "SMPR2")
        self._sampling: list[Field] = [
            sampling[channel >= 10].field(3 * (channel % 10), 3, f"SMP{channel}") for channel in range(_CHANNELS)
        ]
        bank.register(0x1C, "PCSEL").storage(0xFFFFF)
        self._thresholds = [
            (bank.register(low, f"LTR{index}"), bank.register(low + 4, f"HTR{index}", 0x03FFFFFF))
            for index, low in enumerate((0x20, 0xB0, 0xB8), 1)
        ]
        for low, high in self._thresholds:
            low.storage(0x03FFFFFF)
            high.storage(0x03FFFFFF)
        self._watch_masks = [bank.register(offset, "AWDCR").storage(0xFFFFF) for offset in (0xA0, 0xA4)]
        sequence = [bank.register(0x30 + 4 * index, f"SQR{index + 1}") for index in range(4)]
        self._length = sequence[0].field(0, 4, "L")
        places = [place + 1 for place in range(16)]  # L takes the first place
        self._order = [sequence[place // 5].field(6 * (place % 5), 5, f"SQ{place}") for place in places]
        self._data = bank.register(0x40, "DR").field(0, 32, "RDATA", Mode.READ, read=self._take)
        jsqr = bank.register(0x4C, "JSQR")
        self._injected_length = jsqr.field(0, 2, "JL")
        self._jextsel = jsqr.field(2, 5, "JEXTSEL")
        self._jexten = jsqr.field(7, 2, "JEXTEN")
        self._injected_order = [jsqr.field(9 + 6 * index, 5, f"JSQ{index + 1}") for index in range(4)]
        jsqr.storage()
        self._injected_data: list[Field] = []
        for index in range(4):
            bank.register(0x60 + 4 * index, f"OFR{index + 1}").storage()
            data = bank.register(0x80 + 4 * index, f"JDR{index + 1}").field(0, 32, "JDATA", Mode.READ)
            self._injected_data.append(data)
        for offset, name in ((0xC0, "DIFSEL"), (0xC4, "CALFACT"), (0xC8, "CALFACT2")):
            bank.register(offset, name).storage()

    def _forget(self) -> None:
        self._power = _DEEP  # DEEPPWD, ADVREGEN and what CR merely keeps
        self._enabled = False
        self._halt()
        self._halt_injected()

    def _halt(self) -> None:
        """No regular conversion."""
        super()._halt()
        self._started = False
        self._left_in_group = 0
        self._held = False  # AUTDLY: the next conversion comes when the data is read

    def _halt_injected(self) -> None:
        if self._injection is not None:
            self.services.clock.cancel(self._injection)
            self._injection = None
        self._injected_started = False

    def on_gpio(self, number: int, value: bool) -> None:
        """A trigger event."""
        before = number in self._triggers
        if value == before:
            return
        self._triggers ^= {number}
        edge = _RISING if value else _FALLING
        if self._started and self._exten.value & edge and number == self._extsel.value and self._conversion is None:
            self._triggered()
        if self._injected_started and self._jexten.value & edge and number - _INJECTED_TRIGGERS == self._jextsel.value:
            self._inject()

    # Registers

    def _control_value(self) -> int:
        return self._enabled * _ADEN | self._started * _ADSTART | self._injected_started * _JADSTART | self._power

    def _control(self, written: int) -> None:
        """CR: power, calibration, on and off, start and stop (25.4.6 to 25.4.18)."""
        if not self._enabled:
            self._power = written & (_KEPT | _REGULATOR | _DEEP)
            if self._power & _DEEP:
                self._power &= ~_REGULATOR
            self.flags.raw = self.flags.raw & ~_LDORDY | (_LDORDY if self._power & _REGULATOR else 0)
        powered = bool(self._power & _REGULATOR)
        if written & (_ADCAL | _ADEN) and not powered:
            self.log.warning("ADCAL or ADEN while DEEPPWD is 1 or ADVREGEN 0: ignored")
        elif written & _ADCAL and not self._enabled:  # ends at once
            self._power |= _LINEARITY if written & _ADCALLIN else 0
        elif written & _ADEN and not self._enabled:
            self._enabled = True
            self.flags.raw |= ADRDY
        if written & _ADDIS:
            self._enabled = False
            self._halt()
            self._halt_injected()
        if written & _ADSTP:
            self._halt()
        elif written & _ADSTART:
            self._start()
        if written & _JADSTP:
            self._halt_injected()
        elif written & _JADSTART and self._enabled:
            self._injected_started = True
            if not self._jexten.value:
                self._inject()
        self._update()

    def _triggered(self) -> None:
        """Begin a sequence, or in discontinuous mode go on with it."""
        if not self._sequence:
            self._sequence = self._channels()
        self._left_in_group = self._group.value + 1 if self._discontinuous else len(self._sequence)
        if not self._held:
            self._begin()

    def _channels(self) -> list[int]:
        """Channels 0 to 19; what a sequence names beyond is not connected and reads as channel 19."""
        return [min(field.value, _CHANNELS - 1) for field in self._order[: self._length.value + 1]]

    # Conversions

    def _half_cycles(self, channel: int) -> int:
        conversion = _BITS[self._resolution.value] + 1
        times = self._ratio.value + 1 if self._oversample else 1
        return (_SAMPLING[self._sampling[channel].value] + conversion) * times

    def _duration(self) -> tuple[int, int]:
        return self._half_cycles(self._sequence[0]), 2 * self.hertz

    def _code(self, channel: int) -> int:
        """The next sample of a channel as the converter gives it out; the watchdogs look at it."""
        full = (1 << _BITS[self._resolution.value]) - 1
        code = self._sample(channel, full)
        if self._oversample:
            code = code * (self._ratio.value + 1) >> self._shift.value
        for index, watches in enumerate(self._watching(channel)):
            low, high = self._thresholds[index]
            if watches and not low.raw <= code <= high.raw:
                self.flags.raw |= _AWD1 << index
        return code << self._left_shift.value & 0xFFFFFFFF

    def _watching(self, channel: int) -> tuple[bool, bool, bool]:
        first = bool(self._watch) and (not self._watch_single or channel == self._watched.value)
        second, third = (bool(mask.raw >> channel & 1) for mask in self._watch_masks)
        return first, second, third

    def _convert(self, channel: int) -> None:
        self._left_in_group -= 1
        self._finish(self._code(channel))

    def _proceeds(self) -> bool:
        if not self._started:
            return False
        if self._discontinuous and self._left_in_group <= 0:
            self._started = bool(self._exten.value)
            return False
        if not self._sequence and self._continuous:
            self._sequence = self._channels()
            self._left_in_group = len(self._sequence)
        self._held = bool(self._sequence) and bool(self._delay) and bool(self.flags.raw & EOC)
        return bool(self._sequence) and not self._held

    @property
    def _nobody_looks(self) -> bool:
        """Further conversions would change nothing but the data."""
        all_set = EOSMP | EOC | EOS | OVR
        alarms = sum(_AWD1 << index for index, watches in enumerate(self._any_watch) if watches)
        return self.flags.raw & (all_set | alarms) == all_set | alarms and not self._by_dma

    @property
    def _any_watch(self) -> tuple[bool, bool, bool]:
        second, third = (bool(mask.raw) for mask in self._watch_masks)
        return bool(self._watch), second, third

    def _inject(self) -> None:
        """The injected sequence, in the time all its conversions take."""
        if self._injection is None:
            channels = [
                min(field.value, _CHANNELS - 1) for field in self._injected_order[: self._injected_length.value + 1]
            ]
            half_cycles, clock = sum(map(self._half_cycles, channels)), self.services.clock
            delay = half_cycles * clock.frequency // (2 * self.hertz)
            self._injection = clock.schedule(delay, lambda: self._injected(channels))

    def _injected(self, channels: list[int]) -> None:
        self._injection = None
        for field, channel in zip(self._injected_data, channels, strict=False):
            field.value = self._code(channel)
        self.flags.raw |= _JEOC | _JEOS
        if not self._jexten.value:
            self._injected_started = False
        self._update()

    # Data and lines

    @property
    def _by_dma(self) -> bool:
        """DMNGT: DMA one-shot or circular."""
        return bool(self._management.value & 1)

    def _dma_wanted(self) -> int:
        lost = self.flags.raw & OVR and not self._overwrite
        return int(self._by_dma and bool(self.flags.raw & EOC) and not lost)

    def _update(self) -> None:
        super()._update()
        self.request.ask()


class Stm32H7AdcCommon(RegisterDevice):
    """What ADC1 and ADC2 share, or what ADC3 has for itself.

    CSR shows both converters' flags; CCR selects and divides their clock (25.4.3) once ``clocked`` has said what there
    is to select from.
    """

    RENODE_TYPES = ("Analog.STM32H7_ADC_Common",)
    size = 0x100

    def __init__(self, services: Services, name: str, *, master: Device, slave: Device | None = None) -> None:
        super().__init__(services, name)
        converters = [each for each in (master, slave) if each is not None]
        for converter in converters:
            if not isinstance(converter, Stm32H7Adc):
                raise CrosscamError(f"{name}: {converter.name} is no Analog.STM32H7_ADC")
        self._converters = [each for each in converters if isinstance(each, Stm32H7Adc)]
        self.bank.register(0x00, "CSR").value_from(self._status)
        control = self.bank.register(0x08, "CCR").after_write(self._control)
        self._mode = control.field(16, 2, "CKMODE")
        self._prescaler = control.field(18, 4, "PRESC")
        control.storage(0x01FFCF1F)
        self._kernel = self._bus = 0
        self.bank.register(0x0C, "CDR").value_from(lambda: self._data(16))
        self.bank.register(0x10, "CDR2").value_from(lambda: self._data(32) & 0xFFFFFFFF)

    def reset(self) -> None:
        super().reset()
        self._divide()

    def clocked(self, kernel: int, bus: int) -> None:
        """Kernel clock by RCC.ADCSEL and bus clock, in Hz; a conversion under way keeps the time it has been given."""
        self._kernel, self._bus = kernel, bus
        self._divide()

    def _divide(self) -> None:
        mode, prescaler = self._mode.value, min(self._prescaler.value, len(_PRESCALERS) - 1)
        hertz = self._bus // (1, 1, 2, 4)[mode] if mode else self._kernel // _PRESCALERS[prescaler]
        for each in self._converters:
            each.hertz = hertz // _FIXED_DIVIDER or _CLOCK

    def _status(self) -> int:
        return sum((each.flags.raw & 0x7FF) << 16 * index for index, each in enumerate(self._converters))

    def _data(self, bits: int) -> int:
        return sum(
            (each.bank[0x40].raw & (1 << bits) - 1) << bits * index for index, each in enumerate(self._converters)
        )

    def _control(self, written: int) -> None:
        self._divide()
        if written & 0x1F:
            self.log.warning("dual mode (CCR.DUAL) is not modelled: the converters work on their own")
