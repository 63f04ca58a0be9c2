"""The cortex-m7 clock in a machine: determinism, counters, settings, exceptions, code that changes."""

from __future__ import annotations

import gc
import re
from typing import Any

import pytest
from capstone import CsInsn  # type: ignore[import-untyped]

from sim.engine.bus import MappedMemory
from sim.engine.cortex_m.cpu import CortexM
from sim.engine.cortex_m.dwt import Dwt
from sim.engine.cortex_m.nvic import Nvic
from sim.engine.machine import Machine
from sim.engine.native import shared
from sim.engine.timing import block_layout, create_timing
from sim.engine.timing import m7_layout as layout
from sim.engine.timing.chip import load_chip
from sim.engine.timing.cortex_m7 import CortexM7Timing
from sim.engine.timing.memory_map import NOT_CACHED, WRITE_BACK, WRITE_BACK_ALLOCATE, WRITE_THROUGH, policy_of
from sim.errors import CrosscamError
from sim.tests.engine_bench import Bench
from sim.tests.thumb import NE, NOP, WFI, Program, adds, bx, ldr, mov32, movs, store, subs, svc

CYCCNT = 0xE0001004
RAM = 0x20000100
AXI = 0x24000000


@pytest.mark.parametrize(
    ("clock", "core", "right"),
    [
        ("cortex-m7", "cortex-m4f", "cortex-m4"),
        ("cortex-m7", "cortex-m4", "cortex-m4"),
        ("cortex-m7", "cortex-m0+", "instructions"),
        ("cortex-m4", "cortex-m7", "cortex-m7"),
        ("cortex-m4", "cortex-m3", "instructions"),
    ],
)
def test_another_core_is_refused_and_its_clock_named(clock: str, core: str, right: str) -> None:
    machine = Machine("bench", clock)
    nvic = Nvic(machine, "nvic", priority_mask=0xF0, systick_frequency=1)
    with pytest.raises(CrosscamError, match=f'cpu: cpuType "{re.escape(core)}": the clock {clock} .* timing {right}$'):
        CortexM(machine, "cpu", nvic=nvic, cpu_type=core)
    CortexM(machine, "cpu", nvic=nvic, cpu_type=clock)


class M7Bench(Bench):
    """The engine bench on the cortex-m7 clock, with AXI SRAM."""

    def __init__(self, program: Program | None = None, timing: str = "cortex-m7:stm32h743") -> None:
        machine = self.machine = Machine("bench", timing)
        self.flash = MappedMemory(machine, "flash", size=0x20000)
        machine.register("sysbus.flash", self.flash, 0x08000000)
        for name, base, size in (("itcm", 0, 0x10000), ("ram", 0x20000000, 0x20000), ("axi", AXI, 0x80000)):
            machine.register(f"sysbus.{name}", MappedMemory(machine, name, size=size), base)
        self.nvic = Nvic(machine, "nvic", priority_mask=0xF0, systick_frequency=100_000_000)
        machine.register("sysbus.nvic", self.nvic, 0xE000E000)
        self.cpu = CortexM(machine, "cpu", nvic=self.nvic)
        self.cpu.performance_in_mips = 100
        machine.register("sysbus.cpu", self.cpu)
        machine.register("sysbus.dwt", Dwt(machine, "dwt", frequency=100_000_000), 0xE0001000)
        if program is not None:
            self.load(program)

    @property
    def timing(self) -> CortexM7Timing:
        timing = self.machine.timing
        assert isinstance(timing, CortexM7Timing)
        return timing

    def run_to_sleep(self) -> int:
        """Cycles until WFI."""
        before = self.machine.clock.now
        self.machine.run_until(lambda: bool(self.cpu.sleeping), 0.1)
        assert self.cpu.sleeping
        return int(self.machine.clock.now) - before


def counting(turns: int, *body: Any) -> Program:
    """``body`` ``turns`` times, then WFI; r1 is RAM, r2 AXI SRAM."""
    program = Program(base=0x08000000)
    program.label("start").emit(mov32(1, RAM), mov32(2, AXI), movs(0, turns)).label("loop").emit(*body)
    return program.emit(subs(0, 1)).branch("loop", NE).emit(WFI)


def test_same_program_same_cycles() -> None:
    program = counting(200, ldr(3, 2), adds(3, 1), store(3, 2), ldr(4, 1, 4))
    assert M7Bench(program).run_to_sleep() == M7Bench(program).run_to_sleep()


def test_copied_registers_tell_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where Unicorn's own registers cannot be found, copies give the same cycles."""
    program = counting(50, ldr(3, 2), ldr(4, 1, 4), store(3, 2, 8))
    wanted = M7Bench(program).run_to_sleep()
    monkeypatch.setattr("sim.engine.native.engine.find_registers", lambda uc: -1)
    bench = M7Bench(program)
    assert bench.timing.clock[block_layout.READ_REGISTERS] != 0
    assert bench.run_to_sleep() == wanted


def test_cycle_counter_sees_the_middle_of_a_block() -> None:
    """Twenty independent moves between two reads issue in pairs: 10 cycles; a read takes none beyond its slot."""
    program = Program(base=0x08000000)
    pairs = [movs(3 + index % 2, 1) for index in range(20)]
    program.label("start").emit(mov32(0, CYCCNT), ldr(1, 0), *pairs, ldr(2, 0), WFI)
    bench = M7Bench(program)
    for address, value in ((0xE000EDFC, 1 << 24), (0xE0001FB0, 0xC5ACCE55), (0xE0001000, 1)):
        bench.machine.sysbus.write(address, 4, value)
    bench.run_to_sleep()
    assert bench.register("r2") - bench.register("r1") == pytest.approx(10, abs=1)


def test_caches_make_flash_and_axi_fast() -> None:
    program = counting(250, ldr(3, 2), adds(3, 1), ldr(4, 2, 4))
    slow = M7Bench(program).run_to_sleep()
    bench = M7Bench(program)
    bench.machine.sysbus.write(0xE000ED14, 4, 3 << 16)
    fast = bench.run_to_sleep()
    assert bench.timing.statistics["data_misses"] == 1
    assert fast < 250 * 5 + 200 < slow


def test_invalidating_the_caches_costs_their_lines_again() -> None:
    program = counting(10, ldr(3, 2))
    bench = M7Bench(program)
    bench.machine.sysbus.write(0xE000ED14, 4, 3 << 16)
    bench.run_to_sleep()
    before = bench.timing.statistics
    bench.machine.sysbus.write(0xE000EF50, 4, 0)  # ICIALLU
    bench.machine.sysbus.write(0xE000EF5C, 4, AXI)  # DCIMVAC
    bench.cpu.wake()
    bench.cpu.pc = program.labels["start"]
    bench.run_to_sleep()
    after = bench.timing.statistics
    assert after["data_misses"] - before["data_misses"] == 1
    assert after["code_misses"] - before["code_misses"] == before["code_misses"]


def test_mpu_region_keeps_data_out_of_the_cache() -> None:
    bench = M7Bench(counting(250, ldr(3, 2)))
    write = bench.machine.sysbus.write
    write(0xE000ED98, 4, 0)
    write(0xE000ED9C, 4, AXI)
    write(0xE000EDA0, 4, 1 << 19 | 3 << 24 | 18 << 1 | 1)  # 512 KB, TEX 1 C 0 B 0: normal, not cached
    write(0xE000ED94, 4, 5)
    write(0xE000ED14, 4, 3 << 16)
    bench.run_to_sleep()
    assert bench.timing.statistics["data_misses"] == 0


@pytest.mark.parametrize(
    ("attributes", "policy"),
    [
        (0, NOT_CACHED),
        (1 << 16, NOT_CACHED),
        (2 << 16, WRITE_THROUGH),
        (3 << 16, WRITE_BACK),
        (1 << 19 | 3 << 16, WRITE_BACK_ALLOCATE),
        (1 << 19, NOT_CACHED),
        (1 << 19 | 3 << 16 | 1 << 18, NOT_CACHED),
        (5 << 19 | 1 << 16, WRITE_BACK_ALLOCATE),
    ],
)
def test_policy_of_mpu_attributes(attributes: int, policy: int) -> None:
    assert policy_of(attributes) == policy


def test_exception_entry_and_return_take_their_time() -> None:
    """SysTick with an empty handler: 12 cycles in, 10 out, and the branch there and back."""

    def cycles(handler: bool) -> int:
        program = Program(base=0x08000000, vectors={15: "tick"})
        program.label("start").emit(mov32(5, 0xE000E010), movs(3, 100), store(3, 5, 4), movs(3, 7 if handler else 5))
        program.emit(store(3, 5, 0), movs(0, 200)).label("loop").emit(subs(0, 1)).branch("loop", NE)
        program.emit(movs(3, 0), store(3, 5, 0), WFI).label("tick").emit(movs(3, 5), store(3, 5, 0), bx(14))
        bench = M7Bench(program)
        bench.machine.sysbus.write(0xE000ED14, 4, 3 << 16)
        bench.machine.run_until(lambda: bool(bench.cpu.sleeping), 0.001)
        return int(bench.machine.clock.now)

    assert 22 <= cycles(True) - cycles(False) <= 80


def test_a_frame_costs_what_its_memory_costs() -> None:
    """A supervisor call with its stack in TCM, and in AXI SRAM without the cache: eight words out, eight words in."""

    def cycles(stack: int) -> int:
        program = Program(base=0x08000000, vectors={11: "call"}, stack=stack)
        program.label("start").emit(NOP, svc(0), NOP, WFI).label("call").emit(bx(14))
        return M7Bench(program).run_to_sleep()

    axi = next(memory for memory in load_chip("stm32h743").memories if memory.name == "axi_sram")
    out, back = axi.write * (8 - layout.WRITE_BUFFER), axi.first * 8
    assert out + back <= cycles(AXI + 0x1000) - cycles(RAM + 0x1000) <= out + back + axi.write * layout.WRITE_BUFFER


def test_floating_point_words_are_stacked_two_a_cycle_unless_later() -> None:
    """What LSPEN leaves for later costs nothing at entry; 18 words at once take 9 cycles more."""
    timing = M7Bench(counting(1, NOP)).timing
    assert timing.frame_cycles(RAM, 0x20, True) == 0
    assert timing.frame_cycles(RAM, 0x68, True) == timing.frame_cycles(RAM, 0x68, False) == 9


def test_rewritten_code_is_decoded_again() -> None:
    """A block that was divides and then is nothing must not keep the divides' cost."""
    divides = [(0xFBB4, 0xF3F4)] * 4  # udiv r3, r4, r4
    bench = M7Bench(counting(100, *divides))
    bench.machine.sysbus.write(0xE000ED14, 4, 3 << 16)
    first = bench.run_to_sleep()
    bench.cpu.wake()
    bench.load(counting(100, *[NOP] * 8))
    bench.machine.sysbus.write(0xE000ED14, 4, 3 << 16)
    assert bench.run_to_sleep() < first - 100 * 20


def test_room_for_blocks_and_states_may_run_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """With room for next to nothing the clock starts over again and again, and counts nearly the same."""
    program = counting(60, ldr(3, 2), store(3, 1), ldr(4, 1, 4))
    wanted = M7Bench(program).run_to_sleep()
    monkeypatch.setattr("sim.engine.timing.block_timing.BLOCKS_AT_MOST", 3)
    monkeypatch.setattr("sim.engine.timing.block_timing.STATES_AT_MOST", 2)
    assert M7Bench(program).run_to_sleep() == pytest.approx(wanted, rel=0.02)


def test_reset_turns_the_caches_off() -> None:
    bench = M7Bench(counting(20, ldr(3, 2)))
    slow = bench.run_to_sleep()
    bench.machine.sysbus.write(0xE000ED14, 4, 3 << 16)
    bench.machine.reset()
    bench.cpu.wake()
    assert bench.run_to_sleep() == pytest.approx(slow, abs=20)


def test_costs_add_up_to_the_time() -> None:
    bench = M7Bench(counting(100, ldr(3, 2), store(3, 1)))
    cycles = bench.run_to_sleep()
    costs = bench.timing.costs()
    assert sum(cost.cycles for cost in costs) == cycles
    assert all(cost.issue >= 0 for cost in costs)
    bench.timing.reset_costs()
    assert bench.timing.costs() == []


def test_chip_is_told_from_the_memories() -> None:
    bench = M7Bench(counting(1), timing="cortex-m7")
    bench.run_to_sleep()
    assert bench.timing.chip.name == "stm32h743"


def test_error_in_a_callback_reaches_the_caller(monkeypatch: pytest.MonkeyPatch) -> None:
    bench = M7Bench(counting(3))

    def fails(address: int, size: int) -> int:
        raise RuntimeError("no room")

    monkeypatch.setattr(bench.timing, "_add_block", fails)
    with pytest.raises(RuntimeError, match="no room"):
        bench.run_to_sleep()


@pytest.mark.parametrize("name", ["cortex-m8", "cortex-m7:nosuchchip", "instructions:stm32h743"])
def test_unknown_timing_or_chip_is_refused(name: str) -> None:
    with pytest.raises(CrosscamError):
        create_timing(name)


def test_instructions_still_count_one_each() -> None:
    bench = M7Bench(counting(100, ldr(3, 2), adds(3, 1)), timing="instructions")
    assert bench.run_to_sleep() == 5 + 100 * 4 + 1
    assert bench.machine.engine.state[shared.TIMING] == 0


def test_firmware_that_runs_wild_through_empty_memory_costs_little_room() -> None:
    bench = M7Bench(Program().label("start").emit(mov32(0, AXI + 1), bx(0)))
    bench.machine.run_for(0.002)
    assert bench.timing.statistics["blocks"] > 300
    # Not isinstance: it asks what a weak reference stands for, which may be gone.
    assert sum(type(thing) is CsInsn for thing in gc.get_objects()) < 10_000, "of 200,000 executed"
