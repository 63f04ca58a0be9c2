"""The keywords: Renode's names, arguments and virtual-time semantics on the embedded engine.

``renode-keywords.robot`` beside this file imports it, so that a suite which says ``Resource  ${RENODEKEYWORDS}`` runs
on both engines. Argument names follow Renode (camelCase) because suites pass them by name.
"""
# ruff: noqa: N803

from __future__ import annotations

import logging
import re
from fractions import Fraction
from pathlib import Path

from robot.api.deco import keyword, library

from sim.engine.monitor import Monitor
from sim.robot.terminal_tester import Result, TerminalTester

_LOG_SLICE = Fraction(1, 1000)


class _LogCollector(logging.Handler):
    """Keeps the engine's log entries while a log tester exists."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.entries: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.entries.append(f"{record.name.removeprefix('sim.')}: {record.getMessage()}")


@library(scope="GLOBAL", auto_keywords=False)
class RenodeKeywords:
    """One emulation at a time, as in Renode's Robot server."""

    def __init__(self) -> None:
        self._monitor = Monitor()
        self._testers: list[TerminalTester] = []
        self._default_timeout = 8.0
        self._log: _LogCollector | None = None
        self._log_timeout = 0.0

    @keyword("Reset Emulation")
    def reset_emulation(self) -> None:
        """Forget every machine, tester and variable."""
        self._monitor = Monitor()
        self._testers.clear()
        if self._log is not None:
            logging.getLogger("sim").removeHandler(self._log)
            self._log = None

    @keyword("Start Emulation")
    def start_emulation(self) -> None:
        """Let the machine run; here it does whenever a keyword waits."""
        self._monitor.execute("start")

    @keyword("Execute Command")
    def execute_command(self, command: str, machine: str | None = None) -> str:
        """Run one monitor command and return what it prints."""
        if machine is not None:
            self._monitor.execute(f'mach set "{machine}"')
        return self._monitor.execute(command)

    @keyword("Execute Script")
    def execute_script(self, path: str) -> None:
        """Run a .resc file."""
        self._monitor.include(Path(path.removeprefix("@")))

    @keyword("Set Default Uart Timeout")
    def set_default_uart_timeout(self, timeout: float) -> None:
        """Limit of a wait in seconds of virtual time, for testers made from now on."""
        self._default_timeout = float(timeout)

    @keyword("Create Terminal Tester")
    def create_terminal_tester(
        self,
        uart: str,
        timeout: float | None = None,
        machine: str | None = None,
        endLineOption: str | None = None,
        defaultPauseEmulation: bool | None = None,
        defaultWaitForEcho: bool | None = None,
        defaultMatchNextLine: bool | None = None,
    ) -> int:
        """Listen on ``uart``; returns the tester's number. Emulation only runs inside keywords, so it is always paused
        between them whatever ``defaultPauseEmulation`` says."""
        limit = self._default_timeout if timeout is None else float(timeout)
        self._testers.append(TerminalTester(self._monitor.machine, uart, limit))
        self._wait_for_echo = defaultWaitForEcho is not False
        self._match_next_line = bool(defaultMatchNextLine)
        return len(self._testers) - 1

    @keyword("Wait For Line On Uart")
    def wait_for_line_on_uart(
        self,
        content: str,
        timeout: float | None = None,
        testerId: int | None = None,
        treatAsRegex: bool = False,
        includeUnfinishedLine: bool = False,
        pauseEmulation: bool | None = None,
        matchNextLine: bool | None = None,
    ) -> Result:
        """Run until a line with ``content`` arrives; fails after ``timeout`` seconds of virtual time."""
        tester = self._tester(testerId)
        following = self._match_next_line if matchNextLine is None else matchNextLine
        found = tester.wait_for(
            content, _seconds(timeout), regex=treatAsRegex, unfinished=includeUnfinishedLine, next_line=following
        )
        return _required(found, tester, f"the line {content!r} did not arrive")

    @keyword("Wait For Prompt On Uart")
    def wait_for_prompt_on_uart(
        self,
        prompt: str,
        testerId: int | None = None,
        timeout: float | None = None,
        treatAsRegex: bool = False,
        pauseEmulation: bool | None = None,
    ) -> Result:
        """As ``Wait For Line On Uart``, also looking at the unfinished line."""
        return self.wait_for_line_on_uart(prompt, timeout, testerId, treatAsRegex, True, pauseEmulation)

    @keyword("Wait For Next Line On Uart")
    def wait_for_next_line_on_uart(
        self, timeout: float | None = None, testerId: int | None = None, pauseEmulation: bool | None = None
    ) -> Result:
        """Run until the next line ends."""
        tester = self._tester(testerId)
        return _required(tester.next_line(_seconds(timeout)), tester, "no further line arrived")

    @keyword("Should Not Be On Uart")
    def should_not_be_on_uart(
        self,
        content: str,
        timeout: float | None = None,
        testerId: int | None = None,
        treatAsRegex: bool = False,
        includeUnfinishedLine: bool = False,
    ) -> None:
        """Fails when ``content`` arrives within ``timeout`` seconds of virtual time."""
        tester = self._tester(testerId)
        found = tester.wait_for(content, _seconds(timeout), regex=treatAsRegex, unfinished=includeUnfinishedLine)
        if found is not None:
            raise AssertionError(f"unexpected line on {tester.uart}: {found.Line}\n{tester.transcript()}")

    @keyword("Write To Uart")
    def write_to_uart(self, content: str, testerId: int | None = None) -> None:
        """Type ``content``."""
        self._tester(testerId).write(content)

    @keyword("Write Line To Uart")
    def write_line_to_uart(
        self,
        content: str = "",
        testerId: int | None = None,
        waitForEcho: bool | None = None,
        pauseEmulation: bool | None = None,
    ) -> None:
        """Type ``content`` and Enter; waits for the echo unless told not to."""
        tester = self._tester(testerId)
        tester.write(content + "\r")
        if self._wait_for_echo if waitForEcho is None else waitForEcho:
            found = tester.wait_for(content, None, regex=False, unfinished=True)
            _required(found, tester, f"no echo of {content!r}")

    @keyword("Test If Uart Is Idle")
    def test_if_uart_is_idle(
        self, timeout: float, testerId: int | None = None, pauseEmulation: bool | None = None
    ) -> None:
        """Fails when a byte arrives within ``timeout`` seconds of virtual time."""
        tester = self._tester(testerId)
        if not tester.is_idle(float(timeout)):
            raise AssertionError(f"{tester.uart} was not idle\n{tester.transcript()}")

    @keyword("Get Terminal Tester Report")
    def get_terminal_tester_report(self, testerId: int | None = None) -> str:
        """Every line received so far, with its virtual time."""
        return self._tester(testerId).transcript()

    @keyword("Create Log Tester")
    def create_log_tester(self, timeout: float, defaultPauseEmulation: bool | None = None) -> None:
        """Collect the engine's log from now on."""
        self._log_timeout = float(timeout)
        self._log = _LogCollector()
        logger = logging.getLogger("sim")
        logger.addHandler(self._log)

    @keyword("Wait For Log Entry")
    def wait_for_log_entry(
        self, pattern: str, timeout: float | None = None, keep: bool = False, treatAsRegex: bool = False
    ) -> str:
        """Run until the log has an entry with ``pattern``; it and those before it are consumed unless ``keep``."""
        found = self._find_log(pattern, timeout, treatAsRegex, keep)
        if found is None:
            raise AssertionError(f"the log entry {pattern!r} did not appear")
        return found

    @keyword("Should Not Be In Log")
    def should_not_be_in_log(self, pattern: str, timeout: float | None = None, treatAsRegex: bool = False) -> None:
        """Fails when the log has or gets an entry with ``pattern`` within ``timeout`` seconds of virtual time."""
        found = self._find_log(pattern, timeout or 0, treatAsRegex, keep=True)
        if found is not None:
            raise AssertionError(f"unexpected log entry: {found}")

    def _find_log(self, pattern: str, timeout: float | None, regex: bool, keep: bool) -> str | None:
        if self._log is None:
            raise AssertionError("no log tester: use `Create Log Tester` first")
        wanted = re.compile(pattern if regex else re.escape(pattern))
        machine = self._monitor.machine
        limit = self._log_timeout if timeout is None else float(timeout)
        deadline = machine.clock.now + int(limit * machine.clock.frequency)
        while True:
            for index, entry in enumerate(self._log.entries):
                if wanted.search(entry):
                    if not keep:
                        del self._log.entries[: index + 1]
                    return entry
            if machine.clock.now >= deadline:
                return None
            machine.run_for(_LOG_SLICE)

    def _tester(self, number: int | None) -> TerminalTester:
        if not self._testers:
            raise AssertionError("no terminal tester: use `Create Terminal Tester` first")
        if number is None:
            return self._testers[-1]
        if not 0 <= int(number) < len(self._testers):
            raise AssertionError(f"there is no terminal tester {number}; {len(self._testers)} exist")
        return self._testers[int(number)]


def _seconds(timeout: float | None) -> float | None:
    return None if timeout is None else float(timeout)


def _required(found: Result | None, tester: TerminalTester, complaint: str) -> Result:
    if found is None:
        raise AssertionError(f"{complaint} on {tester.uart}. Received:\n{tester.transcript()}")
    return found
