"""``crosscam bench-models``: one table of the shelf's models and of network architectures, and a picture of it."""

from __future__ import annotations

import contextlib
import statistics
import tempfile
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from scripts import bench_model as one_model
from scripts.bench_models_table import Row, shown_table, write_tables
from scripts.model_names import model_at
from scripts.shipped import FRAMES
from sim.errors import CrosscamError as SimError

if TYPE_CHECKING:
    from model.card import Card
    from model.compiler.compile import Options
    from sim.frames.folder import FrameFolder

UNTRAINED = "none: weights drawn by chance"
_HOST_RUNS = 15


def bench_models(
    models: Annotated[
        list[Path] | None,
        typer.Argument(metavar="MODEL...", help="Names of the shelf, folders, .tflite; default: all."),
    ] = None,
    output: Annotated[Path, typer.Option("-o", "--output", help="Folder for models.md, .csv and .svg.")] = Path(
        "build/bench-models"
    ),
    frames: Annotated[
        list[Path] | None,
        typer.Option(
            help="Frame folder with labels, for the accuracy; several: a model is given the first whose labels it has; "
            "default: the demo frames."
        ),
    ] = None,
    architectures: Annotated[
        bool, typer.Option("--architectures/--no-architectures", help="Also networks made by Keras (extra \\[train]).")
    ] = True,
    toolchain: Annotated[str | None, typer.Option(help="gcc or zig; default: gcc where it is installed.")] = None,
) -> None:
    """Compare models in one table: size, memory, cycles on the simulated STM32H743, time on this host, accuracy.

    Exit status 1 when a model's outputs differ from the reference's. Takes a minute for three models.

    Example: [bold]crosscam bench-models --frames build/frames/coco -o build/bench-models[/bold]
    """
    from rich.progress import track

    from model.compiler.compile import Options
    from model.shelf.store import shelf_folder, standing
    from scripts.console import terminal
    from sim.frames.demo import demo_folder
    from sim.frames.folder import FrameFolder

    named = [model_at(each) for each in models or []]
    named = named or [each.folder for each in standing(shelf_folder()) if each.card is not None]
    with tempfile.TemporaryDirectory(prefix="crosscam-models-") as scratch:
        folders = frames or [FRAMES]
        if not frames and not FRAMES.exists():
            folders = [demo_folder(Path(scratch) / "demo").path]
        pictures = [FrameFolder.open(folder) for folder in folders]
        made: list[Path] = []
        if architectures:
            with terminal(stderr=True).status("making the architectures"):
                made = one_model.made_networks(Path(scratch) / "made", ["--architectures"])
        options = Options(optimize="speed", fast_ram=1024 * one_model.FAST_RAM)
        console = terminal(stderr=True)
        rows = [
            row_of(model, options, toolchain, pictures, untrained=model in made)
            for model in track(
                [*named, *made], "models", console=console, transient=True, disable=not console.is_terminal
            )
        ]
    files = write_tables(rows, output, ", ".join(folder.set_name for folder in pictures))
    terminal().print(shown_table(rows))
    typer.echo(f"wrote {', '.join(map(str, files))}")
    if not all(row.equal for row in rows):
        raise typer.Exit(1)


def row_of(
    model: Path, options: Options, toolchain: str | None, pictures: Sequence[FrameFolder], *, untrained: bool = False
) -> Row:
    """Everything about one model; one that does not fit or compile has a row with the reason.

    Raises:
        CrosscamError: it cannot be read at all.
    """
    from model.compiler.card import open_model
    from model.errors import CrosscamError
    from model.inspection.inspect import inspect
    from scripts.shelf_accuracy import accuracy_of

    path, _, card = open_model(model)
    facts = inspect(path)
    source = facts.inputs[0]
    row = Row(
        name=card.id if card is not None else path.stem,
        type=f"{_graph(card)}, {source.type}",
        training_set=UNTRAINED if untrained else _training_set(card),
        classes=len(_grades(card)) or _classes(facts.outputs[0].shape),
        bytes=facts.bytes,
        tensors=facts.tensors,
        resolution="x".join("?" if size is None else str(size) for size in source.shape[1:]),
        macs=facts.macs,
        host_ms=_host_ms(path),
    )
    if card is not None and not untrained:
        found = (accuracy_of(card.folder or path.parent, folder) for folder in pictures)
        row = replace(row, accuracy=next(filter(None, found), None))
    try:
        benched = one_model.bench(path, options, toolchain)
    except (CrosscamError, SimError) as error:
        return replace(row, problem=facts.board.obstacle or str(error))
    return replace(row, cycles=benched.cycles, ram=benched.ram, flash=benched.flash, equal=benched.equal)


def _grades(card: Card | None) -> tuple[str, ...]:
    return card.judgement.grades if card is not None else ()


def _graph(card: Card | None) -> str:
    if card is None:
        return "classifier"
    return "grader" if card.judgement.grades else card.use.graph


def _training_set(card: object) -> str:
    training = getattr(card, "provenance", {}).get("training", {})
    return ", ".join(sorted(training)) if isinstance(training, dict) and training else "not known"


def _classes(shape: tuple[int | None, ...]) -> int:
    count = 1
    for size in shape[1:]:
        count *= size or 1
    return count


def _host_ms(path: Path) -> float | None:
    """Median time of a run by LiteRT as users have it: optimised kernels, one thread; None where it refuses."""
    from ai_edge_litert.interpreter import OpResolverType

    for resolver in (OpResolverType.AUTO, OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES):
        with contextlib.suppress(RuntimeError, ValueError):
            return _median_ms(path, resolver)
    return None


def _median_ms(path: Path, resolver: object) -> float:
    import numpy as np
    from ai_edge_litert.interpreter import Interpreter

    from model.inspection.quiet import quiet_stderr

    with quiet_stderr():
        interpreter = Interpreter(model_path=str(path), num_threads=1, experimental_op_resolver_type=resolver)
        interpreter.allocate_tensors()
    for details in interpreter.get_input_details():
        interpreter.set_tensor(details["index"], np.zeros(details["shape"], details["dtype"]))
    times = []
    for _ in range(_HOST_RUNS):
        begun = time.perf_counter()
        interpreter.invoke()
        times.append(1000 * (time.perf_counter() - begun))
    return statistics.median(times)
