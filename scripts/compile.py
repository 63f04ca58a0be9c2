"""``crosscam compile``: a zoo folder or any .tflite -> C."""

from __future__ import annotations

import enum
from pathlib import Path
from typing import Annotated

import typer


class Optimize(enum.StrEnum):
    """``model.compiler.compile.OPTIMIZATIONS`` for the command line."""

    SIZE = "size"
    SPEED = "speed"


class Target(enum.StrEnum):
    """What is written."""

    C = "c"
    WASM = "wasm"


class Kernels(enum.StrEnum):
    """``model.compiler.kernels.ARITHMETICS`` for the command line."""

    LITERT = "litert"
    TFLM = "tflm"


def _list_operators(wanted: bool) -> None:
    if wanted:
        from model.compiler.operators import supported

        typer.echo("\n".join(supported()))
        raise typer.Exit


def compile_(
    source: Annotated[Path, typer.Argument(help="A .tflite, or a folder with card.toml and its .tflite.")],
    output: Annotated[Path, typer.Option("-o", "--output", help="Folder for the C files.")] = Path(
        "firmware/generated"
    ),
    core: Annotated[
        bool, typer.Option("--core", help="Take the conversions at the edges off: int8 inputs and outputs.")
    ] = False,
    kernels: Annotated[
        Kernels, typer.Option(help="Whose results: LiteRT's reference kernels or TensorFlow Lite Micro's.")
    ] = Kernels.LITERT,
    optimize: Annotated[
        Optimize, typer.Option(help="size: C that runs anywhere; speed: assembly for the Cortex-M7 where it can be.")
    ] = Optimize.SIZE,
    fast_ram: Annotated[
        int, typer.Option(min=0, help="KB of DTCM for tensors, scratch memory and weights (with --optimize speed).")
    ] = 96,
    target: Annotated[
        Target, typer.Option(help="wasm: also model.wasm, a WebAssembly module of that C (extra [zig]).")
    ] = Target.C,
    operators: Annotated[
        bool,
        typer.Option("--operators", help="List the operators that compile.", callback=_list_operators, is_eager=True),
    ] = False,
) -> None:
    """Compile an int8 .tflite into C with a static memory plan; a card is not needed.

    Example: [bold]crosscam compile model/zoo/person_car_160 -o firmware/generated[/bold]
    """
    from model.compiler import compile_model
    from model.compiler.report import print_report
    from model.compiler.wasm import build_wasm
    from model.errors import CrosscamError
    from scripts.shipped import shipped

    if target is Target.WASM and optimize is Optimize.SPEED:
        raise CrosscamError(
            "--target wasm with --optimize speed: its kernels are assembly for the Cortex-M7; leave it out"
        )
    report = compile_model(
        shipped(source),
        output,
        core=core,
        arithmetic=kernels.value,
        optimize=optimize.value,
        fast_ram=1024 * fast_ram,
    )
    if target is Target.WASM:
        report.files.append(build_wasm(output, [layer.kernel for layer in report.layers]))
    print_report(report)
