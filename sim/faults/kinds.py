"""The table of kinds of faults: each is a function with a name; what it takes are its parameters."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from sim.errors import CrosscamError, shown

Function = TypeVar("Function", bound=Callable[..., None])
LARGEST = 1 << 40


@dataclass(frozen=True)
class Kind:
    """A kind of fault. ``text`` says what happens then; ``act(board, **arguments)`` makes it happen, now.

    ``parameters``: what it takes, with the default of each; None where a text has to be given.
    """

    name: str
    text: str
    act: Callable[..., None]
    parameters: Mapping[str, int | str | None]

    def read_arguments(self, written: Mapping[str, str]) -> dict[str, int | str]:
        """The arguments as ``act`` takes them; CrosscamError when one is unknown, missing or no number."""
        for name in written:
            if name not in self.parameters:
                known = ", ".join(self.parameters) or "none"
                raise CrosscamError(f"fault {self.name}: no argument {shown(name, 40)}: expected {known}")
        for name, default in self.parameters.items():
            if default is None and name not in written:
                raise CrosscamError(f"fault {self.name}: {name}= is missing")
        return {name: self._value(name, text) for name, text in written.items()}

    def _value(self, name: str, text: str) -> int | str:
        if not isinstance(self.parameters[name], int):
            return text
        try:
            value = int(text, 0)
        except ValueError:
            value = -1
        if not 0 <= value < LARGEST:
            raise CrosscamError(
                f"fault {self.name}: {name}={shown(text, 40)}: expected a whole number, such as 12 or 0x0C"
            )
        return value


KINDS: dict[str, Kind] = {}


def fault(name: str) -> Callable[[Function], Function]:
    """Decorator: the function is the fault ``name``; the first paragraph of its docstring says what happens."""

    def register(function: Function) -> Function:
        text = " ".join((function.__doc__ or "").split("\n\n")[0].split()).rstrip(".")
        given: list[Any] = list(inspect.signature(function).parameters.values())[1:]
        parameters = {each.name: None if each.default is inspect.Parameter.empty else each.default for each in given}
        KINDS[name] = Kind(name, text, function, parameters)
        return function

    return register


def kind_of(name: str) -> Kind:
    """The kind ``name``; CrosscamError when there is none."""
    if name not in KINDS:
        family = name.partition(".")[0]
        near = [each for each in KINDS if each.startswith(f"{family}.")]
        near = near or [f"{each}.*" for each in sorted({each.partition(".")[0] for each in KINDS})]
        raise CrosscamError(
            f"no fault {shown(name, 40)}: expected one of {', '.join(near)}; `crosscam faults` lists all"
        )
    return KINDS[name]
