"""What the GPIO ports of all STM32 families share: 16 pads, what drives them from outside, set and reset, the lock."""

from __future__ import annotations

from collections.abc import Sequence

from sim.engine.devices.base import GpioReceiver, Services
from sim.engine.devices.registers import Mode, Register, RegisterDevice
from sim.errors import CrosscamError

PINS = 16
ALL_PINS = (1 << PINS) - 1
_LOCK_KEY = 1 << 16


class GpioPads(RegisterDevice):
    """Outputs 0..15 are the levels of the pads; input n means that something outside drives pad n.

    A family declares its registers, ODR and LCKR by ``_declare_output`` and ``_declare_lock``, and sets ``_functions``:
    where alternate functions drive each pin.
    """

    def __init__(self, services: Services, name: str) -> None:
        super().__init__(services, name)
        self._pads = [self.add_output(pin) for pin in range(PINS)]
        self._functions: Sequence[GpioReceiver] = ()
        self._odr: Register
        self._driven = 0  # pads driven from outside
        self._outside = 0  # their levels
        self._levels = 0  # levels of all pads as last told
        self._lock_step = self._lock_pins = 0
        self._locked = 0

    def _declare_output(self, offset: int) -> None:
        self._odr = self.bank.register(offset, "ODR")
        self._odr.field(0, PINS, "ODR", on_change=lambda old, new: self.refresh(old ^ new))

    def _declare_lock(self, offset: int) -> None:
        lock = self.bank.register(offset, "LCKR").value_from(lambda: self._locked)
        lock.field(0, 17, "LCK", Mode.WRITE)
        lock.after_write(self._lock_written)

    # What a family says

    def _level(self, pin: int) -> bool:
        """The level of a pad, by its mode, its latch, its function and what drives it from outside."""
        raise NotImplementedError

    # Pads

    @property
    def levels(self) -> int:
        """Levels of the 16 pads."""
        return self._levels

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

    def reset(self) -> None:
        """Registers to reset values; what drives the pads from outside stays."""
        super().reset()
        self._lock_step = self._locked = 0
        self.refresh(ALL_PINS)

    def refresh(self, pins: int) -> None:
        """Work out the levels of ``pins`` (a bit mask) and tell the outputs that changed."""
        while pins:
            bit = pins & -pins
            pins ^= bit
            pin = bit.bit_length() - 1
            level = self._level(pin)
            if level != bool(self._levels & bit):
                self._levels ^= bit
                self._pads[pin].set(level)

    def _driven_to(self, pin: int) -> bool | None:
        """What drives a pad from outside; None: nothing."""
        return bool(self._outside >> pin & 1) if self._driven >> pin & 1 else None

    # Registers

    def _set_or_reset(self, written: int) -> None:
        """BSRR: where both are asked for, setting wins."""
        old = self._odr.raw
        self._odr.raw = old & ~(written >> PINS) | written & ALL_PINS
        self.refresh(old ^ self._odr.raw)

    def _lock_written(self, written: int) -> None:
        """LCKK = 1, 0, 1 with the same pin bits locks those pins until reset (RM0433 11.4.8, RM0008 9.2.7)."""
        if self._locked:
            return
        pins, key = written & ALL_PINS, written & _LOCK_KEY
        if self._lock_step and pins != self._lock_pins:
            self._lock_step = 0
        self._lock_pins = pins
        if key != (_LOCK_KEY, 0, _LOCK_KEY)[self._lock_step]:
            self._lock_step = 1 if key else 0  # it may be the first write of a new sequence
            return
        self._lock_step += 1
        if self._lock_step == 3:
            self._locked = _LOCK_KEY | pins

    def _keeping(self, bits: int, offset: int, width: int, value: int, first: int = 0) -> int:
        """``value`` as it may be written at ``offset`` of a register with ``bits`` for each pin from ``first`` on."""
        kept = 0
        for pin in range(first, PINS):
            place = bits * (pin - first)
            if self._locked >> pin & 1 and place < 32:
                kept |= ((1 << bits) - 1) << place
        shift = 8 * (offset & 3)
        old = self.bank[offset & ~3].raw
        return (value & ~(kept >> shift) | (old & kept) >> shift) & ((1 << 8 * width) - 1)
