"""The MPU: one bare-metal program that tries what regions allow and forbid, here by both clocks and in Renode.

Needs a C compiler for ARM; the last test an installed Renode.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from sim.engine.monitor import Monitor
from sim.errors import CrosscamError
from sim.renode import find_renode
from sim.renode.process import RenodeProcess
from sim.tests.firmware_bench import ROOT, build
from sim.text import monitor_path

TESTS = Path(__file__).parent
DENIED, FETCH_DENIED, NOT_STACKED = "00000082", "00000001", "00000010"  # DACCVIOL with MMARVALID; IACCVIOL; MSTKERR
FINE = "00000000"
LINES = f"""
store to what is read-only: {DENIED}
load of it: {FINE}
load of what nobody may touch: {DENIED}
load behind it: {FINE}
store where a higher region allows it: {FINE}
store once the regions are off: {FINE}
store to a guard of 32 bytes: {DENIED}
store before it: {FINE}
store behind it: {FINE}
store to the third eighth, which is disabled: {FINE}
store to the fourth: {DENIED}
store to a disabled eighth of 32 bytes: {FINE}
store to the one behind it: {DENIED}
call of code in RAM: {FINE}
call of code that is never executed: {FETCH_DENIED}
call of code nobody may read: {FETCH_DENIED}
privileged store: {FINE}
user's store to what it may read: {DENIED}
user's load of what is privileged: {DENIED}
user's load of the background: {DENIED}
privileged load of the background: {FINE}
without the default map: {DENIED}
of what regions allow: {FINE}
of the private peripheral bus: {FINE}
load of a peripheral nobody may touch: {DENIED}
load of the one before it: {FINE}
without its handler a hard fault
of the same bits: {DENIED}
a handler of a hard fault is free of it: {DENIED}
and has written
an exception cannot stack into a guard: {NOT_STACKED}
done
""".strip().splitlines()


@pytest.fixture(scope="module", params=["gcc", "zig"])
def elf(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    script = str(TESTS / "driver_orders" / "bench.ld")
    made = tmp_path_factory.mktemp(request.param) / "mpu.elf"
    return build(request.param, (str(TESTS / "mpu_program" / "mpu.c"),), script, made)


@pytest.mark.parametrize("timing", ["instructions", "cortex-m7"])
def test_regions_are_enforced(elf: Path, timing: str) -> None:
    monitor = Monitor(timing=timing)
    monitor.variables["bin"] = str(elf)
    monitor.include(ROOT / "sim" / "board" / "stm32h743.resc")
    said = bytearray()
    monitor.machine.device("usart3").on_char.append(said.append)  # type: ignore[attr-defined]
    monitor.machine.run_until(lambda: said.endswith(b"done\n"), 0.05)
    assert said.decode().splitlines() == LINES


def test_what_renode_makes_of_it(elf: Path, tmp_path: Path) -> None:
    """Renode 1.16.1 lets privileged code use the default map whatever PRIVDEFENA says, and takes a fault whose handler
    is not enabled in that handler; the rest it says as well. There the program goes round in its handler."""
    escalated = LINES.index("without its handler a hard fault")
    expected = [*LINES[:escalated], "not a hard fault"]
    expected[expected.index(f"without the default map: {DENIED}")] = f"without the default map: {FINE}"
    try:
        executable = find_renode()
    except CrosscamError:
        pytest.skip("no Renode 1.16 or newer is installed")
    log = tmp_path / "usart3.txt"
    with RenodeProcess(executable) as renode:
        for command in (
            f"$bin={monitor_path(elf)}",
            f"include {monitor_path(ROOT / 'sim' / 'board' / 'stm32h743.resc')}",
            f"sysbus.usart3 CreateFileBackend {monitor_path(log)} true",
            "emulation SetGlobalAdvanceImmediately true",
            'emulation RunFor "0.02"',
        ):
            renode.keyword("ExecuteCommand", command)
    assert log.read_text().splitlines()[: len(expected)] == expected
