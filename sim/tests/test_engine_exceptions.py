"""Interrupts and exceptions: order, frames, modes, masks, sleep."""

from __future__ import annotations

import struct

import pytest

from sim.tests import thumb as t
from sim.tests.engine_bench import PROBE, RAM, SCS, Bench
from sim.tests.thumb import Program

STACK = RAM + 0x10000
ISER, ISPR, IPR, ICSR, SHPR3 = SCS + 0x100, SCS + 0x200, SCS + 0x400, SCS + 0xD04, SCS + 0xD20
CPACR, FPCCR = SCS + 0xD88, SCS + 0xF34


def enable(program: Program, priorities: dict[int, int]) -> Program:
    """Code that enables interrupts with priorities, and leaves r7 = PROBE."""
    program.label("start").emit(t.mov32(7, PROBE))
    for number, priority in priorities.items():
        program.emit(t.mov32(0, IPR + number & ~3), t.mov32(1, priority << 8 * (number % 4)), t.ldr(2, 0))
        program.emit(t.adds3(1, 1, 2), t.store(1, 0))
    bits = sum(1 << number for number in priorities)
    return program.emit(t.mov32(0, ISER), t.mov32(1, bits), t.store(1, 0))


def mark(program: Program, label: str, value: int) -> Program:
    """A handler that writes ``value`` to the probe (clobbering r0) and returns."""
    return program.label(label).emit(t.movs(0, value), t.store(0, 7), t.BX_LR)


def pulse(bench: Bench, *numbers: int) -> None:
    for number in numbers:
        bench.nvic.on_gpio(number, True)
        bench.nvic.on_gpio(number, False)


def test_should_stack_the_context_and_return_to_it() -> None:
    program = Program(vectors={11: "svc"})
    program.label("start").emit(t.movs(0, 1), t.movs(1, 2), t.movs(2, 3), t.movs(3, 4), t.mov32(12, 5), t.mov32(14, 7))
    program.emit(t.cmp(0, 1), t.svc(0)).label("after").emit(t.WFI)
    program.label("svc").emit(t.mov(4, 14), t.mrs(5, 5), t.mrs(6, t.MSP), t.movs(0, 99), t.movs(3, 99), t.BX_LR)
    bench = Bench(program)
    bench.run(50)
    frame = struct.unpack("<8I", bench.machine.sysbus.read_bytes(STACK - 0x20, 0x20))
    assert frame == (1, 2, 3, 4, 5, 7, program.labels["after"], 0x61000000)
    registers = bench.cpu.registers
    assert (registers["r4"], registers["r5"], registers["r6"]) == (0xFFFFFFF9, 11, STACK - 0x20)
    assert (registers["r0"], registers["r3"], registers["sp"], registers["lr"]) == (1, 4, STACK, 7)
    assert registers["xpsr"] == 0x61000000


def test_should_align_the_stack_and_undo_it() -> None:
    program = Program(vectors={11: "svc"}, stack=STACK - 4)
    program.label("start").emit(t.svc(0), t.WFI)
    program.label("svc").emit(t.mrs(6, t.MSP), t.BX_LR)
    bench = Bench(program)
    bench.run(50)
    assert bench.register("r6") == STACK - 8 - 0x20
    assert bench.word(STACK - 8 - 4) & 1 << 9
    assert bench.register("sp") == STACK - 4
    assert not bench.register("xpsr") & 1 << 9


def test_should_nest_by_priority_and_chain_the_rest() -> None:
    """Interrupt 2 (low) is preempted by 0 (high); 1, of 2's priority, waits and is chained."""
    program = Program(vectors={16: "high", 17: "chained", 18: "low"})
    enable(program, {0: 0x10, 1: 0x80, 2: 0x80}).label("loop").emit(t.movs(6, 0), t.WFI).branch("loop")
    mark(program, "high", 10)
    mark(program, "chained", 11)
    program.label("low").emit(t.movs(0, 12), t.store(0, 7), t.store(0, 7, 4), t.isb(), t.movs(0, 22), t.store(0, 7))
    program.emit(t.BX_LR)
    bench = Bench(program)
    bench.probe.actions[4] = lambda: pulse(bench, 1, 0)
    bench.machine.clock.schedule(100, lambda: pulse(bench, 2))
    bench.run(1000)
    assert bench.probe.written == [12, 12, 10, 22, 11]
    assert bench.register("sp") == STACK


def test_should_take_the_lowest_number_of_equal_priorities_first() -> None:
    program = Program(vectors={16: "a", 17: "b", 18: "c"})
    enable(program, {0: 0x40, 1: 0x40, 2: 0x20}).label("loop").emit(t.WFI).branch("loop")
    for label, value in (("a", 1), ("b", 2), ("c", 3)):
        mark(program, label, value)
    bench = Bench(program)
    bench.machine.clock.schedule(100, lambda: pulse(bench, 1, 0, 2))
    bench.run(1000)
    assert bench.probe.written == [3, 1, 2]


def test_subpriority_should_order_but_not_preempt() -> None:
    program = Program(vectors={16: "a", 17: "b"})
    enable(program, {0: 0x50, 1: 0x40})
    program.emit(t.mov32(0, SCS + 0xD0C), t.mov32(1, 0x05FA0500), t.store(1, 0))  # bits 7:6 preempt
    program.label("loop").emit(t.WFI).branch("loop")
    program.label("a").emit(
        t.movs(0, 1), t.store(0, 7), t.store(0, 7, 4), t.isb(), t.movs(0, 2), t.store(0, 7), t.BX_LR
    )
    mark(program, "b", 3)
    bench = Bench(program)
    bench.probe.actions[4] = lambda: pulse(bench, 1)
    bench.machine.clock.schedule(100, lambda: pulse(bench, 0))
    bench.machine.clock.schedule(500, lambda: pulse(bench, 0, 1))
    bench.run(1000)
    assert bench.probe.written == [1, 1, 2, 3, 3, 1, 1, 2, 3]


def test_a_level_should_interrupt_again_until_it_falls() -> None:
    program = Program(vectors={16: "a"})
    enable(program, {0: 0}).label("loop").emit(t.WFI).branch("loop")
    mark(program, "a", 1)
    bench = Bench(program)
    bench.machine.clock.schedule(100, lambda: bench.nvic.on_gpio(0, True))
    bench.probe.actions[0] = lambda: bench.nvic.on_gpio(0, len(bench.probe.written) < 4)
    bench.run(1000)
    assert bench.probe.written == [1, 1, 1, 1]


def test_a_pulse_should_wait_for_its_enable() -> None:
    program = Program(vectors={16: "a"}).label("start").emit(t.mov32(7, PROBE), t.store(7, 7, 4), t.NOP, t.isb())
    program.emit(t.movs(0, 5), t.store(0, 7), t.mov32(0, ISER), t.movs(1, 1), t.store(1, 0), t.isb(), t.WFI)
    mark(program, "a", 1)
    bench = Bench(program)
    bench.probe.actions[4] = lambda: pulse(bench, 0)
    bench.run(100)
    assert bench.probe.written == [PROBE, 5, 1]


def test_pendsv_should_follow_the_interrupt_that_asked_for_it() -> None:
    program = Program(vectors={14: "pendsv", 16: "a"})
    enable(program, {0: 0x20})
    program.emit(t.mov32(0, SHPR3), t.mov32(1, 0x00F00000), t.store(1, 0)).label("loop").emit(t.WFI).branch("loop")
    program.label("a").emit(t.mov32(0, ICSR), t.mov32(1, 1 << 28), t.store(1, 0), t.isb(), t.movs(0, 1), t.store(0, 7))
    program.emit(t.BX_LR)
    mark(program, "pendsv", 2)
    bench = Bench(program)
    bench.machine.clock.schedule(100, lambda: pulse(bench, 0))
    bench.run(1000)
    assert bench.probe.written == [1, 2]


def test_primask_should_hold_an_interrupt_back_until_it_is_cleared() -> None:
    program = Program(vectors={16: "a"})
    enable(program, {0: 0x20}).emit(t.CPSID_I, t.store(7, 7, 4)).label("hold").emit(*[t.NOP] * 20, t.isb())
    program.emit(t.movs(0, 5), t.store(0, 7), t.CPSIE_I, t.NOP, t.movs(0, 6), t.store(0, 7), t.WFI)
    mark(program, "a", 1)
    bench = Bench(program)
    bench.probe.actions[4] = lambda: pulse(bench, 0)
    bench.run(200)
    assert bench.probe.written == [PROBE, 5, 1, 6]


def test_basepri_should_hold_back_equal_and_lower_priorities() -> None:
    program = Program(vectors={16: "low", 17: "high"})
    enable(program, {0: 0x80, 1: 0x40}).emit(t.movs(0, 0x80), t.msr(t.BASEPRI, 0), t.store(7, 7, 4), t.isb())
    program.emit(t.movs(0, 5), t.store(0, 7), t.movs(0, 0), t.msr(t.BASEPRI, 0), t.movs(0, 6), t.store(0, 7), t.WFI)
    mark(program, "low", 1)
    mark(program, "high", 2)
    bench = Bench(program)
    bench.probe.actions[4] = lambda: pulse(bench, 0, 1)
    bench.run(200)
    assert bench.probe.written == [PROBE, 2, 5, 1, 6]


def test_faultmask_should_hold_back_everything_and_end_with_the_handler() -> None:
    program = Program(vectors={16: "a", 17: "b"})
    enable(program, {0: 0x80, 1: 0x40}).label("loop").emit(t.WFI).branch("loop")
    program.label("a").emit(t.CPSID_F, t.store(7, 7, 4), t.isb(), t.movs(0, 1), t.store(0, 7), t.BX_LR)
    mark(program, "b", 2)
    bench = Bench(program)
    bench.probe.actions[4] = lambda: pulse(bench, 1)
    bench.machine.clock.schedule(100, lambda: pulse(bench, 0))
    bench.run(300)
    assert bench.probe.written == [PROBE, 1, 2]
    assert bench.cpu.masks().faultmask == 0


def test_wfi_should_end_under_primask_without_the_handler() -> None:
    program = Program(vectors={16: "a"})
    enable(program, {0: 0x20}).emit(t.CPSID_I, t.WFI, t.movs(0, 5), t.store(0, 7), t.CPSIE_I, t.NOP, t.movs(0, 6))
    program.emit(t.store(0, 7), t.WFI)
    mark(program, "a", 1)
    bench = Bench(program)
    bench.machine.clock.schedule(1000, lambda: pulse(bench, 0))
    bench.run(2000)
    assert bench.probe.written == [5, 1, 6]
    assert bench.probe.times[0] == 1001


def test_wfi_should_not_end_for_an_interrupt_basepri_holds_back() -> None:
    program = Program(vectors={16: "a"})
    enable(program, {0: 0x80}).emit(t.movs(0, 0x40), t.msr(t.BASEPRI, 0), t.WFI, t.movs(0, 5), t.store(0, 7), t.WFI)
    mark(program, "a", 1)
    bench = Bench(program)
    bench.machine.clock.schedule(1000, lambda: pulse(bench, 0))
    bench.run(2000)
    assert bench.probe.written == []
    assert bench.machine.clock.now == 2000


def test_wfe_should_pass_after_sev_and_wait_without() -> None:
    program = Program(vectors={16: "a"})
    enable(program, {0: 0x80}).emit(
        t.SEV, t.WFE, t.movs(0, 5), t.store(0, 7), t.WFE, t.movs(0, 6), t.store(0, 7), t.WFI
    )
    mark(program, "a", 1)
    bench = Bench(program)
    bench.machine.clock.schedule(1000, lambda: pulse(bench, 0))
    bench.run(2000)
    assert bench.probe.written == [5, 1, 6]


def test_wfe_should_end_for_a_disabled_interrupt_when_asked() -> None:
    program = Program().label("start").emit(t.mov32(7, PROBE), t.mov32(0, SCS + 0xD10), t.movs(1, 0x10), t.store(1, 0))
    program.emit(t.WFE, t.movs(0, 5), t.store(0, 7), t.WFI)
    bench = Bench(program)
    bench.machine.clock.schedule(1000, lambda: pulse(bench, 0))
    bench.run(2000)
    assert bench.probe.written == [5]
    assert bench.probe.times == [1001]


def test_should_sleep_again_on_exit_when_asked() -> None:
    program = Program(vectors={16: "a"})
    enable(program, {0: 0x80}).emit(t.mov32(0, SCS + 0xD10), t.movs(1, 2), t.store(1, 0), t.WFI)
    program.label("never").emit(t.movs(0, 9), t.store(0, 7)).branch("never")
    mark(program, "a", 1)
    bench = Bench(program)
    for cycle in (500, 1000):
        bench.machine.clock.schedule(cycle, lambda: pulse(bench, 0))
    bench.run(2000)
    assert bench.probe.written == [1, 1]


def test_systick_should_tick_on_time() -> None:
    program = Program(vectors={15: "tick"}).label("start").emit(t.mov32(7, PROBE), t.mov32(1, SCS + 0x10))
    program.emit(t.mov32(2, 999), t.store(2, 1, 4), t.store(2, 1, 8), t.movs(2, 7), t.store(2, 1))  # at cycle 9
    program.label("loop").emit(t.WFI).branch("loop")
    program.label("tick").emit(t.ldr(0, 1), t.store(0, 7), t.ldr(0, 1), t.store(0, 7), t.ldr(0, 1, 8), t.store(0, 7))
    program.emit(t.BX_LR)
    bench = Bench(program)
    bench.run(4000)
    assert bench.probe.times[::3] == [9 + 1000 + 1, 9 + 2000 + 1, 9 + 3000 + 1]
    assert bench.probe.written[:3] == [0x10007, 0x7, 1000 - 4]  # COUNTFLAG once, then the counter, 4 cycles after 0


def test_systick_should_use_an_eighth_of_the_clock_when_told() -> None:
    program = Program(vectors={15: "tick"}).label("start").emit(t.mov32(7, PROBE), t.mov32(1, SCS + 0x10))
    program.emit(t.mov32(2, 99), t.store(2, 1, 4), t.store(2, 1, 8), t.movs(2, 3), t.store(2, 1))
    program.label("loop").emit(t.WFI).branch("loop")
    mark(program, "tick", 1)
    bench = Bench(program)
    bench.run(2500)
    first, second, third = bench.probe.times
    assert (second - first, third - second) == (800, 800)


@pytest.mark.parametrize("touches", [False, True], ids=["handler without floats", "handler with floats"])
def test_float_context_should_survive_an_interrupt(touches: bool) -> None:
    program = Program(vectors={16: "a"})
    enable(program, {0: 0x20}).emit(t.mov32(0, CPACR), t.mov32(1, 0xF << 20), t.store(1, 0), t.isb())
    program.emit(t.mov32(0, 0x3F800000), t.vmov_to_s(4, 0), t.mov32(0, 0x00C00000), t.vmsr(0), t.store(7, 7, 4))
    program.emit(t.isb(), t.NOP, t.vmov_from_s(4, 4), t.vmrs(3), t.WFI)
    program.label("a").emit(t.mov(5, 14), t.mov32(0, FPCCR), t.ldr(1, 0), t.store(1, 7), t.ldr(6, 0, 4))
    if touches:
        program.emit(t.vmov_to_s(4, 5), t.movs(1, 0), t.vmsr(1))
    program.emit(t.ldr(1, 0), t.store(1, 7), t.mrs(1, t.CONTROL), t.store(1, 7), t.BX_LR)
    bench = Bench(program)
    bench.probe.actions[4] = lambda: pulse(bench, 0)
    bench.run(200)
    registers = bench.cpu.registers
    assert registers["r5"] == 0xFFFFFFE9
    assert (registers["r4"], registers["r3"]) == (0x3F800000, 0x00C00000)
    assert registers["r6"] == STACK - 0x68 + 0x20  # FPCAR
    assert bench.probe.written[1:] == [0xC0000019, 0xC0000018 | (not touches), 4 if touches else 0]
    assert registers["sp"] == STACK
    assert bench.word(STACK - 0x68 + 0x20 + 4 * 4) == 0x3F800000
    assert bench.word(STACK - 0x68 + 0x60) == 0x00C00000
    assert bench.nvic.read(0xF34, 4) == 0xC0000018


def test_thread_mode_should_use_its_own_stack_without_privilege() -> None:
    process_stack = RAM + 0x8000
    program = Program(vectors={11: "svc", 16: "a"})
    enable(program, {0: 0x20}).emit(t.mov32(0, process_stack), t.msr(t.PSP, 0), t.movs(0, 3), t.msr(t.CONTROL, 0))
    program.emit(t.isb(), t.CPSID_I, t.mrs(4, t.CONTROL), t.mrs(6, t.PRIMASK), t.svc(1), t.store(7, 7, 4), t.isb())
    program.emit(t.movs(0, 9), t.store(0, 7), t.svc(1), t.WFI)
    program.label("svc").emit(t.mov(5, 14), t.mrs(0, t.CONTROL), t.store(0, 7), t.mrs(0, t.PSP), t.store(0, 7), t.BX_LR)
    mark(program, "a", 1)
    bench = Bench(program)
    bench.probe.actions[4] = lambda: pulse(bench, 0)
    bench.run(300)
    registers = bench.cpu.registers
    assert bench.probe.written == [1, process_stack - 0x20, PROBE, 1, 9, 1, process_stack - 0x20]
    assert (registers["r4"], registers["r5"], registers["r6"]) == (3, 0xFFFFFFFD, 0)
    assert registers["sp"] == process_stack
    assert bench.cpu.masks().primask == 0  # unprivileged cpsid does nothing


def test_a_handler_should_be_able_to_switch_threads() -> None:
    """What an RTOS does: PendSV saves one PSP and loads another, whose frame it made up."""
    other = RAM + 0x6000
    program = Program(vectors={14: "pendsv"}).label("start").emit(t.mov32(7, PROBE), t.mov32(0, RAM + 0x8000))
    program.emit(t.msr(t.PSP, 0), t.movs(0, 2), t.msr(t.CONTROL, 0), t.isb(), t.mov32(0, ICSR), t.mov32(1, 1 << 28))
    program.emit(t.store(1, 0), t.isb(), t.movs(0, 9), t.store(0, 7), t.WFI)
    program.label("pendsv").emit(t.mov32(0, other), t.msr(t.PSP, 0), t.BX_LR)
    program.label("thread").emit(t.store(2, 7), t.mrs(0, t.PSP), t.store(0, 7), t.WFI)
    bench = Bench(program)
    frame = (0, 0, 0x33, 0, 0, 0, program.labels["thread"], 0x01000000)
    bench.machine.sysbus.write_bytes(other, struct.pack("<8I", *frame))
    bench.run(200)
    assert bench.probe.written == [0x33, other + 0x20]


def test_should_count_the_same_with_an_interrupt_in_an_it_block() -> None:
    """A device access inside IT raises an interrupt: it is taken behind the block, the conditions stay whole."""
    program = Program(vectors={16: "a"})
    enable(program, {0: 0x20}).emit(t.movs(4, 0), t.movs(5, 0), t.cmp(4, 0), t.it(t.EQ, "tee"), t.store(7, 7, 4))
    program.emit(t.adds(4, 1), t.adds(5, 1), t.adds(5, 1), t.isb(), t.movs(0, 5), t.store(0, 7), t.WFI)
    mark(program, "a", 1)
    bench = Bench(program)
    bench.probe.actions[4] = lambda: pulse(bench, 0)
    bench.run(200)
    assert (bench.register("r4"), bench.register("r5")) == (1, 0)
    assert bench.probe.written == [PROBE, 1, 5]


def test_software_trigger_and_pending_registers() -> None:
    program = Program(vectors={16: "a", 19: "b"})
    enable(program, {0: 0x20, 3: 0x20}).emit(t.mov32(0, SCS + 0xF00), t.movs(1, 3), t.store(1, 0), t.isb())
    program.emit(t.CPSID_I, t.mov32(0, ISPR), t.movs(1, 1), t.store(1, 0), t.ldr(2, 0), t.mov32(0, ICSR), t.ldr(3, 0))
    program.emit(t.mov32(0, ISPR + 0x80), t.store(1, 0), t.ldr(4, 0), t.CPSIE_I, t.WFI)
    mark(program, "a", 1)
    mark(program, "b", 2)
    bench = Bench(program)
    bench.run(200)
    assert bench.probe.written == [2]
    assert bench.register("r2") == 1
    assert bench.register("r3") == 1 << 22 | 16 << 12 | 1 << 11
    assert bench.register("r4") == 0
