"""Commands for where the log goes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

from sim.engine.members import Between
from sim.engine.monitor.logs import KEPT
from sim.engine.monitor.session import CommandSession

_SHOWN = 20
Port = Annotated[int, Between(0, 65535)]


def last_log(monitor: CommandSession, count: Annotated[int, Between(0, KEPT)] = _SHOWN) -> object:
    """``lastLog [count]``: the last entries of the log, 20 unless told otherwise."""
    return "\n".join(monitor.logs.last(count))


def log_file(monitor: CommandSession, file: str, flush_after_write: bool = False) -> object:
    """``logFile @file``: write the log there too; a file that exists is left alone, the new one gets a number."""
    monitor.logs.to_file(monitor.output_path(file))
    return None


def log_network(monitor: CommandSession, port: Port) -> object:
    """``logNetwork port``: send the log to those connected to that port of this machine."""
    monitor.logs.to_network(port)
    return None


LOG_COMMANDS: dict[str, Callable[..., object]] = {"lastLog": last_log, "logFile": log_file, "logNetwork": log_network}
