"""Renode's monitor: variables, macros, devices by name, scripts."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from sim.engine.devices.base import Device
from sim.engine.hooking.block_log import BlockFollower
from sim.engine.machine import Machine
from sim.engine.monitor import commands, objects
from sim.engine.monitor.environments import Environments
from sim.engine.monitor.hook_commands import device_members
from sim.engine.monitor.hubs import Hubs
from sim.engine.monitor.library import NumberMode, Snapshots
from sim.engine.monitor.logs import LogOutputs
from sim.engine.monitor.python_world import PythonWorld
from sim.engine.monitor.script_files import commands as script_commands
from sim.engine.monitor.tokens import Equals, Execution, PathText, Token, Variable, Word, tokenize
from sim.engine.platform.lenient import LenientRegistry
from sim.engine.platform.registry import Registry, default_registry, near_names
from sim.engine.wording import NO_SUCH_FILE, UnknownCommandError
from sim.errors import CrosscamError

_LOG = logging.getLogger("sim.monitor")
_OBJECTS = ("sysbus", "machine", "emulation")


class PrintedNumber(int):
    """A number a command printed, which is still shown as it was printed."""

    text: str

    def __new__(cls, value: int, text: str) -> PrintedNumber:
        made = super().__new__(cls, value)
        made.text = text
        return made

    def __str__(self) -> str:
        return self.text


@dataclass(slots=True, frozen=True)
class Macro:
    """Commands kept for later, and where they were written."""

    text: str
    file: str
    line: int


class Monitor:
    """One emulation: at most one machine, and the commands that make and drive it.

    Args:
        timing: how the machine counts cycles, see ``Machine``.
        lenient: types, commands and members the engine lacks are warned of and do nothing, instead of being errors.

    Attributes:
        variables: ``$name`` -> value; a host sets what a script expects, before including it.
        search_path: folders in which ``@path`` is looked for, after the current one.
        usings: prefixes that names may go without.
        started: whether a script said ``start``; the host then lets the machine run.
        finished: whether ``quit`` was executed.
        base: folder of the commands that stand in no script; None: the current one.
        numbers: how whole numbers are shown.
        next_value: what the command of that name prints next.
        logs: where the log goes besides the console.
        files: what commands have named and read.
        environments: what groups of sensors measure.
        hubs: what connects controllers.
        snapshots: who saves and restores states; None: nobody can.
    """

    def __init__(self, timing: str = "instructions", lenient: bool = False) -> None:
        self.registry: Registry | None = LenientRegistry() if lenient else None
        self._timing = timing
        self._machine: Machine | None = None
        self.variables: dict[str, object] = {}
        self.macros: dict[str, Macro] = {}
        self.aliases: dict[str, str] = {}
        self.usings: list[str] = ["sysbus"]  # as Renode starts
        self.search_path: list[Path] = []
        self.python = PythonWorld(self)
        self.started = False
        self.finished = False
        self.base: Path | None = None
        self.numbers = NumberMode.Hexadecimal
        self.next_value = 0
        self.files: set[Path] = set()
        self.logs = LogOutputs()
        self.environments = Environments()
        self.hubs = Hubs()
        self.snapshots: Snapshots | None = None
        self._lenient = lenient
        self._place: tuple[str, int] = ("", 0)
        self._levels: dict[str, int] = {}

    # Machine

    @property
    def has_machine(self) -> bool:
        """Whether ``mach create`` has been executed."""
        return self._machine is not None

    @property
    def machine(self) -> Machine:
        """The machine; CrosscamError when there is none yet."""
        if self._machine is None:
            raise CrosscamError('there is no machine yet: expected `mach create "name"` first')
        return self._machine

    def create_machine(self, name: str) -> None:
        """Make the machine ``name``; CrosscamError when there is one already."""
        if self._machine is not None:
            raise CrosscamError(f"mach create {name}: there is a machine already ({self._machine.name}): expected one")
        self._restore_log_levels()
        self._machine = Machine(name=name, timing=self._timing)
        self._machine.script_globals.update(self.python.globals_for_hooks())
        self.follower = BlockFollower(self._machine)
        self._machine.on_reset.append(self._run_reset_macro)

    def forget_machine(self) -> None:
        """Drop the machine."""
        if self._machine is not None:
            self.environments.machine_removed(self._machine.name)
        self._machine = None

    def close(self) -> None:
        """Drop the machine and let go of log files and ports."""
        self.forget_machine()
        self.logs.close()

    def forget_environments(self) -> None:
        """Drop all environments and hubs."""
        self.environments = Environments()
        self.hubs = Hubs()

    @property
    def types(self) -> Registry:
        """The types a description may name."""
        return self.registry or default_registry()

    @property
    def in_script(self) -> bool:
        """Whether the present command stands in a script."""
        return bool(self._place[0])

    def set_started(self, value: bool) -> None:
        """``start`` and ``pause``."""
        self.started = value
        if not value and self._machine is not None:
            self._machine.pause()

    def _run_reset_macro(self) -> None:
        if "reset" in self.macros:
            self.run_macro("reset")

    def device(self, name: str) -> Device:
        """The device ``name``, with prefixes of ``using`` tried; CrosscamError with near names."""
        found = self._find_device(name)
        if found is None:
            near = near_names(name, self._device_names())
            raise CrosscamError(f"no device {name}: {near or 'the command `peripherals` lists them'}")
        return found

    def _find_device(self, name: str) -> Device | None:
        if self._machine is None:
            return None
        for path in (name, *(f"{prefix}.{name}" for prefix in self.usings)):
            if path in self._machine.devices:
                return self._machine.devices[path]
        return None

    def _device_names(self) -> list[str]:
        paths = list(self._machine.devices) if self._machine is not None else []
        return paths + [path.removeprefix(f"{prefix}.") for path in paths for prefix in self.usings]

    # Logging levels are the process' own: what one machine's script set must not outlive it.

    def set_log_level(self, name: str, level: int) -> None:
        """Set the level of the logger ``name``, remembering what it was."""
        logger = logging.getLogger(name)
        self._levels.setdefault(name, logger.level)
        logger.setLevel(level)

    def _restore_log_levels(self) -> None:
        for name, level in self._levels.items():
            logging.getLogger(name).setLevel(level)
        self._levels.clear()

    # Files

    def locate(self, text: str) -> Path:
        """``text`` as a path: in the current folder, on the search path, beside the running script or above it; if
        nowhere, as it is."""
        wanted = objects.as_path(text)
        beside = Path(self._place[0]).absolute().parent if self._place[0] else self.base or Path.cwd()
        for folder in (self.python.directory.path, *self.search_path, beside, *beside.parents):
            if (folder / wanted).exists():
                return folder / wanted
        return wanted

    def existing(self, text: str) -> Path:
        """As ``locate``, but the file must exist."""
        found = self.locate(str(text))
        if not found.is_file():
            hint = "download it first and name the copy" if "://" in str(text) else "expected an existing file"
            raise CrosscamError(f"{NO_SUCH_FILE}: {text}: {hint}")
        self.files.add(found.resolve())
        return found

    def include(self, path: str | Path) -> str:
        """Run the script, description or Python file ``path``; returns what its commands printed.

        Raises:
            CrosscamError: the first command that fails, with file and line.
        """
        file = Path(path)
        if file.suffix == ".repl":
            objects.invoke("machine", objects.machine_members(self), [Word("LoadPlatformDescription"), str(file)])
            return ""
        try:
            source = file.read_text(encoding="utf-8-sig")
        except (OSError, UnicodeDecodeError) as error:
            raise CrosscamError(f"cannot read the script {file}: {error}") from None
        if file.suffix == ".py":
            return self.python.run(source, str(file))
        if file.suffix == ".cs":
            raise CrosscamError(f"{file}: C# models only run in Renode: expected a Python peripheral")
        origin, place = self.variables.get("ORIGIN"), self._place
        self.variables["ORIGIN"] = PathText(file.resolve().parent)
        try:
            return self._run_lines(list(script_commands(source, str(file))), str(file))
        finally:
            self._place = place
            self.variables.pop("ORIGIN")
            if origin is not None:
                self.variables["ORIGIN"] = origin

    def _run_lines(self, lines: Sequence[tuple[int, str]], file: str) -> str:
        outputs: list[str] = []
        before = self._place
        for number, text in lines:
            if self.finished:
                break
            self._place = (file, number)
            try:
                outputs.append(self.execute(text))
            except CrosscamError as error:
                raise error.within(f"{file}:{number}" if file else "") from None
        self._place = before
        return "\n".join(filter(None, outputs))

    # Commands

    def execute(self, text: str) -> str:
        """Run the command(s) in ``text``; returns what they print, without a final line end.

        Raises:
            CrosscamError: an unknown command (with near names), a wrong argument, whatever the command refuses.
        """
        outputs = [self._run(tokens) for tokens in tokenize(text)]
        return "\n".join(filter(None, outputs))

    def _run(self, tokens: list[Token]) -> str:
        tokens = [self._printed(token.command) if isinstance(token, Execution) else token for token in tokens]
        first = tokens[0]
        if isinstance(first, Variable):
            self._assign(first, tokens[1:])
            return ""
        name = str(first)
        command = commands.COMMANDS.get(commands.SHORT.get(name, name))
        if command is not None:
            raw = commands.SHORT.get(name, name) in commands.RAW
            return objects.show(command(self, tokens[1:] if raw else self._values(tokens[1:])), self.numbers)
        try:
            return objects.show(self._run_object(name, self._values(tokens[1:])), self.numbers)
        except UnknownCommandError as error:
            if not self._lenient:
                raise
            where = f"{self._place[0]}:{self._place[1]}: " if self.in_script else ""
            _LOG.warning("%s%s; the command does nothing", where, error)
            return ""

    def _printed(self, command: str) -> Token:
        """What ``command`` prints: a number where it is one."""
        text = self.execute(command)
        with contextlib.suppress(CrosscamError):
            found = tokenize(text)
            if len(found) == 1 and len(found[0]) == 1 and type(found[0][0]) is int:
                return PrintedNumber(found[0][0], text)
        return text

    def _run_object(self, name: str, arguments: list[Token]) -> object:
        if name == "sysbus":
            return objects.invoke(name, objects.system_bus(self), arguments)
        if name == "machine":
            return objects.invoke(name, objects.machine_members(self), arguments)
        if name == "emulation":
            return objects.invoke(name, objects.emulation_members(self), arguments)
        if name in self.environments:
            return objects.invoke(name, self.environments[name].members, arguments)
        device = self._find_device(name)
        if device is not None and len(arguments) == 2 and arguments[0] == "SetEnvironment":
            self.environments.put_sensor(str(arguments[1]), self.machine, device)
            return None
        if device is not None:
            found = device_members(self, device).get(str(arguments[0])) if arguments else None
            if found is not None:
                return objects.call(f"{device.name} {arguments[0]}", found, arguments[1:])
            return objects.device_command(device, arguments)
        if name in self.aliases:
            return self._run([*tokenize(self.aliases[name])[0], *arguments])
        function = self.python.command(name)
        if function is not None:
            return function(*arguments)
        known = [*commands.COMMANDS, *commands.SHORT, *_OBJECTS, *self.aliases, *self.python.commands]
        near = near_names(name, [*known, *self._device_names()])
        hint = near or "the command `help` lists the commands"
        raise UnknownCommandError(f"unknown command or device {name}: {hint}")

    # Variables and macros

    def _assign(self, variable: Variable, rest: list[Token]) -> None:
        if len(rest) != 2 or not isinstance(rest[0], Equals):
            raise CrosscamError(f"expected `${variable.name}=value` or `${variable.name}?=value`")
        if rest[0].if_unset and self._variable_name(variable.name) in self.variables:
            return
        self.set_variable(variable.name, self.value(rest[1]))

    @staticmethod
    def _variable_name(name: str) -> str:
        return name.removeprefix("global.")

    def set_variable(self, name: str, value: object) -> None:
        """``$name = value``."""
        self.variables[self._variable_name(name)] = value

    def value(self, token: Token) -> Token:
        """What ``token`` stands for: a variable's value, a path found, or itself."""
        if isinstance(token, Variable):
            name = self._variable_name(token.name)
            if name not in self.variables:
                near = near_names(name, self.variables)
                raise CrosscamError(f"no variable ${token.name}: {near or f'expected `${token.name}=...` before'}")
            found = self.variables[name]
            if token.rest:
                return PathText(f"{found}{token.rest}")
            return found  # type: ignore[return-value]  # only values of tokens, and what a host put there
        if isinstance(token, PathText):
            found_path = self.locate(token)
            return PathText(found_path) if found_path.exists() else token
        return token

    def _values(self, tokens: Sequence[Token]) -> list[Token]:
        return [self.value(token) for token in tokens]

    def make_macro(self, text: str) -> Macro:
        """A macro that remembers where it was written."""
        return Macro(text, *self._place)

    def run_macro(self, name: str) -> str:
        """Run the macro ``name``; CrosscamError when there is none."""
        macro = self.macros.get(self._variable_name(name))
        if macro is None:
            raise CrosscamError(
                f"no macro {name}: {near_names(name, self.macros) or f'expected `macro {name}` before'}"
            )
        first = macro.line + 1 if macro.file else 0
        lines = [(first + offset, line) for offset, line in enumerate(macro.text.split("\n"))]
        return self._run_lines([(number, line) for number, line in lines if line.strip()], macro.file)
