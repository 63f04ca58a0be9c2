"""Whether a read has changed a device: what it holds, as a list that can be compared."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Mapping
from enum import Enum
from fractions import Fraction
from typing import Any, Protocol, runtime_checkable

import numpy as np

from sim.engine import cortex_m, devices
from sim.engine.devices.base import Device
from sim.engine.devices.registers import Field, Register, RegisterBank
from sim.engine.native.counter import NativeCounter

_PLAIN = frozenset((int, str, bytes, bool, float, type(None), Fraction))
_MODULES = (f"{devices.__name__}.", f"{cortex_m.__name__}.")
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

    def native_counter(self, offset: int, width: int) -> NativeCounter | None:
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
        kind = type(value)
        if kind in _PLAIN:
            found.append(value)
            continue
        if id(value) in seen:
            continue
        seen.add(id(value))
        take = _TAKE.get(kind)
        if take is None:
            take = _TAKE[kind] = _way_to_take(kind)
        if take is _part and value is root:
            take = _stranger
        take(value, found, stack)
        if len(found) > _AT_MOST:
            return None
    return found


_Take = Callable[[Any, list[object], list[object]], None]
"""Puts what a value is to ``found``, or what it is made of on the stack."""
_TAKE: dict[type, _Take] = {}


def _way_to_take(kind: type) -> _Take:
    for kinds, take in _WAYS:
        if issubclass(kind, kinds):
            return take
    return _part if kind.__module__.startswith(_MODULES) and not issubclass(kind, Device) else _stranger


def _stranger(value: Any, found: list[object], stack: list[object]) -> None:
    found.append(id(value))


def _whole(value: Any, found: list[object], stack: list[object]) -> None:
    found.append(value)


def _buffer(value: Any, found: list[object], stack: list[object]) -> None:
    found.append(bytes(value))


def _array(value: Any, found: list[object], stack: list[object]) -> None:
    found.append(value.tobytes())


def _mapping(value: Any, found: list[object], stack: list[object]) -> None:
    found.append(len(value))
    stack.extend(value.keys())
    stack.extend(value.values())


def _sequence(value: Any, found: list[object], stack: list[object]) -> None:
    found.append(len(value))
    stack.extend(value)


def _bank(value: RegisterBank, found: list[object], stack: list[object]) -> None:
    found.extend(value.raw_values())


def _register(value: Register, found: list[object], stack: list[object]) -> None:
    found.append(value.raw)


def _field(value: Field, found: list[object], stack: list[object]) -> None:
    found.append(value.value)


def _part(value: Any, found: list[object], stack: list[object]) -> None:
    stack.extend(_members(value))


_WAYS: tuple[tuple[type | tuple[type, ...], _Take], ...] = (
    (Enum, _whole),
    ((bytearray, memoryview), _buffer),
    (np.ndarray, _array),
    (Mapping, _mapping),
    ((list, tuple, set, frozenset, deque), _sequence),
    (RegisterBank, _bank),
    (Register, _register),
    (Field, _field),
)


def _members(value: object) -> list[object]:
    members = list(getattr(value, "__dict__", {}).values())
    for kind in type(value).__mro__:
        names = getattr(kind, "__slots__", ())
        members += [getattr(value, name, None) for name in ((names,) if isinstance(names, str) else names)]
    return members
