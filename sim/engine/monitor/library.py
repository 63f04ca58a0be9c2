"""Commands around the emulation: what Renode's ``scripts/monitor.py`` defines, the display of numbers, snapshots."""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Callable
from typing import Annotated

from sim.engine.members import Between
from sim.engine.monitor.faces.device import LARGEST_READ, Count
from sim.engine.monitor.kinds import Name
from sim.engine.monitor.session import CommandSession, Snapshots
from sim.engine.monitor.show import NumberMode
from sim.engine.monitor.tokens import Word
from sim.engine.platform.syntax import Place
from sim.engine.scripting.timeinterval import TimeInterval
from sim.engine.wording import NO_SUCH_SIGNATURE, bad_parameters, time_lines
from sim.errors import CrosscamError, shown
from sim.files import whole

MOST_SECONDS = 60
"""Seconds of the host's time the command ``sleep`` may take."""
_LARGEST_DUMP = 1 << 28
Width = Annotated[int, Between(1, 1024)]
HostSeconds = Annotated[float, Between(0, MOST_SECONDS)]
FileSize = Annotated[int, Between(0, _LARGEST_DUMP)]
Address = Annotated[int, Between(0, (1 << 64) - 1)]


def numbers_mode(monitor: CommandSession, mode: Name | None = None) -> object:
    """``numbersMode Hexadecimal|Decimal|Both``; alone: which it is."""
    if mode is None:
        return monitor.numbers.name
    for each in NumberMode:
        if each.name.lower() == mode.lower():
            monitor.numbers = each
            return None
    raise bad_parameters("numbersMode", f"numbersMode {'|'.join(each.name for each in NumberMode)}")


def clear(monitor: CommandSession) -> object:
    """``Clear``: forget machine and externals."""
    monitor.forget_machine()
    monitor.forget_externals()
    return None


def ensure_type_is_loaded(monitor: CommandSession, type_name: str) -> object:
    """``EnsureTypeIsLoaded "type"``: an error unless a description may name the type."""
    try:
        monitor.types.find(type_name, Place("EnsureTypeIsLoaded", 1, 1))
    except CrosscamError as error:
        raise CrosscamError(f"Given type {shown(type_name)} was not found: {error}") from None
    return None


def save(monitor: CommandSession, file: object) -> object:
    """``Save @file``: keep the state of the emulation."""
    _snapshots(monitor, "Save").save(monitor.output_path(_file(file, "Save")))
    return None


def load(monitor: CommandSession, file: object) -> object:
    """``Load @file``: go back to a state that was saved."""
    _snapshots(monitor, "Load").load(monitor.existing(_file(file, "Load")))
    return None


def _file(file: object, command: str) -> str:
    if not isinstance(file, str) or isinstance(file, Word):
        raise CrosscamError(f"{command}: {NO_SUCH_SIGNATURE}: expected `{command} @file`")
    return str(file)


def _snapshots(monitor: CommandSession, command: str) -> Snapshots:
    if monitor.snapshots is None:
        raise CrosscamError(f"{command}: only Robot suites can: a snapshot keeps the keywords that led to the state")
    if monitor.in_script:
        raise CrosscamError(f"{command}: expected as a command of its own, not inside a script")
    return monitor.snapshots


def next_value(monitor: CommandSession, offset: int | float | str = 0) -> object:
    """``next_value [offset]``: 0, 1, 2 ... plus ``offset``, one further each time."""
    if isinstance(offset, str):
        refused = f"next_value: expected a number to add, found {shown(offset)!r}"
        raise CrosscamError(refused, renode="unsupported operand type(s) for +: 'int' and 'str'")
    value = monitor.next_value + offset
    monitor.next_value += 1
    return str(value)


def sleep(monitor: CommandSession, seconds: HostSeconds) -> object:
    """``sleep seconds``: wait on the host; virtual time stands still, so it changes nothing for the board."""
    time.sleep(seconds)
    return None


def get_environ(monitor: CommandSession, name: Name) -> object:
    """``get_environ name``: a variable of the host's environment."""
    return os.environ.get(str(name))


def if_(monitor: CommandSession, condition: object, commands: str) -> object:
    '''``if condition """commands"""``.'''
    return monitor.execute_lines(commands.splitlines(), "if") if condition else None


def dump(monitor: CommandSession, address: Address, count: Count, width: Width = 16) -> object:
    """``dump address count [width]``: bytes of the bus, ``width`` a line."""
    lines: list[str] = []
    for start in range(address, address + count, width):
        data = monitor.machine.sysbus.read_bytes(start, width)
        text = "".join(chr(byte) if 0x20 <= byte < 0x7F else "." for byte in data)
        lines.append(f"0x{start:08X} | {data.hex(' ').upper()} | {text}")
    return "\n".join(lines)


def dump_file(monitor: CommandSession, address: Address, count: FileSize, file: str) -> object:
    """``dump_file address count @file``: bytes of the bus into a file."""
    bus = monitor.machine.sysbus
    if bus.memory_at(address, count) is None and count > LARGEST_READ:
        raise CrosscamError(f"dump_file: {count} bytes at 0x{address:X}: expected them inside a memory")
    with whole(monitor.output_path(file)) as part:
        part.write_bytes(bus.read_bytes(address, count))
    return None


def version(monitor: CommandSession) -> object:
    """``version``: of this engine."""
    from importlib.metadata import version as installed

    return f"crosscam, version {installed('crosscam')}"


def current_time(monitor: CommandSession) -> object:
    """``currentTime``: virtual and host time since the start, also into the log."""
    text = time_lines(monitor.elapsed, TimeInterval.from_host(monitor.host_seconds))
    logging.getLogger("sim.monitor").info("%s", text)
    return text


def allow_privates(monitor: CommandSession, allow: bool) -> object:
    """``allowPrivates true``: accepted; what is declared can be reached, and nothing else."""
    if allow:
        monitor.note("allowPrivates: there are no private members here; the command does nothing")
    return None


def verbose_mode(monitor: CommandSession, value: bool) -> object:
    """``verboseMode true``: each command into the log before it runs."""
    monitor.verbose = value
    return None


LIBRARY: dict[str, Callable[..., object]] = {
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
    "version": version,
    "currentTime": current_time,
    "allowPrivates": allow_privates,
    "verboseMode": verbose_mode,
}
