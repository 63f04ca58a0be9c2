"""Keywords about the emulation as a whole: commands, scripts, states."""

from __future__ import annotations

import itertools
import time as host_time
import urllib.parse

from robot.utils import timestr_to_secs  # type: ignore[import-untyped]

from sim.engine.monitor.paths import as_path
from sim.engine.wording import NO_SUCH_SCRIPT, failed_command
from sim.errors import CrosscamError, shown
from sim.robot.session import KeywordException, Keywords, Replay, renode_keyword
from sim.robot.waiting import run_until_seen

_NAMES = itertools.count(1)


class PythonError(Exception):
    """What Python code of a suite raised, named as Renode names it (``ValueErrorException``)."""

    ROBOT_SUPPRESS_NAME = True

    def __init__(self, error: BaseException) -> None:
        super().__init__(f"{type(error).__name__}Exception: {error}")


class EmulationKeywords(Keywords):
    """Emulation only runs inside keywords: ``Start Emulation`` allows it, waits and ``RunFor`` do it."""

    @renode_keyword("Reset Emulation", Replay.NEVER)
    def reset_emulation(self) -> None:
        """Forget every machine, tester and variable."""
        self.session.reset()

    @renode_keyword("Start Emulation", Replay.ALWAYS)
    def start_emulation(self) -> None:
        """Let the machine run; here it does whenever a keyword waits."""
        self.session.monitor.execute("start")

    @renode_keyword("Execute Command")
    def execute_command(self, *command: str, machine: str | None = None) -> str:
        """Run one monitor command and return what it prints.

        Two arguments are a command and a machine, as in Renode; more are one command in pieces.
        """
        fragments = list(command)
        if len(fragments) == 2 and machine is None and self._is_machine(fragments[1]):
            machine = fragments.pop()
        if machine is not None:
            self.session.monitor.execute(f'mach set "{machine}"')
        text = " ".join(map(str, fragments))
        try:
            return _printed(self.session.monitor.execute(text))
        except CrosscamError as error:
            raise KeywordException(failed_command(text, error)) from error

    def _is_machine(self, name: str) -> bool:
        return name in self.session.monitor.machine_names

    @renode_keyword("Execute Python")
    def execute_python(self, command: str, machine: str | None = None) -> object:
        """Run Python in the monitor; returns what an expression is worth, else what was printed."""
        try:
            return self.session.monitor.python.evaluate(command)
        except SyntaxError as error:
            raise PythonError(error) from None
        except CrosscamError as error:
            if error.__cause__ is None:
                raise
            raise PythonError(error.__cause__) from None

    @renode_keyword("Execute Script")
    def execute_script(self, path: str) -> str:
        """Run a .resc file."""
        monitor = self.session.monitor
        file = monitor.locate(path.removeprefix("@"))
        if not file.is_file():
            raise CrosscamError(f"Could not execute script: {NO_SUCH_SCRIPT} '{file.absolute()}'")
        return _printed(monitor.include(file))

    @renode_keyword("Stop Remote Server", Replay.NEVER)
    def stop_remote_server(self) -> None:
        """Let go of the emulation; there is no server here."""
        self.session.close()

    @renode_keyword("Handle Hot Spot", Replay.NEVER)
    def handle_hot_spot(self, action: str) -> None:
        """``None`` and ``Pause`` change nothing in an engine that is paused between keywords anyway; ``Serialize``
        throws the machine away and brings a new one to the same state."""
        if action.lower() not in ("none", "pause", "serialize"):
            raise CrosscamError(f"Handle Hot Spot: expected None, Pause or Serialize, found {shown(action)}")
        if action.lower() == "serialize":
            self.session.repeat(self.session.steps)

    @renode_keyword("Provides", Replay.NEVER)
    def provides(self, state: str, type: str = "Serialization") -> None:
        """Remember how the emulation got where it is, for ``Requires``.

        Runs are deterministic, so a state is kept as the keywords that led to it; both of Renode's types
        (``Serialization``, ``Reexecution``) give the same machine. After the first, testers start afresh.
        """
        kinds = {"serialization": True, "reexecution": False}
        if type.lower() not in kinds:
            raise CrosscamError(f"Provides: type {shown(type)}: expected Serialization or Reexecution")
        self.session.states[state] = (list(self.session.steps), kinds[type.lower()])

    @renode_keyword("Requires", Replay.NEVER)
    def requires(self, state: str) -> None:
        """Bring the emulation to a state another test provided."""
        session = self.session
        if state not in session.states:
            known = ", ".join(session.states) or "none so far"
            raise AssertionError(f"no test provided the state {state!r}; provided: {known}")
        steps, fresh = session.states[state]
        session.repeat(steps)
        if fresh:
            for tester in session.terminals:
                tester.forget_pending()

    @renode_keyword("Wait For Pause")
    def wait_for_pause(self, timeout: float) -> None:
        """Run until something pauses the machine; fails after ``timeout`` seconds of virtual time."""
        machine = self.session.machine
        end = machine.clock.seconds + timeout
        run_until_seen(machine, lambda: False, timeout)
        if machine.clock.seconds >= end:
            raise AssertionError(f"the machine did not pause within {timeout} s")

    @renode_keyword("Sleep")
    def sleep(self, time: str, reason: str | None = None) -> None:
        """Robot Framework's own, in Robot's spelling of times, while no machine runs; else as much virtual time."""
        try:
            seconds = timestr_to_secs(time)
        except ValueError as error:
            raise CrosscamError(f"Sleep: {error}: expected a time such as 0.5s") from None
        monitor = self.session.monitor
        if monitor.started and monitor.has_machine and seconds > 0:
            run_until_seen(monitor.machine, lambda: False, seconds)
        else:
            host_time.sleep(max(seconds, 0))

    @renode_keyword("Allocate Temporary File", Replay.ALWAYS)
    def allocate_temporary_file(self) -> str:
        """A new empty file, removed when the suites have run."""
        path = self.session.temporary_folder() / f"file-{next(_NAMES)}.tmp"
        path.touch()
        return str(path)

    @renode_keyword("List Files In Directory Recursively", Replay.NEVER)
    def list_files_in_directory_recursively(
        self, directory_name: str, pattern: str, excludes: list[str] | None = None
    ) -> list[str]:
        """Files whose name matches ``pattern``, leaving out folders of the names ``excludes``."""
        root = as_path(directory_name)
        found = (path for path in sorted(root.rglob(pattern)) if path.is_file())
        return [str(path) for path in found if not set(path.relative_to(root).parts[:-1]) & set(excludes or ())]

    @renode_keyword("Download File")
    def download_file(self, uri: str) -> str:
        """The path a ``file:`` address names; nothing is fetched from a network."""
        try:
            parts = urllib.parse.urlparse(uri)
        except ValueError as error:
            raise CrosscamError(f"{shown(uri)}: {error}: expected file:///path") from None
        path = as_path(urllib.parse.unquote(parts.path) or "?")
        if parts.scheme != "file" or not path.is_file():
            raise CrosscamError(
                f"{shown(uri, 120)}: nothing is downloaded here: fetch it and use file:///path of the copy"
            )
        return str(path)


def _printed(text: str) -> str:
    """With the line end Renode's monitor leaves."""
    return text + "\n" if text else ""
