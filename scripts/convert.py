"""``crosscam convert``: a model file of one kind to one of another."""

from __future__ import annotations

import enum
import re
from pathlib import Path
from typing import Annotated

import typer

from scripts.model_names import model_at


class Form(enum.StrEnum):
    """``model.conversion.converter.FORMS`` for the command line."""

    INT8 = "int8"
    FLOAT16 = "float16"
    DYNAMIC = "dynamic"
    FLOAT32 = "float32"


class Scaling(enum.StrEnum):
    """``model.conversion.samples.SCALINGS`` for the command line."""

    SYMMETRIC = "symmetric"
    UNIT = "unit"
    BYTES = "bytes"


def convert(
    source: Annotated[Path, typer.Argument(help=".keras, .h5, a SavedModel, .onnx, .tflite, or a name of the shelf.")],
    target: Annotated[Path, typer.Argument(help="NAME.tflite, NAME.wasm, or a folder for C files.")],
    form: Annotated[
        Form, typer.Option(help="Of a .tflite: int8 all through; float16 or dynamic: only the weights are smaller.")
    ] = Form.INT8,
    pictures: Annotated[
        Path | None, typer.Option(metavar="DIR", help="int8: photographs like those the camera will see.")
    ] = None,
    samples: Annotated[
        Path | None, typer.Option(metavar="FILE", help="int8: inputs as a .npy, float32 [n, ...], instead of pictures.")
    ] = None,
    scaling: Annotated[
        Scaling, typer.Option(help="What the network was trained on: channels as -1..1, 0..1 or 0..255.")
    ] = Scaling.SYMMETRIC,
    size: Annotated[
        str | None, typer.Option(metavar="HEIGHTxWIDTH", help="Of pictures whose size the model leaves free.")
    ] = None,
) -> None:
    """Convert Keras, SavedModel or ONNX to a .tflite, and a .tflite to C or WebAssembly.

    Pictures take the camera's path to the network's input. Keras and SavedModel need the extra \\[train], ONNX \\[onnx]
    too, WebAssembly \\[zig].

    Example: [bold]crosscam convert person.keras person.tflite --pictures photographs --scaling unit[/bold]
    """
    from model.conversion.convert import Wish
    from model.conversion.convert import convert as made_of
    from model.inspection.inspect import inspect
    from scripts.console import terminal
    from scripts.inspect_model import lines

    wish = Wish(form.value, pictures, samples, scaling.value, None if size is None else _size(size))
    with terminal(stderr=True).status(f"{source.name} to {target.name}"):
        made = made_of(model_at(source), target, wish)
    typer.echo(f"wrote {', '.join(map(str, made.paths))}")
    console = terminal()
    if made.difference is not None:
        mean, most = made.difference
        console.print(f"int8 differs from float by {mean:.2%} of the outputs' range on average, at most {most:.2%}")
    if target.suffix == ".tflite":
        for line in lines(inspect(target)):
            console.print(line, soft_wrap=True)


def _size(text: str) -> tuple[int, int]:
    from model.errors import CrosscamError, shown

    found = re.fullmatch(r"([1-9]\d{0,3})x([1-9]\d{0,3})", text)
    if found is None:
        raise CrosscamError(f"--size {shown(text)}: expected HEIGHTxWIDTH, each 1 to 9999, for example 160x160")
    return int(found[1]), int(found[2])
