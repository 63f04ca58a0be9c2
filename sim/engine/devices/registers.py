"""Declared register banks.

A device lists its registers once, with fields, reset values and side effects; reads, writes, read-only and
write-one-to-clear bits follow from the declaration::

    bank = RegisterBank(self)
    cr1 = bank.register(0x00, "CR1", reset=0)
    self.enabled = cr1.flag(0, "UE")
    self.txe_irq = cr1.flag(7, "TXEIE", on_write=self._update)
    isr = bank.register(0x1C, "ISR")
    isr.value_from(self._status)                    # computed, read-only
    bank.register(0x24, "RDR").field(0, 9, "RDR", read=self._pop)

Bits no field declares are kept out of the stored value and a write to them is logged at debug level; an offset
nobody declared is logged as a warning and reads 0.
"""

from __future__ import annotations

import enum
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sim.engine.devices.base import Device


class Mode(enum.Enum):
    """How software may use a field."""

    READ_WRITE = "rw"
    READ = "r"
    WRITE = "w"
    WRITE_ONE_TO_CLEAR = "w1c"
    WRITE_ONE_TO_SET = "w1s"
    READ_TO_CLEAR = "rc"


class Field:
    """``width`` bits at ``lsb`` of a register. ``value`` is what the device sees and sets."""

    __slots__ = (
        "lsb",
        "mask",
        "mode",
        "name",
        "on_change",
        "on_write",
        "read",
        "reset_value",
        "value",
        "width",
    )

    def __init__(
        self,
        lsb: int,
        width: int,
        name: str,
        mode: Mode,
        reset: int,
        read: Callable[[], int] | None,
        on_write: Callable[[int], None] | None,
        on_change: Callable[[int, int], None] | None,
    ) -> None:
        self.lsb, self.width, self.name, self.mode = lsb, width, name, mode
        self.mask = (1 << width) - 1
        self.reset_value = reset
        self.value = reset
        self.read, self.on_write, self.on_change = read, on_write, on_change

    def __bool__(self) -> bool:
        return bool(self.value)

    def __int__(self) -> int:
        return self.value


class Register:
    """A 32-bit (or narrower) register made of fields."""

    def __init__(self, offset: int, name: str, reset: int) -> None:
        self.offset, self.name, self.reset_value = offset, name, reset
        self.fields: list[Field] = []
        self._writable = 0
        self._known = 0
        self._after_write: Callable[[int], None] | None = None
        self._value_from: Callable[[], int] | None = None

    def field(
        self,
        lsb: int,
        width: int,
        name: str,
        mode: Mode = Mode.READ_WRITE,
        *,
        read: Callable[[], int] | None = None,
        on_write: Callable[[int], None] | None = None,
        on_change: Callable[[int, int], None] | None = None,
    ) -> Field:
        """Declare a field.

        ``read`` computes its value at each read; ``on_write(written)`` runs on every write, ``on_change(old, new)``
        only when the stored value changed. Callbacks run after all fields of the register have their new values.
        """
        mask = (1 << width) - 1
        made = Field(lsb, width, name, mode, (self.reset_value >> lsb) & mask, read, on_write, on_change)
        if self._known & (mask << lsb):
            raise ValueError(f"{self.name}.{name} overlaps a field declared before")
        self._known |= mask << lsb
        if mode is not Mode.READ and mode is not Mode.READ_TO_CLEAR:
            self._writable |= mask << lsb
        self.fields.append(made)
        return made

    def flag(
        self,
        bit: int,
        name: str,
        mode: Mode = Mode.READ_WRITE,
        *,
        read: Callable[[], int] | None = None,
        on_write: Callable[[int], None] | None = None,
        on_change: Callable[[int, int], None] | None = None,
    ) -> Field:
        """A field of one bit."""
        return self.field(bit, 1, name, mode, read=read, on_write=on_write, on_change=on_change)

    def storage(self, mask: int = 0xFFFFFFFF) -> Field:
        """Bits kept for software and without effect in this model (pull-ups, slew rates)."""
        width = mask.bit_length()
        return self.field(0, width, self.name)

    def value_from(self, compute: Callable[[], int]) -> Register:
        """The whole register is computed at each read."""
        self._value_from = compute
        return self

    def after_write(self, action: Callable[[int], None]) -> Register:
        """Run ``action(written)`` once after the fields and their callbacks."""
        self._after_write = action
        return self

    def reset(self) -> None:
        """Fields back to their reset values; no callback runs."""
        for field in self.fields:
            field.value = field.reset_value

    @property
    def value(self) -> int:
        """What software would read now, without side effects of the read."""
        if self._value_from is not None:
            return self._value_from()
        result = 0
        for field in self.fields:
            if field.mode is not Mode.WRITE:
                result |= (field.value & field.mask) << field.lsb
        return result

    def read(self) -> int:
        """A bus read, side effects included."""
        if self._value_from is not None:
            return self._value_from()
        result = 0
        for field in self.fields:
            if field.read is not None:
                field.value = field.read() & field.mask
            if field.mode is not Mode.WRITE:
                result |= field.value << field.lsb
            if field.mode is Mode.READ_TO_CLEAR:
                field.value = 0
        return result

    def write(self, value: int) -> int:
        """A bus write. Returns the bits written as one that no field takes."""
        pending: list[tuple[Field, int, int]] = []
        for field in self.fields:
            written = (value >> field.lsb) & field.mask
            old = field.value
            if field.mode is Mode.READ_WRITE or field.mode is Mode.WRITE:
                field.value = written
            elif field.mode is Mode.WRITE_ONE_TO_CLEAR:
                field.value = old & ~written
            elif field.mode is Mode.WRITE_ONE_TO_SET:
                field.value = old | written
            else:
                continue
            if field.on_write is not None or field.on_change is not None:
                pending.append((field, old, written))
        for field, old, written in pending:
            if field.on_write is not None:
                field.on_write(written)
            if field.on_change is not None and field.value != old:
                field.on_change(old, field.value)
        if self._after_write is not None:
            self._after_write(value)
        return value & ~self._writable


class RegisterBank:
    """The registers of one device window; narrow accesses are widened to the 32-bit register."""

    def __init__(self, device: Device) -> None:
        self._device = device
        self._registers: dict[int, Register] = {}

    def register(self, offset: int, name: str, reset: int = 0) -> Register:
        """Declare the register at ``offset`` (a multiple of four)."""
        if offset % 4 or offset in self._registers:
            raise ValueError(
                f"{self._device.name}: register {name} at 0x{offset:X} is misaligned or declared twice"
            )
        made = self._registers[offset] = Register(offset, name, reset)
        return made

    def __getitem__(self, offset: int) -> Register:
        return self._registers[offset]

    def reset(self) -> None:
        """All registers back to their reset values."""
        for register in self._registers.values():
            register.reset()

    def read(self, offset: int, width: int) -> int:
        """Bus read of 1, 2 or 4 bytes."""
        register = self._registers.get(offset & ~3)
        if register is None:
            self._device.log.warning("read of undeclared register 0x%X", offset)
            return 0
        value = register.read()
        return value if width == 4 else (value >> 8 * (offset & 3)) & ((1 << 8 * width) - 1)

    def write(self, offset: int, width: int, value: int) -> None:
        """Bus write of 1, 2 or 4 bytes; a narrow write keeps the register's other bytes."""
        register = self._registers.get(offset & ~3)
        if register is None:
            self._device.log.warning("write of undeclared register 0x%X, value 0x%X", offset, value)
            return
        if width != 4:
            shift = 8 * (offset & 3)
            lane = ((1 << 8 * width) - 1) << shift
            value = (register.value & ~lane) | ((value << shift) & lane)
        ignored = register.write(value & 0xFFFFFFFF)
        if ignored:
            self._device.log.debug("write to %s: bits 0x%X are not modelled", register.name, ignored)
