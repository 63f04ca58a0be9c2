"""A board of any script or platform description, with firmware of any kind in it."""

from __future__ import annotations

import os
from pathlib import Path

from sim.bringup.uarts import Uarts
from sim.engine.elf import ElfImage
from sim.engine.machine import Machine
from sim.engine.monitor import Monitor
from sim.engine.timing import TIMINGS
from sim.errors import CrosscamError

DEFAULT_BOARD = Path(__file__).parents[1] / "board" / "stm32h743.resc"
_NO_START = (None, 0, 0xFFFFFFFF)
"""Start addresses of a vector table that is none: no memory, empty memory, erased flash."""
SUFFIXES = (".resc", ".repl")


class _Monitor(Monitor):
    """Hands ``images`` to the machine a script makes, so that the script's own load command gets them as read."""

    def __init__(self, timing: str, images: dict[Path, ElfImage]) -> None:
        super().__init__(timing=timing)
        self._images = images

    def create_machine(self, name: str) -> None:
        super().create_machine(name)
        self.machine.images.update(self._images)


class FirstBoot:
    """The machine of ``board`` with ``image`` loaded, not started yet.

    Args:
        firmware: the file ``image`` was read from; a script finds it in ``$bin``.
        image: what to load. A script loads it itself, whatever command it has for that; after one that does not, and
            after a platform description, it is loaded here.
        board: a script (.resc) or a platform description (.repl).
        timing: one of ``TIMINGS``.
        frames: a frame folder for a script that knows ``$frames``.

    Attributes:
        notes: what a user should know of how it was made to start.

    Raises:
        CrosscamError: a board that cannot be built, has no core, or has no memory where the firmware belongs.
    """

    def __init__(
        self,
        firmware: Path,
        image: ElfImage,
        board: Path = DEFAULT_BOARD,
        timing: str = "instructions",
        frames: Path | None = None,
    ) -> None:
        if timing.partition(":")[0] not in TIMINGS:
            raise CrosscamError(f"unknown timing {timing!r}: expected one of {', '.join(TIMINGS)}")
        if board.suffix not in SUFFIXES or not board.is_file():
            what = "expected a script (.resc) or a platform description (.repl)"
            raise CrosscamError(f"no board {board}: {what}" if not board.is_file() else f"{board}: {what}")
        self.notes: list[str] = []
        self._image = image
        self._board = board
        path = firmware.resolve()
        self.monitor = _Monitor(timing, {path: image})
        self.monitor.variables["bin"] = str(path)
        os.environ.pop("CROSSCAM_FRAMES", None)  # an earlier board's of this process
        if frames is not None:
            self.monitor.variables["frames"] = str(frames.resolve())
        if board.suffix == ".repl":
            self.monitor.execute("mach create")
        self.monitor.include(board)
        if not self.monitor.has_machine:
            raise CrosscamError(f"{board}: it makes no machine; expected `mach create` and a platform description")
        self.machine: Machine = self.monitor.machine
        if not self.machine.has_core:
            raise CrosscamError(f"{board}: the board has no core; expected a CPU.CortexM")
        if self.machine.symbols is not image:
            self.machine.load_image(image)
        self._start_at_vectors()
        self.machine.on_reset.append(self._start_at_vectors)
        self.uarts = Uarts(self.machine)

    def _start_at_vectors(self) -> None:
        """A core with nothing to run where it would boot starts at the vector table of the image."""
        cpu = self.machine.cpu
        if cpu.vector(1) not in _NO_START:
            return
        vectors = self._image.vector_table(lambda address: self.machine.sysbus.memory_at(address) is not None)
        if vectors is None or vectors == cpu.vector_table_offset:
            raise CrosscamError(
                f"{self._image.path}: no vector table to start from at 0x{cpu.vector_table_offset:08X}: expected a "
                "stack pointer and a start address there"
            )
        note = f"nothing to run at 0x{cpu.vector_table_offset:08X}: starts at the vector table 0x{vectors:08X}"
        if note not in self.notes:
            self.notes.append(note)
        cpu.vector_table_offset = vectors
        cpu.reset()

    def close(self) -> None:
        """Let go of files and ports."""
        self.monitor.close()
