"""``sim.files``: whole or not at all."""

from __future__ import annotations

from pathlib import Path

import pytest

from sim.errors import CrosscamError
from sim.files import whole, write_json


def test_a_block_that_breaks_off_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    """What was there stays, the half of the new one goes."""
    path = tmp_path / "figures.json"
    write_json(path, {"cycles": 1})
    with pytest.raises(KeyError), whole(path) as part:
        part.write_text("half")
        raise KeyError
    assert list(tmp_path.iterdir()) == [path]
    assert '"cycles": 1' in path.read_text()


def test_a_folder_that_is_missing_is_one_clear_line(tmp_path: Path) -> None:
    """It names the file, what it is, and what to do."""
    path = tmp_path / "nowhere" / "uart.log"
    problem = r"cannot write the UART log .*uart\.log: No such file.*; name a file"
    with pytest.raises(CrosscamError, match=problem), whole(path, "the UART log") as part:
        part.write_text("")
