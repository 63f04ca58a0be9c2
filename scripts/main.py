"""The ``crosscam`` command: one file a subcommand, each a thin shell over ``model`` and ``sim``.

Exit status: 0 done and as expected, 1 done but not as expected (a prediction differs), 2 bad input (one line says
what).
"""

from __future__ import annotations

import typer

from scripts import compile as compile_command
from scripts import coremark as coremark_command
from scripts import cycles as cycles_command
from scripts import dataset, evaluate, frames, reference, robot, run, train
from scripts import mlperf as mlperf_command
from scripts.console import one_line_errors

app = typer.Typer(
    name="crosscam",
    help="A no-hardware test bench for tiny vision firmware: COCO frames in, STM32H743 predictions and cycles out.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
)
app.command("run")(run.run)
app.command("frames")(frames.frames)
app.command("compile")(compile_command.compile_)
app.command("reference")(reference.reference)
app.command("mlperf")(mlperf_command.mlperf)
app.command("coremark")(coremark_command.coremark)
app.command("cycles")(cycles_command.cycles)

app.command("robot")(robot.robot)
app.command("train")(train.train)
app.command("evaluate")(evaluate.evaluate)
app.add_typer(dataset.app, name="dataset")


def main() -> None:
    """Run the command line."""
    with one_line_errors():
        app()


if __name__ == "__main__":
    main()
