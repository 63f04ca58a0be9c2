"""GPIO port of the STM32F1, 16 pins, and the alternate functions' own registers (RM0008 chapter 9).

Outputs 0..15 are the levels of the pads; input n (``on_gpio``) means that something outside drives pad n. What an
alternate function drives arrives at ``local_receiver(pin)`` with the number of its timer as input, as in Renode.

Deviations from Renode's ``GPIOPort.STM32F1GPIOPort``, all as on the chip: ODR is a latch of its own and reaches the
pad only in output mode; an input with pull-up or pull-down (CNF = 2) has the level ODR says until somebody drives it;
an open-drain output at 1 lets go of the pad; an analog pad reads 0; LCKR's lock sequence works.
"""

from __future__ import annotations

from collections.abc import Sequence

from sim.engine.devices.base import Device, GpioReceiver, Services
from sim.engine.devices.registers import Mode, RegisterDevice
from sim.errors import CrosscamError

PINS = 16
TIMERS = 18
_ALL = (1 << PINS) - 1
_FLOATING = 0x44444444  # every pin an input (9.2.1)
_OPEN_DRAIN, _ALTERNATE = 1, 2  # bits of CNF in output mode
_LOCK_KEY = 1 << 16


class _AlternateFunction:
    """What alternate functions say one pin should be; the last one that spoke counts."""

    def __init__(self, port: Stm32F1GpioPort, pin: int, inverted: set[int]) -> None:
        self._port, self._pin, self._inverted = port, pin, inverted
        self.level: bool | None = None

    def on_gpio(self, number: int, value: bool) -> None:
        """Timer ``number`` drives ``value``."""
        self.level = value != (number in self._inverted)
        self._port.refresh(1 << self._pin)


class Stm32F1GpioPort(RegisterDevice):
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
        self._pads = [self.add_output(pin) for pin in range(PINS)]
        self._functions = [_AlternateFunction(self, pin, inverted[pin]) for pin in range(PINS)]
        self._driven = self._outside = self._levels = 0  # pads driven from outside, their levels, levels as last told
        self._lock_step = self._lock_pins = self._locked = 0
        bank = self.bank
        self._crl = bank.register(0x00, "CRL", _FLOATING).storage().after_write(lambda _: self.refresh(_ALL))
        self._crh = bank.register(0x04, "CRH", _FLOATING).storage().after_write(lambda _: self.refresh(_ALL))
        bank.register(0x08, "IDR").value_from(self._input_data)
        self._odr = bank.register(0x0C, "ODR")
        self._odr.field(0, PINS, "ODR", on_change=lambda old, new: self.refresh(old ^ new))
        bank.register(0x10, "BSRR").after_write(self._set_or_reset).field(0, 32, "BSRR", Mode.WRITE)
        bank.register(0x14, "BRR").after_write(lambda written: self._set_or_reset(written << PINS)).field(
            0, PINS, "BRR", Mode.WRITE
        )
        lock = bank.register(0x18, "LCKR").value_from(lambda: self._locked)
        lock.field(0, 17, "LCK", Mode.WRITE)
        lock.after_write(self._lock_written)
        self.refresh(_ALL)

    def mode(self, pin: int) -> tuple[int, int]:
        """MODE (0: input, else an output) and CNF of ``pin``."""
        bits = (self._crl, self._crh)[pin >> 3].raw >> 4 * (pin & 7) & 15
        return bits & 3, bits >> 2

    def local_receiver(self, index: int) -> GpioReceiver:
        """Where alternate functions drive pin ``index``."""
        if not 0 <= index < PINS:
            raise CrosscamError(f"{self.name}: there is no pin {index}, expected 0 to {PINS - 1}")
        return self._functions[index]

    def on_gpio(self, number: int, value: bool) -> None:
        """Something outside drives pad ``number``."""
        if not 0 <= number < PINS:
            self.log.error("signal on pin %d: there are 0 to %d", number, PINS - 1)
            return
        bit = 1 << number
        self._driven |= bit
        self._outside = self._outside | bit if value else self._outside & ~bit
        self.refresh(bit)

    def write(self, offset: int, width: int, value: int) -> None:
        """A locked pin keeps its four bits of CRL or CRH (9.2.7)."""
        register = offset & ~3
        if self._locked and register in (0x00, 0x04):
            kept = sum(15 << 4 * pin for pin in range(8) if self._locked >> pin + 2 * register & 1)
            shift = 8 * (offset & 3)
            value = (value & ~(kept >> shift) | (self.bank[register].raw & kept) >> shift) & ((1 << 8 * width) - 1)
        super().write(offset, width, value)

    def reset(self) -> None:
        """Registers to reset values; what drives the pads from outside stays."""
        super().reset()
        self._lock_step = self._locked = 0
        self.refresh(_ALL)

    def refresh(self, pins: int) -> None:
        """Work out the levels of ``pins`` (a bit mask) and tell the outputs that changed."""
        for pin in range(PINS):
            bit = 1 << pin
            if pins & bit:
                level = self._level(pin)
                if level != bool(self._levels & bit):
                    self._levels ^= bit
                    self._pads[pin].set(level)

    def _level(self, pin: int) -> bool:
        mode, configuration = self.mode(pin)
        latch = bool(self._odr.raw >> pin & 1)
        outside = bool(self._outside >> pin & 1) if self._driven >> pin & 1 else None
        if not mode:
            return (configuration == _ALTERNATE and latch) if outside is None else outside
        wanted = self._functions[pin].level if configuration & _ALTERNATE else latch
        if wanted and configuration & _OPEN_DRAIN:
            return True if outside is None else outside  # such lines have pull-ups on the board
        return bool(wanted)

    def _input_data(self) -> int:
        analog = sum(1 << pin for pin in range(PINS) if self.mode(pin) == (0, 0))
        return self._levels & ~analog

    def _set_or_reset(self, written: int) -> None:
        """Where both are asked for, setting wins (9.2.5)."""
        old = self._odr.raw
        self._odr.raw = (old & ~(written >> PINS) | written) & _ALL
        self.refresh(old ^ self._odr.raw)

    def _lock_written(self, written: int) -> None:
        """LCKK = 1, 0, 1 with the same pins locks them until reset."""
        if self._locked:
            return
        pins = written & _ALL
        if self._lock_step and pins != self._lock_pins:
            self._lock_step = 0
        self._lock_pins = pins
        if written & _LOCK_KEY != (_LOCK_KEY, 0, _LOCK_KEY)[self._lock_step]:
            self._lock_step = 1 if written & _LOCK_KEY else 0  # it may be the first write of a new sequence
            return
        self._lock_step += 1
        if self._lock_step == 3:
            self._locked = _LOCK_KEY | pins


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
