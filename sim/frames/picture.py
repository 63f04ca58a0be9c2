"""A contact sheet of a frame folder, for the eye."""

from __future__ import annotations

from pathlib import Path

from PIL import Image, ImageDraw

from sim.files import whole
from sim.frames.convert import HEIGHT, WIDTH, to_picture
from sim.frames.folder import Entry, FrameFolder

COLUMNS = 4
CAPTION = 16
GAP = 4


def caption(index: int, entry: Entry) -> str:
    """``3 astronaut.png: person``, with ``negative`` or ``?`` where there are no labels."""
    labels = " ".join(entry.labels) or ("negative" if entry.labelled else "?")
    return f"{index} {entry.source}: {labels}"


def contact_sheet(folder: FrameFolder, columns: int = COLUMNS, scale: float = 1.0) -> Image.Image:
    """Every frame of ``folder`` in the order of its listing, as the camera will show it, with a caption."""
    width, height = round(WIDTH * scale), round(HEIGHT * scale)
    columns = max(1, min(columns, len(folder.entries)))
    rows = -(-len(folder.entries) // columns)
    cell_width, cell_height = width + GAP, height + CAPTION + GAP
    sheet = Image.new("RGB", (columns * cell_width + GAP, rows * cell_height + GAP), "white")
    draw = ImageDraw.Draw(sheet)
    for index, entry in enumerate(folder.entries):
        left, top = GAP + index % columns * cell_width, GAP + index // columns * cell_height
        frame = to_picture(folder.pixels(index))
        sheet.paste(frame if scale == 1.0 else frame.resize((width, height)), (left, top))
        draw.text((left, top + height + 1), caption(index, entry), fill="black")
    return sheet


def save_contact_sheet(folder: FrameFolder, path: Path, columns: int = COLUMNS, scale: float = 1.0) -> None:
    """Write the contact sheet as a PNG.

    Raises:
        CrosscamError: ``path`` cannot be written.
    """
    with whole(path) as part:
        contact_sheet(folder, columns, scale).save(part, format="PNG")
