"""What the core does with code that goes wrong: the right handler, the right registers, never a hang."""

from __future__ import annotations

import logging

import pytest

from sim.tests import thumb as t
from sim.tests.engine_bench import PROBE, RAM, SCS, Bench
from sim.tests.thumb import Program

STACK = RAM + 0x10000
NOWHERE = 0x60000000
SHCSR, CFSR, HFSR, MMFAR, BFAR, CPACR = (SCS + offset for offset in (0xD24, 0xD28, 0xD2C, 0xD34, 0xD38, 0xD88))
MEM_FAULT, BUS_FAULT, USAGE_FAULT = 1 << 16, 1 << 17, 1 << 18
HANDLERS = {3: "hard", 4: "mem", 5: "bus", 6: "usage"}


def run(code: list[int | tuple[int, ...]], enabled: int = 0, stack: int = STACK) -> Bench:
    """Code at the label "bad"; each fault handler writes its number, the stacked PC, CFSR and HFSR, then waits."""
    program = Program(vectors=HANDLERS, stack=stack).label("start").emit(t.mov32(7, PROBE))
    program.emit(t.mov32(0, SHCSR), t.mov32(1, enabled), t.store(1, 0)).branch("bad").label("bad").emit(*code)
    for number, label in HANDLERS.items():
        program.label(label).emit(t.movs(0, number), t.store(0, 7), t.mrs(1, t.MSP), t.ldr(0, 1, 24), t.store(0, 7))
        program.emit(t.mov32(1, CFSR), t.ldr(0, 1), t.store(0, 7), t.ldr(0, 1, 4), t.store(0, 7), t.WFI)
    bench = Bench(program)
    bench.labels = program.labels  # type: ignore[attr-defined]
    bench.run(300)
    return bench


def bad(bench: Bench) -> int:
    labels: dict[str, int] = bench.labels  # type: ignore[attr-defined]
    return labels["bad"]


def test_undefined_instruction() -> None:
    bench = run([t.NOP, t.UDF, t.NOP], USAGE_FAULT)
    assert bench.probe.written == [6, bad(bench) + 2, 1 << 16, 0]


def test_a_fault_without_its_handler_enabled_should_become_a_hard_fault() -> None:
    bench = run([t.NOP, t.UDF, t.NOP])
    assert bench.probe.written == [3, bad(bench) + 2, 1 << 16, 1 << 30]


def test_load_from_nothing_should_be_a_precise_bus_fault() -> None:
    bench = run([t.mov32(0, NOWHERE), t.NOP, t.ldr(1, 0, 4), t.movs(6, 9), t.NOP], BUS_FAULT)
    assert bench.probe.written == [5, bad(bench) + 10, 1 << 9 | 1 << 15, 0]
    assert bench.word(BFAR) == NOWHERE + 4
    assert bench.register("r6") == 0


def test_store_to_nothing_should_be_an_imprecise_bus_fault() -> None:
    """The bus buffers it: the core is behind the store, its base register changed, and BFAR says nothing."""
    stmia = 0xC002  # stmia r0!, {r1}
    bench = run([t.mov32(0, NOWHERE), t.NOP, stmia, t.movs(6, 9), t.NOP], BUS_FAULT)
    assert bench.probe.written == [5, bad(bench) + 12, 1 << 10, 0]
    assert (bench.word(BFAR), bench.register("r6")) == (0, 0)
    assert bench.word(STACK - 0x20) == NOWHERE + 4


def test_a_store_to_nothing_should_wait_for_its_priority() -> None:
    """An imprecise fault is asynchronous: held back by FAULTMASK it is pending, and no lockup."""
    program = Program(vectors={5: "bus"}).label("start").emit(t.mov32(7, PROBE), t.mov32(0, SHCSR))
    program.emit(t.mov32(1, BUS_FAULT), t.store(1, 0), t.CPSID_F, t.mov32(2, NOWHERE), t.store(1, 2), t.movs(3, 1))
    program.emit(t.store(3, 7), t.CPSIE_F, t.movs(3, 3), t.store(3, 7), t.WFI)
    program.label("bus").emit(t.movs(0, 2), t.store(0, 7), t.BX_LR)
    bench = Bench(program)
    bench.run(200)
    assert bench.probe.written == [1, 2, 3]


def test_a_store_to_nothing_without_its_handler_should_be_a_hard_fault() -> None:
    bench = run([t.mov32(0, NOWHERE), t.store(1, 0), t.NOP])
    assert bench.probe.written == [3, bad(bench) + 10, 1 << 10, 1 << 30]


def test_a_store_to_nothing_in_the_system_space_should_be_precise() -> None:
    bench = run([t.mov32(0, 0xE0200000), t.store(1, 0), t.NOP], BUS_FAULT)
    assert bench.probe.written == [5, bad(bench) + 8, 1 << 9 | 1 << 15, 0]


@pytest.mark.parametrize("write", [False, True])
def test_unaligned_access_to_a_device_should_be_a_usage_fault(write: bool) -> None:
    access = t.store(1, 0) if write else t.ldr(1, 0)
    bench = run([t.mov32(0, PROBE + 2), t.NOP, access, t.movs(6, 9)], USAGE_FAULT)
    assert bench.probe.written == [6, bad(bench) + 10, 1 << 24, 0]
    assert [offset for _, kind, offset, _ in bench.probe.accesses if kind == "read"] == [], (
        "it never reached the device"
    )


def test_the_time_should_not_include_what_did_not_run() -> None:
    bench = run([t.store(7, 7, 8), t.mov32(0, NOWHERE), t.ldr(1, 0), *[t.NOP] * 8], BUS_FAULT)
    before, after = bench.probe.times[:2]
    assert after - before == 3 + 1  # str, movw, movt; then the handler's first instruction


def test_a_hole_of_the_peripheral_space_should_read_zero_with_a_warning(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        bench = run([t.mov32(0, 0x40020000), t.movs(1, 1), t.ldr(1, 0), t.store(1, 7), t.WFI])
    assert bench.probe.written == [0]
    assert "0x40020000" in caplog.text


def test_branch_to_nothing() -> None:
    bench = run([t.mov32(0, NOWHERE + 1), t.bx(0)], BUS_FAULT)
    assert bench.probe.written == [5, NOWHERE, 1 << 8, 0]


def test_branch_into_a_peripheral() -> None:
    bench = run([t.mov32(0, PROBE + 1), t.bx(0)], MEM_FAULT)
    assert bench.probe.written == [4, PROBE, 1 << 0, 0]


def test_branch_without_the_thumb_bit() -> None:
    bench = run([t.mov32(0, RAM), t.bx(0)], USAGE_FAULT)
    assert bench.probe.written == [6, RAM, 1 << 17, 0]


def test_return_from_the_reset_handler() -> None:
    bench = run([t.mov32(14, 0xFFFFFFFF), t.BX_LR], MEM_FAULT)
    assert bench.probe.written == [4, 0xFFFFFFFE, 1 << 0, 0]


def test_floats_without_permission_should_fault_at_the_first_of_them() -> None:
    bench = run([t.movs(6, 1), t.store(6, 7), t.vmov_to_s(0, 1), t.movs(6, 2), t.vmov_to_s(0, 1)], USAGE_FAULT)
    assert bench.probe.written == [1, 6, bad(bench) + 4, 1 << 19, 0]
    assert bench.register("r6") == 1


def test_floats_should_work_once_they_are_allowed() -> None:
    bench = run(
        [
            t.mov32(0, CPACR),
            t.mov32(1, 0xF << 20),
            t.store(1, 0),
            t.isb(),
            t.vmov_to_s(0, 1),
            t.vmov_from_s(6, 0),
            t.WFI,
        ]
    )
    assert bench.probe.written == []
    assert bench.register("r6") == 0xF << 20


def test_the_core_should_be_a_cortex_m7() -> None:
    """Double precision is there, ARMv8-M's instructions and TrustZone's CONTROL bit are not."""
    allow: list[int | tuple[int, ...]] = [t.mov32(0, CPACR), t.mov32(1, 0xF << 20), t.store(1, 0), t.isb()]
    add_doubles, load_acquire = (0xEE30, 0x0B01), (0xE8D7, 0x0FAF)
    bench = run([*allow, add_doubles, t.mrs(6, t.CONTROL), load_acquire], USAGE_FAULT)
    assert bench.probe.written == [6, bad(bench) + 30, 1 << 16, 0]
    assert bench.register("r6") == 4


def test_breakpoint_without_a_debugger() -> None:
    bench = run([t.NOP, t.bkpt(1)])
    assert bench.probe.written == [3, bad(bench) + 2, 0, 1 << 31]


def test_svc_that_cannot_be_taken_should_become_a_hard_fault() -> None:
    bench = run([t.CPSID_I, t.svc(0), t.NOP])
    assert bench.probe.written == [3, bad(bench) + 4, 0, 1 << 30]


def test_stack_outside_of_memory() -> None:
    bench = run([t.mov32(0, NOWHERE + 0x1000), t.msr(t.MSP, 0), t.UDF], BUS_FAULT)
    # The usage fault became a hard fault, whose frame could not be written; the handler runs all the same and then
    # cannot read its stack, which is a fault at a fixed priority.
    assert bench.probe.written == [3]
    assert bench.cpu.locked_up
    assert bench.nvic.scb.cfsr.value & 1 << 12


def test_fault_in_the_hard_fault_handler_should_lock_up_and_time_go_on() -> None:
    program = Program(vectors={3: "hard"}).label("start").emit(t.UDF).label("hard").emit(t.UDF)
    bench = Bench(program)
    bench.run(10_000)
    assert bench.cpu.locked_up
    assert bench.machine.clock.now == 10_000


def test_reset_should_end_a_lockup() -> None:
    program = Program(vectors={3: "hard"}).label("start").emit(t.UDF).label("hard").emit(t.UDF)
    bench = Bench(program)
    bench.machine.clock.schedule(500, lambda: bench.machine.request_reset("watchdog"))
    bench.run(400)
    assert bench.cpu.locked_up
    bench.load(Program().label("start").emit(t.movs(0, 7), t.WFI))
    bench.run(400)
    assert not bench.cpu.locked_up
    assert bench.register("r0") == 7


def test_bad_exception_return() -> None:
    program = Program(vectors={6: "usage", 11: "svc"}).label("start").emit(t.mov32(7, PROBE), t.mov32(0, SHCSR))
    program.emit(t.mov32(1, USAGE_FAULT), t.store(1, 0), t.svc(0))
    program.label("svc").emit(t.mov32(14, 0xFFFFFFF5), t.BX_LR)
    program.label("usage").emit(t.mov32(1, CFSR), t.ldr(0, 1), t.store(0, 7), t.WFI)
    bench = Bench(program)
    bench.run(100)
    assert bench.probe.written == [1 << 18]


def test_no_vector_table_should_leave_the_core_halted() -> None:
    bench = Bench()
    bench.machine.reset()
    bench.run(1000)
    assert bench.cpu.halted
    assert bench.machine.clock.now == 1000


def test_unreadable_vector_should_not_hang() -> None:
    program = Program(vectors={11: "svc"}).label("start").emit(t.mov32(0, SCS + 0xD08), t.mov32(1, NOWHERE))
    program.emit(t.store(1, 0), t.svc(0)).label("svc").emit(t.NOP)
    bench = Bench(program)
    bench.run(1000)
    assert bench.cpu.locked_up
    assert bench.nvic.scb.hfsr.value & 1 << 1


def test_access_outside_all_devices_inside_an_it_block_should_end_in_the_handler() -> None:
    bench = run([t.mov32(0, NOWHERE), t.cmp(7, 0), t.it(t.NE), t.store(1, 0), t.NOP, t.WFI], BUS_FAULT)
    assert bench.probe.written[0] == 5
    assert bench.probe.written[2] == 1 << 10
