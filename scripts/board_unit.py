"""A unit of work of ``crosscam evaluate --on-board``: some pictures through the simulated board, and through LiteRT.

A unit carries all it needs, so that a worker needs crosscam and no folder of ours.
"""

from __future__ import annotations

import tempfile
import threading
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sim.errors import CrosscamError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

SECONDS_PER_FRAME = 5.0
"""Virtual time a frame on the board may take before the run is given up."""
_ONE_BOARD = threading.Lock()
"""A board of this process at a time: a cluster's worker may have several threads."""


@dataclass(frozen=True)
class BoardUnit:
    """Pictures as they are in their files (a text: why there is none), the firmware's ELF, the ``.tflite`` it was
    compiled from, how many of its outputs hold the scores, the clock."""

    names: tuple[str, ...]
    pictures: tuple[bytes | str, ...]
    elf: bytes
    model: bytes
    outputs: int
    timing: str


@dataclass(frozen=True)
class Scored:
    """A picture's ``scores`` by the board and by LiteRT (``reference``) with the cycles of its frame, or the
    ``problem`` why there are none."""

    name: str
    scores: tuple[int, ...] = ()
    reference: tuple[int, ...] = ()
    cycles: int = 0
    problem: str = ""

    @classmethod
    def read(cls, document: dict[str, Any]) -> Scored:
        """What ``asdict`` and JSON made of one."""
        return cls(**document | {key: tuple(document[key]) for key in ("scores", "reference")})


def run_unit(unit: BoardUnit) -> list[dict[str, Any]]:
    """A ``Scored`` a picture, as JSON takes it.

    Raises:
        CrosscamError: the firmware does not boot, or does not predict.
    """
    from model.errors import CrosscamError as ModelError

    frames: dict[int, NDArray[np.uint16]] = {}
    problems: dict[int, str] = {}
    for number, (name, content) in enumerate(zip(unit.names, unit.pictures, strict=True)):
        try:
            frames[number] = _frame(name, content)
        except ModelError as error:
            problems[number] = str(error)
    scored = {number: Scored(unit.names[number], problem=text) for number, text in problems.items()}
    if frames:
        with _ONE_BOARD, tempfile.TemporaryDirectory(prefix="crosscam-unit-") as scratch:
            try:
                scored |= _score(unit, frames, Path(scratch))
            except ModelError as error:
                raise CrosscamError(str(error)) from error
    return [asdict(scored[number]) for number in range(len(unit.names))]


def _frame(name: str, content: bytes | str) -> NDArray[np.uint16]:
    from model.dataset.frames import fit_frame
    from model.errors import CrosscamError as ModelError
    from model.preprocessing import pack_rgb565

    if isinstance(content, str):
        raise ModelError(f"{name}: {content}")
    frame: NDArray[np.uint16] = pack_rgb565(fit_frame(name, content))
    return frame


def _score(unit: BoardUnit, frames: dict[int, NDArray[np.uint16]], scratch: Path) -> dict[int, Scored]:
    from model.evaluation.reference import Reference
    from model.preprocessing import camera_path
    from sim.boot import Board
    from sim.frames.folder import Shot, write_folder
    from sim.verdict import FrameSequence
    from sim.vision_run import VisionRun

    elf, model = scratch / "firmware.elf", scratch / "model.tflite"
    elf.write_bytes(unit.elf)
    model.write_bytes(unit.model)
    reference = Reference(model, unit.outputs)
    shots = (Shot(pixels, unit.names[number], None, "") for number, pixels in frames.items())
    board = Board(elf, write_folder(scratch / "frames", "evaluation", shots).path, unit.timing)
    wanted, numbers = len(frames), list(frames)
    sequence = FrameSequence(board.photograph)
    watched = VisionRun(board, sequence, wanted)
    board.run_until(watched.is_over, 2.0 + wanted * SECONDS_PER_FRAME)
    watched.explain(elf)
    if sequence.problems:
        raise CrosscamError(f"{len(sequence.seen)} of {wanted} predictions: {sequence.problems[0]}")
    scored = {}
    for seen in sequence.seen[:wanted]:
        assert seen.photograph is not None, "a problem of the sequence"
        number = numbers[seen.photograph]
        expected = reference.scores(camera_path(frames[number], *reference.input_shape))
        known = tuple(int(score) for score in expected)
        scored[number] = Scored(unit.names[number], seen.prediction.scores, known, seen.prediction.cycles)
    return scored
