"""Renode's monitor: variables, macros, devices by name, scripts."""

from __future__ import annotations

import contextlib
import logging
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path

from sim.engine.monitor import command_table
from sim.engine.monitor.arguments import invoke
from sim.engine.monitor.command_table import Command
from sim.engine.monitor.kinds import External
from sim.engine.monitor.logs import LogOutputs
from sim.engine.monitor.objects import Objects
from sim.engine.monitor.paths import Paths
from sim.engine.monitor.python_world import PythonWorld
from sim.engine.monitor.script_files import commands as script_commands
from sim.engine.monitor.session import Snapshots
from sim.engine.monitor.show import NumberMode, show
from sim.engine.monitor.stack import CommandStack
from sim.engine.monitor.tokens import Equals, Execution, PathText, Token, Variable, Word, tokenize
from sim.engine.monitor.variables import Macro, Variables
from sim.engine.platform.lenient import LenientRegistry
from sim.engine.platform.limits import read_text
from sim.engine.platform.registry import Registry, default_registry, near_names
from sim.engine.scripting.timeinterval import TimeInterval
from sim.engine.wording import UnknownCommandError, no_command, time_source_info
from sim.errors import CrosscamError, shown

_LOG = logging.getLogger("sim.monitor")


class PrintedNumber(int):
    """A number a command printed, which is still shown as it was printed."""

    text: str

    def __new__(cls, value: int, text: str) -> PrintedNumber:
        made = super().__new__(cls, value)
        made.text = text
        return made

    def __str__(self) -> str:
        return self.text


class Monitor(Objects):
    """One emulation: its machines, and the commands that make and drive them.

    Args:
        timing: how the machine counts cycles, see ``Machine``.
        lenient: types, parameters, commands and members the engine lacks are warned of and do nothing, instead of
            being errors.

    Attributes:
        variables: ``$name`` -> value; a host sets what a script expects, before including it.
        paths: where files are looked for.
        started: whether a script said ``start``; the host then lets the machine run.
        finished: whether ``quit`` was executed.
        numbers: how whole numbers are shown.
        next_value: what the command of that name prints next.
        logs: where the log goes besides the console.
        snapshots: who saves and restores states; None: nobody can.
        verbose: whether each command goes into the log.
    """

    def __init__(self, timing: str = "instructions", lenient: bool = False) -> None:
        super().__init__(timing, LenientRegistry() if lenient else None)
        self._variables = Variables()
        self._variables.set("CWD", PathText(Path.cwd()))
        self.aliases: dict[str, str] = {}
        self.python = PythonWorld(self)
        self.paths = Paths(self.python.directory)
        self.started = False
        self.finished = False
        self.numbers = NumberMode.Hexadecimal
        self.next_value = 0
        self.logs = LogOutputs()
        self.snapshots: Snapshots | None = None
        self.verbose = False
        self._lenient = lenient
        self._stack = CommandStack()
        self._began = time.monotonic()

    @property
    def commands(self) -> Mapping[str, Command]:
        """The monitor's own commands."""
        return command_table.commands()

    @property
    def variables(self) -> dict[str, object]:
        """``$name`` -> value."""
        return self._variables.values

    @property
    def macros(self) -> dict[str, Macro]:
        """Commands kept for later."""
        return self._variables.macros

    @property
    def types(self) -> Registry:
        """The types a description may name."""
        return self.registry or default_registry()

    @property
    def in_script(self) -> bool:
        """Whether the present command stands in a script."""
        return bool(self._stack.file)

    def close(self) -> None:
        """Drop the machine and let go of files and ports."""
        self.forget_machine()
        self.forget_externals()
        self.logs.close()

    @property
    def script_file(self) -> str:
        """The script the present command stands in; empty: none."""
        return self._stack.file

    def set_started(self, value: bool) -> None:
        """``start`` and ``pause``."""
        self.started = value
        if not value and self.has_machine:
            self.machine.pause()

    def machine_made(self) -> None:
        """Scripts of the new machine's hooks see the monitor; its resets run the macro ``reset``."""
        self.machine.script_globals.update(self.python.globals_for_hooks())
        self.machine.on_reset.append(partial(self._run_reset_macro, self.machine.name))

    def _run_reset_macro(self, name: str) -> None:
        """The machine ``name`` was reset."""
        if "reset" not in self.macros:
            return
        present = self.machine.name
        self.select_machine(name)
        try:
            self.run_macro("reset")
        finally:
            if present in self.machine_names:
                self.select_machine(present)

    def note(self, text: str) -> None:
        """Tell that a command was accepted and what it does not do."""
        _LOG.warning("%s", text)

    # Time

    @property
    def elapsed(self) -> TimeInterval:
        """Virtual time of the machine; none without one."""
        if not self.has_machine:
            return TimeInterval.Empty
        return TimeInterval.from_seconds(self.machine.clock.exact_seconds)

    @property
    def host_seconds(self) -> float:
        """Seconds of the host's clock since this monitor was made."""
        return time.monotonic() - self._began

    def time_source_info(self) -> str:
        """What ``GetTimeSourceInfo`` says."""
        return time_source_info(self.elapsed, TimeInterval.from_host(self.host_seconds))

    # Files

    @property
    def search_path(self) -> list[Path]:
        """Folders of the command ``path``."""
        return self.paths.search

    @property
    def folders(self) -> list[Path]:
        """Folders where descriptions look for files."""
        return self.paths.folders

    @property
    def base(self) -> Path | None:
        """Folder of the commands that stand in no script; None: the current one."""
        return self.paths.base

    @base.setter
    def base(self, folder: Path | None) -> None:
        self.paths.base = folder

    @property
    def files(self) -> set[Path]:
        """What commands have named and read."""
        return self.paths.files

    def locate(self, text: str) -> Path:
        """See ``Paths.locate``."""
        return self.paths.locate(str(text), self._stack.file)

    def existing(self, text: str) -> Path:
        """See ``Paths.existing``."""
        return self.paths.existing(str(text), self._stack.file)

    def read_binary(self, text: str) -> bytes:
        """See ``Paths.read_binary``."""
        return self.paths.read_binary(str(text), self._stack.file)

    def output_path(self, text: str) -> Path:
        """See ``Paths.output``."""
        return self.paths.output(str(text))

    def include(self, path: str | Path) -> str:
        """Run the script, description or Python file ``path``; returns what its commands printed.

        Raises:
            CrosscamError: the first command that fails, with file and line.
        """
        file = Path(path)
        with self._stack.inside(f"include {file}"):
            if file.suffix == ".repl":
                if not self.has_machine:
                    self.create_machine("machine-0")
                load = [Word("LoadPlatformDescription"), str(file)]
                return self._show(invoke("machine", [self.machine_face], load, self))
            source = read_text(file, "script")
            if file.suffix == ".py":
                return self.python.run(source, str(file))
            if file.suffix == ".cs":
                raise CrosscamError(f"{file}: C# models only run in Renode: expected a Python peripheral")
            with self._variables.holding("ORIGIN", PathText(file.resolve().parent)):
                return self._run_lines(script_commands(source, str(file)), str(file))

    def _run_lines(self, lines: Iterable[tuple[int, str]], file: str) -> str:
        """Run numbered ``lines`` of ``file``; ``inside`` the stack, which puts file and line back."""
        outputs: list[str] = []
        stack = self._stack
        for number, text in lines:
            if self.finished:
                break
            stack.file, stack.line = file, number
            try:
                outputs.append(self.execute(text))
            except CrosscamError as error:
                raise error.within(f"{file}:{number}" if file else "") from None
        return self._stack.joined(outputs)

    # Commands

    def execute(self, text: str) -> str:
        """Run the command(s) in ``text``; returns what they print, without a final line end.

        Raises:
            CrosscamError: an unknown command (with near names), a wrong argument, whatever the command refuses.
        """
        stack = self._stack
        stack.begin()
        try:
            return stack.joined([self._run(tokens) for tokens in tokenize(text)])
        finally:
            stack.end()

    def execute_lines(self, lines: Sequence[str], what: str) -> str:
        """Run ``lines``, which ``what`` stands for, one after the other."""
        with self._stack.inside(what):
            return self._stack.joined([self.execute(line) for line in lines])

    def _run(self, tokens: list[Token]) -> str:
        tokens = [self._printed(token.command) if isinstance(token, Execution) else token for token in tokens]
        first = tokens[0]
        if self.verbose:
            _LOG.info("Executing: %s", " ".join(map(str, tokens)))
        if isinstance(first, Variable):
            self._assign(first, tokens[1:])
            return ""
        name = str(first)
        command = command_table.find(name)
        if command is not None:
            arguments = tokens[1:] if command.is_raw else self._values(tokens[1:])
            return self._show(command(self, arguments))
        try:
            return self._show(self._run_object(name, self._values(tokens[1:])))
        except UnknownCommandError as error:
            if not self._lenient:
                raise
            _LOG.warning("%s%s; the command does nothing", self._stack.where(), error)
            return ""

    def _show(self, value: object) -> str:
        return self._stack.limited(show(value, self.numbers))

    def _printed(self, command: str) -> Token:
        """What ``command`` prints: a number where it is one."""
        text = self.execute(command)
        with contextlib.suppress(CrosscamError):
            found = tokenize(text) if len(text) < 64 else []
            if len(found) == 1 and len(found[0]) == 1 and type(found[0][0]) is int:
                return PrintedNumber(found[0][0], text)
        return text

    def _run_object(self, name: str, arguments: list[Token]) -> object:
        owners = self.owners(name, arguments)
        if owners is not None:
            what, faces, rest = owners
            return invoke(what, faces, rest, self)
        if name in self.aliases:
            with self._stack.inside(f"alias {name}"):
                expanded = tokenize(self.aliases[name])
                return self._run([*expanded[0], *arguments]) if expanded else None
        function = self.python.command(name)
        if function is not None:
            return function(*arguments)
        known = [*command_table.names(), *self.object_names, *self.aliases, *self.python.commands]
        near = near_names(name, [*known, *self.device_names]) or "the command `help` lists the commands"
        raise UnknownCommandError(f"{no_command(shown(name))}: {near}")

    # Variables and macros

    def _assign(self, variable: Variable, rest: list[Token]) -> None:
        if len(rest) != 2 or not isinstance(rest[0], Equals):
            raise CrosscamError(f"{no_command('$' + shown(variable.name))}: expected `$name=value` or `$name?=value`")
        if rest[0].if_unset and self._variables.has(variable.name):
            return
        self.set_variable(variable.name, self.value(rest[1]))

    def set_variable(self, name: str, value: object) -> None:
        """``$name = value``."""
        self._variables.set(name, value)

    def value(self, token: object) -> Token:
        """What ``token`` stands for: a variable's value, a path found, or itself."""
        if isinstance(token, Variable):
            found = self._variables.get(token.name)
            if token.rest:
                return PathText(f"{found}{token.rest}")
            return found  # type: ignore[return-value]  # only values of tokens, and what a host put there
        if isinstance(token, PathText):
            found_path = self.locate(token)
            try:
                return PathText(found_path) if found_path.exists() else token
            except OSError:
                return token
        return token  # type: ignore[return-value]

    def _values(self, tokens: Sequence[Token]) -> list[Token]:
        return [self.value(token) for token in tokens]

    def set_macro(self, name: str, text: str) -> None:
        """Keep commands, and where they were written."""
        self._variables.set_macro(name, Macro(text, self._stack.file, self._stack.line))

    def run_macro(self, name: str) -> str:
        """Run the macro ``name``; CrosscamError when there is none."""
        macro = self._variables.macro(name)
        with self._stack.inside(f"macro {name}"):
            return self._run_lines(_numbered(macro), macro.file)

    # Externals and devices, for arguments

    def external(self, name: str) -> External:
        """The external ``name``; CrosscamError with near names."""
        found = self.externals.get(name)
        if found is None:
            near = near_names(name, self.externals) or "expected `emulation Create...` before"
            raise CrosscamError(f"no external {shown(name)}: {near}")
        return found


def _numbered(macro: Macro) -> Iterator[tuple[int, str]]:
    first = macro.line + 1 if macro.file else 0
    for offset, line in enumerate(macro.text.split("\n")):
        if line.strip():
            yield first + offset, line
