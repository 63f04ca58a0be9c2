"""``crosscam compile``: a zoo folder or a .tflite -> C for the firmware."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def compile_(
    source: Annotated[Path, typer.Argument(help="Folder with card.toml and its .tflite (model/zoo/NAME).")],
    output: Annotated[Path, typer.Option("-o", "--output", help="Folder for the C files.")] = Path(
        "firmware/generated"
    ),
) -> None:
    """Compile an int8 .tflite into C with a static memory plan.

    Example: [bold]crosscam compile model/zoo/person_car_160 -o firmware/generated[/bold]
    """
    from model.compiler import compile_model
    from model.compiler.report import print_report

    print_report(compile_model(source, output))
