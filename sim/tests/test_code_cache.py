"""Machine code from the disk: only from the user's own folder, only as it was written, and never a reason to fail."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sim.engine.native import code_cache as module
from sim.engine.native.code_cache import CodeCache, code_cache, digest_of, guarded

ROOT = Path(__file__).parents[2]
START = "from sim.tests.engine_bench import Bench; Bench(); print('ran')"


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> CodeCache:
    module._cache_at.cache_clear()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    found = code_cache()
    assert found is not None
    return found


def test_what_is_written_is_read_again(cache: CodeCache) -> None:
    room = cache.room("room")
    assert room is not None and room.read("a.o") is None
    room.write("a.o", b"content")
    assert room.read("a.o") == b"content"
    assert room.path.stat().st_mode & 0o777 == 0o700
    assert [path.name for path in room.path.iterdir()] == ["a.o"]


@settings(max_examples=60, deadline=None)
@given(place=st.integers(0, 1 << 16), bit=st.integers(0, 7))
def test_one_flipped_bit_is_a_miss(tmp_path_factory: pytest.TempPathFactory, place: int, bit: int) -> None:
    folder = CodeCache(tmp_path_factory.mktemp("cache"), b"k" * 32)
    folder.write("a.o", bytes(range(100)))
    path = folder.path / "a.o"
    raw = bytearray(path.read_bytes())
    raw[place % len(raw)] ^= 1 << bit
    path.write_bytes(raw)
    assert folder.read("a.o") is None
    assert not path.exists(), "it will not be tried again"


@pytest.mark.parametrize("size", [0, 1, 31, 32, 50])
def test_a_file_that_was_cut_off_is_a_miss(cache: CodeCache, size: int) -> None:
    cache.write("a.o", bytes(100))
    (cache.path / "a.o").write_bytes((cache.path / "a.o").read_bytes()[:size])
    assert cache.read("a.o") is None


def test_a_file_of_another_name_or_key_is_a_miss(cache: CodeCache, tmp_path: Path) -> None:
    cache.write("a.o", b"content")
    (cache.path / "a.o").rename(cache.path / "b.o")
    assert cache.read("b.o") is None
    other = CodeCache(cache.path, b"another secret of 32 bytes here!")
    other.write("c.o", b"content")
    assert cache.read("c.o") is None


def test_a_link_or_a_pipe_is_a_miss(cache: CodeCache, tmp_path: Path) -> None:
    cache.write("a.o", b"content")
    (tmp_path / "elsewhere").write_bytes((cache.path / "a.o").read_bytes())
    (cache.path / "a.o").unlink()
    (cache.path / "a.o").symlink_to(tmp_path / "elsewhere")
    assert cache.read("a.o") is None
    os.mkfifo(cache.path / "pipe.o")
    assert cache.read("pipe.o") is None


def test_only_the_newest_files_stay(cache: CodeCache) -> None:
    for number in range(6):
        cache.write(f"{number}.o", b"x", at_most=3)
        os.utime(cache.path / f"{number}.o", (number, number))
    kept = sorted(path.name for path in cache.path.glob("*.o"))
    assert len(kept) <= 3 and "5.o" in kept


def test_a_folder_others_can_enter_is_closed(tmp_path: Path) -> None:
    (tmp_path / "open").mkdir(mode=0o755)
    assert guarded(tmp_path / "open")
    assert (tmp_path / "open").stat().st_mode & 0o777 == 0o700


def test_no_folder_where_a_file_or_a_link_is(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    (tmp_path / "link").symlink_to(tmp_path)
    assert not guarded(tmp_path / "file")
    assert not guarded(tmp_path / "link")
    assert not guarded(tmp_path / "file" / "below")


def test_sealed_files_are_those_that_were_noted(cache: CodeCache) -> None:
    (cache.path / "deep").mkdir()
    for name in ("a.nbi", "deep/b.nbc"):
        (cache.path / name).write_bytes(name.encode())
    known = cache.seal((".nbi", ".nbc"), {})
    assert cache.sealed((".nbi", ".nbc")) == known and len(known) == 2
    (cache.path / "deep" / "b.nbc").write_bytes(b"changed")
    (cache.path / "new.nbc").write_bytes(b"slipped in")
    assert set(cache.sealed((".nbi", ".nbc"))) == {"a.nbi"}
    assert sorted(path.name for path in cache.path.rglob("*.nb?")) == ["a.nbi"]


def test_a_digest_follows_content_and_versions(tmp_path: Path) -> None:
    source = tmp_path / "a.py"
    source.write_text("1")
    first = digest_of([source], "numba 1")
    assert digest_of([source], "numba 2") != first
    source.write_text("2")
    assert digest_of([source], "numba 1") != first


@pytest.mark.slow
def test_the_engine_runs_without_a_cache(tmp_path: Path) -> None:
    """A home that is none: everything is compiled anew, without a word."""
    (tmp_path / "home").write_text("")
    environment = {"PATH": os.environ["PATH"], "HOME": str(tmp_path / "home")}
    command = [sys.executable, "-c", START]
    run = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=300, check=False)
    assert run.stdout.strip() == "ran", run.stderr
    assert run.stderr == ""


def test_a_disk_that_is_full_only_costs_the_cache(tmp_path: Path) -> None:
    """No file may be larger than 512 bytes: the key still fits, what numba writes does not."""
    (tmp_path / "native.py").write_text(
        "from sim.engine.native.native_code import cfunc, njit, seal\n"
        "@njit\ndef double(x):\n    return 2 * x\n"
        "@cfunc('int64(int64)')\ndef four_times(x):\n    return double(double(x))\n"
        "seal()\nprint(four_times.ctypes(3), double(4))\n"
    )
    environment = os.environ | {"XDG_CACHE_HOME": str(tmp_path), "PYTHONPATH": str(ROOT)}
    for full in (True, False):
        shell = f"{'ulimit -f 1; ' if full else ''}exec {shlex.quote(sys.executable)} {tmp_path / 'native.py'}"
        done = subprocess.run(["sh", "-c", shell], env=environment, capture_output=True, text=True, check=False)
        assert (done.returncode, done.stdout, done.stderr) == (0, "12 8\n", "")
        assert bool(list(tmp_path.rglob("*.nbc"))) is not full
