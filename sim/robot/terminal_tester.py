"""What Renode calls a terminal tester: it collects a UART's lines (or bytes) and waits for some in virtual time."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sim.engine.observe.gdb.place import place_of
from sim.engine.observe.past.places import Typed
from sim.errors import CrosscamError, shown
from sim.robot.patterns import compiled
from sim.robot.waiting import run_until_seen

if TYPE_CHECKING:
    from sim.engine.machine import Machine

CARRIAGE_RETURN, LINE_FEED = 0x0D, 0x0A


class Result(dict[str, Any]):
    """What a suite gets: ``${result.Line}`` and ``${result}[Line]`` are the same."""

    def __getattr__(self, name: str) -> Any:
        try:
            return self[name]
        except KeyError:
            raise AttributeError(name) from None


@dataclass(frozen=True)
class Text:
    """A line without its end and the virtual time of that end in milliseconds."""

    content: str
    milliseconds: float


@dataclass(frozen=True)
class Match:
    """What a wait found. ``failing``: it is one of the strings that must not come."""

    text: Text
    groups: tuple[str, ...] = ()
    failing: bool = False

    def as_result(self) -> Result:
        """What the suite gets; names are Renode's."""
        return Result(Line=self.text.content, Timestamp=self.text.milliseconds, Groups=list(self.groups))


class TerminalTester:
    """Waits on one UART. A match consumes every line up to and including it, as in Renode.

    Args:
        machine: the machine that runs while waiting.
        uart: Renode path of the UART, for example ``sysbus.usart3``.
        timeout: default limit of a wait, in seconds of virtual time.
        end_line: byte that ends a line; with a line feed, carriage returns are dropped.
        binary: bytes instead of lines.

    Raises:
        CrosscamError: no such device, or it is no UART.
    """

    def __init__(
        self, machine: Machine, uart: str, timeout: float, *, end_line: int = LINE_FEED, binary: bool = False
    ) -> None:
        self.uart = uart
        self.timeout = timeout
        self.binary = binary
        self.char_delay = 0.0
        self.typed: list[Typed] = []
        """What was typed, and where the machine stood."""
        self.typed_later = False
        """Something was typed while the machine ran."""
        self._machine = machine
        self._end_line = end_line
        self._device = machine[uart]
        if not hasattr(self._device, "on_char"):
            raise CrosscamError(f"{uart} is a {type(self._device).__name__}: expected a UART")
        self._lines: list[Text] = []
        self._pending = ""
        self._report: list[str] = []
        self._failing: list[re.Pattern[str]] = []
        self._received = 0
        self._look: Callable[[], Match | None] | None = None
        self._found: Match | None = None
        self._device.on_char.append(self._take_byte)

    # From the board

    def _take_byte(self, byte: int) -> None:
        self._received += 1
        if self.binary:
            self._pending += chr(byte)
        elif byte == self._end_line:
            text = Text(self._pending, self._milliseconds())
            self._lines.append(text)
            self._report.append(f"[{text.milliseconds / 1000:10.6f} s] {text.content}")
            self._pending = ""
        elif byte and not (byte == CARRIAGE_RETURN and self._end_line == LINE_FEED):
            self._pending += chr(byte)
        if self._look is not None and self._found is None:
            self._found = self._look()
            if self._found is not None:
                self._look = None
                self._machine.pause()

    def _milliseconds(self) -> float:
        return 1000 * self._machine.clock.seconds

    # To the board

    def write(self, text: str) -> None:
        """Type ``text``, with ``char_delay`` seconds of virtual time between two characters."""
        clock = self._machine.clock
        if self.char_delay:
            self.typed_later = True
        else:
            self.typed.append(Typed(place_of(self._machine), self.uart.removeprefix("sysbus."), _bytes(text)))
        for index, byte in enumerate(_bytes(text)):
            if self.char_delay:
                delay = int((index + 1) * self.char_delay * clock.frequency)
                clock.schedule(delay, lambda byte=byte: self._device.write_char(byte))  # type: ignore[attr-defined,misc]
            else:
                self._device.write_char(byte)  # type: ignore[attr-defined]

    # Waiting

    def wait_for(
        self,
        content: str,
        timeout: float | None = None,
        *,
        regex: bool = False,
        unfinished: bool = False,
        next_line: bool = False,
    ) -> Match | None:
        """The first line that contains ``content`` (or matches it, when ``regex``); None when the time is over.

        ``unfinished`` also looks at the line still being sent (a prompt); ``next_line`` only accepts the first line.
        With ``binary``, ``content`` is hexadecimal digits unless ``regex``, and ``next_line`` wants it at the start.
        """
        pattern = self._pattern(content, regex)
        return self._wait(lambda: self._find(pattern, unfinished or self.binary, next_line), timeout)

    def wait_for_lines(
        self,
        contents: Sequence[str],
        timeout: float | None = None,
        *,
        regex: bool = False,
        unfinished: bool = False,
        from_next_line: bool = False,
    ) -> Match | None:
        """Consecutive lines, the k-th of which contains the k-th text; the match of the last one."""
        patterns = [self._pattern(content, regex) for content in contents]
        if not patterns:
            return Match(Text("", self._milliseconds()))
        return self._wait(lambda: self._find_block(patterns, unfinished, from_next_line), timeout)

    def next_line(self, timeout: float | None = None) -> Match | None:
        """The next finished line, whatever it says."""
        return self._wait(lambda: self._take_line(0) if self._lines else None, timeout)

    def is_idle(self, timeout: float | None = None) -> bool:
        """True when not one byte arrives within ``timeout`` seconds of virtual time."""
        before = self._received
        self._look = lambda: Match(Text("", 0.0))
        try:
            run_until_seen(
                self._machine, lambda: self._received != before, self.timeout if timeout is None else timeout
            )
        finally:
            self._look = self._found = None
        return self._received == before

    def _wait(self, look: Callable[[], Match | None], timeout: float | None) -> Match | None:
        def look_for_both() -> Match | None:
            return self._failing_match() or look()

        self._found = look_for_both()
        if self._found is None:
            self._look = look_for_both
            seconds = self.timeout if timeout is None else timeout
            try:
                run_until_seen(self._machine, lambda: self._found is not None, seconds)
            finally:
                self._look = None
        found, self._found = self._found, None
        return found

    def _pattern(self, content: str, regex: bool) -> re.Pattern[str]:
        if self.binary and not regex:
            try:
                content = bytes.fromhex(content).decode("latin-1")
            except ValueError:
                raise CrosscamError(f"{shown(content)}: expected bytes as hexadecimal digits, such as 01 A0") from None
        return compiled(content, regex, re.DOTALL if self.binary else 0)

    def _find(self, pattern: re.Pattern[str], unfinished: bool, next_line: bool) -> Match | None:
        for index, line in enumerate(self._lines[:1] if next_line else self._lines):
            found = pattern.search(line.content)
            if found:
                return self._take_line(index, found)
        if not unfinished or (next_line and self._lines):
            return None
        found = pattern.match(self._pending) if next_line else pattern.search(self._pending)
        if not found or (self.binary and found.end() == found.start()):
            return None
        return self._take_pending(found)

    def _find_block(self, patterns: list[re.Pattern[str]], unfinished: bool, from_next_line: bool) -> Match | None:
        lines = [line.content for line in self._lines]
        if unfinished:
            lines.append(self._pending)
        last_start = len(lines) - len(patterns)
        for start in range(min(last_start, 0) + 1 if from_next_line else last_start + 1):
            block = [pattern.search(line) for pattern, line in zip(patterns, lines[start:], strict=False)]
            if all(block):
                last = block[-1]
                assert last is not None
                end = start + len(patterns) - 1
                return self._take_line(end, last) if end < len(self._lines) else self._take_pending(last)
        return None

    def _take_line(self, index: int, found: re.Match[str] | None = None) -> Match:
        line = self._lines[index]
        del self._lines[: index + 1]
        return Match(line, _groups(found))

    def _take_pending(self, found: re.Match[str]) -> Match:
        """A match in the unfinished line consumes that line; of bytes, those up to the end of the match."""
        self._lines.clear()
        content = self._pending
        if self.binary:
            content, self._pending = self._pending[found.start() : found.end()], self._pending[found.end() :]
        else:
            self._pending = ""
        return Match(Text(content, self._milliseconds()), _groups(found))

    # Strings that must not come

    def add_failing(self, content: str, regex: bool) -> None:
        """Any wait fails once a line has ``content``."""
        self._failing.append(self._pattern(content, regex))

    def remove_failing(self, content: str, regex: bool) -> None:
        """Forget it; AssertionError when it was never added."""
        pattern = self._pattern(content, regex)
        if pattern not in self._failing:
            raise AssertionError(f"{content!r} is no failing string of {self.uart}")
        self._failing.remove(pattern)

    def _failing_match(self) -> Match | None:
        for pattern in self._failing:
            match = self._find(pattern, False, False)
            if match is not None:
                return Match(match.text, match.groups, failing=True)
        return None

    # Report

    def transcript(self) -> str:
        """Every line seen with its virtual time, for the message of a failed test."""
        rows = list(self._report)
        if self._pending:
            shown = self._pending.encode("latin-1").hex(" ") if self.binary else self._pending
            rows.append(f"[  unfinished] {shown}")
        return "\n".join(rows) or "(nothing was received)"

    def clear(self) -> None:
        """Forget the lines received, read or not."""
        self._lines.clear()
        self._report.clear()

    def forget_pending(self) -> None:
        """Start afresh, as a tester made now would."""
        self.clear()
        self._pending = ""


def _bytes(text: str) -> bytes:
    """Each character is a byte."""
    try:
        return text.encode("latin-1")
    except UnicodeEncodeError as error:
        found = shown(text[error.start])
        raise CrosscamError(f"{found} (U+{ord(text[error.start]):04X}): expected characters of one byte") from None


def _groups(found: re.Match[str] | None) -> tuple[str, ...]:
    return () if found is None else tuple(group or "" for group in found.groups())
