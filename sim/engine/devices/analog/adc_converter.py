"""What the analog-to-digital converters of all STM32 families share: sequences of conversions in virtual time.

A converter that runs on and on while nobody looks at its results would cost an event a microsecond. It is parked
instead: the next access to a register sees one more conversion, and from then on time goes on.
"""

from __future__ import annotations

from pathlib import Path

from sim.engine.devices.analog.analog_input import AnalogInput, Channel, Repeat, read_samples
from sim.engine.devices.base import Event, Services
from sim.engine.devices.registers import Field, Register, RegisterDevice
from sim.errors import CrosscamError

ADRDY, EOSMP, EOC, EOS, OVR = (1 << bit for bit in range(5))
"""Flags of ISR, in a ``VoltageConverter``."""


class AdcConverter(RegisterDevice):
    """``channels`` analog inputs; outputs ``IRQ`` and ``DMARequest``."""

    def __init__(self, services: Services, name: str, channels: int) -> None:
        super().__init__(services, name)
        self.irq = self.add_output("IRQ")
        self.dma_request = self.add_output("DMARequest")
        self._inputs = [AnalogInput() for _ in range(channels)]
        self._sequence: list[int] = []  # channels still to convert
        self._conversion: Event | None = None
        self._parked = False

    # What a family says

    def _duration(self) -> tuple[int, int]:
        """A conversion takes the first number of periods of the second, a clock in Hz."""
        raise NotImplementedError

    def _convert(self, channel: int) -> None:
        """A conversion is over: data, flags, requests."""
        raise NotImplementedError

    def _proceeds(self) -> bool:
        """Whether another conversion follows at once; leaves its channel in ``_sequence``."""
        raise NotImplementedError

    @property
    def _nobody_looks(self) -> bool:
        """Further conversions would change nothing but the data."""
        raise NotImplementedError

    # Samples

    def _input(self, channel: int) -> AnalogInput:
        if not 0 <= channel < len(self._inputs):
            raise CrosscamError(f"{self.name}: there is no channel {channel}, expected 0 to {len(self._inputs) - 1}")
        return self._inputs[channel]

    def _feed(self, channel: int, value: float | str, repeat: int) -> None:
        """A number, or the path of a file of numbers."""
        samples = read_samples(Path(value)) if isinstance(value, str) else [float(value)]
        self._input(channel).feed(samples, repeat)

    # Conversions

    def read(self, offset: int, width: int) -> int:
        self._catch_up()
        value = self.bank.read(offset, width)
        self._unpark()
        return value

    def write(self, offset: int, width: int, value: int) -> None:
        self._catch_up()
        self.bank.write(offset, width, value)
        self._unpark()

    def _begin(self) -> None:
        periods, hertz = self._duration()
        clock = self.services.clock
        self._conversion = clock.schedule(periods * clock.frequency // hertz, self._converted)

    def _converted(self) -> None:
        self._conversion = None
        self._convert(self._sequence.pop(0))
        if self._conversion is None and self._proceeds():
            if self._nobody_looks:
                self._parked = True
            else:
                self._begin()

    def _halt(self) -> None:
        """No conversion is under way."""
        if self._conversion is not None:
            self.services.clock.cancel(self._conversion)
            self._conversion = None
        self._sequence = []
        self._parked = False

    def _catch_up(self) -> None:
        if self._parked:
            self._convert(self._sequence.pop(0))
            self._parked = self._proceeds()

    def _unpark(self) -> None:
        if self._parked and not self._nobody_looks:
            self._parked = False
            self._begin()


class VoltageConverter(AdcConverter):
    """A converter that is fed with millivolts; ``reference_voltage`` in volts is its full scale.

    Those of F0 and later, with the same flags in ISR and IER and the same DR (RM0091 13.12, RM0433 25.6). A subclass
    declares the registers, and sets ``_started`` and ``_held`` in ``_halt``.
    """

    flags: Register
    """ISR."""
    _enables: Register
    _data: Field
    _exten: Field
    _overwrite: Field
    _continuous: Field
    _enabled: bool
    _started: bool
    _held: bool  # the next conversion comes when the data is read

    RENODE_MEMBERS = ("FeedVoltageSampleToChannel", "SetDefaultValue")

    def __init__(self, services: Services, name: str, channels: int, reference_voltage: float) -> None:
        super().__init__(services, name, channels)
        if reference_voltage <= 0:
            raise CrosscamError(f"{name}: referenceVoltage is {reference_voltage} V, expected more than 0")
        self._full_scale = reference_voltage * 1000

    def set_default_value(self, millivolts: float, channel: Channel | None = None) -> None:
        """``millivolts`` on one channel, or on all."""
        for analog in self._inputs if channel is None else [self._input(channel)]:
            analog.default = float(millivolts)

    def feed_voltage_sample_to_channel(self, channel: Channel, value: float | str, repeat: Repeat = 1) -> None:
        """Millivolts for the next ``repeat`` conversions of a channel, or a file with one number a conversion."""
        self._feed(channel, value, repeat)

    def _sample(self, channel: int, full: int) -> int:
        """What a conversion of ``channel`` gives where ``full`` stands for the reference voltage."""
        return min(full, max(0, round(self._inputs[channel].take() / self._full_scale * full)))

    # What a family says besides

    def _forget(self) -> None:
        """As after power-on, but for registers and inputs."""
        raise NotImplementedError

    def _triggered(self) -> None:
        """Begin a sequence, or in discontinuous mode go on with it."""
        raise NotImplementedError

    def _await_trigger(self) -> None:
        """ADSTART with a trigger selected: it comes by itself, or on an input."""

    # Conversions

    def reset(self) -> None:
        """Registers to reset values; what is on the inputs stays."""
        super().reset()
        self._forget()
        self._update()

    def _start(self) -> None:
        """ADSTART."""
        if not self._enabled:
            self.log.warning("ADSTART while ADEN is 0: ignored")
        elif not self._started:
            self._started = True
            if self._exten.value:
                self._await_trigger()
            else:
                self._triggered()

    def _finish(self, code: int) -> bool:
        """A conversion gave ``code``: data and flags; True when it or the one before was lost (OVR)."""
        lost = bool(self.flags.raw & EOC)
        if lost:
            self.flags.raw |= OVR
        if not lost or self._overwrite:
            self._data.value = code
        self.flags.raw |= EOSMP | EOC
        if not self._sequence:
            self.flags.raw |= EOS
            if not self._continuous and not self._exten.value:
                self._started = False
        self._update()
        return lost

    def _data_taken(self) -> None:
        if self._held:
            self._held = False
            self._begin()

    def _take(self) -> int:
        """DR is read."""
        self.flags.raw &= ~EOC
        self._data_taken()
        self._update()
        return self._data.value

    def _flags_cleared(self, written: int) -> None:
        """ISR was written."""
        if written & EOC:
            self._data_taken()
        self._update()

    def _update(self) -> None:
        self.irq.set(bool(self.flags.raw & self._enables.raw))
