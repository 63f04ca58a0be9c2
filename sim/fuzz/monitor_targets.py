"""Commands of the monitor and scripts of them."""

from __future__ import annotations

import random
import re
from pathlib import Path
from typing import Any

from sim.engine.members import members_of
from sim.engine.monitor import Monitor, command_table
from sim.engine.monitor.script_files import commands as script_commands
from sim.engine.monitor.tokens import tokenize
from sim.errors import CrosscamError
from sim.fuzz.mutation import NUMBERS
from sim.fuzz.platform_targets import BOARD, EVERY_DEVICE
from sim.fuzz.target import Target, text_of

_ROOT = Path(__file__).parents[2]
_PYTHON = re.compile(r"\b(python|py|PyDev\w+|include|i|start|s|sleep|Add\w*Hook\w*|Set\w*Hook\w*|AssembleBlock)\b")
"""What runs code of its author, files of the host, or compilers, or waits because it is told to."""
_ARGUMENTS = (
    "0", "1", "-1", "2", "0x10", "0xFFFFFFFF", "0x20000000", "0x100000000", "99999999999999999999", "1.5", "-0.5",
    "true", "false", "null", "word", "cpu", "sysbus.cpu", "usart3", "nvic", "sysbus.gpioPortB", '""', '"text"',
    '"1/0"', '"00:00:00.0001"', '"-1"', '"é"', "'x'", "@file", "@/dev/null", "$bin", "$nope",
    "<0x20000000, 0x2001ffff>", "<5 1>", "[1, 2]", "[", "]", ",", "=", "?=", "x=1", "name=5", "`echo 1`",
    "DoubleWord", "Read", "Continuous",
)  # fmt: skip
_INSIDE = (
    "LockUp", "Hooking", "Execute", "Refresh", "Services", "Log", "Outputs", "Children", "Bank", "Read", "Write",
    "RegisterChild", "LocalReceiver", "StackWrite", "Vector", "__init__", "_bank", "Name", "Registers", "Pend",
)  # fmt: skip
"""Names of Python that nothing declares."""


class MonitorLines(Target):
    """One to three commands on a board with a device of every type."""

    NAME = "monitor"
    RENEW_EVERY = 400
    WORDS = (*_ARGUMENTS, *_INSIDE)

    def __init__(self) -> None:
        self._objects: list[tuple[str, list[str]]] = []
        self.renew()
        self._commands = [name for name in command_table.names() if not _PYTHON.fullmatch(name)]

    def corpus(self) -> list[bytes]:
        """Lines of the shipped scripts and suites."""
        lines: set[str] = set()
        for script in (_ROOT / "sim" / "board").glob("*.resc"):
            lines.update(script.read_text().splitlines())
        for suite in (_ROOT / "robot_tests").glob("*.robot"):
            lines.update(re.findall(r"Execute Command\s+(.+)", suite.read_text()))
        return [line.encode() for line in sorted(lines) if line.strip() and not _PYTHON.search(line)]

    def renew(self) -> None:
        """A new board."""
        old: Monitor | None = getattr(self, "_monitor", None)
        if old is not None:
            old.close()
        self._monitor = Monitor()
        self._monitor.variables["bin"] = "/nowhere.elf"
        self._monitor.execute("mach create")
        self._monitor.execute(f'machine LoadPlatformDescriptionFromString """{BOARD}{EVERY_DEVICE}"""')
        self._objects = [(name, _members(self._monitor, name)) for name in _names(self._monitor)]

    def generate(self, source: random.Random) -> bytes:
        """A member of something with arguments that may or may not fit."""
        lines = []
        for _ in range(source.choice((1, 1, 2, 3))):
            if source.random() < 0.3:
                words = [source.choice(self._commands)]
            else:
                name, members = source.choice(self._objects)
                words = [
                    name,
                    source.choice(_INSIDE) if source.random() < 0.15 or not members else source.choice(members),
                ]
            words += source.choices((*_ARGUMENTS, *(number.decode() for number in NUMBERS)), k=source.randrange(5))
            lines.append(" ".join(words))
        return "\n".join(lines).encode("utf-8", "surrogatepass")

    def run(self, data: bytes) -> None:
        """Each line; the error of the last that was refused."""
        refused: CrosscamError | None = None
        for line in text_of(data).split("\n"):
            if _PYTHON.search(line):
                continue
            try:
                self._monitor.execute(line)
            except CrosscamError as error:
                refused = error
        if refused is not None:
            raise refused


def _names(monitor: Monitor) -> list[str]:
    return ["sysbus", "machine", "emulation", "connector", *monitor.machine.devices]


def _members(monitor: Monitor, name: str) -> list[str]:
    owners: Any = monitor.owners(name, [])
    names = {member for owner in owners[1] for member in members_of(type(owner))}
    return sorted(member for member in names if not _PYTHON.fullmatch(member))


class Tokens(Target):
    """Text to commands and tokens, without running them."""

    NAME = "resc_tokens"
    WORDS = _ARGUMENTS

    def corpus(self) -> list[bytes]:
        """The shipped scripts."""
        return [script.read_bytes() for script in sorted((_ROOT / "sim" / "board").glob("*.resc"))]

    def run(self, data: bytes) -> None:
        """Take it apart."""
        for _, line in script_commands(text_of(data), "fuzz.resc"):
            tokenize(line)


class Scripts(Target):
    """Whole scripts: variables, macros, includes of themselves."""

    NAME = "resc"
    RENEW_EVERY = 1
    WORDS = (*_ARGUMENTS, "macro", "runMacro $m", "execute $m", "alias", "if true", '"""', "include $ORIGIN/fuzz.resc")

    def __init__(self) -> None:
        self._monitor = Monitor()

    def corpus(self) -> list[bytes]:
        """The shipped scripts without their Python, and some that run themselves."""
        shipped = [script.read_text() for script in sorted((_ROOT / "sim" / "board").glob("*.resc"))]
        plain = ["\n".join(line for line in text.splitlines() if "python" not in line) for text in shipped]
        own = [
            'macro m """\necho 1\nrunMacro $m\n"""\nrunMacro $m',
            'alias a "a b"\na\n$x="execute $x"\nexecute $x',
            "echo 1\ninclude @fuzz.resc",
            "$x=`echo `echo 2``\n$y?=3\nset z $y\necho $x$y$z",
            'mach create "m"\nmachine LoadPlatformDescriptionFromString "a: UART.TrivialUart @ sysbus 0x0"\na Reset',
        ]
        return [text.encode() for text in (*plain, *own)]

    def renew(self) -> None:
        """A new monitor."""
        self._monitor.close()
        self._monitor = Monitor()

    def run(self, data: bytes) -> None:
        """Run it as the file it names itself."""
        text = text_of(data)
        if any(_PYTHON.search(line) and "fuzz.resc" not in line for line in text.split("\n")):
            return
        file = Path("fuzz.resc")
        file.write_bytes(data)
        self._monitor.include(file)
