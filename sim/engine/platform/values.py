"""Values of a .repl -> Python objects of the kind a constructor or property wants."""

from __future__ import annotations

import collections.abc
import enum
import types
import typing
from collections.abc import Callable
from pathlib import Path
from typing import Any

from sim.engine.devices.base import Device
from sim.engine.members import Between, Bits
from sim.engine.platform import syntax
from sim.engine.platform.lenient import Unmodelled
from sim.engine.platform.merging import Folders
from sim.engine.wording import type_mismatch
from sim.errors import CrosscamError, shown

_SEQUENCES = (list, tuple, collections.abc.Sequence, collections.abc.Iterable)
_MAPPINGS = (dict, collections.abc.Mapping)
_KINDS: dict[type, str] = {
    syntax.Text: "a string",
    syntax.Number: "a number",
    syntax.Boolean: "true or false",
    syntax.Enumeration: "an enumeration value",
    syntax.Reference: "the name of an entry",
    syntax.Range: "a range",
    syntax.Array: "a list",
    syntax.Table: "a dictionary",
    syntax.Inline: "an object",
}


class Converter:
    """Knows how references become devices and inline objects are made.

    Args:
        device: the device of an entry, by name; raises CrosscamError for an unknown name.
        make: builds an inline object.
        folders: where file parameters are looked for.
    """

    def __init__(
        self,
        device: Callable[[syntax.Reference], Device],
        make: Callable[[syntax.Inline], Device],
        folders: Folders,
    ) -> None:
        self._device, self._make, self._folders = device, make, folders

    def convert(self, value: syntax.Value, kind: Any, what: str) -> Any:
        """``value`` as ``kind`` (an annotation); ``what`` names it in messages.

        Raises:
            CrosscamError: place, what was expected, what was found.
        """
        if typing.get_origin(kind) is typing.Annotated:
            return self._limited(self.convert(value, kind.__origin__, what), kind.__metadata__, value, what)
        nullable = _takes_none(kind)
        kind = _without_none(kind)
        if typing.get_origin(kind) is typing.Annotated and not isinstance(value, syntax.Empty):
            return self.convert(value, kind, what)
        if isinstance(value, syntax.Empty):
            return self._empty(value, kind, nullable, what)
        if isinstance(value, syntax.Reference):
            return self._fitting(self._device(value), value, kind, what)
        if isinstance(value, syntax.Inline):
            return self._fitting(self._make(value), value, kind, what)
        if isinstance(value, syntax.Array):
            return self._array(value, kind, what)
        if isinstance(value, syntax.Table):
            return self._table(value, kind, what)
        if isinstance(kind, type) and issubclass(kind, enum.Enum):
            return _enumeration(value, kind, what)
        if isinstance(value, syntax.Range):
            if kind in (Any, object, tuple) or typing.get_origin(kind) is tuple:
                return value.begin, value.end
        elif isinstance(value, syntax.Enumeration):
            if kind in (Any, object, str):
                return value.value
        elif isinstance(value, syntax.Number):
            if kind in (Any, object):
                return value.value
            if kind is float or (kind is int and isinstance(value.value, int)):
                return kind(value.value)
        elif isinstance(value, syntax.Text) and kind is Path:
            return self._file(value, what)
        elif kind in (Any, object, type(getattr(value, "value", None))):
            return getattr(value, "value", None)
        raise self._mismatch(value, kind, what)

    def _limited(self, found: Any, limits: tuple[object, ...], value: syntax.Value, what: str) -> Any:
        for each in limits:
            if isinstance(each, Between) and not each.low <= found <= each.high:
                raise CrosscamError(
                    f"{value.place}: {what}: expected {each.low:g} to {each.high:g}, found {shown(found)}"
                )
            if isinstance(each, Bits):
                found &= (1 << each.width) - 1
        return found

    def _empty(self, value: syntax.Empty, kind: Any, nullable: bool, what: str) -> Any:
        if kind in (int, float, bool, str):
            return kind()
        if nullable or kind in (Any, object):
            return None
        raise self._mismatch(value, kind, what)

    def _mismatch(self, value: syntax.Value, kind: Any, what: str) -> CrosscamError:
        found = _KINDS.get(type(value), "nothing")
        if isinstance(value, syntax.Text | syntax.Number | syntax.Boolean | syntax.Enumeration):
            found += f" ({shown(value.value)})"
        expected = _describe(kind)
        return CrosscamError(
            f"{value.place}: {what}: expected {expected}, found {found}", renode=type_mismatch(expected)
        )

    def _file(self, value: syntax.Text, what: str) -> Path:
        found = self._folders.find(value.value, value.place.file)
        if found is None:
            raise CrosscamError(
                f"{value.place}: {what}: no file {shown(value.value, 100)} beside {value.place.file} or above it"
            )
        return found

    def _fitting(self, device: Device, value: syntax.Reference | syntax.Inline, kind: Any, what: str) -> Device:
        if kind in (Any, object):
            return device
        fits = False
        if isinstance(kind, type):
            try:
                fits = isinstance(device, kind)
            except TypeError:  # a protocol that cannot be checked at run time
                fits = True
        if not fits and not isinstance(device, Unmodelled):
            expected = _describe(kind)
            raise CrosscamError(
                f"{value.place}: {what}: expected {expected}, found {shown(device.name)} ({type(device).__name__})",
                renode=type_mismatch(expected),
            )
        return device

    def _array(self, value: syntax.Array, kind: Any, what: str) -> list[Any]:
        if kind in (Any, object):
            return [self.convert(item, Any, what) for item in value.items]
        origin = typing.get_origin(kind) or kind
        if origin not in _SEQUENCES:
            raise self._mismatch(value, kind, what)
        inner = (typing.get_args(kind) or (Any,))[0]
        return [self.convert(item, inner, what) for item in value.items]

    def _table(self, value: syntax.Table, kind: Any, what: str) -> dict[Any, Any]:
        origin = typing.get_origin(kind) or kind
        if kind not in (Any, object) and origin not in _MAPPINGS:
            raise self._mismatch(value, kind, what)
        key_kind, value_kind = typing.get_args(kind) or (Any, Any)
        found: dict[Any, Any] = {}
        for key, item in value.items:
            converted = self.convert(key, key_kind, what)
            try:
                found[converted] = self.convert(item, value_kind, what)
            except TypeError:  # a list
                raise CrosscamError(f"{key.place}: {what}: expected a number or a text before the colon") from None
        return found


def _takes_none(kind: Any) -> bool:
    return type(None) in typing.get_args(kind)


def _without_none(kind: Any) -> Any:
    """``int | None`` -> ``int``; a union of more kinds accepts anything."""
    if typing.get_origin(kind) not in (typing.Union, types.UnionType):
        return kind
    kinds = [each for each in typing.get_args(kind) if each is not type(None)]
    return kinds[0] if len(kinds) == 1 else Any


def _enumeration(value: syntax.Value, kind: type[enum.Enum], what: str) -> enum.Enum:
    members = list(kind)
    if isinstance(value, syntax.Enumeration):
        for member in members:
            if member.name.replace("_", "").lower() == value.value.replace("_", "").lower():
                return member
        names = ", ".join(member.name for member in members)
        raise CrosscamError(
            f"{value.place}: {what}: {kind.__name__} has no {shown(value.value)}: expected one of {names}"
        )
    for member in members:
        if isinstance(value, syntax.Number) and member.value == value.value:
            return member
    raise CrosscamError(f"{value.place}: {what}: expected a value of {kind.__name__}, found {_KINDS[type(value)]}")


def _describe(kind: Any) -> str:
    names = {int: "a whole number", float: "a number", str: "a string", bool: "true or false", Path: "a file name"}
    if kind in names:
        return names[kind]
    if typing.get_origin(kind) is typing.Annotated:
        return _describe(kind.__origin__)
    if (typing.get_origin(kind) or kind) in _SEQUENCES:
        return "a list"
    return getattr(kind, "__name__", str(kind))
