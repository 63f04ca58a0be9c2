"""GPIO port, 16 pins (RM0433 section 11).

Outputs 0..15 are the levels of the pads; input n (``on_gpio``) means that something outside drives pad n. An
alternate function that drives a pin (``timer1: 0 -> gpioPortA#08@01`` in a .repl) arrives at ``local_receiver(pin)``
with the AF number as input.

Deviations from Renode's ``GPIOPort.STM32_GPIOPort``, all as on the chip: ODR is a latch of its own and reaches the
pad only in output mode (Renode keeps one state for ODR, IDR and pad whatever the mode); pull-ups and pull-downs
give an undriven pad its level; an open-drain output at 1 lets go of the pad (high unless something drives it low or
it is pulled down: such lines have pull-ups on the board); an analog pad reads 0; OTYPER, BRR-by-BSRR priority
(set wins) and LCKR's lock sequence work.

Not in Renode: a script may answer for inputs that change too often to be events (``show_inputs``), and ask whether
anybody would notice an edge (``is_heard``).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from sim.engine.devices.base import Services, hears
from sim.engine.devices.pins.gpio_pads import ALL_PINS, PINS, GpioPads
from sim.engine.devices.registers import Mode
from sim.errors import CrosscamError

_INPUT, _OUTPUT, _ALTERNATE, _ANALOG = range(4)


class AlternateFunctionPin:
    """What the alternate functions say one pin should be; counts only while that function is selected."""

    def __init__(self, port: Stm32GpioPort, pin: int, inverted: set[int]) -> None:
        self._port, self._pin, self._inverted = port, pin, inverted
        self.levels: dict[int, bool] = {}

    def on_gpio(self, number: int, value: bool) -> None:
        """Alternate function ``number`` drives ``value``."""
        self.levels[number] = value != (number in self._inverted)
        self._port.refresh(1 << self._pin)


class Stm32GpioPort(GpioPads):
    """One port. ``inverted_af_pins`` lists ``[pin, af, ...]``: functions whose output is complemented."""

    RENODE_TYPES = ("GPIOPort.STM32_GPIOPort",)
    SCRIPT_MEMBERS = ("ShowInputs", "IsHeard")

    def __init__(
        self,
        services: Services,
        name: str,
        *,
        mode_reset_value: int = 0,
        output_speed_reset_value: int = 0,
        pull_up_pull_down_reset_value: int = 0,
        number_of_afs: int = 16,
        inverted_af_pins: Sequence[Sequence[int]] | None = None,
    ) -> None:
        super().__init__(services, name)
        if not 1 <= number_of_afs <= 16:
            raise CrosscamError(f"{name}: numberOfAFs is {number_of_afs}, expected 1 to 16")
        inverted: list[set[int]] = [set() for _ in range(PINS)]
        for pin, *functions in inverted_af_pins or ():
            if not 0 <= pin < PINS or not all(0 <= function < number_of_afs for function in functions):
                raise CrosscamError(
                    f"{name}: invertedAFPins entry {[pin, *functions]}: expected [pin 0..15, AF 0..{number_of_afs - 1}]"
                )
            inverted[pin].update(functions)
        self._functions = self._alternate = [AlternateFunctionPin(self, pin, inverted[pin]) for pin in range(PINS)]
        self._shown: dict[str, tuple[Callable[[], object], int]] = {}  # who answers for inputs, and for which
        bank = self.bank
        self._moder = bank.register(0x00, "MODER", mode_reset_value).storage().after_write(self._configured)
        self._otyper = bank.register(0x04, "OTYPER").storage(ALL_PINS).after_write(self._configured)
        self._ospeedr = bank.register(0x08, "OSPEEDR", output_speed_reset_value).storage()
        self._pupdr = bank.register(0x0C, "PUPDR", pull_up_pull_down_reset_value).storage()
        self._pupdr.after_write(self._configured)
        bank.register(0x10, "IDR").value_from(self._input_data)
        self._declare_output(0x14)
        bsrr = bank.register(0x18, "BSRR").after_write(self._set_or_reset)
        bsrr.field(0, 32, "BSRR", Mode.WRITE)
        self._declare_lock(0x1C)
        self._afr = [bank.register(0x20 + 4 * half, f"AFR{'LH'[half]}").storage() for half in range(2)]
        for register in self._afr:
            register.after_write(self._configured)
        # L0, L4, F0, F3, G0, G4 (RM0432 8.4.11); the others have nothing there, and their firmware does not write it.
        bank.register(0x28, "BRR").after_write(lambda written: self._set_or_reset(written << PINS)).field(
            0, PINS, "BRR", Mode.WRITE
        )
        self.refresh(ALL_PINS)

    def mode(self, pin: int) -> int:
        """0 input, 1 output, 2 alternate function, 3 analog."""
        return self._moder.raw >> 2 * pin & 3

    def alternate_function(self, pin: int) -> int:
        """The AF number selected for ``pin`` (counts in mode 2)."""
        return self._afr[pin >> 3].raw >> 4 * (pin & 7) & 15

    def show_inputs(self, name: str, levels: Callable[[], object], pins: int) -> None:
        """Ask ``levels()`` for the bits ``pins`` of IDR whenever it is read, while the port itself drives none of them.

        Outputs and interrupts follow ``on_gpio`` alone. A second call with the same ``name`` replaces the first.
        """
        self._shown[name] = (levels, pins)

    def is_heard(self, number: int) -> bool:
        """Whether an edge of pad ``number`` would be noticed: by an interrupt line, or by whatever is wired to it."""
        return any(hears(receiver, there) for receiver, there in self._pads[number].targets)

    def _input_data(self) -> int:
        """IDR."""
        value = self._levels
        for levels, pins in self._shown.values():
            free = pins & ~self._pins_in(_OUTPUT) & ~self._pins_in(_ANALOG)
            if free:
                found = levels()
                value = value & ~free | (found if isinstance(found, int) else 0) & free
        return value & ~self._pins_in(_ANALOG)

    def write(self, offset: int, width: int, value: int) -> None:
        if self._locked and offset & ~3 in (0x00, 0x04, 0x08, 0x0C, 0x20, 0x24):
            self.log.debug("port is locked: write at 0x%X keeps the locked pins", offset)
            register = offset & ~3
            bits = 1 if register == 0x04 else 4 if register >= 0x20 else 2
            value = self._keeping(bits, offset, width, value, first=8 if register == 0x24 else 0)
        self.bank.write(offset, width, value)

    def _level(self, pin: int) -> bool:
        mode = self.mode(pin)
        outside = self._driven_to(pin)
        pull = self._pupdr.raw >> 2 * pin & 3
        wanted: bool | None = None
        if mode == _OUTPUT:
            wanted = bool(self._odr.raw >> pin & 1)
        elif mode == _ALTERNATE:
            wanted = self._alternate[pin].levels.get(self.alternate_function(pin))
        if wanted is not None:
            if not wanted or not self._otyper.raw >> pin & 1:
                return wanted
            return pull != 2 if outside is None else outside
        return pull == 1 if outside is None else outside

    def _pins_in(self, mode: int) -> int:
        return sum(1 << pin for pin in range(PINS) if self.mode(pin) == mode)

    def _configured(self, written: int) -> None:
        self.refresh(ALL_PINS)
