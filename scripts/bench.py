"""``make bench``: what a user waits for, measured from outside, and the engine's share of bare Unicorn's speed.

    python -m scripts.bench --elf build/gcc/crosscam.elf --frames build/frames/demo

Prints wall time from starting ``crosscam run`` to the first UART line, wall time a frame, and the loops of
``scripts.bench_engine``. Figures of a busy machine vary; the ratios are taken side by side in one run.
"""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path
from statistics import median
from typing import Annotated

import typer

from scripts import bench_engine
from scripts.console import one_line_errors, terminal
from sim.errors import CrosscamError

ROUNDS = 3
WANTED_FIRST_LINE_SECONDS = 2.0
WANTED_FRAME_SECONDS = 1.0


def time_run(elf: Path, frames: Path, count: int) -> tuple[float, float]:
    """Seconds to the first UART line and to the last prediction of ``count`` frames, in a process of its own."""
    command = [sys.executable, "-m", f"{__package__}.main", "run", "--elf", str(elf), "--frames", str(frames)]
    started = time.monotonic()
    first = last = 0.0
    with subprocess.Popen([*command, "--count", str(count)], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        for line in process.stdout:
            if line.startswith("  crosscam ") and not first:
                first = time.monotonic() - started
            if "| Frame:" in line:
                last = time.monotonic() - started
    if process.returncode == 2 or not last:
        raise CrosscamError(f"the run to be timed failed: {' '.join(command)}")
    return first, last


def bench(
    elf: Annotated[Path, typer.Option(help="Firmware to boot.")],
    frames: Annotated[Path, typer.Option(help="Frame folder.")],
) -> None:
    """Measure start-up, frames and engine speed.

    Example: [bold]make bench[/bold]
    """
    from rich.table import Table

    console = terminal()
    few, many = 2, 12
    time_run(elf, frames, 1)  # fills the caches of the native compiler
    firsts, per_frame = [], []
    for _ in range(ROUNDS):
        first, short = time_run(elf, frames, few)
        _, long = time_run(elf, frames, many)
        firsts.append(first)
        per_frame.append((long - short) / (many - few))
    table = Table("figure", "measured", "wanted", title=f"Board, median of {ROUNDS}")
    table.add_row("first UART line", f"{median(firsts):.2f} s", f"<= {WANTED_FIRST_LINE_SECONDS:.0f} s")
    table.add_row("one camera frame", f"{median(per_frame):.2f} s", f"<= {WANTED_FRAME_SECONDS:.0f} s")
    console.print(table)
    for timing, wanted_ratio in bench_engine.WANTED_RATIO.items():
        title = f"Million instructions a second, --timing {timing}"
        loops = Table("loop", "bare Unicorn", "engine", "ratio", "wanted", title=title)
        for result in bench_engine.measure(timing=timing):
            wanted = f">= {wanted_ratio}" if result.loop == "smlad" else ""
            loops.add_row(result.loop, f"{result.bare:.0f}", f"{result.engine:.0f}", f"{result.ratio:.2f}", wanted)
        console.print(loops)


if __name__ == "__main__":
    with one_line_errors():
        typer.run(bench)
