"""What all keywords share: the one emulation, its testers, and what has been done to it."""

from __future__ import annotations

import functools
import logging
import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from robot.api.deco import keyword
from robot.libraries.BuiltIn import BuiltIn, RobotNotRunningError

from sim.engine.monitor import Monitor
from sim.engine.wording import spoken
from sim.errors import CrosscamError, shown
from sim.robot.arguments import check
from sim.robot.snapshots import KeywordSnapshots
from sim.robot.steps import Step
from sim.robot.wall_limit import wall_limit
from sim.text import LONGEST_MESSAGE, printable
from sim.wall_time import LONGEST

if TYPE_CHECKING:
    from sim.engine.machine import Machine
    from sim.robot.led_tester import LedTester
    from sim.robot.log_tester import LogTester
    from sim.robot.network_tester import NetworkTester
    from sim.robot.terminal_tester import TerminalTester

_LONGEST_ROW = 1000
Tester = TypeVar("Tester")
Function = TypeVar("Function", bound=Callable[..., Any])


class Replay(Enum):
    """When ``Requires`` repeats a keyword; Renode's distinction. NEVER: it only looks, or is the state itself."""

    REEXECUTION = "reexecution"
    ALWAYS = "always"
    NEVER = "never"


class Testers(Generic[Tester]):
    """Testers of one kind, numbered from 0; a second one for the same device is the first."""

    def __init__(self, kind: str) -> None:
        self._kind = kind
        self._all: list[Tester] = []
        self._devices: list[str] = []
        self._default: Tester | None = None

    def create(self, device: str, make: Callable[[], Tester]) -> int:
        """The number of the tester for ``device``."""
        if device not in self._devices:
            self._all.append(make())
            self._devices.append(device)
        return self._devices.index(device)

    def get(self, number: int | None) -> Tester:
        """Tester ``number``; None: the default one, or the only one. AssertionError when that is unclear."""
        if number is None:
            if self._default is not None:
                return self._default
            if len(self._all) != 1:
                how_many = "there are several" if self._all else "there are none"
                raise AssertionError(f"which {self._kind} tester? {how_many}; make one, or say testerId=")
            return self._all[0]
        if not 0 <= number < len(self._all):
            raise AssertionError(f"there is no {self._kind} tester {number}; {len(self._all)} exist")
        return self._all[number]

    def set_default(self, number: int | None) -> None:
        """Which tester counts when none is named."""
        self._default = None if number is None else self.get(number)

    def clear(self) -> None:
        """Forget all."""
        self._all.clear()
        self._devices.clear()
        self._default = None

    def __iter__(self) -> Iterator[Tester]:
        return iter(self._all)


@dataclass
class Session:
    """One emulation at a time, as in Renode's Robot server. ``wall_seconds``: the most that a keyword may take."""

    lenient: bool = False
    timing: str = "instructions"
    wall_seconds: float = LONGEST
    monitor: Monitor = field(init=False)
    terminals: Testers[TerminalTester] = field(default_factory=lambda: Testers("terminal"))
    leds: Testers[LedTester] = field(default_factory=lambda: Testers("LED"))
    networks: Testers[NetworkTester] = field(default_factory=lambda: Testers("network interface"))
    log: LogTester | None = None
    steps: list[Step] = field(default_factory=list)
    states: dict[str, tuple[list[Step], bool]] = field(default_factory=dict)
    """What ``Provides`` kept: the steps, and whether testers start afresh (Renode's serialization)."""
    temporary: Path | None = None
    depth: int = 0
    """Keywords under way: only the outermost is a step."""
    keywords: Keywords | None = None
    """The library, for keywords by name."""

    def __post_init__(self) -> None:
        self.monitor = self._new_monitor()

    def _new_monitor(self) -> Monitor:
        monitor = Monitor(self.timing, lenient=self.lenient)
        monitor.snapshots = KeywordSnapshots(self)
        monitor.base = _suite_folder()
        return monitor

    @property
    def machine(self) -> Machine:
        """The machine commands go to; CrosscamError before ``mach create``."""
        return self.monitor.machine

    def in_wall_time(self) -> AbstractContextManager[None]:
        """Ends the outermost keyword, and fails it, when it has taken ``wall_seconds``."""
        if self.depth > 1:
            return nullcontext()
        return wall_limit(lambda: self.machine if self.monitor.has_machine else None, self.wall_seconds)

    def machine_named(self, name: str | None) -> Machine:
        """The machine ``name``; None: the one commands go to."""
        if name is not None:
            self.monitor.execute(f'mach set "{name}"')
        return self.machine

    def reset(self) -> None:
        """Forget machine, testers, variables and steps; the states provided stay."""
        self.monitor.close()
        self.monitor = self._new_monitor()
        self.terminals.clear()
        self.leds.clear()
        self.networks.clear()
        if self.log is not None:
            self.log.close()
            self.log = None
        self.steps.clear()
        logging.getLogger("sim").setLevel(logging.INFO)

    def step(self, name: str, positional: Sequence[Any], named: dict[str, Any]) -> Step:
        """The keyword ``name`` with these arguments, not yet run; CrosscamError when there is no such keyword."""
        function = getattr(self.keywords, name, None)
        if name.startswith("_") or function is None:
            raise CrosscamError(f"there is no keyword {name}: expected a snapshot of this version")
        return Step(name, function, tuple(positional), named)

    def repeat(self, steps: Sequence[Step]) -> None:
        """Start from nothing and run ``steps``: the emulation is then as it was behind the last of them."""
        again = list(steps)
        self.reset()
        self.depth += 1
        try:
            for step in again:
                step.function(*step.positional, **step.named)
        finally:
            self.depth -= 1
        self.steps[:] = again

    def temporary_folder(self) -> Path:
        """A folder that lives as long as the suites run."""
        if self.temporary is None:
            self.temporary = Path(tempfile.mkdtemp(prefix="crosscam-robot-"))
        return self.temporary

    def close(self) -> None:
        """Let go of everything."""
        self.reset()
        if self.temporary is not None:
            shutil.rmtree(self.temporary, ignore_errors=True)
            self.temporary = None


class KeywordException(AssertionError):  # noqa: N818 - the name is shown, and is Renode's
    """What a keyword fails with; Renode's name of it, which Robot Framework shows before the message."""


class Keywords:
    """Base of the keyword groups."""

    session: Session


def _suite_folder() -> Path | None:
    """The folder of the suite that is running, where and above which its files are looked for."""
    try:
        source = BuiltIn().get_variable_value("${SUITE SOURCE}")
    except RobotNotRunningError:
        return None
    path = Path(source) if source else None
    return path.parent if path is not None and path.is_file() else path


def _report(text: str) -> str:
    """Why a test failed: a line, and perhaps what was received, none of which a terminal obeys."""
    first, *rest = text.split("\n")
    return "\n".join([shown(first, LONGEST_MESSAGE), *(printable(line, _LONGEST_ROW) for line in rest)])


def renode_keyword(name: str, replay: Replay = Replay.REEXECUTION) -> Callable[[Function], Function]:
    """A keyword with Renode's name, kept as a step of the emulation's history unless ``replay`` is NEVER."""

    def decorate(function: Function) -> Function:
        @functools.wraps(function)
        def run(self: Keywords, *positional: Any, **named: Any) -> Any:
            session = self.session
            if session.depth == 0 and replay is not Replay.NEVER:
                session.steps.append(Step(function.__name__, functools.partial(run, self), positional, named))
            session.depth += 1
            try:
                check(function, (self, *positional), named)
                with session.in_wall_time():
                    return function(self, *positional, **named)
            except KeywordException:
                raise
            except CrosscamError as error:
                raise KeywordException(spoken(error)) from error
            except AssertionError as error:
                raise KeywordException(_report(str(error))) from error
            except OSError as error:  # a file a suite names
                name = f"{shown(error.filename, 100)}: " if error.filename else ""
                raise KeywordException(f"{name}{error.strerror or error}: expected a file that can be used") from error
            finally:
                session.depth -= 1

        decorated: Function = keyword(name)(run)
        return decorated

    return decorate
