"""Recorded cycles: for the compiler they were recorded with, skipped for others, and a failure says what to do."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from robot.api import SkipExecution

from sim.robot.figures import RECORD, compiler_of, recorded_cycles, should_be_the_recorded_cycles
from sim.tests.firmware_bench import TOOLCHAINS, build


@pytest.mark.parametrize("toolchain", TOOLCHAINS)
def test_an_elf_says_who_compiled_it(toolchain: str, tmp_path: Path) -> None:
    elf = build(toolchain, ("bench/dialogue/dialogue.c",), "bench/dialogue/dialogue.ld", tmp_path / "x.elf")
    compiler = compiler_of(elf)
    assert compiler.startswith("clang version" if toolchain == "zig" else "GCC")
    recorded = json.loads(RECORD.read_text())["compiler"]
    if compiler == recorded:
        assert len(recorded_cycles(str(elf), "cortex-m7")) == 3
        with pytest.raises(SkipExecution, match="no figures recorded for the clock sundial"):
            recorded_cycles(str(elf), "sundial")
    else:
        with pytest.raises(SkipExecution, match="recorded for"):
            recorded_cycles(str(elf), "cortex-m7")


def test_a_difference_tells_how_to_record_it() -> None:
    should_be_the_recorded_cycles(1000, 1000)
    with pytest.raises(AssertionError, match=r"\+1.000 %.*python -m scripts.figures"):
        should_be_the_recorded_cycles(1010, 1000)
