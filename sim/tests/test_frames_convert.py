"""Photographs to RGB565 and back."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from sim.errors import CrosscamError
from sim.frames.convert import open_photo, to_frame, to_picture


def test_channels_are_cut_not_rounded() -> None:
    photo = Image.new("RGB", (320, 240), (0x07, 0x03, 0xFF))  # 7 and 3 would round up to 1
    assert (to_frame(photo) == 0x001F).all()
    assert (to_frame(Image.new("RGB", (320, 240), (0x08, 0x04, 0x08))) == (1 << 11 | 1 << 5 | 1)).all()


def test_every_value_survives_the_way_to_a_picture_and_back() -> None:
    values = np.arange(1 << 16, dtype=np.uint16).reshape(256, 256)
    frame = np.zeros((240, 320), np.uint16)
    frame[:, :256] = values[:240]
    assert (to_frame(to_picture(frame)) == frame).all()


def test_wide_pictures_lose_their_sides_and_tall_ones_top_and_bottom() -> None:
    wide = Image.new("RGB", (640, 240), "red")
    wide.paste("blue", (160, 0, 480, 240))
    assert (to_frame(wide) == 0x001F).all()
    tall = Image.new("RGB", (320, 480), "red")
    tall.paste("lime", (0, 120, 320, 360))
    assert (to_frame(tall) == 0x07E0).all()


def test_small_pictures_fill_the_frame() -> None:
    assert (to_frame(Image.new("RGB", (4, 3), "white")) == 0xFFFF).all()


def test_exif_orientation_is_obeyed(tmp_path: Path) -> None:
    lying = Image.new("RGB", (240, 320), "black")
    lying.paste("white", (0, 0, 240, 160))  # upper half; turned by EXIF 6 it becomes the right half
    exif = Image.Exif()
    exif[0x0112] = 6
    lying.save(tmp_path / "a.png", exif=exif)
    frame = to_frame(open_photo(tmp_path / "a.png"))
    assert (frame[:, :150] == 0).all()
    assert (frame[:, 170:] == 0xFFFF).all()


def test_transparent_parts_lie_on_white(tmp_path: Path) -> None:
    Image.new("RGBA", (320, 240), (255, 0, 0, 0)).save(tmp_path / "a.png")
    assert (to_frame(open_photo(tmp_path / "a.png")) == 0xFFFF).all()


@pytest.mark.parametrize("mode", ["L", "P", "1", "CMYK", "I;16"])
def test_all_kinds_of_pictures_open(tmp_path: Path, mode: str) -> None:
    path = tmp_path / ("a.tif" if mode in ("CMYK", "I;16") else "a.png")
    Image.new(mode, (8, 6)).save(path)
    assert open_photo(path).mode == "RGB"


def test_what_is_no_picture_is_named(tmp_path: Path) -> None:
    with pytest.raises(CrosscamError, match=r"none\.png: no such picture"):
        open_photo(tmp_path / "none.png")
    (tmp_path / "text.png").write_text("hello")
    with pytest.raises(CrosscamError, match=r"text\.png: not a picture"):
        open_photo(tmp_path / "text.png")


def test_a_picture_cut_off_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    Image.effect_noise((64, 64), 50).save(path)
    path.write_bytes(path.read_bytes()[:900])
    with pytest.raises(CrosscamError, match=r"a\.png: not a picture"):
        open_photo(path)


def test_a_picture_that_would_start_a_program_is_refused(tmp_path: Path) -> None:
    """Pillow gives PostScript to Ghostscript, whatever the file is called."""
    (tmp_path / "a.jpg").write_bytes(b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 10 10\n%%EndComments\n%%EOF\n")
    with pytest.raises(CrosscamError, match="not a picture that can be read"):
        open_photo(tmp_path / "a.jpg")


def test_a_pipe_is_no_picture(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "a.jpg")
    with pytest.raises(CrosscamError, match="not a plain file; expected a picture"):
        open_photo(tmp_path / "a.jpg")


@settings(max_examples=200, deadline=None)
@given(kind=st.sampled_from(["png", "jpg", "gif", "bmp", "tif", "webp"]), changes=st.data())
def test_damaged_pictures_open_or_are_refused(
    tmp_path_factory: pytest.TempPathFactory, kind: str, changes: st.DataObject
) -> None:
    path = tmp_path_factory.mktemp("pictures") / f"a.{kind}"
    Image.linear_gradient("L").resize((40, 30)).convert("RGB").save(path)
    data = bytearray(path.read_bytes())
    for at in changes.draw(st.lists(st.integers(0, len(data) - 1), min_size=1, max_size=5)):
        data[at] = changes.draw(st.integers(0, 255))
    path.write_bytes(data)
    with contextlib.suppress(CrosscamError):
        to_frame(open_photo(path))
