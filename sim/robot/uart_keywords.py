"""Keywords about UARTs."""
# ruff: noqa: N803 - argument names are Renode's, suites pass them by name

from __future__ import annotations

from sim.engine.wording import TERMINAL_FAILED
from sim.errors import CrosscamError, shown
from sim.robot.patterns import integer
from sim.robot.session import Keywords, Replay, renode_keyword
from sim.robot.terminal_tester import CARRIAGE_RETURN, LINE_FEED, Match, Result, TerminalTester

_END_LINES = {"TreatLineFeedAsEndLine": LINE_FEED, "TreatCarriageReturnAsEndLine": CARRIAGE_RETURN}


class UartKeywords(Keywords):
    """Emulation only runs inside keywords, so it is always paused between them whatever ``pauseEmulation`` says."""

    _default_timeout = 8.0
    _wait_for_echo = True
    _match_next_line = False

    @renode_keyword("Set Default Uart Timeout", Replay.ALWAYS)
    def set_default_uart_timeout(self, timeout: float) -> None:
        """Limit of a wait in seconds of virtual time, for testers made from now on."""
        self._default_timeout = timeout

    @renode_keyword("Set Default Tester", Replay.ALWAYS)
    def set_default_tester(self, id: int | None) -> None:
        """The terminal tester that counts when none is named; None: there is only one."""
        self.session.terminals.set_default(id)

    @renode_keyword("Create Terminal Tester", Replay.ALWAYS)
    def create_terminal_tester(
        self,
        uart: str,
        timeout: float | None = None,
        machine: str | None = None,
        endLineOption: str | None = None,
        defaultPauseEmulation: bool | None = None,
        defaultWaitForEcho: bool | None = None,
        defaultMatchNextLine: bool | None = None,
        binaryMode: bool = False,
    ) -> int:
        """Listen on ``uart``; returns the tester's number."""
        self._wait_for_echo = defaultWaitForEcho is not False
        self._match_next_line = bool(defaultMatchNextLine)
        if endLineOption is not None and endLineOption not in _END_LINES:
            raise CrosscamError(f"endLineOption {endLineOption}: expected {' or '.join(_END_LINES)}")
        end_line = _END_LINES.get(endLineOption or "", LINE_FEED)
        limit = self._default_timeout if timeout is None else timeout

        chosen = self.session.machine_named(machine)

        def make() -> TerminalTester:
            return TerminalTester(chosen, uart, limit, end_line=end_line, binary=binaryMode)

        return self.session.terminals.create(f"{chosen.name}:{uart}", make)

    @renode_keyword("Wait For Line On Uart")
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
        tester = self._tester(testerId, binary=False)
        following = self._match_next_line if matchNextLine is None else matchNextLine
        found = tester.wait_for(
            content, timeout, regex=treatAsRegex, unfinished=includeUnfinishedLine, next_line=following
        )
        return _required(found, tester, f"the line {content!r} did not arrive").as_result()

    @renode_keyword("Wait For Lines On Uart")
    def wait_for_lines_on_uart(
        self,
        content: list[str],
        timeout: float | None = None,
        testerId: int | None = None,
        treatAsRegex: bool = False,
        includeUnfinishedLine: bool = False,
        pauseEmulation: bool | None = None,
        matchFromNextLine: bool | None = None,
    ) -> Result:
        """Run until consecutive lines with the texts of ``content`` have arrived."""
        tester = self._tester(testerId, binary=False)
        following = self._match_next_line if matchFromNextLine is None else matchFromNextLine
        found = tester.wait_for_lines(
            content, timeout, regex=treatAsRegex, unfinished=includeUnfinishedLine, from_next_line=following
        )
        return _required(found, tester, f"the lines {content} did not arrive").as_result()

    @renode_keyword("Wait For Prompt On Uart")
    def wait_for_prompt_on_uart(
        self,
        prompt: str,
        testerId: int | None = None,
        timeout: float | None = None,
        treatAsRegex: bool = False,
        pauseEmulation: bool | None = None,
    ) -> Result:
        """As ``Wait For Line On Uart``, also looking at the unfinished line."""
        result: Result = self.wait_for_line_on_uart(prompt, timeout, testerId, treatAsRegex, True, pauseEmulation)
        return result

    @renode_keyword("Wait For Next Line On Uart")
    def wait_for_next_line_on_uart(
        self, timeout: float | None = None, testerId: int | None = None, pauseEmulation: bool | None = None
    ) -> Result:
        """Run until the next line ends."""
        tester = self._tester(testerId, binary=False)
        return _required(tester.next_line(timeout), tester, "no further line arrived").as_result()

    @renode_keyword("Wait For Bytes On Uart")
    def wait_for_bytes_on_uart(
        self,
        content: str,
        timeout: float | None = None,
        testerId: int | None = None,
        treatAsRegex: bool = False,
        pauseEmulation: bool | None = None,
        matchStart: bool = False,
    ) -> Result:
        """Run until the bytes (hexadecimal, or a regular expression) arrive on a tester made with ``binaryMode``."""
        tester = self._tester(testerId, binary=True)
        found = tester.wait_for(content, timeout, regex=treatAsRegex, next_line=matchStart)
        match = _required(found, tester, f"the bytes {content!r} did not arrive")
        return Result(
            Content=match.text.content.encode("latin-1"),
            Timestamp=match.text.milliseconds,
            Groups=[group.encode("latin-1") for group in match.groups],
        )

    @renode_keyword("Should Not Be On Uart")
    def should_not_be_on_uart(
        self,
        content: str,
        timeout: float | None = None,
        testerId: int | None = None,
        treatAsRegex: bool = False,
        includeUnfinishedLine: bool = False,
    ) -> None:
        """Fails when ``content`` arrives within ``timeout`` seconds of virtual time."""
        tester = self.session.terminals.get(testerId)
        found = tester.wait_for(content, timeout, regex=treatAsRegex, unfinished=includeUnfinishedLine)
        if found is not None:
            raise AssertionError(
                f"{TERMINAL_FAILED} unexpected line on {tester.uart}: {found.text.content}\n{tester.transcript()}"
            )

    @renode_keyword("Register Failing Uart String")
    def register_failing_uart_string(
        self, pattern: str, treatAsRegex: bool = False, testerId: int | None = None
    ) -> None:
        """From now on a wait fails when ``pattern`` arrives."""
        self.session.terminals.get(testerId).add_failing(pattern, treatAsRegex)

    @renode_keyword("Unregister Failing Uart String")
    def unregister_failing_uart_string(
        self, pattern: str, treatAsRegex: bool = False, testerId: int | None = None
    ) -> None:
        """Take ``Register Failing Uart String`` back."""
        self.session.terminals.get(testerId).remove_failing(pattern, treatAsRegex)

    @renode_keyword("Write To Uart")
    def write_to_uart(self, content: str, testerId: int | None = None) -> None:
        """Type ``content``."""
        self.session.terminals.get(testerId).write(content)

    @renode_keyword("Write Char On Uart")
    def write_char_on_uart(self, c: str, testerId: int | None = None) -> None:
        """Type one character."""
        self.session.terminals.get(testerId).write(c)

    @renode_keyword("Send Key To Uart")
    def send_key_to_uart(self, c: int | str, testerId: int | None = None) -> None:
        """Type the character with this code (``0x1B`` and ``27`` alike)."""
        self.session.terminals.get(testerId).write(_character(c))

    @renode_keyword("Write Line To Uart")
    def write_line_to_uart(
        self,
        content: str = "",
        testerId: int | None = None,
        waitForEcho: bool | None = None,
        pauseEmulation: bool | None = None,
    ) -> None:
        """Type ``content`` and Enter; waits for the echo unless told not to."""
        tester = self.session.terminals.get(testerId)
        tester.write(content + "\r")
        if self._wait_for_echo if waitForEcho is None else waitForEcho:
            _required(tester.wait_for(content, unfinished=True), tester, f"no echo of {content!r}")

    @renode_keyword("Write Char Delay")
    def write_char_delay(self, delay: float, testerId: int | None = None) -> None:
        """Seconds of virtual time between two characters typed from now on."""
        self.session.terminals.get(testerId).char_delay = delay

    @renode_keyword("Test If Uart Is Idle")
    def test_if_uart_is_idle(
        self, timeout: float, testerId: int | None = None, pauseEmulation: bool | None = None
    ) -> None:
        """Fails when a byte arrives within ``timeout`` seconds of virtual time."""
        tester = self.session.terminals.get(testerId)
        if not tester.is_idle(timeout):
            raise AssertionError(f"{tester.uart} was not idle\n{tester.transcript()}")

    @renode_keyword("Get Terminal Tester Report", Replay.NEVER)
    def get_terminal_tester_report(self, testerId: int | None = None) -> str:
        """Every line received so far, with its virtual time."""
        return self.session.terminals.get(testerId).transcript()

    @renode_keyword("Clear Terminal Tester Report")
    def clear_terminal_tester_report(self, testerId: int | None = None) -> None:
        """Forget the lines received so far, read or not."""
        self.session.terminals.get(testerId).clear()

    def _tester(self, number: int | None, *, binary: bool) -> TerminalTester:
        tester = self.session.terminals.get(number)
        if tester.binary != binary:
            raise AssertionError(
                f"the tester of {tester.uart} takes {'bytes' if tester.binary else 'text'}:"
                f" create it with binaryMode={str(binary).lower()} for this keyword"
            )
        return tester


def _character(code: int | str) -> str:
    number = integer(code)
    if not 0 <= number <= 0xFF:
        raise CrosscamError(f"Send Key To Uart: expected the code of a character, 0 to 255, found {shown(code)}")
    return chr(number)


def _required(found: Match | None, tester: TerminalTester, complaint: str) -> Match:
    if found is None:
        raise AssertionError(f"{TERMINAL_FAILED} {complaint} on {tester.uart}. Received:\n{tester.transcript()}")
    if found.failing:
        raise AssertionError(
            f"{TERMINAL_FAILED} failing string on {tester.uart}: {found.text.content}\n{tester.transcript()}"
        )
    return found
