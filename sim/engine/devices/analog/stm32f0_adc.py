"""Analog-to-digital converter of STM32F0 (RM0091 section 13); Renode's H7 board files use it, too.

Parameters, outputs and commands as in Renode's ``Analog.STM32F0_ADC``: voltages come from ``SetDefaultValue mV
[channel]`` and ``FeedVoltageSampleToChannel channel mV repeat`` (or a file of millivolts); ``externalEventFrequency``
is the rate of whatever trigger EXTSEL selects; ``dmaPeripheral`` and ``dmaChannel`` (from 1) name where a conversion
asks for a transfer.

That model converts at once and goes on when EOC is cleared. Here, as on the chip, a conversion takes its SMPR and RES
cycles of the 14 MHz clock and the next one follows whether or not the data was read: OVR (OVRMOD says which value
stays), or with WAIT the sequence waits. Also beyond Renode: CONT, DISCEN, the overrun interrupt, thresholds compared
with the full 12 bits, the first fed value is the first converted, an output ``DMARequest``. Calibration ends at once;
the internal channels are channels 16 to 18 like any other.
"""

from __future__ import annotations

from typing import ClassVar

from sim.engine.devices.analog.adc_converter import ADRDY, EOC, EOS, EOSMP, OVR, VoltageConverter
from sim.engine.devices.base import Device, Event, Services
from sim.engine.devices.registers import Mode
from sim.errors import CrosscamError

_CHANNELS = 19
_CLOCK = 14_000_000  # Hz
_AWD = 1 << 7
_ADEN, _ADDIS, _ADSTART, _ADSTP = 1 << 0, 1 << 1, 1 << 2, 1 << 4


class Stm32F0Adc(VoltageConverter):
    """``reference_voltage`` in volts, ``external_event_frequency`` in Hz."""

    RENODE_TYPES: ClassVar[tuple[str, ...]] = ("Analog.STM32F0_ADC",)
    SAMPLING: tuple[int, ...] = (3, 15, 27, 57, 83, 111, 143, 479)
    """Half cycles by SMP."""
    CONVERSION = (25, 23, 19, 15)
    """Half cycles by RES."""

    def __init__(
        self,
        services: Services,
        name: str,
        *,
        reference_voltage: float,
        external_event_frequency: int,
        dma_channel: int = 0,
        dma_peripheral: Device | None = None,
    ) -> None:
        super().__init__(services, name, _CHANNELS, reference_voltage)
        if external_event_frequency <= 0:
            raise CrosscamError(
                f"{name}: externalEventFrequency is {external_event_frequency} Hz, expected more than 0"
            )
        if (dma_peripheral is None) != (dma_channel == 0) or dma_channel < 0:
            raise CrosscamError(f"{name}: dmaChannel is {dma_channel}: expected a dmaPeripheral and a channel from 1")
        if dma_peripheral is not None:
            self.dma_request.connect(dma_peripheral, dma_channel - 1)
        self._trigger_frequency = external_event_frequency
        self._trigger: Event | None = None
        self._declare()
        self._forget()

    def _declare(self) -> None:
        bank = self.bank
        self.flags = bank.register(0x00, "ISR").after_write(self._flags_cleared)
        self.flags.field(0, 5, "OVR EOSEQ EOC EOSMP ADRDY", Mode.WRITE_ONE_TO_CLEAR)
        self.flags.flag(7, "AWD", Mode.WRITE_ONE_TO_CLEAR)
        self._enables = bank.register(0x04, "IER").storage(0x9F).after_write(lambda _: self._update())
        control = bank.register(0x08, "CR").value_from(self._control_value).after_write(self._control)
        control.field(0, 32, "CR", Mode.WRITE)
        cfgr1 = bank.register(0x0C, "CFGR1")
        self._dmaen = cfgr1.flag(0, "DMAEN")
        self._descending = cfgr1.flag(2, "SCANDIR")
        self._resolution = cfgr1.field(3, 2, "RES")
        self._left = cfgr1.flag(5, "ALIGN")
        self._exten = cfgr1.field(10, 2, "EXTEN")
        self._overwrite = cfgr1.flag(12, "OVRMOD")
        self._continuous = cfgr1.flag(13, "CONT")
        self._wait = cfgr1.flag(14, "WAIT")
        self._discontinuous = cfgr1.flag(16, "DISCEN")
        self._watch_single = cfgr1.flag(22, "AWDSGL")
        self._watch = cfgr1.flag(23, "AWDEN")
        self._watched = cfgr1.field(26, 5, "AWDCH")
        cfgr1.storage(0x7CC1FDFF)
        bank.register(0x10, "CFGR2").storage(0xC0000000)
        self._sampling = bank.register(0x14, "SMPR").field(0, 3, "SMP")
        threshold = bank.register(0x20, "TR", 0x0FFF0000)
        self._low, self._high = threshold.field(0, 12, "LT"), threshold.field(16, 12, "HT")
        self._selected = bank.register(0x28, "CHSELR").field(0, _CHANNELS, "CHSEL")
        self._data = bank.register(0x40, "DR").field(0, 16, "DATA", Mode.READ, read=self._take)
        bank.register(0x308, "CCR").storage(0x01C00000)

    def _forget(self) -> None:
        self._enabled = False
        self._halt()
        self.dma_request.set(False)

    def _halt(self) -> None:
        """No conversion, no trigger."""
        super()._halt()
        if self._trigger is not None:
            self.services.clock.cancel(self._trigger)
            self._trigger = None
        self._started = False
        self._held = False  # WAIT: the next conversion comes when the data is read

    # Registers

    def _control_value(self) -> int:
        return self._enabled * _ADEN | self._started * _ADSTART

    def _control(self, written: int) -> None:
        if written & _ADDIS:
            self._enabled = False
            self._halt()
        elif written & _ADEN and not self._enabled:
            self._enabled = True
            self.flags.raw |= ADRDY
        if written & _ADSTP:
            self._halt()
        elif written & _ADSTART:
            self._start()
        self._update()

    def _await_trigger(self) -> None:
        clock = self.services.clock
        self._trigger = clock.schedule(clock.frequency // self._trigger_frequency, self._external_event)

    def _external_event(self) -> None:
        self._await_trigger()
        if self._conversion is None and not self._held:
            self._triggered()

    def _triggered(self) -> None:
        """Begin a sequence, or in discontinuous mode go on with it."""
        if not self._sequence:
            self._sequence = self._channels()
            if not self._sequence:
                self.log.warning("conversion started with no channel selected in CHSELR")
                self._started = bool(self._exten.value)
                self.flags.raw |= EOS
                self._update()
                return
        self._begin()

    def _channels(self) -> list[int]:
        chosen = [channel for channel in range(_CHANNELS) if self._selected.value >> channel & 1]
        return chosen[::-1] if self._descending else chosen

    # Conversions

    def _duration(self) -> tuple[int, int]:
        return self.SAMPLING[self._sampling.value] + self.CONVERSION[self._resolution.value], 2 * _CLOCK

    def _convert(self, channel: int) -> None:
        bits = 12 - 2 * self._resolution.value
        full = (1 << bits) - 1
        code = self._sample(channel, full)
        self._compare(channel, code << 12 - bits)
        if self._left:
            code <<= 16 - bits if bits > 6 else 8 - bits
        lost = self._finish(code)
        if self._dmaen and not (lost and not self._overwrite):
            self.dma_request.pulse()

    def _compare(self, channel: int, code: int) -> None:
        """The analog watchdog looks at the raw 12 bits (13.7)."""
        if not self._watch or (self._watch_single and channel != self._watched.value):
            return
        if not self._low.value <= code <= self._high.value:
            self.flags.raw |= _AWD

    def _proceeds(self) -> bool:
        if not self._started:
            return False
        if not self._sequence and self._continuous:
            self._sequence = self._channels()
        elif self._discontinuous and self._sequence:
            self._started = bool(self._exten.value)
            return False
        self._held = bool(self._sequence) and bool(self._wait) and bool(self.flags.raw & EOC)
        return bool(self._sequence) and not self._held

    @property
    def _nobody_looks(self) -> bool:
        all_set = EOSMP | EOC | EOS | OVR
        watching = self._watch and not self.flags.raw & _AWD
        return self.flags.raw & all_set == all_set and not self._dmaen and not watching
