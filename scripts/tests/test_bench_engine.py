"""The benchmark measures what it says it measures."""

from __future__ import annotations

from dataclasses import replace

import pytest

from scripts.bench_engine import LOOPS, Loop, bare_seconds, engine_seconds


@pytest.mark.parametrize("loop", LOOPS, ids=[loop.name for loop in LOOPS])
def test_loops_should_run_as_many_instructions_as_they_claim(loop: Loop) -> None:
    short = replace(loop, turns=10_000)
    seconds, cycles = engine_seconds(short)
    assert seconds > 0
    assert bare_seconds(short) > 0
    assert abs(cycles - short.instructions) <= 10  # registers set up before, the wait behind


@pytest.mark.parametrize("loop", LOOPS, ids=lambda loop: loop.name)
def test_native_loops_count_the_same(loop: Loop, monkeypatch: pytest.MonkeyPatch) -> None:
    loop = Loop(loop.name, loop.code, 150_000, loop.cost)
    _, native = engine_seconds(loop)
    monkeypatch.setenv("CROSSCAM_NO_NATIVE_LOOPS", "1")
    _, plain = engine_seconds(loop)
    assert native == plain
