"""Draw docs/display.png: what the board's display shows of a drawn scene.

python -m scripts.display_picture [ELF]
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from sim.boot import Board
from sim.errors import CrosscamError
from sim.frames.folder import Shot, write_folder
from sim.lcd import COMPLETE, Lcd, save

PICTURE = Path(__file__).parents[1] / "docs" / "display.png"
SECONDS = 2.0


def scene() -> NDArray[np.uint16]:
    """``uint16[240, 320]``, RGB565: a sky that darkens to the right, a red sun, green hills."""
    y, x = np.mgrid[:240, :320]
    red, green, blue = x // 16 + 4, y // 6 + 12, np.full(x.shape, 28) - x // 24
    sun = (x - 210) ** 2 + (y - 90) ** 2 < 40**2
    hills = y > 170 + 20 * np.sin(x / 40)
    red = np.where(sun, 31, np.where(hills, 4, red))
    green = np.where(sun, 20, np.where(hills, 38 - x // 20, green))
    blue = np.where(sun, 4, np.where(hills, 5, blue))
    return (red << 11 | green << 5 | blue).astype(np.uint16)


def main() -> int:
    """Boot the firmware before the scene and keep its first picture."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("elf", nargs="?", type=Path, default=Path("build/zig/crosscam.elf"))
    elf = parser.parse_args().elf
    with tempfile.TemporaryDirectory() as folder:
        frames = Path(folder) / "frames"
        write_folder(frames, "drawn", [Shot(scene(), "scene", None, "none")])
        try:
            board = Board(elf, frames, "cortex-m7")
            lcd = Lcd(board)
            board.run_until(lambda: lcd.pictures > 0, SECONDS)
            save(lcd.picture(COMPLETE), PICTURE)
        except CrosscamError as error:
            print(f"crosscam: {error}")
            return 2
    print(PICTURE)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
