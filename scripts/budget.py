"""``crosscam budget``: what the vision firmware may take, as data, for CI."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from scripts.console import tell
from scripts.shipped import ELF, FRAMES, MODEL, firmware_or_built, frames_or_demo, shipped
from sim.files import write_json
from sim.text import number_of

app = typer.Typer(no_args_is_help=True, help="Hold cycles by layer, boot time, stack and memories within budgets.")
BUDGETS = Path("robot_tests/budgets.toml")

BudgetFile = Annotated[Path, typer.Argument(metavar="[FILE]", help="The budgets, TOML.")]
Firmware = Annotated[Path, typer.Option(help="Firmware to boot: the vision application around any model.")]
Frames = Annotated[Path, typer.Option(help="Frame folder.")]


@app.command("update")
def update(file: BudgetFile = BUDGETS, elf: Firmware = ELF, frames: Frames = FRAMES) -> None:
    """Measure, and make what was measured the budget of this build's compiler; others and tolerances stay.

    Example: [bold]crosscam budget update --elf build/zig/crosscam.elf[/bold]
    """
    from sim.budget import Budgets, measure
    from sim.robot.figures import compiler_of

    budgets = Budgets.read(file) if file.exists() else Budgets()
    elf = firmware_or_built(elf, shipped(MODEL))
    figures = measure(elf, frames_or_demo(frames), budgets.timing)
    budgets.builds[compiler_of(elf)] = figures
    budgets.write(file)
    tell(f"{file}: {number_of(sum(map(len, figures.values())), 'budget')} of {compiler_of(elf)}")


@app.command("check")
def check(
    file: BudgetFile = BUDGETS,
    elf: Firmware = ELF,
    frames: Frames = FRAMES,
    top: Annotated[int, typer.Option(min=0, help="Figures to show that hold.")] = 8,
    json_file: Annotated[Path | None, typer.Option("--json", help="Write the comparison as JSON.")] = None,
) -> None:
    """Measure and compare; exit status 1 when a figure is above its budget, and the table says which layer did it.

    Example: [bold]crosscam budget check --elf build/zig/crosscam.elf[/bold]
    """
    from dataclasses import asdict

    from scripts.baseline import print_rows
    from sim.budget import Budgets, measure
    from sim.robot.figures import compiler_of

    budgets = Budgets.read(shipped(file))
    elf = firmware_or_built(elf, shipped(MODEL))
    rows = budgets.compare(compiler_of(elf), measure(elf, frames_or_demo(frames), budgets.timing))
    failed = [row for row in rows if not row.passed]
    print_rows(rows[: len(failed) + top], len(rows), len(failed))
    if json_file is not None:
        write_json(json_file, {"passed": not failed, "figures": [asdict(row) | {"passed": row.passed} for row in rows]})
    if failed:
        raise typer.Exit(1)
