"""``crosscam inspect``: what a model file holds, and whether the board runs it."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from scripts.model_names import model_at
from sim.files import write_json

if TYPE_CHECKING:
    from model.inspection.facts import End, Facts


def inspect(
    model: Annotated[Path, typer.Argument(help=".tflite, .keras, .h5, .onnx, a SavedModel, or a folder with a card.")],
    json_file: Annotated[Path | None, typer.Option("--json", help="Write everything as JSON.")] = None,
) -> None:
    """Tell inputs, outputs, operators, parameters, MACs and memory of a model, and what keeps it off the board.

    Nothing in the file is run: no Lambda layer, no class of one's own. Keras and SavedModel need the extra
    \\[train], ONNX the extra \\[onnx].

    Example: [bold]crosscam inspect model/zoo/person_car_160[/bold]
    """
    from model.inspection.inspect import inspect as facts_of
    from scripts.console import terminal

    with terminal(stderr=True).status(f"reading {model.name}"):
        facts = facts_of(model_at(model))
    console = terminal()
    for line in lines(facts):
        console.print(line, soft_wrap=True)
    if json_file is not None:
        write_json(json_file, asdict(facts))


def lines(facts: Facts) -> list[str]:
    """What is shown of a model, names made fit for a terminal."""
    from model.errors import shown

    counts = ", ".join(f"{shown(name)} x{count}" for name, count in facts.operators.items())
    board = facts.board
    told = [
        f"{shown(facts.file, 200)}: {facts.kind}, {facts.bytes:,} bytes, SHA-256 {facts.sha256[:16]}...",
        *(_end("input", each) for each in facts.inputs),
        *(_end("output", each) for each in facts.outputs),
        f"operators: {sum(facts.operators.values())} ({counts})",
        f"tensors: {facts.tensors:,}, parameters: {facts.parameters:,}, "
        f"MACs: {'unknown' if facts.macs is None else format(facts.macs, ',')}",
    ]
    if board.arena is not None:
        told.append(f"memory: tensors {board.arena:,} bytes, RAM {board.ram:,}, constants in flash {board.flash:,}")
    if board.firmware:
        told.append("board: runs in the camera firmware on the STM32H743")
    elif board.chip:
        told.append(f"board: runs on the STM32H743, not in the camera firmware: it {board.obstacle}")
    else:
        told.append(f"board: does not run: {board.obstacle}")
    if board.unsupported:
        told.append(f"operators the compiler has not: {', '.join(shown(each) for each in board.unsupported)}")
    return told + [f"note: {shown(note, 200)}" for note in facts.notes]


def _end(what: str, end: End) -> str:
    from model.errors import shown

    sizes = ", ".join("?" if size is None else str(size) for size in end.shape)
    scale = "" if end.scale is None else f", scale {end.scale:g}, zero point {end.zero_point}"
    return f"{what}: {shown(end.name)} {end.type} [{sizes}]{scale}"
