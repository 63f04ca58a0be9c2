"""The data cache's truth on firmware of ours: each mistake is found, in each of its right ways nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from sim.engine.machine import Machine
from sim.engine.monitor import Monitor
from sim.engine.truth import BoardTruth, Finding, Kind
from sim.tests.firmware_bench import ROOT, TOOLCHAINS, build

DONE = 0x600D
WRONG: dict[int, tuple[tuple[Kind, str, str], ...]] = {
    1: ((Kind.UNCLEANED, "source", "dma2 stream 0"),),
    2: ((Kind.DMA_DATA_LOST, "target", "dma2 stream 0"),),
    3: ((Kind.WRITE_LOST, "shared+0x10", ""),),
    4: ((Kind.DMA_DATA_LOST, "target", ""),),
    5: ((Kind.STALE_READ, "target+0x4", ""),),
    6: ((Kind.WRITE_LOST, "shared+0x10", ""),),
    7: ((Kind.MEMORY_CLOCK_OFF, "", ""),),
    8: ((Kind.MEMORY_CLOCK_OFF, "", "dma2 stream 0"),),
    9: ((Kind.DMA_DATA_LOST, "target", "dma2 stream 0"),),
}
"""By case: kind, variable and master of each finding; WAY 0."""
RIGHT_WAYS = {1: 7, 2: 4, 3: 3, 4: 2, 5: 1, 6: 2, 7: 1, 8: 1, 9: 4}
MEANT = {1: 201, 2: 101, 3: 0x12345678, 5: 101, 6: 0x12345678, 9: 101}
"""What the core reads: the engine shows what is meant, whatever a board would."""


@pytest.fixture(params=TOOLCHAINS)
def toolchain(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def boot(case: int, way: int, toolchain: str, folder: Path, timing: str = "instructions") -> Machine:
    sources = ("bench/truth/cached.c", "chip/stm32h743/cache.c")
    elf = build(
        toolchain, sources, "bench/truth/truth.ld", folder / f"{case}-{way}.elf", (f"-DCASE={case}", f"-DWAY={way}")
    )
    monitor = Monitor(timing=timing)
    monitor.variables["bin"] = str(elf)
    monitor.include(ROOT / "sim" / "board" / "stm32h743.resc")
    machine = monitor.machine
    outcome = machine.symbols.address_of("outcome")
    assert machine.run_until(lambda: machine.sysbus.read(outcome, 4) == DONE, 0.05)
    if case in MEANT and (case, way) != (3, 2):
        assert machine.sysbus.read(machine.symbols.address_of("value"), 4) == MEANT[case]
    return machine


def findings(machine: Machine) -> list[Finding]:
    truth = BoardTruth.of(machine)
    assert truth is not None
    return truth.findings


@pytest.mark.parametrize("timing", ["instructions", "cortex-m7"])
@pytest.mark.parametrize("case", WRONG)
def test_each_mistake_is_found(case: int, timing: str, toolchain: str, tmp_path: Path) -> None:
    machine = boot(case, 0, toolchain, tmp_path, timing)
    found = findings(machine)
    assert tuple((each.kind, each.symbol, each.master) for each in found) == WRONG[case]
    for each in found:
        assert "run+" in each.where or "by_dma+" in each.where or "reset_handler+" in each.where
        assert 0 < each.cycle <= machine.clock.now


@pytest.mark.parametrize(("case", "way"), [(case, 1 + way) for case, ways in RIGHT_WAYS.items() for way in range(ways)])
def test_a_right_way_is_not_reported(case: int, way: int, toolchain: str, tmp_path: Path) -> None:
    assert findings(boot(case, way, toolchain, tmp_path)) == []


def test_repetitions_are_counted(tmp_path: Path) -> None:
    (found,) = findings(boot(7, 0, "gcc", tmp_path))
    assert "write to SRAM1 while RCC_AHB2ENR bit 29 is 0" in found.text
    assert 10 < found.count < 101  # of so many accesses; after some the memory is only slow to watch
    assert str(found).endswith(f"({found.count} times)")
