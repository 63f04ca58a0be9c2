"""Boot the vision board on the embedded engine: one object the commands that judge its firmware share.

It runs ``sim/board/crosscam.resc`` with the variables ``$bin`` and ``$frames`` set, exactly as a Renode user would,
and listens on the console UART.
"""

from __future__ import annotations

import os
import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

from sim.console import Line, LineAssembler, Prediction
from sim.engine.devices.base import Device
from sim.engine.machine import Machine
from sim.engine.monitor import Monitor
from sim.engine.scripting.peripheral import PythonPeripheral
from sim.engine.timing import TIMINGS
from sim.errors import CrosscamError
from sim.lcd import MachineDevices
from sim.stopping import run_for
from sim.uart_ports import UartPort
from sim.wall_time import limit_for

BOARD_SCRIPT = Path(__file__).parent / "board" / "crosscam.resc"
CONSOLE_UART = "sysbus.usart3"
CAMERA = "sysbus.ov7670"
CAPTURED_COUNT, CAPTURED_INDEX = 0x10, 0x11
"""Commands of the camera script (sim/peripherals/ov7670.py)."""
POLL_SECONDS = Fraction(1, 100)
"""Virtual time between two looks at the host's end of the UART (typed bytes, a reached goal)."""


def check_inputs(elf: Path, frames: Path | None) -> None:
    """CrosscamError when the firmware or the frame folder is not there."""
    if not elf.is_file():
        raise CrosscamError(f"no firmware at {elf}: expected an ELF file; build it with `make firmware`")
    if frames is not None and not (frames / "frames.json").is_file():
        raise CrosscamError(
            f"no frame folder at {frames}: expected a folder with frames.json; make one with `crosscam frames`"
        )


class ConsoleLog(ABC):
    """What every engine's board has in common: the console's bytes, lines, predictions and host ends."""

    def __init__(self) -> None:
        self.lines: list[Line] = []
        self.predictions: list[Prediction] = []
        self.uart_log = bytearray()
        self.sent = 0
        """Bytes the board has sent, forgotten ones too."""
        self.on_line: list[Callable[[Line], None]] = []
        self.on_reset: list[Callable[[str], None]] = []
        """Called with the reason when the machine was reset, where the engine tells."""
        self.machine: Machine | None = None
        """The machine, where it is one of this process."""
        self.was_typed_at = False
        """Something was typed at a port; who asks sets it back."""
        self.on_look: list[Callable[[], object]] = []
        """Called whenever ``run_until`` stands, before its goal is asked."""
        self.on_typed: list[Callable[[bytes], None]] = []
        """Called with what came from a port, once it has been typed."""
        self._ports: list[UartPort] = []
        self._assembler = LineAssembler(self._now, self._take_line)

    @abstractmethod
    def _now(self) -> int:
        """Virtual time in core cycles."""

    @abstractmethod
    def _type_byte(self, byte: int) -> None:
        """A byte from the host to the UART."""

    @property
    @abstractmethod
    def seconds(self) -> float:
        """Virtual time since power-on."""

    @property
    @abstractmethod
    def captured_frames(self) -> list[int]:
        """Index in ``frames.json`` of each photograph the camera interface captured, in order."""

    def photograph(self, number: int) -> int | None:
        """Index in ``frames.json`` of the ``number``-th photograph captured (from 0); None: not so many were."""
        order = self.captured_frames
        return order[number] if number < len(order) else None

    def check_camera(self) -> None:
        """CrosscamError when the board has no camera that tells what it showed."""
        self.photograph(0)

    @abstractmethod
    def ask(self, path: str, command: int, value: int = 0) -> int:
        """``ControlRead`` of the scripted device at a Renode path; CrosscamError when there is none."""

    @abstractmethod
    def ask_bytes(self, path: str, command: int) -> bytes:
        """What the display at ``path`` answers to a command that gives a picture."""

    @abstractmethod
    def run_until(self, reached: Callable[[], bool], timeout_seconds: float) -> bool:
        """Run until ``reached()`` or ``timeout_seconds`` of virtual time; True when reached."""

    @abstractmethod
    def run_for(self, seconds: Fraction) -> None:
        """Run for a span of virtual time."""

    @abstractmethod
    def close(self) -> None:
        """Let go of what the engine holds outside this process."""

    def _has_reached(self, goal: Callable[[], bool]) -> bool:
        for look in self.on_look:
            look()
        return goal()

    def forget(self) -> None:
        """Let go of what the console has said, but for its last line: a run may be longer than memory."""
        del self.lines[:-1]
        self.predictions.clear()
        self.uart_log.clear()

    def attach(self, port: UartPort) -> None:
        """Mirror the UART to ``port`` and type what comes from it."""
        self._ports.append(port)

    def type_text(self, text: str) -> None:
        """Type ``text`` on the console, byte by byte."""
        self.type_bytes(text.encode("ascii"))

    def type_bytes(self, data: bytes) -> None:
        """Type ``data`` on the console."""
        for byte in data:
            self._type_byte(byte)

    def _poll_ports(self) -> None:
        for port in self._ports:
            typed = port.receive()
            self.type_bytes(typed)
            for listener in self.on_typed if typed else ():
                listener(typed)
            self.was_typed_at |= bool(typed)

    def _take_byte(self, byte: int) -> None:
        self.uart_log.append(byte)
        self.sent += 1
        for port in self._ports:
            port.send(byte)
        self._assembler.feed(byte)

    def _take_line(self, line: Line) -> None:
        self.lines.append(line)
        prediction = Prediction.parse(line.text)
        if prediction is not None:
            self.predictions.append(prediction)
        for listener in self.on_line:
            listener(line)


class Board(ConsoleLog):
    """A machine made from the board files, its console and the frames its camera sees.

    Args:
        elf: firmware, as linked; booted unmodified.
        frames: a frame folder (``frames.json``), or None for a camera without a scene.
        timing: one of ``TIMINGS``.
        script: what makes the board; default ``sim/board/crosscam.resc``. Another one must name its machine's devices
            as that one does (console, camera).

    Raises:
        CrosscamError: a missing or unreadable ELF, frame folder or board file, an unknown timing.
    """

    def __init__(
        self, elf: Path, frames: Path | None = None, timing: str = "instructions", script: Path | None = None
    ) -> None:
        if timing.partition(":")[0] not in TIMINGS:
            raise CrosscamError(f"unknown timing {timing!r}: expected one of {', '.join(TIMINGS)}")
        check_inputs(elf, frames)
        super().__init__()
        self.monitor = Monitor(timing=timing)
        self.monitor.variables["bin"] = str(elf.resolve())
        # The board script hands the folder to the camera script through the environment; one left by an earlier
        # board of this process must not be seen.
        os.environ.pop("CROSSCAM_FRAMES", None)
        if frames is not None:
            self.monitor.variables["frames"] = str(frames.resolve())
        self.monitor.include(script or BOARD_SCRIPT)
        self.machine: Machine = self.monitor.machine
        self._script = script or BOARD_SCRIPT
        self._uart = self._part(CONSOLE_UART, "console UART")
        if not hasattr(self._uart, "on_char"):
            raise CrosscamError(f"{self._script}: {CONSOLE_UART} is a {type(self._uart).__name__}, expected a UART")
        self._uart.on_char.append(self._take_byte)
        self.machine.on_reset.append(self._was_reset)

    def _part(self, path: str, what: str) -> Device:
        try:
            return self.machine[path]
        except CrosscamError:
            raise CrosscamError(
                f"{self._script}: no {what} {path}: the board is not the vision application's; boot other firmware and "
                f"boards with `crosscam boot ELF --board {self._script}`"
            ) from None

    def _was_reset(self) -> None:
        for listener in self.on_reset:
            listener(self.machine.last_reset)

    @property
    def seconds(self) -> float:
        """Virtual time since power-on."""
        return float(self.machine.clock.seconds)

    @property
    def captured_frames(self) -> list[int]:
        """Index in ``frames.json`` of each photograph the camera interface captured, in order."""
        camera = self._camera()
        return [camera.control_read(CAPTURED_INDEX, n) for n in range(camera.control_read(CAPTURED_COUNT, 0))]

    def photograph(self, number: int) -> int | None:
        camera = self._camera()
        return camera.control_read(CAPTURED_INDEX, number) if number < camera.control_read(CAPTURED_COUNT, 0) else None

    def ask(self, path: str, command: int, value: int = 0) -> int:
        return MachineDevices(self.machine).ask(path, command, value)

    def ask_bytes(self, path: str, command: int) -> bytes:
        return MachineDevices(self.machine).ask_bytes(path, command)

    def _camera(self) -> PythonPeripheral:
        camera = self._part(CAMERA, "camera")
        if not isinstance(camera, PythonPeripheral):
            raise CrosscamError(f"{self._script}: {CAMERA} is a {type(camera).__name__}, expected a camera's script")
        return camera

    def run_until(self, reached: Callable[[], bool], timeout_seconds: float) -> bool:
        """Run until ``reached()`` or ``timeout_seconds`` of virtual time; True when reached.

        ``reached`` is asked every ``POLL_SECONDS``, at points of virtual time that do not depend on the host, so that
        runs stay identical; the board may be up to that much past the moment. CrosscamError when wall time is over.
        """
        clock = self.machine.clock
        deadline = clock.exact_seconds + Fraction(timeout_seconds)
        wall = limit_for(timeout_seconds)
        given_up = time.monotonic() + wall
        while not self._has_reached(reached):
            if clock.exact_seconds >= deadline:
                return False
            if time.monotonic() >= given_up:
                where = f"the core is at {self.machine.symbols.describe(self.machine.cpu.pc)}"
                raise CrosscamError(
                    f"{wall:.0f} s of wall time are over at {self.seconds:.6g} s of board time; {where}"
                )
            self._poll_ports()
            self.run_for(POLL_SECONDS)
        return True

    def run_for(self, seconds: Fraction) -> None:
        """Run for a span of virtual time."""
        run_for(self.machine, seconds)

    def _now(self) -> int:
        return self.machine.clock.now

    def _type_byte(self, byte: int) -> None:
        self._uart.write_char(byte)  # type: ignore[attr-defined]

    def close(self) -> None:
        """Nothing to do: the engine lives in this process."""
