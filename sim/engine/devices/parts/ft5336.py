"""Touch panel controller FT5336 of ST's discovery boards (FocalTech's data sheet; register names of ST's BSP).

As in Renode's ``Input.FT5336``: ``MoveTo x y``, ``Press``, ``Release`` from the monitor or a script, five points of
which the first is played, constructor parameters that swap or mirror the axes, ``MaxX``/``MaxY``, an interrupt pulse
for each change while the panel is touched. Beyond Renode, as on the chip: the register pointer moves on with each
byte, so a driver may read any number of bytes from anywhere; every register reads back what was written.
"""

from __future__ import annotations

from sim.engine.devices.base import Device, Services
from sim.engine.members import Int

_TD_STATUS, _FIRST_POINT, _POINT_SIZE, _POINTS = 0x02, 0x03, 6, 5
_FIRMWARE, _CHIP_ID, _VENDOR = 0xA6, 0xA8, 0x51
_UP, _CONTACT, _RESERVED = 1, 2, 3


class Ft5336(Device):
    """An I2C slave; ``max_x`` and ``max_y`` are the last coordinates of the display."""

    RENODE_TYPES = ("Input.FT5336",)
    RENODE_MEMBERS = ("MoveTo", "Press", "Release", "MaxX", "MaxY")
    SCRIPT_MEMBERS = ("Read", "Write", "FinishTransmission")

    def __init__(
        self,
        services: Services,
        name: str,
        *,
        is_rotated: bool = False,
        is_inverted_x: bool = False,
        is_inverted_y: bool = False,
    ) -> None:
        super().__init__(services, name)
        self.irq = self.add_output("IRQ")
        self.max_x = self.max_y = 0
        self._rotated, self._inverted_x, self._inverted_y = is_rotated, is_inverted_x, is_inverted_y
        self._forget()

    def _forget(self) -> None:
        self._registers = bytearray(256)
        self._registers[_CHIP_ID] = _VENDOR
        self._registers[_FIRMWARE] = 1
        self._pointer = 0
        self._event = _RESERVED
        self._x = self._y = 0
        self._show()

    def reset(self) -> None:
        self._forget()
        self.irq.set(False)

    # The host's side

    def move_to(self, x: Int, y: Int) -> None:
        """The finger is at (x, y) of the display."""
        x = self.max_x - x if self._inverted_x else x
        y = self.max_y - y if self._inverted_y else y
        self._x, self._y = (y, x) if self._rotated else (x, y)
        if self._touched:
            self._changed(_CONTACT)
        else:
            self._show()

    def press(self, button: object = None) -> None:
        """The finger touches the panel where it is."""
        self._changed(_CONTACT)

    def release(self, button: object = None) -> None:
        """The finger leaves the panel."""
        self._changed(_UP)

    @property
    def _touched(self) -> bool:
        return self._event == _CONTACT

    def _changed(self, event: int) -> None:
        self._event = event
        self._show()
        self.irq.pulse()

    def _show(self) -> None:
        """The registers of the points."""
        registers = self._registers
        registers[_TD_STATUS] = int(self._touched)
        for point in range(_POINTS):
            start = _FIRST_POINT + _POINT_SIZE * point
            event, x, y = (self._event, self._x, self._y) if point == 0 else (_RESERVED, 0, 0)
            registers[start : start + 4] = bytes(
                (event << 6 | x >> 8 & 0xF, x & 0xFF, point << 4 | y >> 8 & 0xF, y & 0xFF)
            )

    # The bus

    def write(self, data: bytes) -> None:  # type: ignore[override]  # an I2C transfer, not a bus write
        """The register's number, then what to write to it and the next ones."""
        if not data:
            return
        self._pointer = data[0]
        for byte in data[1:]:
            if 0 < self._pointer < _FIRST_POINT + _POINT_SIZE * _POINTS or self._pointer in (_CHIP_ID, _FIRMWARE):
                self.log.warning("register 0x%02X is read-only: 0x%02X ignored", self._pointer, byte)
            else:
                self._registers[self._pointer] = byte
            self._pointer = self._pointer + 1 & 0xFF

    def read(self, count: int = 1) -> bytes:  # type: ignore[override]  # an I2C transfer, not a bus read
        """Registers from the pointer on."""
        taken = bytes(self._registers[(self._pointer + index) & 0xFF] for index in range(count))
        self._pointer = self._pointer + count & 0xFF
        return taken

    def finish_transmission(self) -> None:
        """STOP on the bus; the pointer stays."""
