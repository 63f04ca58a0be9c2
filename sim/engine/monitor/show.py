"""Results as the monitor prints them."""

from __future__ import annotations

import enum

from sim.engine.cortex_m.register_file import RegisterValue
from sim.engine.devices.base import Device

_ROW = 10  # items of a list in a row, as Renode prints them: a Python list can be read from it


class NumberMode(enum.Enum):
    """How the monitor shows whole numbers."""

    Hexadecimal = "hexadecimal"
    Decimal = "decimal"
    Both = "both"


def show(value: object, numbers: NumberMode = NumberMode.Hexadecimal) -> str:
    """``value`` as text: empty for nothing, numbers as ``numbers`` says."""
    if value is None:
        return ""
    if isinstance(value, str):
        return str(value)
    if isinstance(value, bool | RegisterValue):
        return str(value)
    if isinstance(value, int):
        return _number(value, numbers, getattr(value, "digits", 8))
    if isinstance(value, bytes | list | tuple):
        return _rows([_item(item, numbers) for item in value])
    if isinstance(value, enum.Enum):
        return str(value.name)
    if isinstance(value, Device):
        return f"{value.name} ({type(value).__name__})"
    return f"[{type(value).__name__}]" if type(value).__repr__ is object.__repr__ else str(value)


def _item(item: object, numbers: NumberMode) -> str:
    if isinstance(item, int) and not isinstance(item, bool):
        return _number(item, numbers, getattr(item, "digits", 2))
    return str(item)


def _number(value: int, numbers: NumberMode, digits: int) -> str:
    if numbers is NumberMode.Decimal or value < 0:
        return f"{value:d}"
    text = f"0x{value:0{digits}X}"
    return f"{text} ({value:d})" if numbers is NumberMode.Both else text


def _rows(items: list[str]) -> str:
    rows = ("".join(f"{item}, " for item in items[start : start + _ROW]) for start in range(0, len(items), _ROW))
    return "\n".join(["[", *rows, "]"])
