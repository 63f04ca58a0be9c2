"""``crosscam compile``: a zoo folder or any .tflite -> C."""

from __future__ import annotations

import enum
from pathlib import Path
from typing import Annotated, overload

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


@overload
def _bytes(kilobytes: int | None, of_chip: int | None, default: int) -> int: ...
@overload
def _bytes(kilobytes: int | None, of_chip: int | None, default: None) -> int | None: ...
def _bytes(kilobytes: int | None, of_chip: int | None, default: int | None) -> int | None:
    """What was asked for, else what the chip has, else the default."""
    if kilobytes is not None:
        return 1024 * kilobytes
    return of_chip if of_chip is not None else default


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
        int | None,
        typer.Option(min=0, help="KB of DTCM for tensors, scratch memory and weights (speed only). Default: 96."),
    ] = None,
    ram: Annotated[int | None, typer.Option(min=1, help="KB that tensors and scratch memory may take.")] = None,
    flash: Annotated[int | None, typer.Option(min=1, help="KB that constants and generated code may take.")] = None,
    chip: Annotated[
        str | None, typer.Option(help="Take these sizes from a chip: stm32f746, stm32h743, stm32h7a3.")
    ] = None,
    without: Annotated[
        list[str] | None, typer.Option(metavar="PASS", help="Leave a pass out, to see its effect; may be repeated.")
    ] = None,
    target: Annotated[
        Target, typer.Option(help="wasm: also model.wasm, a WebAssembly module of that C (extra \\[zig]).")
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
    from model.compiler.chips import chip_named
    from model.compiler.compile import Options
    from model.compiler.fast_ram import FAST_RAM_BYTES
    from model.compiler.report import print_report
    from model.compiler.wasm import build_wasm
    from model.errors import CrosscamError
    from scripts.shipped import shipped

    if target is Target.WASM and optimize is Optimize.SPEED:
        raise CrosscamError(
            "--target wasm with --optimize speed: its kernels are assembly for the Cortex-M7; leave it out"
        )
    room = chip_named(chip) if chip is not None else None
    options = Options(
        core=core,
        arithmetic=kernels.value,
        optimize=optimize.value,
        fast_ram=_bytes(fast_ram, room and room.fast_ram, FAST_RAM_BYTES),
        code=room and room.code,
        ram=_bytes(ram, room and room.ram, None),
        flash=_bytes(flash, room and room.flash, None),
        without=frozenset(without or []),
    )
    report = compile_model(shipped(source), output, options=options)
    if target is Target.WASM:
        report.files.append(build_wasm(output, [layer.kernel for layer in report.layers]))
    print_report(report)
