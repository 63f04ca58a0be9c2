"""All commands of the monitor with their declared parameters."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from sim.engine.members import Signature, signature
from sim.engine.monitor.arguments import bind
from sim.engine.monitor.commands import COMMANDS, RAW, SHORT
from sim.engine.monitor.kinds import MismatchError
from sim.engine.monitor.library import LIBRARY
from sim.engine.monitor.log_commands import LOG_COMMANDS
from sim.engine.monitor.session import CommandSession
from sim.engine.wording import bad_parameters

_USAGE = re.compile(r"``(.+?)``")


@dataclass(frozen=True, slots=True)
class Command:
    """One command. ``is_raw``: it takes a variable's name instead of its value."""

    name: str
    function: Callable[..., object]
    declared: Signature
    is_raw: bool
    description: str
    usage: str

    def __call__(self, monitor: CommandSession, arguments: Sequence[object]) -> object:
        """Run it; CrosscamError when it does not take ``arguments``, of whatever is wrong otherwise."""
        try:
            values, keywords = bind(self.declared, arguments, monitor)
        except MismatchError as error:
            raise bad_parameters(self.name, self.usage, str(error)) from None
        return self.function(monitor, *values, **keywords)


@functools.cache
def commands() -> Mapping[str, Command]:
    """By name."""
    tables: tuple[Mapping[str, Callable[..., object]], ...] = (COMMANDS, LIBRARY, LOG_COMMANDS)
    return {name: _command(name, function) for table in tables for name, function in table.items()}


def find(name: str) -> Command | None:
    """The command of that name or short name."""
    table = commands()
    return table.get(name) or table.get(SHORT.get(name, ""))


def names() -> list[str]:
    """Names and short names."""
    return [*commands(), *SHORT]


def _command(name: str, function: Callable[..., object]) -> Command:
    declared = signature(function, 1)
    text = (function.__doc__ or "").strip().replace("\n", " ")
    usage = _USAGE.search(text)
    return Command(
        name,
        function,
        declared,
        name in RAW,
        " ".join(text.split()).replace("``", ""),
        usage[1] if usage else name,
    )
