"""``python -m model.compiler MODEL_FOLDER -o OUT``: what firmware/Makefile calls."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from model.compiler import compile_model
from model.compiler.compile import OPTIMIZATIONS, Options
from model.compiler.report import print_report
from model.errors import CrosscamError


def main(arguments: list[str] | None = None) -> int:
    """Compile, print the table, return the exit status: 0, or 2 on bad input."""
    parser = argparse.ArgumentParser(prog="python -m model.compiler", description="int8 .tflite -> C for the firmware")
    parser.add_argument("source", type=Path, help="a .tflite, or a folder with card.toml and its .tflite")
    parser.add_argument("-o", "--output", type=Path, default=Path("firmware/generated"), help="folder for the C files")
    parser.add_argument("--firmware", action="store_true", help="check that this repository's firmware can run it")
    parser.add_argument("--optimize", choices=OPTIMIZATIONS, default=OPTIMIZATIONS[0], help="for plain C, or cycles")
    options = parser.parse_args(arguments)
    try:
        report = compile_model(
            options.source,
            options.output,
            firmware=options.firmware,
            options=Options(core=options.firmware, optimize=options.optimize),
        )
    except CrosscamError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    print_report(report)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
