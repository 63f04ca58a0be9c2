"""Variables and macros of a monitor."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass

from sim.engine.platform.registry import near_names
from sim.engine.wording import no_variable
from sim.errors import CrosscamError, shown

_GLOBAL = "global."


@dataclass(slots=True, frozen=True)
class Macro:
    """Commands kept for later, and where they were written."""

    text: str
    file: str
    line: int


class Variables:
    """By name; ``global.`` before it changes nothing, there is one machine."""

    def __init__(self) -> None:
        self.values: dict[str, object] = {}
        self.macros: dict[str, Macro] = {}

    def has(self, name: str) -> bool:
        """Whether ``$name`` has a value."""
        return name.removeprefix(_GLOBAL) in self.values

    def get(self, name: str) -> object:
        """The value of ``$name``; CrosscamError when it has none."""
        own = name.removeprefix(_GLOBAL)
        if own not in self.values:
            near = near_names(own, self.values) or f"expected `${shown(name)}=...` before"
            raise CrosscamError(f"{no_variable(shown(name))}: {near}")
        return self.values[own]

    def set(self, name: str, value: object) -> None:
        """``$name`` has ``value``."""
        self.values[name.removeprefix(_GLOBAL)] = value

    @contextlib.contextmanager
    def holding(self, name: str, value: object) -> Iterator[None]:
        """``$name`` has ``value`` for a while, then what it had before."""
        before = self.values.get(name)
        self.values[name] = value
        try:
            yield
        finally:
            self.values.pop(name, None)
            if before is not None:
                self.values[name] = before

    def set_macro(self, name: str, macro: Macro) -> None:
        """Keep ``macro``."""
        self.macros[name.removeprefix(_GLOBAL)] = macro

    def macro(self, name: str) -> Macro:
        """The macro ``name``; CrosscamError when there is none."""
        own = name.removeprefix(_GLOBAL)
        if own not in self.macros:
            near = near_names(own, self.macros) or f"expected `macro {shown(own)}` before"
            raise CrosscamError(f"{no_variable(shown(name))}: no such macro: {near}")
        return self.macros[own]
