"""The monitor's own commands: everything that is not ``device Member``."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import TYPE_CHECKING

from sim.engine.monitor import objects
from sim.engine.monitor.hubs import connector
from sim.engine.monitor.library import LIBRARY
from sim.engine.monitor.logs import LOG_COMMANDS
from sim.engine.monitor.tokens import Token, Variable, Word
from sim.engine.scripting.world import NOISY
from sim.engine.wording import NOT_A_STRING, BadArgumentsError, bad_parameters
from sim.errors import CrosscamError

if TYPE_CHECKING:
    from sim.engine.monitor.monitor import Monitor

Command = Callable[["Monitor", list[Token]], object]

LEVELS = {-1: NOISY, 0: logging.DEBUG, 1: logging.INFO, 2: logging.WARNING, 3: logging.ERROR}
_LEVEL_NAMES = {"noisy": -1, "debug": 0, "info": 1, "warning": 2, "error": 3}

RAW = frozenset({"set", "macro", "runMacro", "execute", "alias"})
"""Commands that take a variable's name instead of its value."""


def mach(monitor: Monitor, arguments: list[Token]) -> object:
    """``mach create "name"``, ``mach add``, ``mach set``, ``mach clear``; alone: the machine's name."""
    if not arguments:
        return monitor.machine.name if monitor.has_machine else "no machine"
    action, *rest = arguments
    if action in ("create", "add"):
        monitor.create_machine(str(rest[0]) if rest else "machine-0")
    elif action == "set" and rest:
        if not monitor.has_machine or rest[0] not in (monitor.machine.name, 0):
            raise CrosscamError(f"mach set: no machine {rest[0]}: expected {mach(monitor, [])}")
    elif action in ("clear", "rem"):
        monitor.forget_machine()
    else:
        raise CrosscamError(f"mach: expected create, add, set, rem or clear, found {action}")
    return None


def using(monitor: Monitor, arguments: list[Token]) -> object:
    """``using sysbus``: names below it need no prefix; ``using -`` forgets them all."""
    if not arguments:
        return "\n".join(monitor.usings)
    if arguments[0] == "-":
        monitor.usings.clear()
    elif str(arguments[0]) not in monitor.usings:
        monitor.usings.append(str(arguments[0]))
    return None


def include(monitor: Monitor, arguments: list[Token]) -> object:
    """``include @file``: a .resc script, a .repl description or a .py file with commands."""
    _need(arguments, 1, "include @file")
    return monitor.include(monitor.existing(str(arguments[0])))


def start(monitor: Monitor, arguments: list[Token]) -> object:
    """``start``, perhaps with a script to include first."""
    if arguments:
        include(monitor, arguments)
    monitor.set_started(True)
    return None


def pause(monitor: Monitor, arguments: list[Token]) -> object:
    """``pause``: end the present run."""
    monitor.set_started(False)
    return None


def quit_(monitor: Monitor, arguments: list[Token]) -> object:
    """``quit``: nothing is executed any more."""
    monitor.finished = True
    return None


def set_(monitor: Monitor, arguments: list[Token]) -> object:
    """``set name value``."""
    _need(arguments, 2, "set name value")
    monitor.set_variable(_name(arguments[0]), monitor.value(arguments[1]))
    return None


def macro(monitor: Monitor, arguments: list[Token]) -> object:
    '''``macro name """commands"""``.'''
    _need(arguments, 2, 'macro name """commands"""')
    monitor.macros[_name(arguments[0])] = monitor.make_macro(str(arguments[1]))
    return None


def alias(monitor: Monitor, arguments: list[Token]) -> object:
    """``alias name "command"``."""
    _need(arguments, 2, 'alias name "command"')
    monitor.aliases[_name(arguments[0])] = str(arguments[1])
    return None


def run_macro(monitor: Monitor, arguments: list[Token]) -> object:
    """``runMacro $name``."""
    _need(arguments, 1, "runMacro $name")
    return monitor.run_macro(_name(arguments[0]))


def execute(monitor: Monitor, arguments: list[Token]) -> object:
    """``execute $name``: run the text of a variable."""
    _need(arguments, 1, "execute $name")
    text = monitor.value(arguments[0])
    return "\n".join(filter(None, (monitor.execute(line) for line in str(text).splitlines())))


def python(monitor: Monitor, arguments: list[Token]) -> object:
    """``python "code"``."""
    _need(arguments, 1, 'python "code"')
    if not isinstance(arguments[0], str) or isinstance(arguments[0], Word):
        raise BadArgumentsError(f'{NOT_A_STRING} expected `python "code"`, found {arguments[0]}')
    return monitor.python.run(str(arguments[0]))


def path(monitor: Monitor, arguments: list[Token]) -> object:
    """``path add @folder``, ``path set @folder``, ``path reset``; alone: the folders."""
    if not arguments:
        return ";".join(str(folder) for folder in monitor.search_path)
    action, *rest = arguments
    if action == "reset":
        monitor.search_path.clear()
        return None
    if action not in ("add", "set") or not rest:
        raise CrosscamError("path: expected `path`, `path add @folder`, `path set @folder` or `path reset`")
    folder = monitor.locate(str(rest[0]))
    if not folder.is_dir():
        raise CrosscamError(f"path: no folder {folder}: expected an existing one")
    if action == "set":
        monitor.search_path.clear()
    monitor.search_path.insert(0, folder.resolve())
    return None


def log_level(monitor: Monitor, arguments: list[Token]) -> object:
    """``logLevel 3 [device]``: -1 noisy, 0 debug, 1 info, 2 warning, 3 error."""
    if not arguments:
        return logging.getLevelName(logging.getLogger("sim").getEffectiveLevel())
    level = _LEVEL_NAMES.get(str(arguments[0]).lower(), arguments[0])
    if isinstance(level, bool) or not isinstance(level, int) or level not in LEVELS:
        raise CrosscamError(f"logLevel: expected -1 (noisy) to 3 (error) or a name, found {arguments[0]}")
    names = ["sim"] if len(arguments) == 1 else [monitor.device(str(arguments[1])).log.name]
    for name in names:
        monitor.set_log_level(name, LEVELS[level])
    return None


def log(monitor: Monitor, arguments: list[Token]) -> object:
    """``log "text" [level]``: an entry, of level info unless told otherwise."""
    usage = 'log "text" [level]'
    _need(arguments, 1, usage)
    if not isinstance(arguments[0], str) or isinstance(arguments[0], Word):
        raise bad_parameters("log", usage)
    wanted = arguments[1] if len(arguments) > 1 else 1
    level = _LEVEL_NAMES.get(str(wanted).lower(), wanted)
    if isinstance(level, bool) or not isinstance(level, int) or level not in LEVELS:
        raise bad_parameters("log", usage)
    logging.getLogger("sim.monitor").log(LEVELS[level], "Script: %s", arguments[0])
    return None


def show_analyzer(monitor: Monitor, arguments: list[Token]) -> object:
    """``showAnalyzer device``: opens a window in Renode; here the device must exist, and whoever runs the machine
    shows its output."""
    names = [argument for argument in arguments if isinstance(argument, Word)]
    if not names:
        raise CrosscamError("showAnalyzer: expected the name of a device")
    monitor.device(str(names[0]))
    return None


def peripherals(monitor: Monitor, arguments: list[Token]) -> object:
    """``peripherals``: the devices as a tree."""
    return objects.peripherals(monitor.machine)


def echo(monitor: Monitor, arguments: list[Token]) -> object:
    """``echo text``."""
    return " ".join(str(argument) for argument in arguments if argument != "-n")


def help_(monitor: Monitor, arguments: list[Token]) -> object:
    """``help``: every command with what it does."""
    width = max(len(name) for name in COMMANDS)
    texts = {name: (command.__doc__ or "").partition("\n")[0].replace("``", "") for name, command in COMMANDS.items()}
    heading = f"Available commands:\n{'Name':{width}}  Description\n"
    return heading + "\n".join(f"{name:{width}}  {text}" for name, text in sorted(texts.items()))


def _need(arguments: list[Token], count: int, usage: str) -> None:
    if len(arguments) < count:
        raise bad_parameters(usage.split()[0], usage)


def _name(token: Token) -> str:
    return token.name if isinstance(token, Variable) else str(token)


COMMANDS: dict[str, Command] = {
    "mach": mach,
    "connector": connector,
    "using": using,
    "include": include,
    "start": start,
    "pause": pause,
    "quit": quit_,
    "set": set_,
    "macro": macro,
    "alias": alias,
    "runMacro": run_macro,
    "execute": execute,
    "python": python,
    "path": path,
    "logLevel": log_level,
    "log": log,
    "showAnalyzer": show_analyzer,
    "peripherals": peripherals,
    "echo": echo,
    "help": help_,
    **LIBRARY,
    **LOG_COMMANDS,
}
SHORT = {
    "i": "include",
    "s": "start",
    "p": "pause",
    "q": "quit",
    "py": "python",
    "sa": "showAnalyzer",
    "peri": "peripherals",
    "h": "help",
}
