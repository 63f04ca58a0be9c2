"""GPIO port of nRF52840 (PS 6.9): 32 pins, their levels, what senses them.

As Renode's ``GPIOPort.NRF52840_GPIO``, whose window begins at the chip's offset 0x500. Beyond it: pulls, pins whose
input is disconnected read 0, open-drain and open-source drives, SENSE with LATCH and DETECT.
"""

from __future__ import annotations

from functools import partial

from sim.engine.devices.base import Services
from sim.engine.devices.event import EventHandlers
from sim.engine.devices.registers import Mode, RegisterDevice

_PINS = 32
_OUTPUT, _DISCONNECTED = 1 << 0, 1 << 1
_PULL_DOWN, _PULL_UP = 1, 3
_OPEN_SOURCE, _OPEN_DRAIN = (4, 5), (6, 7)  # DRIVE: D0x, S0D1
_SENSE_HIGH, _SENSE_LOW = 2, 3


class NrfGpio(RegisterDevice):
    """Outputs 0..31 are the levels of the pins; input n means that something outside drives pin n.

    ``changed(pin, level)`` tells each change of a pin, ``detected`` a rise of DETECT.
    """

    RENODE_TYPES = ("GPIOPort.NRF52840_GPIO",)
    size = 0x300

    def __init__(self, services: Services, name: str) -> None:
        super().__init__(services, name)
        self._pads = [self.add_output(pin) for pin in range(_PINS)]
        self.changed: EventHandlers[[int, bool]] = EventHandlers()
        self.detected: EventHandlers[[]] = EventHandlers()
        self._outside: dict[int, bool] = {}  # what drives pins from outside
        self._taken: dict[int, bool] = {}  # pins that GPIOTE drives
        self._levels = 0
        self._detect = False
        bank = self.bank
        self._out = bank.register(0x04, "OUT").storage().after_write(lambda _: self._refresh())
        self._change_bits(0x08, "OUTSET", self._out.offset, clears=False)
        self._change_bits(0x0C, "OUTCLR", self._out.offset, clears=True)
        bank.register(0x10, "IN").value_from(lambda: self._levels & ~self._disconnected())
        self._dir = bank.register(0x14, "DIR").value_from(self._directions).after_write(self._direct)
        self._dir.field(0, 32, "DIR", Mode.WRITE)
        for offset, register, clears in ((0x18, "DIRSET", False), (0x1C, "DIRCLR", True)):
            declared = bank.register(offset, register).value_from(self._directions)
            declared.field(0, 32, register, Mode.WRITE)
            declared.after_write(partial(self._redirect, clears))
        self._latch = bank.register(0x20, "LATCH").after_write(lambda _: self._sense())
        self._latch.field(0, 32, "LATCH", Mode.WRITE_ONE_TO_CLEAR)
        self._latched = bank.register(0x24, "DETECTMODE").flag(0, "DETECTMODE")
        self._configurations = [
            bank.register(0x200 + 4 * pin, f"PIN_CNF[{pin}]", _DISCONNECTED).storage(0x3070F) for pin in range(_PINS)
        ]
        for configuration in self._configurations:
            configuration.after_write(lambda _: self._refresh())

    def reset(self) -> None:
        super().reset()
        self._taken.clear()
        self._refresh()

    def on_gpio(self, number: int, value: bool) -> None:
        """Something outside drives pin ``number``."""
        if not 0 <= number < _PINS:
            self.log.error("signal on pin %d: there are 0 to %d", number, _PINS - 1)
            return
        self._outside[number] = value
        self._refresh()

    def level(self, pin: int) -> bool:
        """The level of a pin."""
        return bool(self._levels >> pin & 1)

    def take(self, pin: int, level: bool | None) -> None:
        """GPIOTE drives a pin, or (None) lets it go."""
        if level is None:
            self._taken.pop(pin, None)
        else:
            self._taken[pin] = level
        self._refresh()

    # Registers

    def _change_bits(self, offset: int, name: str, target: int, *, clears: bool) -> None:
        def written(value: int) -> None:
            register = self.bank[target]
            register.raw = register.raw & ~value if clears else register.raw | value
            self._refresh()

        declared = self.bank.register(offset, name).value_from(lambda: self.bank[target].raw)
        declared.field(0, 32, name, Mode.WRITE)
        declared.after_write(written)

    def _directions(self) -> int:
        return sum((each.raw & _OUTPUT) << pin for pin, each in enumerate(self._configurations))

    def _direct(self, written: int) -> None:
        for pin, configuration in enumerate(self._configurations):
            configuration.raw = configuration.raw & ~_OUTPUT | written >> pin & 1
        self._refresh()

    def _redirect(self, clears: bool, written: int) -> None:
        old = self._directions()
        self._direct(old & ~written if clears else old | written)

    def _disconnected(self) -> int:
        return sum(bool(each.raw & _DISCONNECTED) << pin for pin, each in enumerate(self._configurations))

    # Levels

    def _pin_level(self, pin: int) -> bool:
        configuration = self._configurations[pin].raw
        pull, drive = configuration >> 2 & 3, configuration >> 8 & 7
        outside = self._outside.get(pin, pull == _PULL_UP)
        if pin in self._taken:
            return self._taken[pin]
        if not configuration & _OUTPUT:
            return outside
        wanted = bool(self._out.raw >> pin & 1)
        if (wanted and drive in _OPEN_DRAIN) or (not wanted and drive in _OPEN_SOURCE):
            return self._outside.get(pin, wanted)  # such lines have their pull on the board
        return wanted

    def _refresh(self) -> None:
        for pin in range(_PINS):
            level = self._pin_level(pin)
            if level != self.level(pin):
                self._levels ^= 1 << pin
                self._pads[pin].set(level)
                self.changed(pin, level)
        self._sense()

    def _sense(self) -> None:
        """LATCH and DETECT: pins whose level is the one their SENSE waits for."""
        met = 0
        for pin, configuration in enumerate(self._configurations):
            sense = configuration.raw >> 16 & 3
            if (sense == _SENSE_HIGH and self.level(pin)) or (sense == _SENSE_LOW and not self.level(pin)):
                met |= 1 << pin
        self._latch.raw |= met
        detect = bool(self._latch.raw if self._latched else met)
        if detect and not self._detect:
            self.detected()
        self._detect = detect
