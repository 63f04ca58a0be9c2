"""Arguments of a command -> what a member declares, before anything of it runs.

A name stands for a device where one is wanted, a word for a value of an enumeration, ``[1, 2]`` for a list, ``name=value``
for the parameter of that name.
"""

from __future__ import annotations

import enum
import math
import types
import typing
from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import Any, Protocol

from sim.engine.devices.base import Device
from sim.engine.members import Between, Bits, Parameter, Signature, signature
from sim.engine.monitor.tokens import Equals, Mark, Span, Token, Variable, Word
from sim.engine.scripting.names import snake_case
from sim.engine.scripting.timeinterval import TimeInterval
from sim.engine.wording import NO_SUCH_SIGNATURE
from sim.errors import CrosscamError, shown

Member = Callable[..., object]

LONGEST_SPAN = Fraction(366 * 24 * 3600)
"""Seconds of virtual time a command may ask for: a year."""
_WIDEST = 64
_KINDS: dict[Any, str] = {
    bool: "true or false",
    int: "a whole number",
    float: "a number",
    str: "a text",
    Span: "a range such as <0x20000000, 0x20000FFF>",
    Fraction: 'a time such as "0.5" or "00:01:30"',
    Variable: "a name",
}


class Devices(Protocol):
    """Who knows the devices a command may name."""

    def device(self, name: str) -> Device:
        """The device ``name``; CrosscamError when there is none."""


class MismatchError(Exception):
    """A value is not what is declared; its text says what was expected."""


def call(what: str, function: Member, arguments: Sequence[Token], devices: Devices) -> object:
    """Call the member ``function`` with ``arguments``; ``what`` names it in messages.

    Raises:
        CrosscamError: too few, too many or the wrong arguments: nothing has run then.
    """
    declared = signature(function)
    positional, named = _split(what, declared, arguments)
    values: list[Any] = []
    keywords: dict[str, Any] = {}
    try:
        for parameter in declared.parameters:
            if parameter.rest:
                values += [_converted(each, parameter, devices) for each in positional]
                positional = []
            elif positional and not parameter.named_only:
                if parameter.name in named:
                    raise MismatchError(f"{parameter.name} is given twice")
                values.append(_converted(positional.pop(0), parameter, devices))
            elif parameter.name in named:
                keywords[parameter.name] = _converted(named.pop(parameter.name), parameter, devices)
            elif parameter.required:
                raise MismatchError(f"{parameter.name} is missing")
        if positional:
            raise MismatchError(f"{shown(positional[0])} is one argument too many")
    except MismatchError as error:
        raise _refusal(what, declared, str(error)) from None
    return function(*values, **keywords)


def _refusal(what: str, declared: Signature, text: str) -> CrosscamError:
    return CrosscamError(f"{what}: {NO_SUCH_SIGNATURE}: {text}; expected {declared.usage or 'no arguments'}")


def _split(what: str, declared: Signature, arguments: Sequence[Token]) -> tuple[list[object], dict[str, object]]:
    """Positional values and named ones; lists put together."""
    positional: list[object] = []
    named: dict[str, object] = {}
    names = {each.name for each in declared.parameters if not each.rest}
    index = 0
    while index < len(arguments):
        token = arguments[index]
        name = None
        if isinstance(token, Word) and index + 2 < len(arguments) and arguments[index + 1] == Equals(False):
            name = snake_case(token)
            if name not in names or name in named:
                text = f"{token} is given twice" if name in named else f"there is no parameter {shown(token)}"
                raise _refusal(what, declared, text)
            index += 2
        value, index = _value(what, declared, arguments, index)
        if name is None:
            positional.append(value)
        else:
            named[name] = value
    return positional, named


def _value(what: str, declared: Signature, arguments: Sequence[Token], index: int) -> tuple[object, int]:
    """The value that begins at ``index``, and where the next one does."""
    token = arguments[index]
    if token != Mark("["):
        return token, index + 1
    items: list[object] = []
    for place in range(index + 1, len(arguments)):
        each = arguments[place]
        if each == Mark("]"):
            return items, place + 1
        if each != Mark(","):
            items.append(each)
    raise _refusal(what, declared, "`[` without `]`")


def _converted(value: object, parameter: Parameter, devices: Devices) -> Any:
    try:
        return convert(value, parameter.kind, devices)
    except MismatchError as error:
        raise MismatchError(f"{parameter.name}: {error}") from None


def convert(value: object, kind: Any, devices: Devices) -> Any:
    """``value`` as ``kind``, an annotation.

    Raises:
        MismatchError: it is none.
        CrosscamError: it names a device that is not there.
    """
    if kind is Any or kind is object:
        return value
    origin = typing.get_origin(kind)
    if origin is typing.Annotated:
        return _limited(convert(value, typing.get_args(kind)[0], devices), kind)
    if origin in (typing.Union, types.UnionType):
        return _one_of(value, typing.get_args(kind), devices)
    if origin in (list, tuple):
        return _items(value, typing.get_args(kind)[0], devices)
    if kind is type(None):
        if value is None:
            return None
    elif kind is bool:
        if isinstance(value, bool):
            return value
    elif kind is int:
        if isinstance(value, int) and not isinstance(value, bool):
            return _integer(value)
    elif kind is float:
        if isinstance(value, int | float) and not isinstance(value, bool):
            return _float(value)
    elif kind is str:
        if isinstance(value, str):
            return str(value)
    elif kind is Fraction:
        return seconds(value)
    elif isinstance(kind, type) and issubclass(kind, enum.Enum):
        return _member(value, kind)
    elif isinstance(kind, type) and issubclass(kind, Device):
        return _device(value, kind, devices)
    elif isinstance(kind, type) and isinstance(value, kind):
        return value
    raise MismatchError(f"expected {_describe(kind)}, found {found(value)}")


def found(value: object) -> str:
    """How a message names ``value``."""
    if isinstance(value, str) and not isinstance(value, Word):
        return f'"{shown(value)}"'
    return "nothing" if value is None else shown(value)


def _describe(kind: Any) -> str:
    origin = typing.get_origin(kind)
    if origin is typing.Annotated:
        return _describe(typing.get_args(kind)[0])
    if origin in (typing.Union, types.UnionType):
        kinds = (_describe(each) for each in typing.get_args(kind) if each is not type(None))
        return " or ".join(dict.fromkeys(kinds))
    if origin in (list, tuple):
        return "a list such as [1, 2]"
    if kind is type(None):
        return "null"
    if isinstance(kind, type) and issubclass(kind, Device):
        return "the name of a device"
    return _KINDS.get(kind, getattr(kind, "__name__", str(kind)))


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
        raise MismatchError("expected a number that is finite")
    return result


def _limited(value: Any, kind: Any) -> Any:
    for each in kind.__metadata__:
        if isinstance(each, Bits):
            value &= (1 << each.width) - 1
        elif isinstance(each, Between) and not each.low <= value <= each.high:
            raise MismatchError(f"expected {each.low} to {each.high}, found {shown(value)}")
    return value


def _one_of(value: object, kinds: tuple[Any, ...], devices: Devices) -> Any:
    """The first of ``kinds`` that fits; an error of the only one but None is kept."""
    others = [each for each in kinds if each is not type(None)]
    if value is None and len(others) < len(kinds):
        return None
    if len(others) == 1:
        return convert(value, others[0], devices)
    for each in others:
        try:
            return convert(value, each, devices)
        except MismatchError:
            continue
    raise MismatchError(f"expected {_describe(typing.Union[tuple(others)])}, found {found(value)}")


def _items(value: object, kind: Any, devices: Devices) -> list[Any]:
    if not isinstance(value, list):
        raise MismatchError(f"expected a list such as [1, 2], found {found(value)}")
    return [convert(each, kind, devices) for each in value]


def _member(value: object, kind: type[enum.Enum]) -> enum.Enum:
    for member in kind:
        if isinstance(value, str) and value.lower() == member.name.lower().replace("_", ""):
            return member
        if isinstance(value, int) and not isinstance(value, bool) and value == member.value:
            return member
    names = ", ".join(member.name for member in kind)
    raise MismatchError(f"expected one of {names}, found {found(value)}")


def _device(value: object, kind: type[Device], devices: Devices) -> Device:
    if not isinstance(value, str):
        raise MismatchError(f"expected the name of a device, found {found(value)}")
    device = devices.device(str(value))
    if not isinstance(device, kind):
        raise MismatchError(f"expected a {kind.__name__}, found {device.name} ({type(device).__name__})")
    return device


def seconds(span: object) -> Fraction:
    """A span of virtual time: ``"0.1"``, ``"00:00:01.5"`` or a number of seconds.

    Raises:
        MismatchError: it is none of these, negative, or over a year.
    """
    if isinstance(span, str) and len(span) < 64:
        interval = TimeInterval.parse(span)
        if interval is not None:
            return _within_a_year(Fraction(interval.Ticks, TimeInterval.TicksPerSecond), span)
    elif isinstance(span, int | float) and not isinstance(span, bool) and math.isfinite(_float(span)):
        return _within_a_year(Fraction(span).limit_denominator(TimeInterval.TicksPerSecond), span)
    raise MismatchError(f"expected {_KINDS[Fraction]}, found {found(span)}")


def _within_a_year(span: Fraction, given: object) -> Fraction:
    if not 0 <= span <= LONGEST_SPAN:
        raise MismatchError(f"expected a time from 0 to {LONGEST_SPAN} seconds, found {shown(given)}")
    return span
