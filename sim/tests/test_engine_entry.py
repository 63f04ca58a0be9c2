"""Exception entry and return against the pseudocode of ARM DDI 0403E B1.5.6 to B1.5.8, condition by condition."""

from __future__ import annotations

import struct

import pytest

from sim.engine.native import shared
from sim.tests import thumb as t
from sim.tests.engine_bench import PROBE, RAM, SCS, Bench
from sim.tests.thumb import Program

STACK = RAM + 0x10000
CPACR, FPCCR, FPDSCR, CCR, SHCSR, CFSR, DEMCR = (
    SCS + offset for offset in (0xD88, 0xF34, 0xF3C, 0xD14, 0xD24, 0xD28, 0xDFC)
)
ASPEN, LSPEN = 1 << 31, 1 << 30
NOCP, INVPC = 1 << 19, 1 << 18
MONRDY, BFRDY, MMRDY, HFRDY, THREAD, USER = 1 << 8, 1 << 6, 1 << 5, 1 << 4, 1 << 3, 1 << 1
ONE = 0x3F800000
LDREX, STREX = (0xE851, 0x0F00), (0xE841, 0x2300)  # ldrex r0, [r1]; strex r3, r2, [r1]
VECTORS = {2: "nmi", 3: "hard", 4: "other", 5: "other", 6: "usage", 11: "svc", 16: "irq", 17: "second"}
Code = list[int | tuple[int, ...]]


def write(address: int, value: int) -> tuple[int, ...]:
    """Code that stores a word, by r0 and r1."""
    return *t.mov32(0, address), *t.mov32(1, value), t.store(1, 0)


def interrupt(bench: Bench) -> None:
    """A pulse on interrupt 0."""
    for level in (True, False):
        bench.nvic.on_gpio(0, level)


def run(start: Code, stack: int = STACK, cycles: int = 400, **handlers: Code) -> Bench:
    """``start``, then WFI; handlers return unless they say otherwise. r7 is PROBE."""
    program = Program(vectors=VECTORS, stack=stack).label("start").emit(t.mov32(7, PROBE), *start, t.WFI)
    for label in sorted({*VECTORS.values()}):
        code = handlers.get(label, [t.movs(0, 0xEE), t.store(0, 7), t.WFI] if label != "irq" else [])
        program.label(label).emit(*code, t.BX_LR)
    bench = Bench(program)
    bench.probe.actions[4] = lambda: interrupt(bench)
    bench.run(cycles)
    return bench


FLOATS_ON = (*write(CPACR, 0xF << 20), *t.isb())
FLOAT_CONTEXT: Code = [FLOATS_ON, t.mov32(0, ONE), t.vmov_to_s(0, 0)]
TELL_LR_AND_SP: Code = [t.mov(4, 14), t.mrs(5, t.MSP)]

# PushStack


@pytest.mark.parametrize("settings", [0, LSPEN, ASPEN, ASPEN | LSPEN])
def test_an_active_context_makes_the_frame_long_whatever_fpccr_says(settings: int) -> None:
    bench = run(
        [FLOATS_ON, write(FPCCR, settings), t.movs(0, 4), t.msr(t.CONTROL, 0), t.isb(), t.mov32(0, ONE),
         t.vmov_to_s(0, 0), t.svc(0), t.vmov_from_s(6, 0)],
        svc=[*TELL_LR_AND_SP, t.movs(0, 0), t.vmov_to_s(0, 0)],
    )  # fmt: skip
    assert bench.register("r4") == 0xFFFFFFE9
    assert bench.register("r5") == STACK - 0x68
    assert bench.register("r6") == ONE, "the handler's use of s0 was seen"
    assert bench.register("sp") == STACK


def test_without_a_context_the_frame_is_short() -> None:
    bench = run([FLOATS_ON, t.svc(0)], svc=TELL_LR_AND_SP)
    assert (bench.register("r4"), bench.register("r5")) == (0xFFFFFFF9, STACK - 0x20)


@pytest.mark.parametrize(
    ("align", "floats", "expected"), [(1, False, 4), (0, False, 0), (1, True, 4), (0, True, 4)]
)  # CCR.STKALIGN, or a long frame, aligns to 8
def test_frames_are_aligned(align: int, floats: bool, expected: int) -> None:
    context = FLOAT_CONTEXT if floats else []
    bench = run([write(CCR, align << 9), *context, t.svc(0)], stack=STACK - 4, svc=TELL_LR_AND_SP)
    size = 0x68 if floats else 0x20
    assert bench.register("r5") == STACK - 4 - size - expected
    assert bool(bench.word(bench.register("r5") + 0x1C) & 1 << 9) == bool(expected)
    assert bench.register("sp") == STACK - 4


def test_the_long_frame_is_written_at_once_without_lspen() -> None:
    bench = run(
        [FLOATS_ON, write(FPCCR, ASPEN), t.mov32(0, ONE), t.vmov_to_s(0, 0), t.svc(0)],
        svc=[t.mrs(5, t.MSP), t.mov32(0, FPCCR), t.ldr(4, 0)],
    )
    assert bench.register("r4") == ASPEN  # no LSPACT
    assert bench.word(bench.register("r5") + 0x20) == ONE


def test_floats_that_may_not_be_stacked_are_a_usage_fault() -> None:
    """CheckVFPEnabled: a context was begun, then CPACR took the right away."""
    bench = run(
        [write(SHCSR, 7 << 16), FLOATS_ON, write(FPCCR, ASPEN), t.mov32(0, ONE), t.vmov_to_s(0, 0), write(CPACR, 0),
         t.isb(), t.svc(0)],
        usage=[t.mov32(0, CFSR), t.ldr(4, 0), t.mrs(5, 5), t.WFI],
    )  # fmt: skip
    assert bench.register("r4") == NOCP
    assert bench.register("r5") == 6


@pytest.mark.parametrize(
    ("enabled", "monitor", "unprivileged", "expected"),
    [
        (0, 0, False, HFRDY | THREAD),
        (1 << 16, 0, False, HFRDY | THREAD | MMRDY),
        (1 << 17, 0, True, HFRDY | THREAD | USER | BFRDY),
        (0, 1 << 16, False, HFRDY | THREAD | MONRDY),
    ],
)
def test_fpccr_says_what_the_frame_is_reserved_for(
    enabled: int, monitor: int, unprivileged: bool, expected: int
) -> None:
    bench = run(
        [write(SHCSR, enabled), write(DEMCR, monitor), *FLOAT_CONTEXT, t.movs(0, 4 | unprivileged),
         t.msr(t.CONTROL, 0), t.isb(), t.svc(0)],
        svc=[t.mov32(0, FPCCR), t.ldr(4, 0), t.ldr(5, 0, 4), t.mrs(6, t.MSP)],
    )  # fmt: skip
    assert bench.register("r4") == ASPEN | LSPEN | expected | 1
    assert bench.register("r5") == bench.register("r6") + 0x20


def test_a_frame_reserved_by_a_handler_is_no_threads() -> None:
    bench = run(
        [FLOATS_ON, write(SCS + 0x100, 1), write(SCS + 0xD1C, 0x80 << 24), t.svc(0)],
        svc=[t.vmov_to_s(0, 0), t.store(7, 7, 4), t.isb(), t.NOP],
        irq=[t.mov32(0, FPCCR), t.ldr(4, 0)],
    )
    assert bench.register("r4") == ASPEN | LSPEN | HFRDY | 1


# ExceptionTaken


def test_the_handler_starts_on_the_main_stack_without_a_context() -> None:
    bench = run(
        [*FLOAT_CONTEXT, t.mov32(0, RAM + 0x8000), t.msr(t.PSP, 0), t.movs(0, 6), t.msr(t.CONTROL, 0), t.isb(),
         t.svc(0), t.mrs(6, t.CONTROL)],
        svc=[t.mrs(4, t.CONTROL), t.mov(5, 14)],
    )  # fmt: skip
    assert bench.register("r4") == 0
    assert bench.register("r5") == 0xFFFFFFED
    assert bench.register("r6") == 6


def test_masks_stay_and_flags_come_back() -> None:
    bench = run(
        [t.movs(0, 0x40), t.msr(t.BASEPRI, 0), write(SCS + 0xD1C, 0x20 << 24), t.movs(0, 0), t.cmp(0, 0), t.svc(0),
         t.mrs(4, t.BASEPRI)],
        svc=[t.mrs(5, t.BASEPRI), t.movs(0, 1)],
    )  # fmt: skip
    assert (bench.register("r4"), bench.register("r5")) == (0x40, 0x40)
    assert bench.register("xpsr") >> 28 == 6


@pytest.mark.parametrize("moment", ["entry", "return"])
def test_the_exclusive_monitor_is_open_afterwards(moment: str) -> None:
    """ClearExclusiveLocal at entry and at return."""
    reserve: Code = [t.mov32(1, RAM + 0x100), t.movs(2, 9), LDREX]
    if moment == "entry":
        bench = run([*reserve, t.svc(0), STREX, t.mov(6, 3)], svc=[])
    else:
        bench = run([t.mov32(1, RAM + 0x100), t.movs(2, 9), t.svc(0), STREX, t.mov(6, 3)], svc=[LDREX])
    assert bench.register("r6") == 1
    assert bench.word(RAM + 0x100) == 0
    assert run([*reserve, STREX, t.mov(6, 3)]).register("r6") == 0, "without an exception it succeeds"


def test_entry_and_return_set_the_event_register() -> None:
    """So the WFE of a loop passes once when an interrupt came before it."""
    bench = run([write(SCS + 0x100, 1), t.store(7, 7, 4), t.isb(), t.WFE, t.movs(4, 1), t.WFE, t.movs(4, 2)])
    assert bench.register("r4") == 1
    assert bench.cpu.sleeping == "wfe"
    bench = run([t.svc(0)], svc=[t.WFE, t.movs(4, 1), t.WFE, t.movs(4, 2)])
    assert bench.register("r4") == 1, "set at entry already"


@pytest.mark.parametrize("automatic", [True, False])
def test_aspen_starts_a_context_with_the_default_status(automatic: bool) -> None:
    modes = 0x00C00000  # RMode: towards zero
    bench = run(
        [FLOATS_ON, write(FPDSCR, modes), write(FPCCR, LSPEN | automatic << 31), t.isb(), t.movs(0, 0),
         t.vmov_to_s(0, 0), t.mrs(4, t.CONTROL), t.vmrs(5)],
    )  # fmt: skip
    assert bench.register("r4") == (4 if automatic else 0)
    assert bench.register("r5") == (modes if automatic else 0)


def test_reset_brings_aspen_back() -> None:
    bench = run([FLOATS_ON, write(FPCCR, 0)])
    bench.machine.reset()
    assert bench.nvic.read(0xF34, 4) == ASPEN | LSPEN
    bench.nvic.write(0xD88, 4, 0xF << 20)
    program = Program().label("start").emit(t.movs(0, 0), t.vmov_to_s(0, 0), t.mrs(4, t.CONTROL), t.WFI)
    bench.machine.sysbus.write_bytes(program.base, program.build())
    bench.cpu.reset()
    bench.run(50)
    assert bench.register("r4") == 4


# ExceptionReturn


def told(bench: Bench) -> tuple[int, int, int]:
    """What the usage fault handler below has found: CFSR, LR, whether SVCall is still active."""
    return bench.register("r4"), bench.register("r5"), bench.register("r6")


TELL: Code = [t.mov32(0, CFSR), t.ldr(4, 0), t.mov(5, 14), t.mov32(0, SHCSR), t.ldr(6, 0), t.WFI]


def leaving(code: Code, start: Code | None = None) -> Bench:
    """An SVC handler that ends in ``code``; usage faults enabled."""
    return run([write(SHCSR, 7 << 16), *(start or []), t.svc(0)], svc=code, usage=TELL)


def test_return_from_an_exception_that_is_not_active() -> None:
    cfsr, lr, active = told(leaving([write(SHCSR, 7 << 16), t.isb()]))
    assert (cfsr, lr) == (INVPC, 0xFFFFFFF9)
    assert active & 1 << 3, "usage fault is active"


def test_who_hears_of_exceptions_hears_of_a_fault_during_the_return() -> None:
    bench = leaving([t.mov32(0, 0xFFFFFFF3), t.bx(0)])
    heard: list[tuple[str, int]] = []
    bench.cpu.on_interrupt_begin.append(lambda number: heard.append(("begin", number)))
    bench.cpu.on_interrupt_end.append(lambda number: heard.append(("end", number)))
    bench.machine.reset()
    bench.run(400)
    assert heard == [("begin", 11), ("end", 11), ("begin", 6)]


@pytest.mark.parametrize("value", [0xFFFFFFF0 | low for low in (3, 5, 7, 0xB, 0xF)] + [0xFFFFFF89])
def test_return_with_what_is_no_exc_return(value: int) -> None:
    cfsr, lr, active = told(leaving([t.mov32(0, value), t.bx(0)]))
    assert (cfsr, lr) == (INVPC, value)
    assert not active & 1 << 7, "SVCall was left"


@pytest.mark.parametrize("allowed", [False, True])
def test_return_to_thread_mode_below_another_exception(allowed: bool) -> None:
    """CCR.NONBASETHRDENA lets a handler go to thread mode while another is active."""
    frame = RAM + 0x8000
    below = [write(SHCSR, 7 << 16), write(CCR, 0x200 | allowed), write(SCS + 0x100, 1), write(SCS + 0xD1C, 0x80 << 24)]
    program = Program(vectors={6: "usage", 11: "svc", 16: "irq"}).label("start").emit(t.mov32(7, PROBE), *below)
    program.emit(t.svc(0), t.WFI).label("svc").emit(t.store(7, 7, 4), t.isb(), t.NOP, t.WFI).label("usage").emit(*TELL)
    program.label("irq").emit(t.mov32(0, frame), t.msr(t.PSP, 0), t.mov32(14, 0xFFFFFFFD), t.BX_LR)
    program.label("thread").emit(t.movs(3, 7), t.WFI)
    bench = Bench(program)
    bench.probe.actions[4] = lambda: interrupt(bench)
    words = struct.pack("<8I", *[0] * 6, program.labels["thread"], 0x01000000)
    bench.machine.sysbus.write_bytes(frame, words)
    bench.run(300)
    if allowed:
        assert bench.word(CFSR) == 0
        assert (bench.register("r3"), bench.register("xpsr") & 0x1FF) == (7, 0)
    else:
        assert told(bench)[:2] == (INVPC, 0xFFFFFFFD)


@pytest.mark.parametrize(("to_handler", "number"), [(False, 11), (True, 0)])
def test_the_frame_must_be_of_the_mode_that_is_returned_to(to_handler: bool, number: int) -> None:
    """IPSR of the frame is 0 in thread mode, and never in a handler."""
    spoil: Code = [t.mrs(0, t.MSP), t.ldr(1, 0, 0x1C), t.mov32(2, 0x01000000 | number), t.store(2, 0, 0x1C)]
    if to_handler:
        bench = run(
            [write(SHCSR, 7 << 16), write(SCS + 0x100, 1), write(SCS + 0xD1C, 0x80 << 24), t.svc(0)],
            svc=[t.store(7, 7, 4), t.isb(), t.NOP, t.WFI], irq=spoil, usage=TELL,
        )  # fmt: skip
    else:
        bench = leaving(spoil)
    assert told(bench)[0] == INVPC


def test_faultmask_ends_with_any_handler_but_nmi() -> None:
    bench = run([t.svc(0), t.mrs(4, t.FAULTMASK)], svc=[t.CPSID_F])
    assert bench.register("r4") == 0
    icsr = SCS + 0xD04
    bench = run([write(icsr, 1 << 31), t.isb(), t.mrs(4, t.FAULTMASK)], nmi=[t.movs(1, 1), t.msr(t.FAULTMASK, 1)])
    assert bench.register("r4") == 0, "at the priority of NMI nobody can set it (B5.2.3)"


@pytest.mark.parametrize(("align", "expected"), [(1, 4), (0, 0)])
def test_the_frames_alignment_bit_counts_where_frames_are_aligned(align: int, expected: int) -> None:
    """PopStack: psr<9> AND forcealign, and SP is made odd by OR, not by addition."""
    bench = run(
        [write(CCR, align << 9), t.svc(0), t.mov(4, 13)],
        svc=[t.mrs(0, t.MSP), t.ldr(1, 0, 0x1C), t.mov32(2, 1 << 9), t.adds3(1, 1, 2), t.store(1, 0, 0x1C)],
    )
    assert bench.register("r4") == STACK + expected


def test_floats_that_may_not_be_loaded_are_a_usage_fault() -> None:
    bench = run(
        [write(SHCSR, 7 << 16), FLOATS_ON, write(FPCCR, ASPEN), t.mov32(0, ONE), t.vmov_to_s(0, 0), t.svc(0)],
        svc=[write(CPACR, 0), t.isb()],
        usage=TELL,
    )
    assert told(bench)[:2] == (NOCP, 0xFFFFFFE9)


def test_unstacking_where_no_memory_is() -> None:
    bench = run(
        [write(SHCSR, 7 << 16), t.svc(0)],
        svc=[t.mov32(0, 0x60000000), t.msr(t.PSP, 0), t.mov32(14, 0xFFFFFFFD)],
        other=TELL,
    )
    assert told(bench)[:2] == (1 << 11, 0xFFFFFFFD)


def test_returning_leaves_registers_and_it_state_as_stacked() -> None:
    values = (1, 2, 3, 4, 5, 6)
    frame = RAM + 0x8000
    program = Program(vectors={11: "svc"}).label("start").emit(t.mov32(7, PROBE), t.svc(0), t.WFI)
    program.label("svc").emit(t.mov32(0, frame), t.msr(t.PSP, 0), t.mov32(14, 0xFFFFFFFD), t.BX_LR)
    program.label("inside").emit(t.movs(4, 1), t.movs(5, 1), t.movs(6, 1), t.WFI)  # behind a made-up ITTE NE
    bench = Bench(program)
    left = 0b000_10100  # EPSR.IT: two instructions, NE and EQ
    xpsr = 0x41000000 | left >> 2 << 10 | (left & 3) << 25
    frame_words = struct.pack("<8I", *values[:4], values[4], values[5], program.labels["inside"], xpsr)
    bench.machine.sysbus.write_bytes(frame, frame_words)
    bench.run(100)
    assert [bench.register(name) for name in ("r0", "r1", "r2", "r3", "r12", "lr")] == list(values)
    assert [bench.register(name) for name in ("r4", "r5", "r6")] == [0, 1, 1]
    assert bench.machine.engine.state[shared.EVENT_REGISTER] == 1
