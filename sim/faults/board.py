"""The board as faults get at it: parts by path, a device's methods with something put in front of them."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, TypeVar

from sim.engine.devices.base import Device
from sim.engine.machine import Machine
from sim.engine.scripting.peripheral import PythonPeripheral
from sim.errors import CrosscamError, shown

Part = TypeVar("Part", bound=Device)
_PLACE = re.compile(
    r"(?P<base>[A-Za-z_.$][\w.$]*|0[xX][0-9A-Fa-f]+|\d+)(?:\+(?P<offset>0[xX][0-9A-Fa-f]+|\d+))?", re.ASCII
)


@dataclass(frozen=True)
class FaultBoard:
    """``camera`` is the path of the script that plays the camera, ``uart`` that of the console."""

    machine: Machine
    camera: str = "sysbus.ov7670"
    uart: str = "sysbus.usart3"

    def device(self, path: str, kind: type[Part]) -> Part:
        """The device at a Renode path; CrosscamError when there is none, or one of another kind."""
        device = self.machine[path]
        if not isinstance(device, kind):
            raise CrosscamError(f"{shown(path, 60)} is a {type(device).__name__}: the fault wants a {kind.__name__}")
        return device

    def script(self, path: str) -> PythonPeripheral:
        """The scripted device at a Renode path."""
        return self.device(path, PythonPeripheral)

    def only(self, path: str, kind: type[Part]) -> Part:
        """The device at ``path``; without one, the only device of the kind that the board has."""
        if path:
            return self.device(path, kind)
        found = {name: each for name, each in self.machine.devices.items() if isinstance(each, kind)}
        if len(found) != 1:
            there = f"expected device= one of {', '.join(sorted(found))}" if found else "this board has none"
            raise CrosscamError(f"which {kind.__name__}? {there}")
        return next(iter(found.values()))

    def address(self, place: str) -> int:
        """A number, a symbol of the firmware, ``sp``, or one of these with +OFFSET."""
        found = _PLACE.fullmatch(place)
        if found is None:
            raise CrosscamError(
                f"{shown(place, 60)}: no place in memory: expected an address, a symbol or sp, and +OFFSET"
            )
        base, offset = found["base"], int(found["offset"] or "0", 0)
        if base[0].isdigit():
            return int(base, 0) + offset
        return (self.machine.cpu.sp if base == "sp" else self.machine.symbols.address_of(base)) + offset

    def later(self, milliseconds: int, *actions: Callable[[], None]) -> None:
        """Do ``actions`` after so much virtual time; 0 means never: what has begun stays."""
        clock = self.machine.clock
        for action in actions if milliseconds else ():
            clock.schedule(clock.cycles(Fraction(milliseconds, 1000)), action)


def put_before(part: object, method: str, instead: Callable[..., Any]) -> Callable[[], None]:
    """``instead(original, *arguments)`` answers for a method of a part of the machine; the function returned ends that.

    Several may stand before one method; each gets the one that was there before it. An earlier one that ends lets
    everything through, wherever it stands.
    """
    original = getattr(part, method)
    ended = False

    def answer(*arguments: Any) -> Any:
        return original(*arguments) if ended else instead(original, *arguments)

    def end() -> None:
        nonlocal ended
        ended = True
        if vars(part).get(method) is answer:
            setattr(part, method, original)

    setattr(part, method, answer)
    return end
