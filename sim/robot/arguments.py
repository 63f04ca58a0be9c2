"""Arguments of keywords, checked against what the keyword declares before it runs.

Robot Framework has converted what it could; what is left is None where a value is due, numbers that are not finite or
too large, other objects of Python.
"""

from __future__ import annotations

import functools
import inspect
import math
import types
import typing
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sim.engine.monitor.kinds import LONGEST_SPAN
from sim.errors import CrosscamError, shown

LONGEST_TEXT = 1 << 16
"""Characters of a text: a pattern, a line to type."""
_WIDEST = 64
_WORDS = {int: "a whole number", float: "a number", str: "a text", bool: "true or false", list: "a list"}


@functools.cache
def _declared(function: Callable[..., object]) -> tuple[inspect.Signature, Mapping[str, Any]]:
    """Signature and types of the parameters; those that cannot be resolved are not checked."""
    hints = {}
    for name, annotation in function.__annotations__.items():
        hints[name] = eval(annotation, function.__globals__) if isinstance(annotation, str) else annotation
    return inspect.signature(function), hints


def check(function: Callable[..., object], positional: Sequence[object], named: Mapping[str, object]) -> None:
    """Refuse arguments that are not what ``function``, a keyword with its object, declares.

    Raises:
        CrosscamError: the parameter, what was expected, what was found.
    """
    signature, hints = _declared(function)
    try:
        bound = signature.bind(*positional, **named)
    except TypeError as error:
        raise CrosscamError(str(error)) from None
    for name, value in bound.arguments.items():
        kind = hints.get(name)
        if kind is None:
            continue
        several = signature.parameters[name].kind is inspect.Parameter.VAR_POSITIONAL
        for each in value if several else [value]:
            _check_value(name, each, kind)


def _check_value(name: str, value: object, kind: Any) -> None:
    kinds = typing.get_args(kind) if typing.get_origin(kind) in (typing.Union, types.UnionType) else (kind,)
    plain = tuple(typing.get_origin(each) or each for each in kinds)
    if (value is None and type(None) in plain) or any(_fits(value, each) for each in plain):
        _check_size(name, value)
        return
    words = " or ".join(_WORDS.get(each, getattr(each, "__name__", "")) for each in plain if each is not type(None))
    raise CrosscamError(f"{name}: expected {words}, found {'nothing' if value is None else shown(value)}")


def _fits(value: object, kind: Any) -> bool:
    if kind is float:
        return isinstance(value, int | float) and not isinstance(value, bool)
    if kind is int:
        return isinstance(value, int) and not isinstance(value, bool)
    return not isinstance(kind, type) or isinstance(value, kind)


def _check_size(name: str, value: object) -> None:
    """Limits: seconds of a wait, 64 bits, characters."""
    if isinstance(value, float) and not (math.isfinite(value) and abs(value) <= LONGEST_SPAN):
        raise CrosscamError(f"{name}: expected a number up to {LONGEST_SPAN}, found {value}")
    if isinstance(value, int) and value.bit_length() > _WIDEST:
        raise CrosscamError(f"{name}: expected a number of at most {_WIDEST} bits, found {shown(value)}")
    if isinstance(value, str) and len(value) > LONGEST_TEXT:
        raise CrosscamError(f"{name}: expected at most {LONGEST_TEXT} characters, found {len(value)}")
    if isinstance(value, list):
        for each in value:
            _check_size(name, each)
