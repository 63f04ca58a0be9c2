"""Robot keywords with arguments as Robot Framework hands them over."""

from __future__ import annotations

import contextlib
import io
import json
import random
from collections.abc import Callable
from typing import Any

from robot.errors import DataError  # type: ignore[import-untyped]
from robot.running.arguments import PythonArgumentParser  # type: ignore[import-untyped]

from sim.engine.monitor import Monitor
from sim.fuzz.platform_targets import BOARD
from sim.fuzz.target import RefusedError, Target
from sim.robot.emulation_keywords import PythonError
from sim.robot.library import RenodeKeywords
from sim.robot.session import KeywordException

_ARGUMENTS = (
    "", "0", "1", "-1", "3", "0.5", "0x1B", "999", "inf", "-inf", "nan", "1e308", "9" * 400, "true", "${NONE}", "text",
    "a b", "é", "\u20ac", "\0", "\x1b[2J", "[", "(", "*", "\\", "(?P<", "(?<n>x)", "a{1,99999}", "Foo", "R0", "PC",
    "cpu PC", "sysbus.usart3", "usart3", "sysbus.cpu", "sysbus.gpioPortB.led", "nothing", "@/nope", "AA", "zz",
    "None", "Serialization", "mach create", "echo 1", 'emulation RunFor "0.001"',
)  # fmt: skip
_NOT_HERE = frozenset({
    "Execute Python", "Log To File", "Save Cached Log", "Download File", "List Files In Directory Recursively",
    "Stop Remote Server", "Execute Script", "Handle Hot Spot", "Sleep",
})  # fmt: skip
"""Keywords that run Python or touch the host's files, one that repeats all before it, one that only takes time."""


class Keywords(Target):
    """``["Keyword", ["argument", ...]]`` on a small board with testers."""

    NAME = "robot"
    RENEW_EVERY = 100
    WORDS = _ARGUMENTS

    def __init__(self) -> None:
        self._library = RenodeKeywords()
        self._keywords: dict[str, Callable[..., Any]] = {}
        for name in dir(self._library):
            method = getattr(self._library, name)
            title = getattr(method, "robot_name", None)
            if title and title not in _NOT_HERE:
                self._keywords[title] = method
        self._parser = PythonArgumentParser("Keyword")

    def corpus(self) -> list[bytes]:
        """One call of each keyword."""
        return [json.dumps([title, ["sysbus.usart3", "1"]]).encode() for title in self._keywords]

    def generate(self, source: random.Random) -> bytes:
        """A keyword with arguments that may or may not fit."""
        title = source.choice(list(self._keywords))
        return json.dumps([title, source.choices(_ARGUMENTS, k=source.randrange(4))]).encode()

    def renew(self) -> None:
        """A small board, testers of each kind."""
        library = self._library
        library.reset_emulation()
        library.session.states.clear()
        monitor: Monitor = library.session.monitor
        monitor.execute("mach create")
        monitor.execute(f'machine LoadPlatformDescriptionFromString """{BOARD}"""')
        library.create_terminal_tester("sysbus.usart3", 0.001)
        library.create_led_tester("sysbus.gpioPortB.led", 0.001)
        library.create_log_tester(0.001)

    def run(self, data: bytes) -> None:
        """Call it."""
        try:
            title, arguments = json.loads(data)
            function = self._keywords[title]
            given = [None if each == "${NONE}" else each for each in arguments]
        except (ValueError, KeyError, TypeError, RecursionError):
            return  # no call of a keyword
        if any(isinstance(each, str) and "python" in each.lower() for each in given):
            return
        try:
            specification = self._parser.parse(function)
            positional, named = specification.convert(specification.resolve(given)[0], [])
        except (DataError, ValueError, TypeError):
            return  # Robot Framework itself refuses
        with contextlib.redirect_stdout(io.StringIO()):
            try:
                function(*positional, **dict(named))
            except (KeywordException, PythonError) as error:
                first = str(error).split("\n")[0].split(" [Renode:")[0]
                raise RefusedError(first) from None
            except Exception as error:
                if getattr(type(error), "ROBOT_SKIP_EXECUTION", False):
                    return
                raise
