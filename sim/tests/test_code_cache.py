"""Machine code from the disk: only from the user's own folder, only as it was written, and never a reason to fail."""

from __future__ import annotations

import functools
import io
import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import llvmlite.binding as llvm
import pytest
from elftools.elf.elffile import ELFFile
from elftools.elf.sections import SymbolTableSection
from hypothesis import given, settings
from hypothesis import strategies as st

from sim.engine.native import code_cache as module
from sim.engine.native import native_code, native_compiler
from sim.engine.native.code_cache import CodeCache, code_cache, digest_of, guarded
from sim.engine.timing import block_native, m7_maintenance

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


def test_a_file_of_another_name_key_or_room_is_a_miss(cache: CodeCache) -> None:
    cache.write("a.o", b"content")
    (cache.path / "a.o").rename(cache.path / "b.o")
    assert cache.read("b.o") is None
    other = CodeCache(cache.path, b"another secret of 32 bytes here!")
    other.write("c.o", b"content")
    assert cache.read("c.o") is None
    rooms = cache.room("one"), cache.room("other")
    assert rooms[0] is not None and rooms[1] is not None
    rooms[0].write("d.o", b"content")
    (rooms[0].path / "d.o").rename(rooms[1].path / "d.o")
    assert rooms[1].read("d.o") is None


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


# Native functions

ASK = """
import sys
from sim.engine.native import native_code
from sim.engine.timing import m7_maintenance
{before}
print(m7_maintenance.on_maintenance.ctypes(0, 0, 0), "numba" in sys.modules)
"""
COMPILED, FOUND = "0 True\n", "0 False\n"


def start(home: Path, before: str = "", shell: str = "") -> subprocess.Popen[str]:
    """A process of a user whose cache lies at ``home``: it calls a native function, and says if numba was there."""
    command = f"{shell}exec {shlex.quote(sys.executable)} -c {shlex.quote(ASK.format(before=before))}"
    environment = os.environ | {"XDG_CACHE_HOME": str(home)}
    pipe = subprocess.PIPE
    return subprocess.Popen(["sh", "-c", command], cwd=ROOT, env=environment, stdout=pipe, stderr=pipe, text=True)


def said(process: subprocess.Popen[str]) -> str:
    out, error = process.communicate(timeout=300)
    assert (process.returncode, error) == (0, "")
    return out


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A cache that holds one function."""
    home = tmp_path_factory.mktemp("filled")
    assert said(start(home)) == COMPILED
    return home


@pytest.fixture
def home(filled: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(filled, tmp_path / "home"))


def kept(home: Path) -> Path:
    (found,) = home.glob("crosscam/native-*/*")
    return found


def test_what_was_compiled_is_loaded_without_numba(home: Path) -> None:
    assert kept(home).name == "sim.engine.timing.m7_maintenance.on_maintenance.o"
    assert said(start(home)) == FOUND


def test_a_machine_is_made_without_numba() -> None:
    """Nor what numba takes along: scipy is half of its time."""
    if code_cache() is None:
        pytest.skip("nothing can be kept here")
    ask = START + "; import sys; print([each for each in ('numba', 'scipy') if each in sys.modules])"
    for _ in range(2):
        run = subprocess.run([sys.executable, "-c", ask], cwd=ROOT, capture_output=True, text=True, check=False)
    assert run.stdout.split("\n", 1) == ["ran", "[]\n"], run.stderr


def test_nothing_is_compiled_before_it_is_called(tmp_path: Path) -> None:
    """A command that only says how it is used waits for no compiler."""
    environment = os.environ | {"XDG_CACHE_HOME": str(tmp_path)}
    ask = "import sim.boot, sys; print('numba' in sys.modules)"
    out = subprocess.check_output([sys.executable, "-c", ask], cwd=ROOT, env=environment, text=True)
    assert out == "False\n"
    assert not list(tmp_path.rglob("*.o"))


@pytest.mark.parametrize("part", ["digest", "header", "code", "end"])
def test_a_damaged_file_is_compiled_anew(home: Path, part: str) -> None:
    file = kept(home)
    whole = file.read_bytes()
    place = {"digest": 3, "header": 40, "code": 32 + 0x44, "end": len(whole) - 1}[part]
    file.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
    assert said(start(home)) == COMPILED
    assert kept(home).read_bytes() == whole
    assert said(start(home)) == FOUND


def test_what_was_changed_is_never_loaded(home: Path, cache: CodeCache, monkeypatch: pytest.MonkeyPatch) -> None:
    """Code that LLVM would take: without a digest, with another key's, with that of another name."""
    name, content = kept(home).stem, kept(home).read_bytes()[32:]
    own = cache.room(kept(home).parent.name)
    assert own is not None
    file = own.path / f"{name}.o"
    own.write("other.o", content)
    CodeCache(own.path, b"another secret of 32 bytes here!").write(file.name, content)
    planted = [content, bytes(32) + content, file.read_bytes(), (own.path / "other.o").read_bytes()]
    loaded = []

    def load(content: bytes, names: list[str]) -> list[int]:
        loaded.append(content)
        return [1]

    monkeypatch.setattr(native_code, "_kept", functools.cache(native_code._Kept))
    monkeypatch.setattr(native_code, "load", load)
    monkeypatch.setattr(native_compiler, "compile_function", lambda function, signature, name: (b"compiled", True))
    function = m7_maintenance.on_maintenance._function
    for each in planted:
        file.write_bytes(each)
        assert native_code.CFunction(function, "int64(int64, int64, int64)").address == 1
        assert own.read(file.name) == b"compiled"
    assert loaded == [b"compiled"] * len(planted)
    own.write(file.name, content)
    assert native_code.CFunction(function, "int64(int64, int64, int64)").address == 1
    assert loaded[-1] == content


def test_code_for_another_processor_is_not_taken(home: Path) -> None:
    """A home that machines share."""
    other = "native_code.host_processor = lambda: 'a processor that has less'"
    assert said(start(home, other)) == COMPILED
    assert said(start(home, other)) == FOUND
    assert said(start(home)) == FOUND
    assert len(list(home.glob("crosscam/native-*/*.o"))) == 2


def test_a_digest_of_makers_follows_the_processor(monkeypatch: pytest.MonkeyPatch) -> None:
    native_code.maker_digest.cache_clear()
    own = native_code.maker_digest()
    for each in ("get_host_cpu_name", "get_default_triple"):
        with monkeypatch.context() as patched:
            patched.setattr(llvm, each, lambda: "another")
            native_code.maker_digest.cache_clear()
            assert native_code.maker_digest() != own
    native_code.maker_digest.cache_clear()
    assert native_code.maker_digest() == own


def test_two_processes_compile_at_once(tmp_path: Path) -> None:
    both = [start(tmp_path), start(tmp_path)]
    assert [said(process) for process in both] == [COMPILED, COMPILED]
    assert said(start(tmp_path)) == FOUND


def test_a_disk_that_is_full_only_costs_the_cache(tmp_path: Path) -> None:
    """No file may be larger than 512 bytes: the key still fits, machine code does not."""
    assert said(start(tmp_path, shell="ulimit -f 1; ")) == COMPILED
    assert not list(tmp_path.rglob("*.o"))
    assert said(start(tmp_path)) == COMPILED
    assert said(start(tmp_path)) == FOUND


def test_old_versions_go(home: Path) -> None:
    for number in range(9):
        (home / "crosscam" / f"native-{number}").mkdir()
        os.utime(home / "crosscam" / f"native-{number}", (number, number))
    kept_before = {path.name for path in home.glob("crosscam/native-*")}
    other = "native_code.host_processor = lambda: 'another'"
    assert said(start(home, other)) == COMPILED
    left = {path.name for path in home.glob("crosscam/native-*")}
    assert len(left) == 8 and {f"native-{number}" for number in range(3)} == kept_before - left


def _halves(x: int, y: int) -> int:
    return x // y


def _refuses(x: int, y: int) -> int:
    if x > y:
        raise ValueError("too much")
    return x


@pytest.mark.parametrize(("function", "is_whole"), [(_halves, True), (_refuses, False)])
def test_only_what_asks_for_nothing_of_numba_is_kept(function: Callable[[int, int], int], is_whole: bool) -> None:
    """LLVM ends a process that loads code whose symbols it does not find."""
    content, whole = native_compiler.compile_function(function, "int64(int64, int64)", "function")
    assert whole is is_whole
    assert (global_symbols(content) == ["function"]) is is_whole


def global_symbols(content: bytes) -> list[str]:
    """What an object file gives and asks for."""
    table = ELFFile(io.BytesIO(content)).get_section_by_name(".symtab")
    assert isinstance(table, SymbolTableSection)
    return [each.name for each in table.iter_symbols() if each["st_info"]["bind"] == "STB_GLOBAL"]


def test_what_is_kept_asks_for_nothing(home: Path) -> None:
    assert global_symbols(kept(home).read_bytes()[32:]) == [kept(home).stem]


def test_a_part_of_native_code_can_be_called_from_python() -> None:
    assert block_native.quotient_bits(100, 7, 0) == 5
