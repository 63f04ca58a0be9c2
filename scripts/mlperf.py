"""``crosscam mlperf``: run MLPerf Tiny's public images on the simulated board and hold them against the bench."""

from __future__ import annotations

import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sim.errors import CrosscamError
from sim.files import write_json

if TYPE_CHECKING:
    from sim.mlperf import Dialogue
    from sim.mlperf_log import HardwareLog
    from sim.mlperf_streaming import Streamed

INPUT_BYTES = {"ic01": 3072, "kws01": 490, "vww01": 27648, "ad01": 2560}
"""Length of one input by the name of the model, as the benchmark defines it."""
STREAMING = ("sww01", "strww01")
"""Models that listen instead."""
COMPARED_RUNS = 5
"""Published inputs whose scores are compared, where the user has the data set."""


@dataclass(frozen=True)
class Row:
    """One image: cycles an inference here and on the bench, and how many published scores were met.

    ``stamps``: where the time stamps come from, ``uart`` or a pin. ``streamed``, ``judged``: of a wake-word image, what
    it made of the sound, and of the words in it (found, missed, wrong).
    """

    image: str
    model: str
    cycles: float
    hardware: float | None
    stamps: str
    equal: int
    compared: int
    wall_seconds: float
    streamed: Streamed | None = None
    judged: tuple[int, int, int] | None = None

    @property
    def remark(self) -> str:
        """The last column of the table."""
        if self.judged is not None:
            return "{} found, {} missed, {} wrong".format(*self.judged)
        if self.streamed is not None:
            return f"duty cycle {self.streamed.duty_cycle:.3f}"
        return f"{self.equal} of {self.compared} equal" if self.compared else "-"

    @property
    def ratio(self) -> float | None:
        """Predicted over measured cycles."""
        return None if self.hardware is None else self.cycles / self.hardware


def mlperf(
    directory: Annotated[
        Path, typer.Argument(metavar="DIR", help="An image (.bin, .hex, .elf), or a folder with some.")
    ],
    timing: Annotated[str, typer.Option(help="Clock: cortex-m7, cortex-m4 or instructions.")] = "cortex-m7",
    board: Annotated[Path | None, typer.Option(help="Board script; default: the STM32F746 at 216 MHz.")] = None,
    uart: Annotated[str | None, typer.Option(help="UART the images talk on; default: where they do.")] = None,
    datasets: Annotated[
        Path | None, typer.Option(help="The benchmark's input files, to compare scores with the logs.")
    ] = None,
    count: Annotated[int, typer.Option(min=1, help="Measured inferences, after one to warm up.")] = 2,
    sound: Annotated[Path | None, typer.Option(help="What a wake-word image hears (WAV); default: noise.")] = None,
    truth: Annotated[
        Path | None, typer.Option(help="The benchmark's list of where the words are in it (JSON).")
    ] = None,
    json_file: Annotated[Path | None, typer.Option("--json", help="Write the table as JSON.")] = None,
) -> None:
    """Boot each image, speak the benchmark's dialogue, tell cycles an inference.

    DIR is a board's folder of a checkout of the published results (mlcommons/tiny_results_v1.2, for example
    closed/bosch/code/DISCO_F746NG_int8), whose logs then give the hardware's figure. Exit status 1 when a score
    differs from the log's.

    Example: [bold]crosscam mlperf tiny_results/closed/bosch/code/DISCO_F746NG_int8[/bold]
    """
    from scripts.console import terminal
    from sim.mlperf import KINDS, images_in

    images = [directory] if directory.is_file() else images_in(directory)
    if not images:
        raise CrosscamError(f"no images ({', '.join(KINDS)}) under {directory}: expected a folder of published results")
    console = terminal()
    rows = []
    for image in images:
        rows.append(run_image(image, timing, board, uart, datasets, count, sound, truth))
        console.print(f"{image.name}: {rows[-1].wall_seconds:.1f} s of wall time", style="dim")
    console.print(_table(rows, timing))
    ratios = [row.ratio for row in rows if row.ratio is not None]
    if ratios:
        errors = [abs(ratio - 1) for ratio in ratios]
        console.print(
            f"{len(ratios)} images: mean error {100 * sum(errors) / len(errors):.1f} %, worst {100 * max(errors):.1f} %"
        )
    if json_file is not None:
        _write_json(json_file, timing, rows)
    if any(row.equal < row.compared for row in rows):
        raise typer.Exit(1)


def run_image(
    image: Path,
    timing: str,
    board: Path | None,
    uart: str | None,
    datasets: Path | None,
    count: int,
    sound: Path | None = None,
    truth: Path | None = None,
) -> Row:
    """Boot ``image``, compare scores of published inputs where they are there, then measure."""
    from sim.mlperf import BOARD_SCRIPT, boot
    from sim.mlperf_log import HardwareLog, log_beside

    started = time.monotonic()
    dialogue = boot(image, timing, board or BOARD_SCRIPT, uart)
    frequency = dialogue.machine.clock.frequency
    model = dialogue.model()
    path = log_beside(image, "energy" if dialogue.stamps_by_pin else "performance", model)
    hardware = HardwareLog.read(path).microseconds * frequency / 1e6 if path is not None else None
    if model in STREAMING:
        streamed, judged = _listen(dialogue, sound, truth)
        cycles = streamed.processing * frequency
        spent = time.monotonic() - started
        return Row(image.name, model, cycles, hardware, "pins", 0, 0, spent, streamed, judged)
    if model not in INPUT_BYTES:
        expected = ", ".join((*INPUT_BYTES, *STREAMING))
        raise CrosscamError(f"{image} calls its model {model!r}; expected one of {expected}")
    equal = compared = 0
    accuracy = log_beside(image, "accuracy", model)
    if datasets is not None and accuracy is not None:
        equal, compared = _compare(dialogue, HardwareLog.read(accuracy), datasets)
    dialogue.load(sample_input(model))
    cycles = dialogue.infer(count).cycles(frequency)
    return Row(image.name, model, cycles, hardware, dialogue.stamps, equal, compared, time.monotonic() - started)


def _listen(dialogue: Dialogue, sound: Path | None, truth: Path | None) -> tuple[Streamed, tuple[int, int, int] | None]:
    """What a wake-word image makes of ``sound``, and how far that is right."""
    from sim.mlperf_streaming import judge, noise, read_sound, read_windows, stream

    heard = noise() if sound is None else read_sound(sound)
    windows = read_windows(truth, sound.name) if truth is not None and sound is not None else None
    streamed = stream(dialogue, heard)
    return streamed, judge(streamed.detections, windows) if windows is not None else None


def sample_input(model: str) -> bytes:
    """A made-up input of the right length: always the same noise, and plausible levels for sound (float32 dB)."""
    import numpy as np

    generator = np.random.default_rng(1)
    size = INPUT_BYTES[model]
    if model == "ad01":
        return generator.uniform(-60, 0, size // 4).astype("<f4").tobytes()
    return generator.integers(0, 256, size, dtype=np.uint8).tobytes()


def _compare(dialogue: Dialogue, log: HardwareLog, datasets: Path) -> tuple[int, int]:
    """How many of the published single runs give the very scores of the log, of how many whose input is there."""
    equal = compared = 0
    for name in log.inputs:
        path = next(datasets.rglob(name), None)
        if path is None:
            continue
        dialogue.load(path.read_bytes())
        equal += dialogue.infer(1, 0).results == log.results[name, 1]
        compared += 1
        if compared == COMPARED_RUNS:
            break
    return equal, compared


def _table(rows: list[Row], timing: str) -> object:
    from rich.box import SIMPLE_HEAD
    from rich.table import Table

    table = Table(title=f"MLPerf Tiny images, {timing}", box=SIMPLE_HEAD, pad_edge=False)
    for heading in ("image", "model", "cycles", "hardware", "ratio", "stamps", "scores"):
        table.add_column(heading, justify="left" if heading in ("image", "model") else "right", no_wrap=True)
    for row in rows:
        table.add_row(
            row.image,
            row.model,
            f"{row.cycles:,.0f}",
            "-" if row.hardware is None else f"{row.hardware:,.0f}",
            "-" if row.ratio is None else f"{row.ratio:.3f}",
            row.stamps,
            row.remark,
        )
    return table


def _write_json(path: Path, timing: str, rows: list[Row]) -> None:
    document = {"timing": timing, "rows": [asdict(row) | {"ratio": row.ratio} for row in rows]}
    write_json(path, document)
