"""Declared members: what monitor commands may reach of an object, and which values it takes.

A device names its members in ``RENODE_MEMBERS`` as Renode spells them; the attribute, property or method is the one
whose Python name that is (``PressAndRelease`` -> ``press_and_release``). Types are read from annotations: of a
method's parameters, of a property's getter, of a class attribute; an attribute without one has the type of its value.
Nothing else of an object can be reached by name.

The aliases below are C#'s number types. As in Renode a number that does not fit is cut to its width, and a result
is shown with as many digits as its type has.
"""

from __future__ import annotations

import functools
import inspect
import sys
import typing
from collections.abc import Callable
from dataclasses import dataclass
from types import CodeType
from typing import Annotated, Any


@dataclass(frozen=True, slots=True)
class Bits:
    """A number of ``width`` bits; larger ones lose what is above."""

    width: int


@dataclass(frozen=True, slots=True)
class Between:
    """A number from ``low`` to ``high``; any other is an error."""

    low: float
    high: float


Byte = Annotated[int, Bits(8)]
UShort = Annotated[int, Bits(16)]
UInt = Annotated[int, Bits(32)]
ULong = Annotated[int, Bits(64)]
Int = Annotated[int, Between(-(1 << 31), (1 << 31) - 1)]
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


def signature(function: Callable[..., object]) -> Signature:
    """The declared signature of a function or bound method; read once for its code.

    Raises:
        TypeError: a parameter has no annotation: it could not be checked.
    """
    plain = inspect.unwrap(function)
    bound = hasattr(plain, "__self__")
    plain = getattr(plain, "__func__", plain)
    found = _signatures.get((plain.__code__, bound))
    if found is None:
        found = _signatures[plain.__code__, bound] = _read(plain, bound)
    return found


_signatures: dict[tuple[CodeType, bool], Signature] = {}


def _read(function: Callable[..., object], bound: bool) -> Signature:
    hints = typing.get_type_hints(function, include_extras=True)
    parameters = list(inspect.signature(function).parameters.values())
    found = []
    for each in parameters[1:] if bound else parameters:
        if each.name not in hints:
            raise TypeError(f"{function.__qualname__}: parameter {each.name} has no type: a member declares all of them")
        found.append(
            Parameter(
                each.name,
                hints[each.name],
                each.default is inspect.Parameter.empty and each.kind is not inspect.Parameter.VAR_POSITIONAL,
                each.kind is inspect.Parameter.VAR_POSITIONAL,
                each.kind is inspect.Parameter.KEYWORD_ONLY,
            )
        )
    return Signature(tuple(found), hints.get("return", Any))


@functools.cache
def attribute_type(cls: type, name: str) -> Any:
    """Type of the attribute or property ``name`` as ``cls`` declares it; None when it does not."""
    found = inspect.getattr_static(cls, name, None)
    if isinstance(found, functools.cached_property):
        return typing.get_type_hints(found.func, include_extras=True).get("return")
    if isinstance(found, property):
        return typing.get_type_hints(found.fget, include_extras=True).get("return") if found.fget else None
    for owner in cls.__mro__:
        annotation = vars(owner).get("__annotations__", {}).get(name)
        if annotation is not None:
            text = isinstance(annotation, str)  # of our own source
            return eval(annotation, vars(sys.modules[owner.__module__])) if text else annotation
    return None


def digits(kind: Any) -> int:
    """Hexadecimal digits a value of type ``kind`` is shown with; 0: the type does not say."""
    for each in getattr(kind, "__metadata__", ()):
        if isinstance(each, Bits):
            return each.width // 4
    return 0
