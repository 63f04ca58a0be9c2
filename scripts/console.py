"""Where the commands print: the terminal as it is, or wide lines into a pipe or a CI log; and how they fail."""

from __future__ import annotations

import contextlib
import math
import os
import signal
import sys
import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, NoReturn

import typer
from rich.console import Console

from model.errors import CrosscamError as ModelError
from scripts.output import StandardOutput
from sim.errors import CrosscamError as SimError
from sim.python_permission import VARIABLE, forbid_python
from sim.stopping import Interrupted, signals_end_the_program
from sim.text import one_line

WIDTH_WITHOUT_TERMINAL = 132
_ENDED_BY = {signal.SIGINT: "stopped by Ctrl-C", signal.SIGTERM: "ended by SIGTERM"}


def terminal(*, stderr: bool = False) -> Console:
    """A console that does not guess highlights, so that what a board says is shown as it came.

    It takes no emoji names and, but for ``markup=True``, no markup out of what is printed.
    """
    settings = {"highlight": False, "emoji": False, "markup": False, "stderr": stderr}
    console = Console(**settings)  # type: ignore[arg-type]
    if console.is_terminal or os.environ.get("COLUMNS", "").isdigit():
        return console
    return Console(width=WIDTH_WITHOUT_TERMINAL, **settings)  # type: ignore[arg-type]


@contextlib.contextmanager
def one_line_errors(debug: bool = False, output: StandardOutput | None = None) -> Iterator[None]:
    """Ends the program as the command line promises.

    A user's error is one line on stderr and status 2, also when stdout (``output``) is a full disk; Ctrl-C status 130
    and SIGTERM 143; an error of crosscam itself status 3 and, with ``debug``, its traceback.
    """
    try:
        with signals_end_the_program():
            yield
        _end_if_unwritten(output)
    except (ModelError, SimError) as error:
        _complain(str(error), 2)
    except Interrupted as interrupted:
        _complain(_ENDED_BY[signal.Signals(interrupted.number)], interrupted.exit_status)
    except KeyboardInterrupt:
        _complain(_ENDED_BY[signal.SIGINT], 130)
    except Exception as error:
        _end_if_unwritten(output)
        if (usage := _usage_error(error)) is not None:
            _complain(usage, 2)
        if debug:
            traceback.print_exc()
        where = traceback.extract_tb(error.__traceback__)[-1]
        hint = "" if debug else "; --debug shows the traceback"
        place = f"{Path(where.filename).name}:{where.lineno}"
        _complain(f"an error of crosscam itself: {type(error).__name__}: {error} ({place}){hint}", 3)


def _end_if_unwritten(output: StandardOutput | None) -> None:
    problem = None if output is None else output.problem_of_all()
    if isinstance(problem, BrokenPipeError):  # whoever read what is printed has gone, as `head` does
        sys.exit(1)
    if problem is not None:
        _complain(f"cannot write to standard output: {problem.strerror or problem}", 2)


def _usage_error(error: Exception) -> str | None:
    """What is wrong with the command line, where ``error`` says so; the class is typer's own, or click's."""
    wording = getattr(error, "format_message", None)
    if wording is None:
        return None
    if type(error).__name__ == "NoArgsIsHelpError":
        return "a command is missing: --help lists them"
    context = getattr(error, "ctx", None)
    command = context.command_path if context is not None else "crosscam"
    return f"{wording().rstrip('.')}; `{command} --help` lists what there is"


def _no_python(value: bool) -> bool:
    if value:
        forbid_python()
    return value


NoPython = Annotated[
    bool,
    typer.Option(
        "--no-python",
        callback=_no_python,
        help=f"Refuse Python that boards and suites carry, but for those of crosscam; in CI: {VARIABLE}=1.",
    ),
]
"""Parameter of each command that runs boards."""


LcdOption = Annotated[
    Path | None,
    typer.Option("--lcd", metavar="DIR", help="Write each picture of the display as a PNG into this folder."),
]
"""Parameter of commands that boot boards with a display."""


Uarts = Annotated[
    list[str] | None,
    typer.Option(
        metavar="[NAME=]FORM",
        help="Connect a UART, else the first that speaks, to pty, tcp:PORT[,wait[=SECONDS]] or a file.",
    ),
]
"""Parameter of commands that boot any board."""


def finite(value: float | None) -> float | None:
    """Callback of an option that takes a number: nan and inf are none."""
    if value is not None and not math.isfinite(value):
        raise typer.BadParameter(f"{value} is no number to count with")
    return value


def tell(text: str) -> None:
    """A line on stderr, made fit to be shown; where that cannot take it, nobody is told."""
    with contextlib.suppress(OSError):
        print(f"crosscam: {one_line(text)}", file=sys.stderr, flush=True)


def _complain(text: str, status: int) -> NoReturn:
    tell(text)
    sys.exit(status)
