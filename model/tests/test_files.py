"""Files that are whole or not there."""

from __future__ import annotations

from pathlib import Path

import pytest

from model.errors import CrosscamError
from model.files import make_folder, whole, write_text


def test_a_block_that_fails_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "new" / "run.weights.h5"
    write_text(path, "old")
    with pytest.raises(KeyboardInterrupt), whole(path) as part:
        assert part.name.endswith(".weights.h5")
        part.write_text("half", encoding="utf-8")
        raise KeyboardInterrupt
    assert path.read_text(encoding="utf-8") == "old"
    assert [p.name for p in path.parent.iterdir()] == [path.name]


def test_what_a_power_cut_left_does_not_stay(tmp_path: Path) -> None:
    path = tmp_path / "file"
    with whole(path) as part:
        name = part.name
        part.write_text("", encoding="utf-8")
    (tmp_path / name).write_text("half of an earlier try", encoding="utf-8")
    write_text(path, "whole")
    assert [p.name for p in tmp_path.iterdir()] == ["file"]


def test_places_that_cannot_be_written_are_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(CrosscamError, match=r"file/folder: cannot make this folder .*; name another"):
        make_folder(tmp_path / "file" / "folder")
    (tmp_path / "taken").mkdir()
    with pytest.raises(CrosscamError, match=r"cannot write .*taken: Is a directory"):
        write_text(tmp_path / "taken", "text")
