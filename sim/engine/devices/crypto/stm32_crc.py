"""CRC calculation unit (RM0433 section 21): CRC_DR takes bytes, half-words and words, most significant bit first.

As Renode's ``CRC.STM32_CRC`` for the series it knows; CRC_IDR keeps what is written (Renode only tags it).
"""

from __future__ import annotations

from sim.engine.devices.base import Services
from sim.engine.devices.registers import Mode, RegisterDevice
from sim.errors import CrosscamError

_WIDTHS = (32, 16, 8, 7)
_DEFAULT_POLYNOMIAL, _DEFAULT_INIT = 0x04C11DB7, 0xFFFFFFFF
_SERIES = ("F0", "F4", "WBA")


def _reversed(value: int, bits: int) -> int:
    return int(f"{value:0{bits}b}"[::-1], 2)


class Stm32Crc(RegisterDevice):
    """``series`` is a name of Renode's STM32Series: F0, F4, WBA (H7 boards use F0 with ``configurable_poly``)."""

    RENODE_TYPES = ("CRC.STM32_CRC",)

    def __init__(self, services: Services, name: str, *, series: object, configurable_poly: bool = False) -> None:
        super().__init__(services, name)
        kind = str(series).rpartition(".")[2]
        if kind not in _SERIES:
            raise CrosscamError(f"{name}: series is {series}, expected STM32Series.{', STM32Series.'.join(_SERIES)}")
        fixed = kind == "F4"
        self._value = _DEFAULT_INIT
        self._independent = self.bank.register(0x04, "IDR").storage(0xFFFFFFFF if kind == "WBA" else 0xFF)
        control = self.bank.register(0x08, "CR").after_write(self._configured)
        control.flag(0, "RESET", Mode.WRITE)
        self._size = control.field(3, 2, "POLYSIZE", Mode.READ if fixed else Mode.READ_WRITE)
        self._reverse_in = control.field(5, 2, "REV_IN", Mode.READ if fixed else Mode.READ_WRITE)
        self._reverse_out = control.flag(7, "REV_OUT", Mode.READ if fixed else Mode.READ_WRITE)
        init = self.bank.register(0x10, "INIT", _DEFAULT_INIT)
        self._init = init.field(0, 32, "INIT", Mode.READ if fixed else Mode.READ_WRITE, on_write=self._restart)
        polynomial = self.bank.register(0x14, "POL", _DEFAULT_POLYNOMIAL)
        self._polynomial = polynomial.field(0, 32, "POL", Mode.READ_WRITE if configurable_poly else Mode.READ)

    def read(self, offset: int, width: int) -> int:
        if 0 <= offset < 4:
            value = self._value
            if self._reverse_out:
                value = _reversed(value, self._width)
            return value >> 8 * offset & ((1 << 8 * width) - 1)
        return self.bank.read(offset, width)

    def write(self, offset: int, width: int, value: int) -> None:
        if 0 <= offset < 4:
            self._update(value, 8 * width)
        else:
            self.bank.write(offset, width, value)

    def reset(self) -> None:
        super().reset()
        self._value = _DEFAULT_INIT

    @property
    def _width(self) -> int:
        return _WIDTHS[self._size.value]

    def _restart(self, value: int) -> None:
        self._value = self._init.value & ((1 << self._width) - 1)

    def _configured(self, written: int) -> None:
        if written & 1:
            self._restart(0)

    def _update(self, value: int, bits: int) -> None:
        group = min((0, 8, 16, 32)[self._reverse_in.value], bits)
        if group:
            mask = (1 << group) - 1
            value = sum(_reversed(value >> shift & mask, group) << shift for shift in range(0, bits, group))
        width = self._width
        top, mask = 1 << width - 1, (1 << width) - 1
        polynomial, crc = self._polynomial.value & mask, self._value
        for bit in range(bits - 1, -1, -1):
            feedback = bool(crc & top) != bool(value >> bit & 1)
            crc = (crc << 1) & mask ^ (polynomial if feedback else 0)
        self._value = crc
