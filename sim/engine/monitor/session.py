"""What commands, externals and the faces of objects ask of the monitor: the monitor is one, and knows them all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Protocol

from sim.engine.devices.base import Device
from sim.engine.machine import Machine
from sim.engine.monitor.environments import Environments
from sim.engine.monitor.kinds import External
from sim.engine.monitor.logs import LogOutputs
from sim.engine.monitor.show import NumberMode
from sim.engine.monitor.symbol_hooks import SymbolHooks
from sim.engine.monitor.tokens import Token
from sim.engine.monitor.uart_files import UartFile, UartRecording
from sim.engine.observe.block_log import BlockFollower
from sim.engine.platform.registry import Registry
from sim.engine.scripting.timeinterval import TimeInterval


class Snapshots(Protocol):
    """Who can save and restore the state of an emulation."""

    def save(self, path: Path) -> None:
        """Write the present state to ``path``."""

    def load(self, path: Path) -> None:
        """Bring the emulation to the state in ``path``."""


class Described(Protocol):
    """A command, as ``help`` shows it."""

    @property
    def description(self) -> str:
        """What it does."""


class RunsPython(Protocol):
    """The monitor's Python."""

    def run(self, source: str, /) -> str:
        """Run code; returns what it printed."""


class ObjectSession(Protocol):
    """What the face of an object asks: the machine, other objects, files.

    Attributes:
        registry: types a description may name; None: the engine's own.
        environments: what groups of sensors measure.
        uart_files: files that UARTs write, by path.
        follower: what looks at blocks of the machine's core.
        started: whether a script said ``start``.
    """

    registry: Registry | None
    environments: Environments
    uart_files: dict[str, UartFile | UartRecording]
    follower: BlockFollower
    started: bool

    # The machine and its devices

    @property
    def has_machine(self) -> bool:
        """Whether ``mach create`` has been executed."""

    @property
    def machine(self) -> Machine:
        """The machine; CrosscamError when there is none yet."""

    @property
    def machine_names(self) -> list[str]:
        """Names of all machines, in the order they were made."""

    def remove_machine(self, name: str) -> None:
        """Drop the machine ``name``, which there is, and turn to the first of those left."""

    def set_quantum(self, seconds: Fraction) -> None:
        """How far several machines may be ahead of each other."""

    @property
    def symbol_hooks(self) -> SymbolHooks:
        """Hooks at symbols of the machine's core."""

    def forget_machine(self) -> None:
        """Drop all machines."""

    def set_started(self, value: bool) -> None:
        """``start`` and ``pause``."""

    def path_of(self, device: Device) -> str:
        """Where ``device`` is, such as ``sysbus.usart3``."""

    def devices_changed(self) -> None:
        """A description was loaded, or a device taken away."""

    def unregister(self, device: Device) -> None:
        """Take ``device`` away; CrosscamError when others depend on it."""

    def symbol_addresses(self, name: str) -> list[int]:
        """Addresses of the symbols of that name in what is loaded."""

    def symbols_changed(self) -> None:
        """Firmware or symbols were loaded."""

    def show_analyzer(self, device: Device, analyzer: str | None) -> None:
        """``showAnalyzer``."""

    # Externals

    def refuse_taken(self, name: str) -> None:
        """CrosscamError when there is an object of that name."""

    def add_external(self, name: str, external: External) -> None:
        """Keep ``external`` under a name of its own."""

    # Files

    @property
    def folders(self) -> list[Path]:
        """Folders where descriptions look for files."""

    def locate(self, text: str) -> Path:
        """Where the file ``text`` is, or would be."""

    def existing(self, text: str) -> Path:
        """The file ``text``; CrosscamError when there is none."""

    def read_binary(self, text: str) -> bytes:
        """What is in the file ``text``; CrosscamError when it cannot be read."""

    def output_path(self, text: str) -> Path:
        """Where a command may write ``text``."""

    # Commands

    def execute(self, text: str) -> str:
        """Run the command(s) in ``text``; returns what they print."""

    def note(self, text: str) -> None:
        """Tell that a command was accepted and what it does not do."""

    def time_source_info(self) -> str:
        """What ``GetTimeSourceInfo`` says."""


class CommandSession(ObjectSession, Protocol):
    """What the monitor's own commands ask besides: variables, scripts, the monitor's state.

    Attributes:
        usings: prefixes that names may go without.
        aliases: names that stand for commands.
        python: the monitor's Python.
        finished: whether ``quit`` was executed.
        numbers: how whole numbers are shown.
        next_value: what the command of that name prints next.
        logs: where the log goes besides the console.
        snapshots: who saves and restores states; None: nobody can.
        verbose: whether each command goes into the log.
    """

    usings: list[str]
    aliases: dict[str, str]
    finished: bool
    numbers: NumberMode
    next_value: int
    logs: LogOutputs
    snapshots: Snapshots | None
    verbose: bool

    @property
    def python(self) -> RunsPython:
        """The monitor's Python."""

    @property
    def commands(self) -> Mapping[str, Described]:
        """The monitor's own commands."""

    @property
    def variables(self) -> dict[str, object]:
        """``$name`` -> value."""

    @property
    def types(self) -> Registry:
        """The types a description may name."""

    @property
    def in_script(self) -> bool:
        """Whether the present command stands in a script."""

    @property
    def script_file(self) -> str:
        """The script the present command stands in; empty: none."""

    @property
    def elapsed(self) -> TimeInterval:
        """Virtual time of the machine; none without one."""

    @property
    def host_seconds(self) -> float:
        """Seconds of the host's clock since this monitor was made."""

    @property
    def search_path(self) -> list[Path]:
        """Folders of the command ``path``."""

    def create_machine(self, name: str) -> None:
        """Make the machine ``name`` and turn to it; CrosscamError when there is one of that name already."""

    def select_machine(self, name: str) -> None:
        """Turn to the machine ``name``, which there is."""

    def device(self, name: str) -> Device:
        """The device ``name``; CrosscamError with near names."""

    def external(self, name: str) -> External:
        """The external ``name``; CrosscamError with near names."""

    def forget_externals(self) -> None:
        """Drop all externals."""

    def include(self, path: str | Path) -> str:
        """Run the script, description or Python file ``path``; returns what its commands printed."""

    def execute_lines(self, lines: Sequence[str], what: str) -> str:
        """Run ``lines``, which ``what`` stands for, one after the other."""

    def set_variable(self, name: str, value: object) -> None:
        """``$name = value``."""

    def value(self, token: object) -> Token:
        """What ``token`` stands for: a variable's value, a path found, or itself."""

    def set_macro(self, name: str, text: str) -> None:
        """Keep commands, and where they were written."""

    def run_macro(self, name: str) -> str:
        """Run the macro ``name``; CrosscamError when there is none."""

    def set_log_level(self, name: str, level: int) -> None:
        """Set the level of the logger ``name``, remembering what it was."""
