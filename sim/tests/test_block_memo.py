"""What pipelines have answered, kept: the same cycles from a file, by nobody's help, and never a wrong one's."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sim.engine.native import code_cache
from sim.engine.timing import block_memo
from sim.engine.timing.addresses import AddressProgram
from sim.engine.timing.block_timing import BlockTiming
from sim.engine.timing.decode import decode
from sim.engine.timing.m4_addresses import M4AddressProgram
from sim.engine.timing.m4_pipeline import CLEAN as M4_CLEAN
from sim.engine.timing.m4_pipeline import M4Pipeline
from sim.engine.timing.pipeline import CLEAN, Pipeline
from sim.tests.test_timing_machine import M7Bench, counting
from sim.tests.thumb import Program, adds, ldr, store


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Where this test's answers are kept."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr(block_memo, "LEAST_KEPT", 1)
    next_process(monkeypatch)
    yield tmp_path
    block_memo._room.cache_clear()
    code_cache._cache_at.cache_clear()


def next_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """Forget what this one has met."""
    monkeypatch.setattr(block_memo, "_MEMOS", {})
    block_memo._room.cache_clear()
    code_cache._cache_at.cache_clear()


def files(folder: Path) -> list[Path]:
    return sorted(folder.glob("crosscam/blocks/*.json"))


def forbid_work(monkeypatch: pytest.MonkeyPatch) -> None:
    def worked_out(*_: object) -> Any:
        raise AssertionError("it was known")

    monkeypatch.setattr(BlockTiming, "_facts", worked_out)
    monkeypatch.setattr(BlockTiming, "_passage", worked_out)


def program(turns: int = 50) -> Program:
    return counting(turns, ldr(3, 2), adds(3, 1), store(3, 2), ldr(4, 1, 4))


def test_the_next_board_and_the_next_process_work_nothing_out(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    wanted = M7Bench(program()).run_to_sleep()
    with monkeypatch.context() as within:
        forbid_work(within)
        assert M7Bench(program()).run_to_sleep() == wanted
    block_memo.keep_all()
    assert len(files(folder)) == 1
    next_process(monkeypatch)
    forbid_work(monkeypatch)
    bench = M7Bench(program())
    assert bench.run_to_sleep() == wanted
    bench.timing.check()


def test_other_code_has_a_file_of_its_own(folder: Path) -> None:
    M7Bench(program(50)).run_to_sleep()
    M7Bench(program(51)).run_to_sleep()
    block_memo.keep_all()
    assert len(files(folder)) == 2
    times = [path.stat().st_mtime_ns for path in files(folder)]
    block_memo.keep_all()
    assert [path.stat().st_mtime_ns for path in files(folder)] == times, "nothing new, nothing written"


@pytest.mark.parametrize("content", [b"", b"[", b"[[], [], 5]", b"[[[1]], [], []]", b"[[], [[1, 2, 3]], []]", b"{}"])
def test_a_file_that_makes_no_sense_is_none(folder: Path, monkeypatch: pytest.MonkeyPatch, content: bytes) -> None:
    wanted = M7Bench(program()).run_to_sleep()
    block_memo.keep_all()
    (path,) = files(folder)
    next_process(monkeypatch)
    room = block_memo._room()
    assert room is not None
    room.write(path.name, content)
    assert M7Bench(program()).run_to_sleep() == wanted


def test_a_memo_has_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is more than it holds is worked out each time."""
    wanted = M7Bench(program()).run_to_sleep()
    next_process(monkeypatch)
    monkeypatch.setattr(block_memo, "MOST_BLOCKS", 1)
    assert M7Bench(program()).run_to_sleep() == wanted
    (memo,) = block_memo._MEMOS.values()
    assert memo.new == 1 and len(memo.packed()) < 4000


def test_nothing_is_kept_where_nothing_can_be(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", "relative")
    next_process(monkeypatch)
    M7Bench(program()).run_to_sleep()
    block_memo.keep_all()
    assert block_memo._room() is None


@settings(max_examples=200, deadline=None)
@given(code=st.binary(min_size=2, max_size=40), variant=st.integers(0, 7), taken=st.booleans())
def test_a_state_is_the_same_from_its_fields(code: bytes, variant: int, taken: bool) -> None:
    kinds: tuple[Any, ...] = (
        (Pipeline(), CLEAN, AddressProgram),
        (Pipeline(ecc=False), CLEAN, AddressProgram),
        (M4Pipeline(), M4_CLEAN, M4AddressProgram),
    )
    for pipeline, state, addresses in kinds:
        ops = decode(code[: len(code) & ~1], 0x08000000)
        addresses(ops)
        for _ in range(2):
            state = pipeline.run(state, ops, variant, taken).state
            again = pipeline.state_of(json.loads(json.dumps(block_memo._fields(state))))
            assert again == state and hash(again) == hash(state)
            assert pipeline.run(again, ops, variant, taken) == pipeline.run(state, ops, variant, taken)
