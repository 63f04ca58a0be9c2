"""Board truth on firmware of ours: each mistake is found, once, where it is; its right way is not."""

from __future__ import annotations

from pathlib import Path

import pytest

from sim.engine.machine import Machine
from sim.engine.monitor import Monitor
from sim.engine.truth import BoardTruth, Kind
from sim.tests.firmware_bench import ROOT, TOOLCHAINS, build

CASES = {
    1: Kind.STALE_READ,
    2: Kind.DMA_UNREACHABLE,
    3: Kind.UNALIGNED_DEVICE,
    4: Kind.CLOCK_OFF,
    5: Kind.FLASH_TOO_FAST,
}
SOURCES = ("bench/truth/truth.c", "chip/stm32h743/cache.c", "chip/stm32h743/clock.c")
DONE = 0x600D


@pytest.fixture(params=TOOLCHAINS)
def toolchain(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def boot(case: int, wrong: bool, toolchain: str, folder: Path) -> Machine:
    flags = (f"-DCASE={case}", f"-DWRONG={int(wrong)}")
    elf = build(toolchain, SOURCES, "bench/truth/truth.ld", folder / "truth.elf", flags)
    monitor = Monitor()
    monitor.variables["bin"] = str(elf)
    monitor.include(ROOT / "sim" / "board" / "stm32h743.resc")
    machine = monitor.machine
    outcome = machine.symbols.address_of("outcome")
    ended = machine.run_until(lambda: machine.sysbus.read(outcome, 4) == DONE, 0.05)
    assert ended != (wrong and CASES[case] is Kind.UNALIGNED_DEVICE), "an unaligned access to a device is a fault"
    if case == 1:  # what the engine gives is what memory has: watching changes nothing
        assert machine.sysbus.read(machine.symbols.address_of("value"), 4) == 100
    return machine


@pytest.mark.parametrize("case", CASES)
def test_each_mistake_is_found_once_where_it_is(case: int, toolchain: str, tmp_path: Path) -> None:
    machine = boot(case, True, toolchain, tmp_path)
    truth = BoardTruth.of(machine)
    assert truth is not None
    (finding,) = truth.findings
    assert finding.kind is CASES[case]
    assert " run+" in finding.where or " reset_handler+" in finding.where or " copy_by_dma+" in finding.where
    assert 0 < finding.cycle <= machine.clock.now
    memory = {1: 0x24000000, 2: 0x20000000, 3: 0x58021001, 4: 0x58021000, 5: 0x52002000}[case]
    assert memory <= finding.address < memory + (0x1000 if case < 3 else 1)


@pytest.mark.parametrize("case", CASES)
def test_the_right_way_is_not_reported(case: int, toolchain: str, tmp_path: Path) -> None:
    machine = boot(case, False, toolchain, tmp_path)
    truth = BoardTruth.of(machine)
    assert truth is not None
    assert truth.findings == []
