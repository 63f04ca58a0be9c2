"""Declared register banks.

A device lists its registers once, with fields, reset values and side effects; reads, writes, read-only and
write-one-to-clear bits follow from the declaration::

    bank = RegisterBank(self)
    cr1 = bank.register(0x00, "CR1", reset=0)
    self.enabled = cr1.flag(0, "UE")
    self.txe_irq = cr1.flag(7, "TXEIE", on_write=self._update)
    isr = bank.register(0x1C, "ISR")
    isr.value_from(self._status)                    # computed, read-only
    bank.register(0x24, "RDR").field(0, 9, "RDR", Mode.READ, read=self._pop)

A register keeps one integer; fields are views of it, so a read costs the same however many fields there are, and
only fields with a callback cost time on a write. Bits no field declares keep their reset value and a write to them
is logged at debug level; an offset nobody declared reads 0 and is logged as a warning, once an offset.
"""

from __future__ import annotations

import enum
from collections.abc import Callable

from sim.engine.devices.base import Device, Services
from sim.engine.wording import UNHANDLED_READ, UNHANDLED_WRITE

_WORD = 0xFFFFFFFF


class Mode(enum.Enum):
    """How software may use a field."""

    READ_WRITE = "rw"
    READ = "r"
    WRITE = "w"
    WRITE_ONE_TO_CLEAR = "w1c"
    WRITE_ZERO_TO_CLEAR = "w0c"
    WRITE_ONE_TO_SET = "w1s"
    READ_TO_CLEAR = "rc"


class Field:
    """``width`` bits at ``lsb`` of a register. ``value`` is what the device sees and sets."""

    __slots__ = ("_register", "lsb", "mask", "mode", "name", "on_change", "on_write", "placed", "read", "width")

    def __init__(
        self,
        register: Register,
        lsb: int,
        width: int,
        name: str,
        mode: Mode,
        read: Callable[[], int] | None,
        on_write: Callable[[int], None] | None,
        on_change: Callable[[int, int], None] | None,
    ) -> None:
        self._register = register
        self.lsb, self.width, self.name, self.mode = lsb, width, name, mode
        self.mask = (1 << width) - 1
        self.placed = self.mask << lsb
        self.read, self.on_write, self.on_change = read, on_write, on_change

    @property
    def value(self) -> int:
        """The stored bits, shifted down."""
        return self._register.raw >> self.lsb & self.mask

    @value.setter
    def value(self, value: int) -> None:
        register = self._register
        register.raw = register.raw & ~self.placed | (value & self.mask) << self.lsb

    @property
    def register(self) -> Register:
        """Whose bits these are."""
        return self._register

    @property
    def reset_value(self) -> int:
        """The bits after reset, shifted down."""
        return self._register.reset_value >> self.lsb & self.mask

    def __bool__(self) -> bool:
        return self._register.raw & self.placed != 0

    def __int__(self) -> int:
        return self.value


class Register:
    """A 32-bit (or narrower) register made of fields. ``raw`` holds every stored bit, write-only ones too."""

    def __init__(self, offset: int, name: str, reset: int) -> None:
        self.offset, self.name, self.reset_value = offset, name, reset
        self.fields: list[Field] = []
        self.raw = reset
        self._known = 0
        self._readable = _WORD
        self._stored = 0  # bits of each mode: names of their own, as this is where a device's time goes
        self._plain = 0  # bits a write simply replaces
        self._ones_clear = self._zeros_clear = self._ones_set = self._reads_clear = 0
        self._writable = 0
        self._computed: list[Field] = []
        self._watched: list[Field] = []
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

        ``read`` computes its value at each read; ``on_write(written)`` runs on every write that touches the field,
        ``on_change(old, new)`` only when the stored value changed. Callbacks run after all fields of the register
        have their new values.
        """
        made = Field(self, lsb, width, name, mode, read, on_write, on_change)
        if self._known & made.placed or made.placed > _WORD:
            raise ValueError(f"{self.name}.{name} overlaps a field declared before, or does not fit")
        self._declare(mode, made.placed)
        self.fields.append(made)
        if read is not None:
            self._computed.append(made)
        if on_write is not None or on_change is not None:
            self._watched.append(made)
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

    def storage(self, mask: int = _WORD) -> Register:
        """Bits kept for software and without effect in this model (slew rates, filters).

        ``mask`` may have holes; bits already declared as fields stay what they are.
        """
        self._declare(Mode.READ_WRITE, mask & ~self._known)
        return self

    def _declare(self, mode: Mode, placed: int) -> None:
        self._known |= placed
        if mode is Mode.READ_WRITE:
            self._stored |= placed
            self._plain |= placed
        elif mode is Mode.WRITE:
            self._plain |= placed
            self._readable &= ~placed
        elif mode is Mode.WRITE_ONE_TO_CLEAR:
            self._ones_clear |= placed
        elif mode is Mode.WRITE_ZERO_TO_CLEAR:
            self._zeros_clear |= placed
        elif mode is Mode.WRITE_ONE_TO_SET:
            self._ones_set |= placed
        elif mode is Mode.READ_TO_CLEAR:
            self._reads_clear |= placed
        if mode not in (Mode.READ, Mode.READ_TO_CLEAR):
            self._writable |= placed

    def value_from(self, compute: Callable[[], int]) -> Register:
        """The whole register is computed at each read."""
        self._value_from = compute
        return self

    def after_write(self, action: Callable[[int], None]) -> Register:
        """Run ``action(written)`` once after the fields and their callbacks.

        For a narrow write ``written`` has the other lanes of read-write fields as stored, of the others as 0.
        """
        self._after_write = action
        return self

    def reset(self) -> None:
        """Fields back to their reset values; no callback runs."""
        self.raw = self.reset_value

    @property
    def value(self) -> int:
        """What software would read now, without side effects of the read."""
        if self._value_from is not None:
            return self._value_from()
        return self.raw & self._readable

    def read(self, lanes: int = _WORD) -> int:
        """A bus read of the bits in ``lanes``, side effects included."""
        if self._value_from is not None:
            return self._value_from()
        for field in self._computed:
            if field.placed & lanes and field.read is not None:
                field.value = field.read()
        result = self.raw & self._readable
        self.raw &= ~(self._reads_clear & lanes)
        return result

    def write(self, value: int, lanes: int = _WORD) -> int:
        """A bus write of the bits in ``lanes``. Returns the bits written as one that no field takes."""
        old = self.raw
        plain = self._plain & lanes
        new = old & ~plain | value & plain
        new &= ~(value & self._ones_clear & lanes)
        new &= value | ~(self._zeros_clear & lanes)
        new |= value & self._ones_set & lanes
        self.raw = new
        if self._watched or self._after_write is not None:
            written = value & lanes | old & self._stored & ~lanes
            for field in self._watched:
                if not field.placed & lanes:
                    continue
                lsb, mask = field.lsb, field.mask
                if field.on_write is not None:
                    field.on_write(written >> lsb & mask)
                if field.on_change is not None and (old ^ new) & field.placed:
                    field.on_change(old >> lsb & mask, new >> lsb & mask)
            if self._after_write is not None:
                self._after_write(written)
        return value & lanes & ~self._writable


class RegisterBank:
    """The registers of one device window; narrow accesses touch only their own lanes of the 32-bit register."""

    def __init__(self, device: Device) -> None:
        self._device = device
        self._registers: dict[int, Register] = {}
        self._reported: set[tuple[int, str]] = set()

    def register(self, offset: int, name: str, reset: int = 0) -> Register:
        """Declare the register at ``offset`` (a multiple of four)."""
        if offset % 4 or offset in self._registers:
            raise ValueError(f"{self._device.name}: register {name} at 0x{offset:X} is misaligned or declared twice")
        made = self._registers[offset] = Register(offset, name, reset)
        return made

    def __getitem__(self, offset: int) -> Register:
        return self._registers[offset]

    def raw_values(self) -> list[int]:
        """The stored bits of every register, in the order of their declaration."""
        return [register.raw for register in self._registers.values()]

    def name_at(self, offset: int) -> str:
        """The name of the register that holds ``offset``; empty when none is declared there."""
        register = self._registers.get(offset & ~3)
        return register.name if register is not None else ""

    def reset(self) -> None:
        """All registers back to their reset values."""
        for register in self._registers.values():
            register.reset()

    def read(self, offset: int, width: int) -> int:
        """Bus read of 1, 2 or 4 bytes (8: two registers)."""
        register = self._registers.get(offset)
        if register is not None and width == 4:
            return register.read()
        if width == 8:
            return self.read(offset, 4) | self.read(offset + 4, 4) << 32
        register = self._registers.get(offset & ~3)
        shift = 8 * (offset & 3)
        if register is None or shift + 8 * width > 32:
            self._unhandled(UNHANDLED_READ, offset, width)
            return 0
        lanes = ((1 << 8 * width) - 1) << shift
        return (register.read(lanes) & lanes) >> shift

    def write(self, offset: int, width: int, value: int) -> None:
        """Bus write of 1, 2 or 4 bytes (8: two registers); a narrow write leaves the other lanes alone."""
        if width == 8:
            self.write(offset, 4, value & _WORD)
            self.write(offset + 4, 4, value >> 32)
            return
        register = self._registers.get(offset & ~3)
        shift = 8 * (offset & 3)
        if register is None or shift + 8 * width > 32:
            self._unhandled(UNHANDLED_WRITE, offset, width, value)
            return
        lanes = ((1 << 8 * width) - 1) << shift
        ignored = register.write(value << shift & lanes, lanes)
        if ignored:
            self._device.log.debug("write to %s: bits 0x%X are not modelled", register.name, ignored)

    def _unhandled(self, template: str, offset: int, width: int, *value: int) -> None:
        """One warning for each offset and direction; a polling loop must not flood the log."""
        key = (offset, template)
        if key in self._reported:
            return
        self._reported.add(key)
        note = f" {width} bytes: more than one register at once." if (offset & 3) + width > 4 else ""
        self._device.log.warning(template + note, offset, *value)


class RegisterDevice(Device):
    """A device whose whole window is one register bank."""

    def __init__(self, services: Services, name: str) -> None:
        super().__init__(services, name)
        self.bank = RegisterBank(self)

    def read(self, offset: int, width: int) -> int:
        return self.bank.read(offset, width)

    def write(self, offset: int, width: int, value: int) -> None:
        self.bank.write(offset, width, value)

    def reset(self) -> None:
        """Registers to their reset values; the subclass adds what lies outside of them."""
        self.bank.reset()
