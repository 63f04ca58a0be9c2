"""GPIO port of the STM32F1, 16 pins, and the alternate functions' own registers (RM0008 chapter 9).

Outputs 0..15 are the levels of the pads; input n (``on_gpio``) means that something outside drives pad n. What an
alternate function drives arrives at ``local_receiver(pin)`` with the number of its timer as input, as in Renode.

Deviations from Renode's ``GPIOPort.STM32F1GPIOPort``, all as on the chip: ODR is a latch of its own and reaches the
pad only in output mode; an input with pull-up or pull-down (CNF = 2) has the level ODR says until somebody drives it;
an open-drain output at 1 lets go of the pad; an analog pad reads 0; LCKR's lock sequence works.
"""

from __future__ import annotations

from collections.abc import Sequence

from sim.engine.devices.base import Device, Services
from sim.engine.devices.pins.gpio_pads import ALL_PINS, PINS, GpioPads
from sim.engine.devices.registers import Mode, RegisterDevice
from sim.errors import CrosscamError

TIMERS = 18
_FLOATING = 0x44444444  # every pin an input (9.2.1)
_OPEN_DRAIN, _ALTERNATE = 1, 2  # bits of CNF in output mode


class _AlternateFunction:
    """What alternate functions say one pin should be; the last one that spoke counts."""

    def __init__(self, port: Stm32F1GpioPort, pin: int, inverted: set[int]) -> None:
        self._port, self._pin, self._inverted = port, pin, inverted
        self.level: bool | None = None

    def on_gpio(self, number: int, value: bool) -> None:
        """Timer ``number`` drives ``value``."""
        self.level = value != (number in self._inverted)
        self._port.refresh(1 << self._pin)


class Stm32F1GpioPort(GpioPads):
    """One port. ``inverted_af_pins`` lists ``[pin, timer, ...]``: timers whose output is complemented there."""

    RENODE_TYPES = ("GPIOPort.STM32F1GPIOPort",)

    def __init__(
        self, services: Services, name: str, *, inverted_af_pins: Sequence[Sequence[int]] | None = None
    ) -> None:
        super().__init__(services, name)
        inverted: list[set[int]] = [set() for _ in range(PINS)]
        for entry in inverted_af_pins or ():
            if not entry or not 0 <= entry[0] < PINS or not all(0 <= timer < TIMERS for timer in entry[1:]):
                raise CrosscamError(
                    f"{name}: invertedAFPins entry {list(entry)}: expected [pin 0..{PINS - 1}, timer 0..{TIMERS - 1}]"
                )
            inverted[entry[0]].update(entry[1:])
        self._functions = self._alternate = [_AlternateFunction(self, pin, inverted[pin]) for pin in range(PINS)]
        bank = self.bank
        self._crl = bank.register(0x00, "CRL", _FLOATING).storage().after_write(lambda _: self.refresh(ALL_PINS))
        self._crh = bank.register(0x04, "CRH", _FLOATING).storage().after_write(lambda _: self.refresh(ALL_PINS))
        bank.register(0x08, "IDR").value_from(self._input_data)
        self._declare_output(0x0C)
        bank.register(0x10, "BSRR").after_write(self._set_or_reset).field(0, 32, "BSRR", Mode.WRITE)
        bank.register(0x14, "BRR").after_write(lambda written: self._set_or_reset(written << PINS)).field(
            0, PINS, "BRR", Mode.WRITE
        )
        self._declare_lock(0x18)
        self.refresh(ALL_PINS)

    def mode(self, pin: int) -> tuple[int, int]:
        """MODE (0: input, else an output) and CNF of ``pin``."""
        bits = (self._crl, self._crh)[pin >> 3].raw >> 4 * (pin & 7) & 15
        return bits & 3, bits >> 2

    def write(self, offset: int, width: int, value: int) -> None:
        """A locked pin keeps its four bits of CRL or CRH (9.2.7)."""
        register = offset & ~3
        if self._locked and register in (0x00, 0x04):
            value = self._keeping(4, offset, width, value, first=2 * register)
        super().write(offset, width, value)

    def _level(self, pin: int) -> bool:
        mode, configuration = self.mode(pin)
        latch = bool(self._odr.raw >> pin & 1)
        outside = self._driven_to(pin)
        if not mode:
            return (configuration == _ALTERNATE and latch) if outside is None else outside
        wanted = self._alternate[pin].level if configuration & _ALTERNATE else latch
        if wanted and configuration & _OPEN_DRAIN:
            return True if outside is None else outside  # such lines have pull-ups on the board
        return bool(wanted)

    def _input_data(self) -> int:
        analog = sum(1 << pin for pin in range(PINS) if self.mode(pin) == (0, 0))
        return self._levels & ~analog


class _Port:
    """Which port a line of the multiplexer comes from."""

    def __init__(self, afio: Stm32F1Afio, port: int) -> None:
        self._afio, self._port = afio, port

    def on_gpio(self, number: int, value: bool) -> None:
        """Pin ``number`` of the port has changed."""
        self._afio.pin_changed(self._port, number, value)


class Stm32F1Afio(RegisterDevice):
    """AFIO (RM0008 9.4): chooses, line by line, the port whose pin reaches the EXTI; remapping is kept, without effect.

    Output n is EXTI's line n. ``gpio_ports`` are the ports A, B, ... in this order.
    """

    RENODE_TYPES = ("GPIOPort.STM32F1AFIO",)

    def __init__(self, services: Services, name: str, *, gpio_ports: Sequence[Device]) -> None:
        super().__init__(services, name)
        self._lines = [self.add_output(pin) for pin in range(PINS)]
        self._levels = [[False] * PINS for _ in gpio_ports]
        bank = self.bank
        bank.register(0x00, "EVCR").storage(0xFF)
        bank.register(0x04, "MAPR").storage()
        self._choices = [bank.register(0x08 + 4 * index, f"EXTICR{index + 1}") for index in range(4)]
        for register in self._choices:
            register.storage(0xFFFF).after_write(lambda _: self._refresh())
        bank.register(0x1C, "MAPR2").storage()
        for index, port in enumerate(gpio_ports):
            receiver = _Port(self, index)
            for pin in range(PINS):
                if pin in port.outputs:
                    port.outputs[pin].connect(receiver, pin)

    def reset(self) -> None:
        """Port A on every line."""
        super().reset()
        self._refresh()

    def pin_changed(self, port: int, pin: int, value: bool) -> None:
        """Pin ``pin`` of ``port`` has the level ``value``."""
        self._levels[port][pin] = value
        if self._choice(pin) == port:
            self._lines[pin].set(value)

    def _choice(self, pin: int) -> int:
        return self._choices[pin >> 2].raw >> 4 * (pin & 3) & 15

    def _refresh(self) -> None:
        for pin, line in enumerate(self._lines):
            port = self._choice(pin)
            line.set(port < len(self._levels) and self._levels[port][pin])
