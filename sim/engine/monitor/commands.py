"""The monitor's own commands: everything that is not ``device Member``. Parameters are declared as members' are."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Annotated

from sim.engine.members import Between
from sim.engine.monitor import peripherals as tree
from sim.engine.monitor.kinds import Name
from sim.engine.monitor.session import CommandSession
from sim.engine.monitor.tokens import Variable, Word
from sim.engine.scripting.world import NOISY
from sim.engine.wording import NO_MACHINE_SELECTED, NOT_A_STRING, BadArgumentsError, bad_parameters, no_machine
from sim.errors import CrosscamError, shown
from sim.files import write_json

LEVELS = {-1: NOISY, 0: logging.DEBUG, 1: logging.INFO, 2: logging.WARNING, 3: logging.ERROR}
_LEVEL_NAMES = {"noisy": -1, "debug": 0, "info": 1, "warning": 2, "error": 3}
Level = Annotated[int, Between(-1, 3)]


def mach(monitor: CommandSession, action: Name | None = None, name: Name | int | None = None) -> object:
    """``mach create ["name"]``, ``mach add``, ``mach set``, ``mach rem``, ``mach clear``; alone: their names."""
    names = monitor.machine_names
    if action is None:
        return "\n".join(names) or "no machine"
    if action in ("create", "add"):
        present = monitor.machine.name if action == "add" and names else None
        monitor.create_machine(_free_name(names) if name is None else str(name))
        if present is not None:
            monitor.select_machine(present)
    elif action in ("set", "rem") and name is not None:
        wanted = names[name] if isinstance(name, int) and 0 <= name < len(names) else str(name)
        if wanted not in names:
            there = ", ".join(names) or "no machine"
            raise BadArgumentsError(f"mach {action}: {no_machine(shown(name))} there is {there}")
        if action == "rem":
            monitor.remove_machine(wanted)
        else:
            monitor.select_machine(wanted)
    elif action == "clear" and name is None:
        monitor.forget_machine()
    else:
        raise bad_parameters("mach", 'mach create|add|set|rem ["name"]` or `mach clear')
    return None


def _free_name(taken: list[str]) -> str:
    return next(name for number in range(len(taken) + 1) if (name := f"machine-{number}") not in taken)


def using(monitor: CommandSession, name: Name | None = None) -> object:
    """``using sysbus``: names below it need no prefix; ``using -`` forgets them all."""
    if name is None:
        return "\n".join(monitor.usings)
    prefix = str(name).rstrip(".")
    if prefix == "-":
        monitor.usings.clear()
    elif prefix not in monitor.usings:
        monitor.usings.append(prefix)
    return None


def include(monitor: CommandSession, file: str) -> object:
    """``include @file``: a .resc script, a .repl description or a .py file with commands."""
    return monitor.include(monitor.existing(file))


def start(monitor: CommandSession, file: str | None = None) -> object:
    """``start [@file]``, perhaps with a script to include first."""
    printed = None if file is None else include(monitor, file)
    monitor.set_started(True)
    return printed


def pause(monitor: CommandSession) -> object:
    """``pause``: end the present run."""
    monitor.set_started(False)
    return None


def quit_(monitor: CommandSession) -> object:
    """``quit``: nothing is executed any more."""
    monitor.finished = True
    return None


def set_(monitor: CommandSession, variable: Variable | Name, value: object) -> object:
    """``set name value``."""
    monitor.set_variable(_name(variable), monitor.value(value))
    return None


def macro(monitor: CommandSession, name: Variable | Name, commands: str) -> object:
    '''``macro name """commands"""``.'''
    monitor.set_macro(_name(name), commands)
    return None


def alias(monitor: CommandSession, name: Variable | Name, command: str) -> object:
    """``alias name "command"``."""
    monitor.aliases[_name(name)] = command
    return None


def run_macro(monitor: CommandSession, name: Variable | Name) -> object:
    """``runMacro $name``."""
    return monitor.run_macro(_name(name))


def execute(monitor: CommandSession, name: Variable | Name) -> object:
    """``execute $name``: run the text of a variable."""
    text = monitor.value(name if isinstance(name, Variable) else Variable(name))
    if not isinstance(text, str):
        raise BadArgumentsError(f"execute ${_name(name)}: {NOT_A_STRING} expected commands, found {shown(text)}")
    return monitor.execute_lines(text.splitlines(), f"execute ${_name(name)}")


def python(monitor: CommandSession, code: object) -> object:
    """``python "code"``."""
    if not isinstance(code, str) or isinstance(code, Word):
        raise BadArgumentsError(f'{NOT_A_STRING} expected `python "code"`, found {shown(code)}')
    return monitor.python.run(str(code))


def path(monitor: CommandSession, action: Name | None = None, folder: str | None = None) -> object:
    """``path add @folder``, ``path set @folder``, ``path reset``; alone: the folders."""
    if action is None:
        return ";".join(str(each) for each in monitor.search_path)
    if action == "reset" and folder is None:
        monitor.search_path.clear()
        return None
    if action not in ("add", "set") or folder is None:
        raise bad_parameters("path", "path`, `path add @folder`, `path set @folder` or `path reset")
    found = monitor.locate(folder)
    if not found.is_dir():
        raise CrosscamError(f"path: no folder {shown(folder)}: expected an existing one")
    if action == "set":
        monitor.search_path.clear()
    monitor.search_path.insert(0, found.resolve())
    return None


def log_level(monitor: CommandSession, level: Level | Name | None = None, device: Name | None = None) -> object:
    """``logLevel 3 [device]``: -1 noisy, 0 debug, 1 info, 2 warning, 3 error."""
    if level is None:
        return logging.getLevelName(logging.getLogger("sim").getEffectiveLevel())
    logger = "sim" if device is None else monitor.device(str(device)).log.name
    monitor.set_log_level(logger, _level("logLevel", level))
    return None


def _level(command: str, given: int | str) -> int:
    """The ``logging`` module's number."""
    number = given if isinstance(given, int) else _LEVEL_NAMES.get(given.lower())
    if number is None:
        raise bad_parameters(command, f"{command} with -1 (noisy) to 3 (error) or a name, not {shown(given)}")
    return LEVELS[number]


def log(monitor: CommandSession, text: str, level: Level | Name = 1) -> object:
    """``log "text" [level]``: an entry, of level info unless told otherwise."""
    logging.getLogger("sim.monitor").log(_level("log", level), "Script: %s", text)
    return None


def show_analyzer(monitor: CommandSession, first: object, second: object = None, third: object = None) -> object:
    """``showAnalyzer ["name"] device [analyzer]``: a window in Renode; here ``LoggingUartAnalyzer`` logs lines, and
    whoever runs the machine shows its output."""
    names = [each for each in (first, second, third) if isinstance(each, Word)]
    title = [first] if isinstance(first, str) and not isinstance(first, Word) else []
    if not 1 <= len(names) <= 2 or len(names) + len(title) != sum(each is not None for each in (first, second, third)):
        raise bad_parameters("showAnalyzer", 'showAnalyzer ["name"] device [analyzer]')
    monitor.show_analyzer(monitor.device(str(names[0])), str(names[1]) if len(names) > 1 else None)
    return None


def peripherals(monitor: CommandSession, action: Name | None = None, file: str | None = None) -> object:
    """``peripherals``: the devices as a tree; ``peripherals export @file`` writes it as JSON."""
    if not monitor.has_machine:
        raise BadArgumentsError(f"peripherals: {NO_MACHINE_SELECTED} expected `mach create` before")
    root = tree.tree(monitor.machine)
    if action is None:
        return tree.as_text(root)
    if action != "export" or not isinstance(file, str):
        raise bad_parameters("peripherals", "peripherals` or `peripherals export @file")
    write_json(monitor.output_path(file), tree.as_document(root))
    return None


def echo(monitor: CommandSession, *texts: object) -> object:
    """``echo text``."""
    return " ".join(str(text) for text in texts if text != "-n")


def string(monitor: CommandSession, *texts: object) -> object:
    """``string text ...``: one text in quotes."""
    return f'"{" ".join(str(text) for text in texts)}"'


def require(monitor: CommandSession, variable: Variable | Name) -> object:
    """``require $name``: an error unless there is such a variable."""
    monitor.value(variable if isinstance(variable, Variable) else Variable(variable))
    return None


def help_(monitor: CommandSession, command: Name | None = None) -> object:
    """``help [command]``: every command with what it does."""
    known = monitor.commands
    if command is not None and str(command) not in known:
        raise bad_parameters("help", "help` or `help command")
    names = list(known) if command is None else [str(command)]
    width = max(len(name) for name in names)
    lines = (f"{name:{width}}  {known[name].description}" for name in sorted(names))
    return f"Available commands:\n{'Name':{width}}  Description\n" + "\n".join(lines)


def _name(given: Variable | str) -> str:
    return given.name if isinstance(given, Variable) else str(given)


COMMANDS: dict[str, Callable[..., object]] = {
    "mach": mach,
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
    "string": string,
    "require": require,
    "help": help_,
}
RAW = frozenset({"set", "macro", "runMacro", "execute", "alias", "require"})
"""Commands that take a variable's name instead of its value."""
SHORT = {
    "i": "include",
    "s": "start",
    "p": "pause",
    "q": "quit",
    "py": "python",
    "sa": "showAnalyzer",
    "peri": "peripherals",
    "str": "string",
    "privs": "allowPrivates",
    "h": "help",
}
