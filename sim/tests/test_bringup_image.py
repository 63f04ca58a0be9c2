"""Intel HEX files as editors, mails and other systems leave them."""

from __future__ import annotations

from pathlib import Path

import pytest

from sim.bringup.image import read_image
from sim.errors import CrosscamError

START = ":020000040800F2"
DATA = ":0400000001020304F2"
END = ":00000001FF"


@pytest.mark.parametrize("ending", ["\n", "\r\n", " \n", "\t\r\n", "\n\n"])
def test_blanks_at_the_ends_of_lines_are_none_of_the_record(tmp_path: Path, ending: str) -> None:
    file = tmp_path / "firmware.hex"
    file.write_bytes(ending.join([START, DATA, END, ""]).encode())
    assert read_image(file).segments == [(0x08000000, bytes([1, 2, 3, 4]))]


@pytest.mark.parametrize("text", [START + " ", f"{START}\n{DATA} \n"])
def test_a_file_without_its_end_is_refused(tmp_path: Path, text: str) -> None:
    file = tmp_path / "firmware.hex"
    file.write_text(text)
    with pytest.raises(CrosscamError, match="it has no end-of-file record"):
        read_image(file)
