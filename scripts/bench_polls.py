"""What a second of the board's time costs the host while firmware waits: processor seconds, by what it polls.

    python -m scripts.bench_polls [--timing cortex-m7]

Each kind of loop of firmware/bench/polls is run for a span of the board's time with waiting loops passing at once, and
for a shorter one with every turn run. Figures of a busy machine vary; the ratio of a row is of one run.
"""

from __future__ import annotations

import subprocess
import tempfile
import time
from pathlib import Path
from typing import Annotated

import typer

from scripts.console import one_line_errors, terminal
from scripts.coremark import BOARD_SCRIPT, COMPILER, FIRMWARE, TARGET
from sim.engine.machine import Machine
from sim.engine.monitor import Monitor
from sim.errors import CrosscamError

KINDS = (
    "PWR_D3CR, a script in Renode",
    "RCC_CR",
    "USART3_ISR",
    "a hole of the bus",
    "PWR_D3CR, with a timeout by a millisecond tick",
    "PWR_D3CR, with a count of turns",
    "SysTick's counter",
    "CYCCNT",
    "TIM2's counter",
)
SPAN, PLAIN_SPAN, WARM_UP = 0.1, 0.002, 0.005


def build(kind: int, folder: Path) -> Path:
    """The program of a kind; CrosscamError when it cannot be compiled."""
    elf = folder / f"polls{kind}.elf"
    flags = ("-std=c11", "-O1", "-ffreestanding", "-nostdlib", f"-DKIND={kind}", "-T", "bench/loops/loops.ld")
    command = [COMPILER, *TARGET, *flags, "bench/polls/polls.c", "-o", str(elf)]
    try:
        finished = subprocess.run(command, cwd=FIRMWARE, capture_output=True, text=True, timeout=60, check=False)
    except FileNotFoundError as error:
        raise CrosscamError(f"{COMPILER} not found: install gcc-arm-none-eabi") from error
    if finished.returncode:
        raise CrosscamError(f"bench/polls/polls.c does not compile: {finished.stderr.splitlines()[0]}")
    return elf


def boot(elf: Path, timing: str, active: bool) -> Machine:
    """A bare STM32H743 that has waited for WARM_UP."""
    monitor = Monitor(timing=timing)
    monitor.variables["bin"] = str(elf)
    monitor.include(BOARD_SCRIPT)
    monitor.machine.polling.active = active
    monitor.machine.run_for(WARM_UP if active else PLAIN_SPAN)
    return monitor.machine


def cost(machine: Machine, span: float) -> float:
    """Processor seconds for a second of the board's."""
    start = time.process_time()
    machine.run_for(span)
    return (time.process_time() - start) / span


def bench_polls(
    timing: Annotated[str, typer.Option(help="Clock: instructions or cortex-m7.")] = "instructions",
) -> None:
    """Measure each kind of waiting loop.

    Example: [bold]python -m scripts.bench_polls --timing cortex-m7[/bold]
    """
    from rich.progress import track
    from rich.table import Table

    console = terminal()
    table = Table("polled", "every turn run", "as it is", title=f"Processor seconds a second of the board, {timing}")
    with tempfile.TemporaryDirectory() as name:
        for kind, what in enumerate(track(KINDS, "measuring", console=console, transient=True)):
            elf = build(kind, Path(name))
            plain, now = (cost(boot(elf, timing, on), SPAN if on else PLAIN_SPAN) for on in (False, True))
            table.add_row(what, f"{plain:.0f}", f"{now:.2g}")
    console.print(table)


if __name__ == "__main__":
    with one_line_errors():
        typer.run(bench_polls)
