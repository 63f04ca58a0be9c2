"""Whether a read has changed a device: what it holds, as a list that can be compared."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping
from enum import Enum
from fractions import Fraction
from typing import Protocol, runtime_checkable

import numpy as np

from sim.engine.devices.base import Device
from sim.engine.native import NativeCounter

_PLAIN = (int, float, str, bytes, bool, type(None), Fraction, Enum)
_MODULES = ("sim.engine.devices.", "sim.engine.core.", "sim.engine.nvic")
_AT_MOST = 30_000
"""Values a device may hold; a larger one is never taken to be as it was."""


@runtime_checkable
class Polled(Protocol):
    """A device that knows better than ``state_of`` what its reads depend on."""

    def poll_state(self) -> list[object] | None:
        """What a read depends on and may change; None when that cannot be said."""

    def polled(self, times: int) -> None:
        """So many reads, one like the other, were not made."""


@runtime_checkable
class Counting(Protocol):
    """A device with a register that shows the time."""

    def counter(self, offset: int, width: int) -> NativeCounter | None:
        """How the register counts from now on; None when it does not, or reading it does more."""


def state_of(device: Device) -> list[object] | None:
    """All values ``device`` and the parts it is made of hold; other devices it knows count by identity.

    None when it would be too many.
    """
    return _values(device, [vars(device)])


def values_of(content: Iterable[object]) -> list[object] | None:
    """The same of values that are no device's, such as the globals of a script."""
    return _values(None, list(content))


def _values(root: object, start: list[object]) -> list[object] | None:
    found: list[object] = []
    seen: set[int] = set()
    stack = start
    while stack:
        value = stack.pop()
        if isinstance(value, _PLAIN):
            found.append(value)
        elif id(value) in seen:
            continue
        else:
            seen.add(id(value))
            if isinstance(value, bytearray | memoryview):
                found.append(bytes(value))
            elif isinstance(value, np.ndarray):
                found.append(value.tobytes())
            elif isinstance(value, Mapping):
                stack.extend(value.keys())
                stack.extend(value.values())
                found.append(len(value))
            elif isinstance(value, list | tuple | set | frozenset | deque):
                stack.extend(value)
                found.append(len(value))
            elif _is_part(value, root):
                stack.extend(_members(value))
            else:
                found.append(id(value))
        if len(found) > _AT_MOST:
            return None
    return found


def _is_part(value: object, root: object) -> bool:
    return value is not root and not isinstance(value, Device) and type(value).__module__.startswith(_MODULES)


def _members(value: object) -> list[object]:
    members = list(getattr(value, "__dict__", {}).values())
    for kind in type(value).__mro__:
        names = getattr(kind, "__slots__", ())
        members += [getattr(value, name, None) for name in ((names,) if isinstance(names, str) else names)]
    return members
