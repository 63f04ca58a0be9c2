"""The ``crosscam`` command: one file a subcommand, each a thin shell over ``model`` and ``sim``.

Exit status: 0 done and as expected, 1 done but not as expected (a prediction differs, a firmware is stuck), 2 bad input
(one line says what), 3 an error of crosscam itself, 130 Ctrl-C.
"""

from __future__ import annotations

import io
import sys

import typer

from scripts import baseline as baseline_command
from scripts import bench_model as bench_model_command
from scripts import bench_models as bench_models_command
from scripts import (
    boot,
    budget,
    convert,
    dataset,
    debug,
    evaluate,
    faults,
    frames,
    grab,
    grades,
    init,
    models,
    monitor,
    record,
    reference,
    report,
    robot,
    run,
    soak,
    summary,
    train,
    view,
    web,
)
from scripts import card as card_command
from scripts import compare as compare_command
from scripts import compile as compile_command
from scripts import coremark as coremark_command
from scripts import coverage as coverage_command
from scripts import cycles as cycles_command
from scripts import inspect_model as inspect_command
from scripts import mlperf as mlperf_command
from scripts import profile as profile_command
from scripts.console import one_line_errors
from scripts.output import guard_standard_output

EVERYWHERE = ("--version", "--debug")
"""Options that may stand before or behind any command."""

app = typer.Typer(
    name="crosscam",
    help="A no-hardware test bench for tiny vision firmware: COCO frames in, STM32H743 predictions and cycles out.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
)
app.command("run")(run.run)
app.command("boot")(boot.boot)
app.command("debug")(debug.debug)
app.command("frames")(frames.frames)
app.command("compile")(compile_command.compile_)
app.command("bench-model")(bench_model_command.bench_model)
app.command("bench-models")(bench_models_command.bench_models)
app.command("card")(card_command.card)
app.command("inspect")(inspect_command.inspect)
app.command("reference")(reference.reference)
app.command("mlperf")(mlperf_command.mlperf)
app.command("coremark")(coremark_command.coremark)
app.command("cycles")(cycles_command.cycles)
app.command("profile")(profile_command.profile)
app.command("init")(init.init)
app.command("coverage")(coverage_command.coverage)
app.command("soak")(soak.soak)
app.command("summary")(summary.summary)

app.command("record")(record.record)
app.command("replay")(record.replay)
app.command("compare")(compare_command.compare)
app.command("report")(report.report)
app.command("monitor")(monitor.monitor)
app.command("flash")(monitor.flash)
app.command("view")(view.view)
app.command("convert")(convert.convert)
app.command("web")(web.web)
app.command("grab")(grab.grab)
app.command("feed")(grab.feed)

app.command("robot")(robot.robot)
app.command("faults")(faults.faults)
app.command("train")(train.train)
app.command("evaluate")(evaluate.evaluate)
app.add_typer(models.app, name="models")
app.add_typer(dataset.app, name="dataset")
app.add_typer(grades.app, name="grades")
app.add_typer(baseline_command.app, name="baseline")
app.add_typer(budget.app, name="budget")


@app.callback()
def _options_everywhere(
    version: bool = typer.Option(False, "--version", help="Show the version, with any command too."),
    debug: bool = typer.Option(False, "--debug", help="Show the traceback of an error of crosscam itself."),
) -> None:
    """Here for ``--help``; ``main`` has read both by the time this is called."""


def main() -> None:
    """Run the command line."""
    given, rest = _read_options(sys.argv[1:])
    output = guard_standard_output()
    if isinstance(sys.stderr, io.TextIOWrapper):  # what a terminal's encoding lacks is written out
        sys.stderr.reconfigure(errors="backslashreplace")
    with one_line_errors("--debug" in given, output):
        if "--version" in given:
            from importlib.metadata import version as installed_version

            print(f"crosscam {installed_version('crosscam')}")
            status = 0
        else:
            status = app(args=rest or ["--help"], prog_name="crosscam", standalone_mode=False)
    sys.exit(status if isinstance(status, int) else 0)


def _read_options(arguments: list[str]) -> tuple[set[str], list[str]]:
    """Those of ``EVERYWHERE`` that were given, and the other arguments; behind ``--`` nothing is an option."""
    end = arguments.index("--") if "--" in arguments else len(arguments)
    options = arguments[:end]
    return {each for each in options if each in EVERYWHERE}, [
        *(each for each in options if each not in EVERYWHERE),
        *arguments[end:],
    ]


if __name__ == "__main__":
    main()
