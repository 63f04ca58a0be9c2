"""Declared members: what monitor commands, descriptions and scripts may reach of an object, and which values it takes.

A class names its members as Renode spells them::

    class Button(Device):
        RENODE_MEMBERS = ("Press", "PressAndRelease", "Pressed")

The attribute, property or method is the one whose Python name that is (``press_and_release``). Types are read from
annotations: of a method's parameters, of a property's getter, of a class attribute; an attribute without one has the
type of its value. ``SCRIPT_MEMBERS`` names what only Python scripts may reach. Nothing else of an object can be
reached by name. Subclasses have the members of their bases.

The aliases below are C#'s number types. As in Renode a number that does not fit is cut to its width, and a result
is shown with as many digits as its type has.
"""

from __future__ import annotations

import functools
import inspect
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import FunctionType
from typing import Annotated, Any

from sim.engine.names import snake_case


@dataclass(frozen=True, slots=True)
class Bits:
    """A number of ``width`` bits; larger ones lose what is above."""

    width: int


@dataclass(frozen=True, slots=True)
class Between:
    """A number from ``low`` to ``high``; any other is an error."""

    low: float
    high: float


@dataclass(frozen=True, slots=True)
class ReadOnly:
    """An attribute that shows and cannot be set."""


Byte = Annotated[int, Bits(8)]
UShort = Annotated[int, Bits(16)]
UInt = Annotated[int, Bits(32)]
ULong = Annotated[int, Bits(64)]
Int = Annotated[int, Between(-(1 << 31), (1 << 31) - 1)]
Long = Annotated[int, Between(-(1 << 63), (1 << 63) - 1)]
Pin = Annotated[int, Between(0, 4095)]
"""Number of an input or output; no device has more."""
Hertz = Annotated[int, Between(1, 1 << 40)]
"""A frequency something is driven with."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter of a member; ``rest``: it takes any number of values."""

    name: str
    kind: Any
    required: bool
    rest: bool
    named_only: bool


@dataclass(frozen=True, slots=True)
class Signature:
    """What a member takes and gives."""

    parameters: tuple[Parameter, ...]
    result: Any

    @property
    def usage(self) -> str:
        """The parameters' names, optional ones in brackets."""
        names = (each.name + "..." * each.rest for each in self.parameters)
        return " ".join(
            name if each.required else f"[{name}]" for name, each in zip(names, self.parameters, strict=True)
        )


@functools.cache
def signature(function: Callable[..., object], skip: int = 0) -> Signature:
    """The declared signature of a function, without its first ``skip`` parameters.

    Raises:
        TypeError: a parameter has no annotation: it could not be checked.
    """
    names = vars(sys.modules[function.__module__])
    written = function.__annotations__
    found = []
    for each in list(inspect.signature(function).parameters.values())[skip:]:
        if each.name not in written:
            raise TypeError(f"{function.__qualname__}: parameter {each.name} has no type: expected all to have one")
        rest = each.kind is inspect.Parameter.VAR_POSITIONAL
        required = each.default is inspect.Parameter.empty and not rest
        named_only = each.kind is inspect.Parameter.KEYWORD_ONLY
        found.append(Parameter(each.name, _kind(written[each.name], names), required, rest, named_only))
    return Signature(tuple(found), _kind(written.get("return"), names))


def _kind(annotation: Any, names: dict[str, Any]) -> Any:
    """An annotation as the object it names; the text is of our own source."""
    return eval(annotation, names) if isinstance(annotation, str) else annotation


@dataclass(frozen=True, slots=True)
class Member:
    """One name of a class: Renode's and ours.

    Attributes:
        declared: what a method takes and gives, as the class says that names it; None: it is no method.
        kind: type of an attribute's or property's value; None: that of the value it has.
    """

    name: str
    attribute: str
    declared: Signature | None
    settable: bool
    kind: Any


_tables: dict[tuple[type, bool], Mapping[str, Member]] = {}


def members_of(cls: type) -> Mapping[str, Member]:
    """The members ``cls`` and its bases declare, by Renode's name; read once a class."""
    found = _tables.get((cls, False))
    if found is None:
        found = _tables[cls, False] = _members(cls, "RENODE_MEMBERS")
    return found


def script_members_of(cls: type) -> Mapping[str, Member]:
    """As ``members_of``, with what only scripts may reach."""
    found = _tables.get((cls, True))
    if found is None:
        found = _tables[cls, True] = {**members_of(cls), **_members(cls, "SCRIPT_MEMBERS")}
    return found


def _members(cls: type, table: str) -> dict[str, Member]:
    owners = {name: owner for owner in reversed(cls.__mro__) for name in vars(owner).get(table, ())}
    members = (_member(cls, owner, name) for name, owner in owners.items())
    return {each.name: each for each in members if each is not None}


def _member(cls: type, owner: type, name: str) -> Member | None:
    """``name`` of ``cls``, declared by ``owner``; None: it is a method of the base that does nothing."""
    attribute = snake_case(name)
    static = inspect.getattr_static(owner, attribute, None)
    if isinstance(static, FunctionType):
        if name in _ONLY_WHERE_OVERRIDDEN and inspect.getattr_static(cls, attribute) is static:
            return None
        return Member(name, attribute, signature(static, 1), False, None)
    kind = _value_type(owner, attribute, static)
    read_only = any(isinstance(each, ReadOnly) for each in getattr(kind, "__metadata__", ()))
    settable = static.fset is not None if isinstance(static, property) else not read_only
    return Member(name, attribute, None, settable, kind)


_ONLY_WHERE_OVERRIDDEN = frozenset({"OnGPIO"})
"""Methods of the base of all devices that only some have."""


def _value_type(owner: type, attribute: str, static: object) -> Any:
    """Type of an attribute or property as ``owner`` or a base of it declares it; None when none does."""
    if isinstance(static, property):
        return signature(static.fget, 1).result if static.fget else None
    for each in owner.__mro__:
        annotation = vars(each).get("__annotations__", {}).get(attribute)
        if annotation is not None:
            return _kind(annotation, vars(sys.modules[each.__module__]))
    return None


def digits(kind: Any) -> int:
    """Hexadecimal digits a value of type ``kind`` is shown with; 0: the type does not say."""
    for each in getattr(kind, "__metadata__", ()):
        if isinstance(each, Bits):
            return each.width // 4
    return 8 if kind is Int else 0
