"""The crosscam board on Renode, with the face of ``sim.boot.Board``.

The same ``sim/board/crosscam.resc`` is included with the same variables. Renode runs in spans of virtual time with
``SetGlobalAdvanceImmediately``, so a run costs only the host time it needs and does not depend on it.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

from sim.boot import (
    BOARD_SCRIPT,
    CAMERA,
    CAPTURED_COUNT,
    CAPTURED_INDEX,
    CONSOLE_UART,
    POLL_SECONDS,
    ConsoleLog,
    check_inputs,
)
from sim.errors import CrosscamError
from sim.lcd import picture_file
from sim.renode.finder import find_renode
from sim.renode.process import RenodeProcess
from sim.text import monitor_path

CORE_HERTZ = 480_000_000
_NUMBER = re.compile(r"0[xX][0-9A-Fa-f]+|\d+")


class RenodeBoard(ConsoleLog):
    """The board in a Renode of its own; call ``close`` when done with it.

    Args:
        elf, frames, timing, script: as for ``sim.boot.Board``; Renode only has the timing ``instructions``.
        executable: a Renode; default: the installed one.

    Raises:
        CrosscamError: no Renode, a missing ELF or frame folder, a timing Renode has not, board files it refuses.
    """

    def __init__(
        self,
        elf: Path,
        frames: Path | None = None,
        timing: str = "instructions",
        executable: Path | None = None,
        script: Path | None = None,
    ) -> None:
        check_inputs(elf, frames)
        if timing != "instructions":
            raise CrosscamError(f"timing {timing!r}: Renode only counts instructions; use --timing instructions")
        super().__init__()
        self._time = Fraction(0)
        self.process = RenodeProcess(executable or find_renode(), without=("CROSSCAM_FRAMES",))
        try:
            self._boot(elf, frames, script or BOARD_SCRIPT)
        except BaseException:
            self.close()
            raise

    def _boot(self, elf: Path, frames: Path | None, script: Path) -> None:
        execute = self.process.execute
        execute(f"$bin={monitor_path(elf.resolve())}")
        if frames is not None:
            execute(f"$frames={monitor_path(frames.resolve())}")
        self.process.keyword("ExecuteScript", str(script.resolve()))
        path = self.process.folder / "uart.bin"
        execute(f"{CONSOLE_UART} CreateFileBackend {monitor_path(path)} true")
        execute("emulation SetGlobalAdvanceImmediately true")
        self._uart_file = path.open("rb")

    @property
    def seconds(self) -> float:
        """Virtual time since power-on."""
        return float(self._time)

    @property
    def captured_frames(self) -> list[int]:
        """Index in ``frames.json`` of each photograph the camera interface captured, in order."""
        return [self.ask(CAMERA, CAPTURED_INDEX, n) for n in range(self.ask(CAMERA, CAPTURED_COUNT))]

    def photograph(self, number: int) -> int | None:
        return self.ask(CAMERA, CAPTURED_INDEX, number) if number < self.ask(CAMERA, CAPTURED_COUNT) else None

    def ask(self, path: str, command: int, value: int = 0) -> int:
        answer = self.process.execute(f"{path} ControlRead {command} {value}")
        found = _NUMBER.search(answer)
        if found is None:
            raise CrosscamError(f"Renode: {path} answered {answer!r} to command {command}: expected a number")
        return int(found[0], 0)

    def ask_bytes(self, path: str, command: int) -> bytes:
        file = self.process.folder / "picture.raw"
        file.unlink(missing_ok=True)
        self.process.execute(picture_file(file))
        return file.read_bytes() if self.ask(path, command) else b""

    def _type_byte(self, byte: int) -> None:
        self.process.execute(f"{CONSOLE_UART} WriteChar {byte}")

    def run_until(self, reached: Callable[[], bool], timeout_seconds: float) -> bool:
        """As ``sim.boot.Board.run_until``: spans of ``POLL_SECONDS`` of virtual time until ``reached()``."""
        deadline = self._time + Fraction(timeout_seconds).limit_denominator(10**6)
        while not self._has_reached(reached):
            if self._time >= deadline:
                return False
            self._poll_ports()
            self.run_for(POLL_SECONDS)
        return True

    def run_for(self, seconds: Fraction) -> None:
        """Run for a span of virtual time and take what the board sent; whole microseconds."""
        self.process.execute(f'emulation RunFor "{float(seconds):.6f}"')
        self._time += seconds
        for byte in self._uart_file.read():
            self._take_byte(byte)

    def _now(self) -> int:
        """Cycles at the end of the last span: Renode's file backend carries no time of each byte."""
        return int(self._time * CORE_HERTZ)

    def close(self) -> None:
        """End Renode."""
        stream = getattr(self, "_uart_file", None)
        if stream is not None:
            stream.close()
        self.process.close()
