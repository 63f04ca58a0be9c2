"""``make check-loops``: native loops against Unicorn, for as long as a night has.

    python -m sim.tests.check_loops --instructions 200000 --blocks 10000000

Instructions of every form of the table from random states (``loop_cases.py``), then whole programs with loops on and
off (``loop_programs.py``): firmware/bench/loops and the vision firmware by every compiler there is at every
optimisation level. Exit status 1 with the first difference, 2 when no compiler is there.
"""

from __future__ import annotations

import multiprocessing
import random
import tempfile
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from functools import partial
from pathlib import Path
from typing import Annotated, TypeVar

import typer
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from sim.engine.native.loops.forms import FORMS
from sim.tests import loop_cases, loop_programs
from sim.tests.loop_programs import LEVELS, DisagreementError

Result = TypeVar("Result")
TRIED = [form for form in FORMS if form.name != "it.T1"]  # IT comes with what it makes conditional
TWICE = 2
STARTS = 2
BATCH = TWICE * len(TRIED)
SPAN = 24_000_000  # cycles of a program: 50 ms of the board's time
FIRMWARE_SPAN = 140_000_000  # boot and self-test


def instruction_batch(seed: int) -> Counter[str]:
    """One batch of instructions, every form twice, and programs of them; how many ran natively, by form."""
    rng = random.Random(seed)
    memory, tally = rng.randbytes(loop_cases.RAM_SIZE), loop_cases.Tally()
    codes = [loop_cases.one_instruction(rng, form) for form in TRIED for _ in range(TWICE)]
    loop_cases.compare(codes, rng, memory, tally, STARTS)
    for with_memory in (False, True):
        loop_cases.compare([loop_cases.program(rng, with_memory) for _ in range(24)], rng, memory, tally)
    return Counter(tally.done)


def whole_program(toolchain: str, level: str, folder: Path, vision: bool, seed: int) -> tuple[str, int, int, int]:
    """One build both ways: name, blocks compared, moments compared, cycles that ran natively."""
    name = f"{'vision firmware' if vision else 'bench/loops'}, {toolchain} -O{level}"
    loop_programs.eager(setattr)
    if vision:
        elf = loop_programs.build_firmware(toolchain, level, folder / f"{toolchain}{level}")
    else:
        elf = loop_programs.build_programs(toolchain, level, folder / f"{toolchain}{level}.elf")
    make = partial(loop_programs.boot, elf)
    span = FIRMWARE_SPAN if vision else SPAN
    try:
        blocks = loop_programs.compare_blocks(make, span)
        moments = loop_programs.compare_moments(make, span, seed, 20_000 if vision else 4_000)
    except DisagreementError as error:
        raise DisagreementError(f"{name}: {error}") from None
    return name, blocks.blocks, moments.moments, blocks.native_cycles


def _tracked(bar: Progress, work: list[Future[Result]], what: str) -> Iterator[Future[Result]]:
    return iter(bar.track(as_completed(work), len(work), description=what) if work else ())


def _seeds(wanted: int, seed: int) -> Iterator[int]:
    return iter(range(seed, seed + max(1, -(-wanted // (BATCH * STARTS)))))


def check(
    instructions: Annotated[int, typer.Option(min=0, help="Instructions to generate.")] = 200_000,
    blocks: Annotated[int, typer.Option(min=0, help="Blocks of whole programs to compare at least.")] = 10_000_000,
    seed: Annotated[int, typer.Option(help="Another seed tries others.")] = 1,
    jobs: Annotated[int, typer.Option(min=1, help="Processes.")] = 2,
    firmware: Annotated[bool, typer.Option(help="The vision firmware too.")] = True,
) -> None:
    """Compare native loops with Unicorn.

    Example: [bold]python -m sim.tests.check_loops --instructions 20000 --seed 7[/bold]
    """
    console = Console()
    found = loop_programs.toolchains()
    if blocks and not found:
        console.print("check-loops: no compiler for ARM: expected arm-none-eabi-gcc on PATH or ziglang from PyPI")
        raise typer.Exit(2)
    pool = ProcessPoolExecutor(jobs, multiprocessing.get_context("spawn"))
    with tempfile.TemporaryDirectory() as name, pool, Progress(console=console) as bar:
        folder = Path(name)
        batches = [pool.submit(instruction_batch, each) for each in _seeds(instructions, seed)] if instructions else []
        kinds = (False, True) if firmware else (False,)
        builds = [
            pool.submit(whole_program, toolchain, level, folder, vision, seed)
            for vision in kinds
            for toolchain in found
            for level in LEVELS[toolchain]
            if blocks
        ]
        tally: Counter[str] = Counter()
        try:
            for batch in _tracked(bar, batches, "instructions"):
                tally += batch.result()
            rows = [build.result() for build in _tracked(bar, builds, "programs")]
        except AssertionError as error:
            pool.shutdown(cancel_futures=True)
            console.print(f"[red]differs[/red]: {error}", soft_wrap=True, markup=False)
            raise typer.Exit(1) from None
    tried = len(batches) * BATCH * STARTS
    if batches:
        least = min(tally, key=lambda form: tally[form])
        console.print(
            f"{tried:,} instructions of {len(tally)} forms, {sum(tally.values()):,} runs done natively, each as Unicorn"
            f" does it; fewest of {least}: {tally[least]:,}"
        )
    if builds:
        table = Table("program", "blocks", "moments", "cycles run natively")
        for program, compared, moments, cycles in sorted(rows):
            table.add_row(program, f"{compared:,}", f"{moments:,}", f"{cycles:,}")
        console.print(table)
        total = sum(row[1] for row in rows)
        console.print(f"{total:,} blocks compared without a difference")
        if total < blocks:
            console.print(f"[red]fewer than the {blocks:,} asked for[/red]: let SPAN grow")
            raise typer.Exit(1)


if __name__ == "__main__":
    typer.run(check)
