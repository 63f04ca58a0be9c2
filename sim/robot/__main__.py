"""``python -m sim.robot [--elf ELF] [--frames DIR] SUITE...``: run suites on the embedded engine."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import robot

KEYWORDS = Path(__file__).with_name("renode-keywords.robot")
BOARD = Path(__file__).parents[1] / "board" / "crosscam.resc"


def main() -> int:
    """Returns Robot Framework's status: the number of failed tests, 0 when all passed."""
    parser = argparse.ArgumentParser(
        prog="python -m sim.robot",
        description="Run Robot suites on the embedded engine.",
        epilog="example: python -m sim.robot --elf build/gcc/crosscam.elf robot_tests",
    )
    parser.add_argument("suites", nargs="+", type=Path)
    parser.add_argument("--elf", type=Path, default=Path("build/crosscam.elf"), help="becomes ${ELF}")
    parser.add_argument("--frames", type=Path, default=Path("build/frames/demo"), help="becomes ${FRAMES}")
    parser.add_argument("--coco-frames", type=Path, help="becomes ${COCO_FRAMES}; default: the folder of --frames")
    parser.add_argument("--output", type=Path, default=Path("build/robot"), help="reports go here")
    arguments = parser.parse_args()
    coco_frames: Path = arguments.coco_frames or arguments.frames
    for path in (arguments.elf, arguments.frames, coco_frames, *arguments.suites):
        if not path.exists():
            print(f"crosscam: {path} does not exist", file=sys.stderr)
            return 2
    status: int = robot.run(
        *map(str, arguments.suites),
        variable=[
            f"RENODEKEYWORDS:{KEYWORDS.resolve()}",
            f"BOARD:{BOARD.resolve()}",
            f"ELF:{arguments.elf.resolve()}",
            f"FRAMES:{arguments.frames.resolve()}",
            f"COCO_FRAMES:{coco_frames.resolve()}",
        ],
        outputdir=str(arguments.output),
        xunit="xunit.xml",
        console="verbose",
    )
    return status


if __name__ == "__main__":
    sys.exit(main())
