"""Choosing an engine by name."""

from __future__ import annotations

from pathlib import Path

import pytest

from sim.engines import open_board
from sim.errors import CrosscamError
from sim.renode.finder import renode_version


def test_unknown_engine_is_named() -> None:
    with pytest.raises(CrosscamError, match="unknown engine 'qemu': expected one of crosscam, renode"):
        open_board("qemu", Path("x.elf"), None, "instructions")


def test_renode_that_is_not_there_says_how_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    renode_version.cache_clear()
    monkeypatch.delenv("RENODE_PATH", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    elf = tmp_path / "some.elf"
    elf.touch()
    with pytest.raises(CrosscamError, match="put `renode` on PATH or set RENODE_PATH"):
        open_board("renode", elf, None, "instructions")
    with pytest.raises(CrosscamError, match="no firmware at"):
        open_board("crosscam", tmp_path / "none.elf", None, "instructions")
