"""Calling members: arguments of a command are bound to what the member declares before anything of it runs.

``[1, 2]`` is a list, ``name=value`` is for the parameter of that name.
"""

from __future__ import annotations

import typing
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from sim.engine.members import Member, Parameter, Signature, digits, members_of
from sim.engine.monitor.kinds import MismatchError, Named, convert
from sim.engine.monitor.tokens import Equals, Mark, Word
from sim.engine.names import snake_case
from sim.engine.platform.registry import near_names
from sim.engine.wording import NO_SUCH_SIGNATURE, UnknownCommandError, no_member
from sim.errors import CrosscamError, shown

_EQUALS = Equals(False)
_OPEN, _CLOSE, _COMMA = Mark("["), Mark("]"), Mark(",")


class Digits(int):
    """A number that is shown with as many hexadecimal digits as its type has."""

    digits: int

    def __new__(cls, value: int, count: int) -> Digits:
        made = super().__new__(cls, value)
        made.digits = count
        return made


def invoke(what: str, owners: Sequence[object], arguments: Sequence[object], known: Named) -> object:
    """Use the member that ``arguments`` begin with, of the first of ``owners`` that declares it.

    Args:
        what: name of the object, for messages.

    Raises:
        CrosscamError: no such member (near names given), or arguments it does not take.
    """
    if not arguments:
        return ", ".join(sorted({name for owner in owners for name in members_of(type(owner))}))
    name = arguments[0]
    if not isinstance(name, str):
        raise CrosscamError(f"{what}: expected the name of a member, found {shown(name)}")
    for owner in owners:
        member = members_of(type(owner)).get(name)
        if member is not None:
            return _use(f"{what} {name}", owner, member, arguments[1:], known)
    raise unknown(what, name, owners)


def unknown(what: str, name: str, owners: Iterable[object]) -> CrosscamError:
    """The error for a member that none of ``owners`` declares."""
    names = [each for owner in owners for each in members_of(type(owner))]
    near = near_names(name, names) or f"`{what}` alone lists what it has"
    return UnknownCommandError(f"{no_member(shown(what), shown(name))} {near}")


def _use(what: str, owner: object, member: Member, arguments: Sequence[object], known: Named) -> object:
    if member.declared is not None:
        return call(what, getattr(owner, member.attribute), member.declared, arguments, known)
    present = getattr(owner, member.attribute)
    if not arguments:
        return as_declared(present, member.kind)
    if hasattr(type(present), "RENODE_MEMBERS") and isinstance(arguments[0], Word):
        return invoke(what, (present,), arguments, known)
    if not member.settable:
        raise CrosscamError(f"{what}: expected no value: it can only be read")
    try:
        value, rest = argument(arguments, 0)
        if rest != len(arguments):
            raise MismatchError(f"expected one value, found {len(arguments)}")
        converted = convert(value, type(present) if member.kind is None else member.kind, known)
    except MismatchError as error:
        raise CrosscamError(f"{what}: {error}") from None
    setattr(owner, member.attribute, converted)
    return None


def as_declared(value: object, kind: Any) -> object:
    """``value`` so that it is shown as its type asks for."""
    if isinstance(value, list):
        (item,) = typing.get_args(kind) or (None,)
        return [as_declared(each, item) for each in value] if digits(item) else value
    count = digits(kind)
    return Digits(value, count) if count and type(value) is int else value


def call(
    what: str, function: Callable[..., object], declared: Signature, arguments: Sequence[object], known: Named
) -> object:
    """Call ``function`` with ``arguments`` bound to what is ``declared``; ``what`` names it in messages.

    Raises:
        CrosscamError: too few, too many or the wrong arguments: nothing has run then.
    """
    try:
        values, keywords = bind(declared, arguments, known)
    except MismatchError as error:
        expected = declared.usage or "no arguments"
        raise CrosscamError(f"{what}: {NO_SUCH_SIGNATURE}: {error}; expected {expected}") from None
    return as_declared(function(*values, **keywords), declared.result)


def bind(declared: Signature, arguments: Sequence[object], known: Named) -> tuple[list[Any], dict[str, Any]]:
    """Positional and keyword arguments for a function of signature ``declared``, converted.

    Raises:
        MismatchError: they do not fit.
    """
    positional, by_name = _split(declared, arguments)
    values: list[Any] = []
    keywords: dict[str, Any] = {}
    for parameter in declared.parameters:
        if parameter.rest:
            values += [_converted(each, parameter, known) for each in positional]
            positional = []
        elif positional and not parameter.named_only:
            if parameter.name in by_name:
                raise MismatchError(f"{parameter.name} is given twice")
            values.append(_converted(positional.pop(0), parameter, known))
        elif parameter.name in by_name:
            keywords[parameter.name] = _converted(by_name[parameter.name], parameter, known)
        elif parameter.required:
            raise MismatchError(f"{parameter.name} is missing")
    if positional:
        raise MismatchError(f"{shown(positional[0])} is one argument too many")
    return values, keywords


def _converted(value: object, parameter: Parameter, known: Named) -> Any:
    try:
        return convert(value, parameter.kind, known)
    except MismatchError as error:
        raise MismatchError(f"{parameter.name}: {error}") from None


def _split(declared: Signature, arguments: Sequence[object]) -> tuple[list[object], dict[str, object]]:
    """Positional values and those with a name."""
    positional: list[object] = []
    by_name: dict[str, object] = {}
    index = 0
    while index < len(arguments):
        token = arguments[index]
        if isinstance(token, Word) and index + 2 < len(arguments) and arguments[index + 1] == _EQUALS:
            name = snake_case(token)
            if name in by_name:
                raise MismatchError(f"{shown(token)} is given twice")
            if all(each.rest or each.name != name for each in declared.parameters):
                raise MismatchError(f"there is no parameter {shown(token)}")
            by_name[name], index = argument(arguments, index + 2)
        else:
            value, index = argument(arguments, index)
            positional.append(value)
    return positional, by_name


def argument(arguments: Sequence[object], index: int) -> tuple[object, int]:
    """The value that begins at ``index``, a list put together, and where the next one begins.

    Raises:
        MismatchError: a bracket without its other.
    """
    token = arguments[index]
    if isinstance(token, Equals | Mark) and token != _OPEN:
        sign = token.sign if isinstance(token, Mark) else "="
        raise MismatchError(f"expected a value, found {sign}")
    if token != _OPEN:
        return token, index + 1
    items: list[object] = []
    for place in range(index + 1, len(arguments)):
        each = arguments[place]
        if each == _CLOSE:
            return items, place + 1
        if each != _COMMA:
            items.append(each)
    raise MismatchError("`[` without `]`")
