"""``sim.files``: whole or not at all, and never in place of what is no plain file."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from sim.errors import CrosscamError
from sim.files import whole, write_json, write_text


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


def test_what_a_killed_run_has_left_goes_and_what_a_running_one_writes_stays(tmp_path: Path) -> None:
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    (tmp_path / f".uart.log.{dead.pid}.part").write_text("half")
    (tmp_path / f".other.log.{dead.pid}.part").write_text("not ours")
    (tmp_path / f".uart.log.{os.getppid()}.part").write_text("in work")
    write_text(tmp_path / "uart.log", "whole")
    left = {path.name for path in tmp_path.iterdir()}
    assert left == {"uart.log", f".other.log.{dead.pid}.part", f".uart.log.{os.getppid()}.part"}


def test_a_link_is_followed(tmp_path: Path) -> None:
    real, link = tmp_path / "real.json", tmp_path / "link.json"
    real.write_text("old")
    link.symlink_to(real)
    write_text(link, "new")
    assert link.is_symlink()
    assert real.read_text() == "new"


def test_a_device_is_written_to_and_stays_one() -> None:
    write_text(Path("/dev/null"), "gone")
    assert stat.S_ISCHR(os.stat("/dev/null").st_mode)  # noqa: PTH116


@pytest.mark.parametrize("kind", ["a folder", "a FIFO"])
def test_what_is_no_plain_file_is_refused(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "there"
    if kind == "a folder":
        path.mkdir()
    else:
        os.mkfifo(path)
    with pytest.raises(CrosscamError, match=f"it is {kind}; name a plain file"):
        write_text(path, "x")
    assert [each.name for each in tmp_path.iterdir()] == ["there"]
    assert not path.is_file()


def test_standard_output_is_appended_to(tmp_path: Path) -> None:
    code = "print('before', flush=True); from sim.files import write_text; from pathlib import Path; "
    code += "write_text(Path('/dev/stdout'), 'after')"
    with (tmp_path / "out").open("wb") as out:
        subprocess.run([sys.executable, "-c", code], stdout=out, check=True, cwd=Path(__file__).parents[2])
    assert (tmp_path / "out").read_text() == "before\nafter"
