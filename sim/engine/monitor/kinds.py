"""A value of a command -> the kind of value a member declares (an annotation), or an error that says what was expected.

As in Renode's monitor a name stands for a device or external where one is wanted, a word for a value of an
enumeration; a text is written in quotes or behind ``@``. Every number has a limit.
"""

from __future__ import annotations

import enum
import math
import types
import typing
from fractions import Fraction
from typing import Any, ClassVar, Protocol

from sim.engine.devices.base import Device
from sim.engine.members import Between, Bits
from sim.engine.monitor.tokens import Span, Word
from sim.engine.scripting.timeinterval import TimeInterval
from sim.errors import CrosscamError, shown

LONGEST_SPAN = 30 * 24 * 3600
"""Seconds of virtual time a command may ask for at once: 30 days."""
_WIDEST = 64
_LONGEST_TIME = 40  # characters


class MismatchError(Exception):
    """A value is not of the declared kind; the text says what was expected and found."""


class Name(str):
    """Kind of a parameter that takes a word as well as a text."""

    __slots__ = ()


class External:
    """Base of what ``emulation Create...`` makes: it lives beside the machine, under a name."""

    RENODE_MEMBERS: ClassVar[tuple[str, ...]] = ()

    def attach(self, device: Device) -> None:
        """``connector Connect``; CrosscamError when this device cannot be connected."""
        raise CrosscamError(f"{device.name}: nothing can be connected to a {type(self).__name__}")

    def detach(self, device: Device) -> None:
        """``connector Disconnect``; CrosscamError when it is not connected."""
        raise CrosscamError(f"{device.name} is not connected: expected one that is")

    def join(self, external: External) -> None:
        """``connector Connect`` of another external; CrosscamError when it cannot be connected."""
        raise CrosscamError(f"a {type(external).__name__} cannot be connected to a {type(self).__name__}")

    def leave(self, external: External) -> None:
        """``connector Disconnect`` of another external; CrosscamError when it is not connected."""
        raise CrosscamError(f"this {type(external).__name__} is not connected: expected one that is")

    def time_began(self) -> None:
        """The first machine was made: from now on there is virtual time."""

    def close(self) -> None:
        """Let go of files, ports and devices."""


class Named(Protocol):
    """Who knows the devices and externals a command may name."""

    def device(self, name: str) -> Device:
        """The device ``name``; CrosscamError when there is none."""

    def external(self, name: str) -> External:
        """The external ``name``; CrosscamError when there is none."""


_DESCRIPTIONS: dict[Any, str] = {
    bool: "true or false",
    int: "a whole number",
    float: "a number",
    str: "a text in quotes",
    Name: "a name",
    Span: "a range such as <0x20000000, 0x20000FFF>",
    Fraction: 'a time in quotes such as "0.5" or "00:01:30"',
    type(None): "null",
}


def convert(value: object, kind: Any, known: Named) -> Any:
    """``value`` as ``kind``.

    Raises:
        MismatchError: it is none, or names a device or external that is not there.
    """
    if kind is int:
        if type(value) is int or (isinstance(value, int) and not isinstance(value, bool)):
            return _integer(value)
    elif kind is str:
        if isinstance(value, str) and not isinstance(value, Word):
            return str(value)
    elif kind is bool:
        if isinstance(value, bool):
            return value
    elif kind is Name:
        if isinstance(value, str):
            return str(value)
    elif kind is float:
        if isinstance(value, int | float) and not isinstance(value, bool):
            return _float(value)
    elif kind is Fraction:
        return seconds(value)
    elif kind is Any or kind is object:
        return value
    elif kind is type(None):
        if value is None:
            return None
    elif isinstance(kind, type):
        return _of_class(value, kind, known)
    else:
        return _of_form(value, kind, known)
    raise MismatchError(f"expected {describe(kind)}, found {found(value)}")


def _of_form(value: object, kind: Any, known: Named) -> Any:
    """Annotations with parts."""
    origin = typing.get_origin(kind)
    if origin is typing.Annotated:
        return _limited(convert(value, kind.__origin__, known), kind.__metadata__)
    if origin in (typing.Union, types.UnionType):
        return _one_of(value, typing.get_args(kind), known)
    if origin in (list, tuple):
        return _items(value, typing.get_args(kind)[0], known)
    raise TypeError(f"{kind} is no kind of value a command can give")


def _of_class(value: object, kind: type, known: Named) -> object:
    if issubclass(kind, enum.Enum):
        return _choice(value, kind)
    if issubclass(kind, Device | External):
        return _thing(value, kind, known)
    if isinstance(value, kind):
        return value
    raise MismatchError(f"expected {describe(kind)}, found {found(value)}")


def found(value: object) -> str:
    """How a message names ``value``."""
    if isinstance(value, str) and not isinstance(value, Word):
        return f'"{shown(value)}"'
    return "nothing" if value is None else shown(value)


def describe(kind: Any) -> str:
    """What a value of ``kind`` is, for "expected ..."."""
    origin = typing.get_origin(kind)
    if origin is typing.Annotated:
        return describe(kind.__origin__)
    if origin in (typing.Union, types.UnionType):
        return " or ".join(dict.fromkeys(describe(each) for each in typing.get_args(kind) if each is not type(None)))
    if origin in (list, tuple):
        return "a list such as [1, 2]"
    if isinstance(kind, type) and issubclass(kind, enum.Enum):
        return "one of " + ", ".join(kind.__members__)
    if isinstance(kind, type) and issubclass(kind, Device):
        return "the name of a device"
    if isinstance(kind, type) and issubclass(kind, External):
        return "the name of an external"
    return _DESCRIPTIONS.get(kind, getattr(kind, "__name__", str(kind)))


def _integer(value: int) -> int:
    if not -(1 << (_WIDEST - 1)) <= value < 1 << _WIDEST:
        raise MismatchError(f"expected a whole number of at most {_WIDEST} bits, found {shown(value)}")
    return value


def _float(value: int | float) -> float:
    try:
        result = float(value)
    except OverflowError:
        result = math.inf
    if not math.isfinite(result):
        raise MismatchError("expected a finite number")
    return result


def _limited(value: Any, limits: tuple[object, ...]) -> Any:
    for each in limits:
        if isinstance(each, Bits):
            value &= (1 << each.width) - 1
        elif isinstance(each, Between) and not each.low <= value <= each.high:
            raise MismatchError(f"expected {each.low:g} to {each.high:g}, found {shown(value)}")
    return value


def _one_of(value: object, kinds: tuple[Any, ...], known: Named) -> Any:
    """As the first of ``kinds`` that fits; the error of the only one but None is kept."""
    others = [each for each in kinds if each is not type(None)]
    if value is None and len(others) < len(kinds):
        return None
    if len(others) == 1:
        return convert(value, others[0], known)
    for each in others:
        try:
            return convert(value, each, known)
        except MismatchError:
            continue
    raise MismatchError(f"expected {' or '.join(map(describe, others))}, found {found(value)}")


def _items(value: object, kind: Any, known: Named) -> list[Any]:
    if not isinstance(value, list):
        raise MismatchError(f"expected a list such as [1, 2], found {found(value)}")
    return [convert(each, kind, known) for each in value]


def _choice(value: object, kind: type[enum.Enum]) -> enum.Enum:
    for member in kind.__members__.values():
        if isinstance(value, str) and value == member.name:
            return member
        if isinstance(value, int) and not isinstance(value, bool) and value == member.value:
            return member
    raise MismatchError(f"expected {describe(kind)}, found {found(value)}")


def _thing(value: object, kind: type[Device | External], known: Named) -> object:
    if not isinstance(value, str):
        raise MismatchError(f"expected {describe(kind)}, found {found(value)}")
    try:
        thing = known.device(str(value)) if issubclass(kind, Device) else known.external(str(value))
    except CrosscamError as error:
        raise MismatchError(str(error)) from None
    if not isinstance(thing, kind):
        raise MismatchError(f"expected a {kind.__name__}, found {shown(value)} ({type(thing).__name__})")
    return thing


def seconds(span: object) -> Fraction:
    """A span of virtual time, ``"0.1"`` or ``"00:00:01.5"``, in seconds.

    Raises:
        MismatchError: it is none, or over ``LONGEST_SPAN``.
    """
    interval = TimeInterval.parse(span) if isinstance(span, str) and len(span) <= _LONGEST_TIME else None
    if interval is None:
        raise MismatchError(f"expected {_DESCRIPTIONS[Fraction]}, found {found(span)}")
    result = Fraction(interval.Ticks, TimeInterval.TicksPerSecond)
    if result > LONGEST_SPAN:
        raise MismatchError(f"expected a time of at most {LONGEST_SPAN} seconds, found {found(span)}")
    return result
