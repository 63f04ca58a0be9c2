"""Commands around the emulation: what Renode's ``scripts/monitor.py`` defines, the display of numbers, snapshots."""

from __future__ import annotations

import enum
import os
import time
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from sim.engine.monitor.tokens import Token, Word
from sim.engine.platform.syntax import Place
from sim.engine.wording import NO_SUCH_SIGNATURE, bad_parameters
from sim.errors import CrosscamError

if TYPE_CHECKING:
    from sim.engine.monitor.monitor import Monitor

_DUMP_WIDTH = 16


class NumberMode(enum.Enum):
    """How the monitor shows whole numbers."""

    Hexadecimal = "hexadecimal"
    Decimal = "decimal"
    Both = "both"


class Snapshots(Protocol):
    """Who can save and restore the state of an emulation."""

    def save(self, path: Path) -> None:
        """Write the present state to ``path``."""

    def load(self, path: Path) -> None:
        """Bring the emulation to the state in ``path``."""


def numbers_mode(monitor: Monitor, arguments: list[Token]) -> object:
    """``numbersMode Hexadecimal``, ``Decimal`` or ``Both``; alone: which it is."""
    if not arguments:
        return monitor.numbers.name
    for mode in NumberMode:
        if mode.name.lower() == str(arguments[0]).lower():
            monitor.numbers = mode
            return None
    raise bad_parameters("numbersMode", f"numbersMode {'|'.join(mode.name for mode in NumberMode)}")


def clear(monitor: Monitor, arguments: list[Token]) -> object:
    """``Clear``: forget machine and environments."""
    monitor.forget_machine()
    monitor.forget_environments()
    return None


def ensure_type_is_loaded(monitor: Monitor, arguments: list[Token]) -> object:
    """``EnsureTypeIsLoaded "type"``: an error unless a description may name the type."""
    if not arguments:
        raise bad_parameters("EnsureTypeIsLoaded", 'EnsureTypeIsLoaded "type"')
    name = str(arguments[0])
    try:
        monitor.types.find(name, Place("EnsureTypeIsLoaded", 1, 1))
    except CrosscamError as error:
        raise CrosscamError(f"Given type {name} was not found: {error}") from None
    return None


def save(monitor: Monitor, arguments: list[Token]) -> object:
    """``Save @file``: keep the state of the emulation."""
    _snapshots(monitor, "Save").save(Path(_file(arguments, "Save")))
    return None


def load(monitor: Monitor, arguments: list[Token]) -> object:
    """``Load @file``: go back to a state that was saved."""
    _snapshots(monitor, "Load").load(monitor.existing(_file(arguments, "Load")))
    return None


def _file(arguments: list[Token], command: str) -> str:
    if len(arguments) != 1 or not isinstance(arguments[0], str) or isinstance(arguments[0], Word):
        raise CrosscamError(f"{command}: {NO_SUCH_SIGNATURE}: expected `{command} @file`")
    return str(arguments[0])


def _snapshots(monitor: Monitor, command: str) -> Snapshots:
    if monitor.snapshots is None:
        raise CrosscamError(f"{command}: only Robot suites can: a snapshot keeps the keywords that led to the state")
    if monitor.in_script:
        raise CrosscamError(f"{command}: expected as a command of its own, not inside a script")
    return monitor.snapshots


def next_value(monitor: Monitor, arguments: list[Token]) -> object:
    """``next_value [offset]``: 0, 1, 2 ... plus ``offset``, one further each time."""
    offset = arguments[0] if arguments else 0
    try:
        value = monitor.next_value + offset  # type: ignore[operator]  # a text is the user's mistake
    except TypeError as error:
        raise CrosscamError(f"next_value: {error}: expected a number, found {offset!r}") from None
    monitor.next_value += 1
    return str(value)


def sleep(monitor: Monitor, arguments: list[Token]) -> object:
    """``sleep seconds``: wait on the host; virtual time stands still, so it changes nothing for the board."""
    if len(arguments) != 1 or isinstance(arguments[0], bool) or not isinstance(arguments[0], int | float):
        raise bad_parameters("sleep", "sleep seconds")
    time.sleep(arguments[0])
    return None


def get_environ(monitor: Monitor, arguments: list[Token]) -> object:
    """``get_environ name``: a variable of the host's environment."""
    if not arguments:
        raise bad_parameters("get_environ", "get_environ name")
    return os.environ.get(str(arguments[0]))


def if_(monitor: Monitor, arguments: list[Token]) -> object:
    '''``if condition """commands"""``.'''
    if len(arguments) != 2:
        raise bad_parameters("if", 'if condition """commands"""')
    if not arguments[0]:
        return None
    return "\n".join(filter(None, (monitor.execute(line) for line in str(arguments[1]).splitlines())))


def dump(monitor: Monitor, arguments: list[Token]) -> object:
    """``dump address count [width]``: bytes of the bus, ``width`` a line."""
    start, count, width = _numbers(arguments, "dump address count [width]", 2, (_DUMP_WIDTH,))
    lines: list[str] = []
    for address in range(start, start + count, max(width, 1)):
        data = monitor.machine.sysbus.read_bytes(address, width)
        text = "".join(chr(byte) if 0x20 <= byte < 0x7F else "." for byte in data)
        lines.append(f"0x{address:08X} | {data.hex(' ').upper()} | {text}")
    return "\n".join(lines)


def dump_file(monitor: Monitor, arguments: list[Token]) -> object:
    """``dump_file address count @file``: bytes of the bus into a file."""
    if len(arguments) != 3:
        raise bad_parameters("dump_file", "dump_file address count @file")
    start, count = _numbers(arguments[:2], "dump_file address count @file", 2, ())
    Path(str(arguments[2])).write_bytes(monitor.machine.sysbus.read_bytes(start, count))
    return None


def _numbers(arguments: list[Token], usage: str, needed: int, defaults: tuple[int, ...]) -> list[int]:
    found = [each for each in arguments if isinstance(each, int) and not isinstance(each, bool)]
    if len(found) != len(arguments) or not needed <= len(found) <= needed + len(defaults):
        raise bad_parameters(usage.split()[0], usage)
    return [*found, *defaults[len(found) - needed :]]


LIBRARY = {
    "numbersMode": numbers_mode,
    "Clear": clear,
    "EnsureTypeIsLoaded": ensure_type_is_loaded,
    "Save": save,
    "Load": load,
    "next_value": next_value,
    "sleep": sleep,
    "get_environ": get_environ,
    "if": if_,
    "dump": dump,
    "dump_file": dump_file,
}
