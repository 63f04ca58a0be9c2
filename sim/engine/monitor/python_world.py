"""``python "..."`` and .py files of the monitor."""

from __future__ import annotations

import contextlib
import io
import traceback
from collections.abc import Callable
from typing import Any

from sim.engine.monitor.session import CommandSession
from sim.engine.observe.proxies import MachineOfScripts
from sim.engine.scripting import WorkingDirectory, new_scope
from sim.engine.scripting.compiler import compile_script, parse_expression, parse_script
from sim.engine.wording import PYTHON_ERROR
from sim.errors import CrosscamError
from sim.python_permission import permit_python

_PREFIX = "mc_"
INLINE = "<python>"
"""What code is called that stands in a command."""


class MonitorProxy:
    """``monitor`` and ``self`` of the monitor's Python."""

    def __init__(self, monitor: CommandSession) -> None:
        self._monitor = monitor

    def GetVariable(self, name: str) -> object:  # noqa: N802 - Renode's name
        """The value of ``$name``, or None."""
        return self._monitor.variables.get(name.removeprefix("global."))

    def Parse(self, command: str) -> bool:  # noqa: N802 - Renode's name
        """Run a command and print what it prints."""
        print(self._monitor.execute(command), end="")
        return True

    def GetMachine(self) -> MachineOfScripts:  # noqa: N802 - Renode's name
        """As ``Machine``."""
        return self.Machine

    @property
    def Machine(self) -> MachineOfScripts:  # noqa: N802 - Renode's name
        """The machine, as scripts see it."""

        def report(error: Exception) -> None:
            self._monitor.machine.log.error("%s: %s (%s)", PYTHON_ERROR, error, type(error).__name__)

        return MachineOfScripts(self._monitor.machine, report)


class _Accessor:
    """``variables["name"]`` and ``variables.name``, as Renode's ``scripts/monitor.py`` offers them."""

    def __init__(self, get: Callable[[str], object]) -> None:
        self._get = get

    def __getitem__(self, name: str) -> object:
        return self._get(name)

    def __getattr__(self, name: str) -> object:
        return self._get(name)


class PythonWorld:
    """One scope for all Python of a monitor; functions named ``mc_x`` become the command ``x``."""

    def __init__(self, monitor: CommandSession) -> None:
        self.directory = WorkingDirectory()
        self._monitor = monitor
        proxy = MonitorProxy(monitor)
        variables = _Accessor(proxy.GetVariable)
        self._scope = new_scope(self.directory, monitor=proxy, self=proxy, variables=variables)

    def globals_for_hooks(self) -> dict[str, object]:
        """What scripts of hooks see of the monitor."""
        return {"monitor": self._scope["monitor"]}

    def run(self, code: str, file: str = INLINE) -> str:
        """Run ``code``; returns what it printed.

        Raises:
            CrosscamError: whatever the code raised, with its line.
        """
        stands_in = self._monitor.script_file if file == INLINE else file
        return self._printed(compile_script(code, file, self._scope, stands_in), file)

    def evaluate(self, code: str) -> object:
        """What the expression ``code`` is worth; of statements, what they print.

        Raises:
            SyntaxError: it is neither.
            CrosscamError: as ``run``, with what the code raised as its cause.
        """
        permit_python(INLINE)
        try:
            expression = compile(parse_expression(code, "<python>"), "<python>", "eval")
        except SyntaxError:
            parse_script(code, "<python>")
            return self.run(code)
        found: list[object] = []
        printed = self._printed(lambda: found.append(eval(expression, self._scope)), "<python>")
        return found[0] if found[0] is not None else printed

    def command(self, name: str) -> Callable[..., str] | None:
        """The command ``name`` that some Python defined, or None."""
        function = self._scope.get(_PREFIX + name)
        if not callable(function):
            return None
        return lambda *arguments: self._printed(lambda: function(*arguments), name)

    @property
    def commands(self) -> list[str]:
        """Names of all commands defined in Python."""
        return [name.removeprefix(_PREFIX) for name in self._scope if name.startswith(_PREFIX)]

    def _printed(self, action: Callable[[], Any], file: str) -> str:
        output = io.StringIO()
        try:
            with contextlib.redirect_stdout(output):
                action()
        except CrosscamError:
            raise
        except (Exception, SystemExit) as error:
            lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == file]
            where = f"{file}:{lines[-1]}" if lines else file
            raise CrosscamError(f"{where}: {type(error).__name__}: {error}") from error
        return output.getvalue().rstrip("\n")
