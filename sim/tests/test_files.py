"""``sim.files``: whole or not at all, and never in place of what is no plain file."""

from __future__ import annotations

import errno
import os
import socket
import stat
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

import sim.files
from sim.errors import CrosscamError
from sim.files import whole, write_bytes, write_json, write_text

ROOT = Path(__file__).parents[2]


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
    (tmp_path / f".part-{dead.pid}-abc-uart[1].log").write_text("half")
    (tmp_path / f".part-{dead.pid}-abc-other.log").write_text("not ours")
    (tmp_path / f".part-{os.getppid()}-abc-uart[1].log").write_text("in work")
    write_text(tmp_path / "uart[1].log", "whole")
    left = {path.name for path in tmp_path.iterdir()}
    assert left == {"uart[1].log", f".part-{dead.pid}-abc-other.log", f".part-{os.getppid()}-abc-uart[1].log"}


def test_a_part_is_named_as_its_file_ends_and_the_longest_name_has_one(tmp_path: Path) -> None:
    path = tmp_path / ("n" * 251 + ".png")
    with whole(path) as part:
        assert part.suffix == ".png"
        part.write_bytes(b"x")
    assert list(tmp_path.iterdir()) == [path]


def test_permissions_stay_and_a_new_file_has_the_usual_ones(tmp_path: Path) -> None:
    path, new = tmp_path / "private", tmp_path / "new"
    path.write_text("old")
    path.chmod(0o600)
    write_text(path, "new")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    before = os.umask(0o027)
    try:
        write_text(new, "x")
    finally:
        os.umask(before)
    assert stat.S_IMODE(new.stat().st_mode) == 0o640


def test_a_link_is_followed(tmp_path: Path) -> None:
    real, link = tmp_path / "real.json", tmp_path / "link.json"
    real.write_text("old")
    link.symlink_to(real)
    write_text(link, "new")
    assert link.is_symlink()
    assert real.read_text() == "new"


def test_a_ring_of_links_is_refused_and_stays(tmp_path: Path) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    one.symlink_to(two)
    two.symlink_to(one)
    with pytest.raises(CrosscamError, match=r"cannot write .*one: .*link"):
        write_text(one, "x")
    assert {each.name for each in tmp_path.iterdir() if each.is_symlink()} == {"one", "two"}


@pytest.mark.parametrize("through_link", [False, True])
def test_a_device_is_written_to_and_stays_one(tmp_path: Path, through_link: bool) -> None:
    path = Path("/dev/null")
    if through_link:
        path = tmp_path / "link"
        path.symlink_to("/dev/null")
    write_text(path, "gone")
    assert stat.S_ISCHR(Path("/dev/null").stat().st_mode)


def test_a_full_device_is_one_line() -> None:
    with pytest.raises(CrosscamError, match="cannot write /dev/full: No space left on device; name a file"):
        write_text(Path("/dev/full"), "x")


def test_a_pipe_gets_the_whole_content(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    content = bytes(range(256)) * 2000  # far more than a pipe holds
    taken: list[bytes] = []
    reader = threading.Thread(target=lambda: taken.append(pipe.read_bytes()))
    reader.start()
    deadline = time.monotonic() + 10
    while True:
        try:
            write_bytes(pipe, content)
            break
        except CrosscamError:  # the reader is not there yet
            assert time.monotonic() < deadline
    reader.join(10)
    assert taken == [content]
    assert stat.S_ISFIFO(pipe.stat().st_mode)


def test_a_pipe_nobody_reads_is_no_wait(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with pytest.raises(CrosscamError, match=r"cannot write .*pipe: nobody reads this pipe"):
        write_text(pipe, "x")
    assert [each.name for each in tmp_path.iterdir()] == ["pipe"]


def test_a_reader_that_takes_nothing_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    monkeypatch.setattr(sim.files, "PIPE_SECONDS", 0.05)
    sleeper = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    try:
        with pytest.raises(CrosscamError, match=r"nobody took it for 0\.05 s"):
            write_bytes(pipe, bytes(1 << 20))
    finally:
        os.close(sleeper)


@pytest.mark.parametrize("kind", ["a folder", "a socket"])
def test_what_is_no_file_is_refused(tmp_path: Path, kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)  # a socket's path is short
    path = Path("there")
    with socket.socket(socket.AF_UNIX) as listener:
        if kind == "a folder":
            path.mkdir()
        else:
            listener.bind(str(path))
        with pytest.raises(CrosscamError, match=f"it is {kind}; name a file"):
            write_text(path, "x")
    assert [each.name for each in tmp_path.iterdir()] == ["there"]
    assert not path.is_file()


def test_a_disk_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "disk"
    path.write_text("sectors")
    monkeypatch.setattr(stat, "S_ISREG", lambda mode: False)
    monkeypatch.setattr(stat, "S_ISBLK", lambda mode: True)
    with pytest.raises(CrosscamError, match="it is a disk; name a file"):
        write_text(path, "x")
    assert path.read_text() == "sectors"


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_one_may_not_write_to_is_one_line(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    try:
        with pytest.raises(CrosscamError, match=r"cannot write .*: Permission denied; name a file"):
            write_text(tmp_path / "x", "x")
    finally:
        tmp_path.chmod(0o700)


@pytest.mark.parametrize("code", [errno.EROFS, errno.EACCES, errno.EDQUOT])
def test_a_file_system_that_refuses_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr("tempfile.mkstemp", refuse)
    with pytest.raises(CrosscamError, match=f"cannot write .*: {os.strerror(code)}; name a file"):
        write_text(tmp_path / "x", "x")


def test_a_disk_that_is_full_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "figures.json"
    path.write_text("old")
    with pytest.raises(CrosscamError, match="No space left on device"), whole(path):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    assert [each.name for each in tmp_path.iterdir()] == ["figures.json"]
    assert path.read_text() == "old"


@pytest.mark.parametrize("name", ["a\0b", "\ud800", "n" * 300])
def test_names_no_file_can_have_are_one_line(tmp_path: Path, name: str) -> None:
    with pytest.raises(CrosscamError, match="cannot write ") as caught:
        write_text(tmp_path / name, "x")
    assert str(caught.value).isprintable()


def test_standard_output_is_appended_to(tmp_path: Path) -> None:
    code = "print('before', flush=True); from sim.files import write_text; from pathlib import Path; "
    code += "write_text(Path('/dev/stdout'), 'after')"
    with (tmp_path / "out").open("wb") as out:
        subprocess.run([sys.executable, "-c", code], stdout=out, check=True, cwd=ROOT)
    assert (tmp_path / "out").read_text() == "before\nafter"
