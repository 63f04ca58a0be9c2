"""Finding an installed Renode: where it is looked for, and what is said when it is not there or too old."""

from __future__ import annotations

from pathlib import Path

import pytest

from sim.errors import CrosscamError
from sim.renode.finder import find_renode, find_renode_test, renode_version


def fake_renode(folder: Path, script: str, name: str = "renode") -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return path


@pytest.fixture(autouse=True)
def nothing_installed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("RENODE_PATH", raising=False)
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:/usr/bin:/bin")
    renode_version.cache_clear()


def test_found_on_path(tmp_path: Path) -> None:
    renode = fake_renode(tmp_path / "bin", "echo 'Renode v1.16.1.12345'")
    assert find_renode() == renode


@pytest.mark.parametrize("named", ["folder", "folder/renode"])
def test_renode_path_names_folder_or_executable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, named: str) -> None:
    renode = fake_renode(tmp_path / "folder", "echo 'Renode, version 1.17.0'")
    monkeypatch.setenv("RENODE_PATH", str(tmp_path / named))
    assert find_renode() == renode


def test_renode_path_goes_before_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fake_renode(tmp_path / "bin", "echo 'Renode v1.16.0'")
    wanted = fake_renode(tmp_path / "mine", "echo 'Renode v1.16.1'")
    monkeypatch.setenv("RENODE_PATH", str(tmp_path / "mine"))
    assert find_renode() == wanted


def test_absent_says_how_to_install() -> None:
    with pytest.raises(CrosscamError, match=r"neither on PATH nor named by RENODE_PATH.*releases.*RENODE_PATH"):
        find_renode()


def test_renode_path_to_nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RENODE_PATH", str(tmp_path / "gone"))
    with pytest.raises(CrosscamError, match=r"RENODE_PATH is .*gone: expected the executable renode or the folder"):
        find_renode()


@pytest.mark.parametrize("version", ["1.15.3", "1.9.0", "0.99"])
def test_too_old(tmp_path: Path, version: str) -> None:
    fake_renode(tmp_path / "bin", f"echo 'Renode v{version}'")
    with pytest.raises(CrosscamError, match=rf"is Renode {version}: expected 1\.16 or newer"):
        find_renode()


def test_something_else_of_that_name(tmp_path: Path) -> None:
    fake_renode(tmp_path / "bin", "echo 'usage: renode old new'")
    with pytest.raises(CrosscamError, match=r"says 'usage: renode old new': expected Renode and its version"):
        find_renode()


def test_renode_test_lies_beside(tmp_path: Path) -> None:
    fake_renode(tmp_path / "bin", "echo 'Renode v1.16.1'")
    with pytest.raises(CrosscamError, match="renode-test is neither on PATH"):
        find_renode_test()
    beside = fake_renode(tmp_path / "bin", "exit 0", "renode-test")
    assert find_renode_test() == beside
