"""``python -m sim.robot [--elf ELF] [--frames DIR] SUITE...``: run suites without the rest of the command line."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from sim.engines import ENGINES
from sim.errors import CrosscamError
from sim.robot.runner import run_suites


def main() -> int:
    """Returns Robot Framework's status: the number of failed tests, 0 when all passed; 2 on bad input."""
    parser = argparse.ArgumentParser(
        prog="python -m sim.robot",
        description="Run Robot suites on the embedded engine or on Renode.",
        epilog="example: python -m sim.robot --elf build/gcc/crosscam.elf robot_tests",
    )
    parser.add_argument("suites", nargs="+", type=Path)
    parser.add_argument("--elf", type=Path, default=Path("build/crosscam.elf"), help="becomes ${ELF}")
    parser.add_argument("--frames", type=Path, default=Path("build/frames/demo"), help="becomes ${FRAMES}")
    parser.add_argument("--coco-frames", type=Path, help="becomes ${COCO_FRAMES}; default: the folder of --frames")
    parser.add_argument("--engine", choices=ENGINES, default=ENGINES[0])
    parser.add_argument("--timing", default="instructions", help="clock of the embedded engine")
    parser.add_argument("--include", action="append", default=[], help="only tests with this tag")
    parser.add_argument("--exclude", action="append", default=[], help="no tests with this tag")
    parser.add_argument("--processes", type=int, default=1, help="run suites side by side (needs pabot)")
    parser.add_argument("--output", type=Path, default=Path("build/robot"), help="reports go here")
    arguments = parser.parse_args()
    coco_frames: Path = arguments.coco_frames or arguments.frames
    try:
        for path in (arguments.elf, arguments.frames, coco_frames):
            if not path.exists():
                raise CrosscamError(f"{path} does not exist")
        return run_suites(
            arguments.suites,
            engine=arguments.engine,
            variables={
                "ELF": str(arguments.elf.resolve()),
                "FRAMES": str(arguments.frames.resolve()),
                "COCO_FRAMES": str(coco_frames.resolve()),
            },
            output=arguments.output,
            timing=arguments.timing,
            include=arguments.include,
            exclude=arguments.exclude,
            processes=arguments.processes,
        )
    except CrosscamError as error:
        print(f"crosscam: {error}", file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main())
