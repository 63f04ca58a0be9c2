"""The rings of an M_CAN: receive FIFOs and the transmit event FIFO, whose elements lie in the message RAM."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from sim.engine.devices.registers import Field, Mode, RegisterBank


@dataclass(frozen=True, slots=True)
class RingOffsets:
    """Where a ring's registers are."""

    configuration: int
    status: int
    acknowledge: int


class Ring:
    """A FIFO of the message RAM.

    ``flags``: its four bits of IR, lowest first: new, watermark, full, lost. ``raise_flags`` sets bits of IR.
    """

    def __init__(
        self, bank: RegisterBank, name: str, offsets: RingOffsets, flags: int, raise_flags: Callable[[int], None]
    ) -> None:
        self._first_flag, self._raise = flags, raise_flags
        configuration = bank.register(offsets.configuration, f"{name}C")
        self._address = configuration.field(2, 14, "SA")
        self._size = configuration.field(16, 7, "S")
        self._watermark = configuration.field(24, 7, "WM")
        self._overwrite: Field = configuration.flag(31, "OM")
        bank.register(offsets.status, f"{name}S").value_from(self._status)
        bank.register(offsets.acknowledge, f"{name}A").field(0, 6, "AI", on_write=self._acknowledge)
        bank[offsets.status].field(0, 32, "S", Mode.READ)
        self.clear()

    def clear(self) -> None:
        """Empty, as CCE makes it."""
        self._get = self._count = 0
        self._lost = False

    @property
    def put_index(self) -> int:
        """Where the next element goes."""
        return (self._get + self._count) % self._size.value if self._size.value else 0

    @property
    def full(self) -> bool:
        """No room is left."""
        return self._count >= self._size.value

    def place(self, element_bytes: int) -> int | None:
        """Address in the message RAM for a new element, counted in; None when it is lost."""
        if self.full and not (self._overwrite and self._size.value):
            self._lost = True
            self._raise(8 * self._first_flag)
            return None
        index = self.put_index
        if self.full:
            self._get = (self._get + 1) % self._size.value
            self._count -= 1
            self._lost = True
            self._raise(8 * self._first_flag)
        self._count += 1
        watermark = 0 < self._watermark.value == self._count
        self._raise(self._first_flag * (1 | watermark << 1 | self.full << 2))
        return self._address.value * 4 + index * element_bytes

    def forget_lost(self) -> None:
        """The lost flag of IR was cleared."""
        self._lost = False

    def _status(self) -> int:
        full = self.full and self._size.value > 0
        return self._count | self._get << 8 | self.put_index << 16 | full << 24 | self._lost << 25

    def _acknowledge(self, index: int) -> None:
        size = self._size.value
        if not size or (index - self._get) % size >= self._count:
            return
        taken = (index - self._get) % size + 1
        self._get = (self._get + taken) % size
        self._count -= taken
