"""Faults of alignment and division: at the instruction, with the registers before it, and for nothing that is right."""

from __future__ import annotations

import random
import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sim.engine.bus import MappedMemory
from sim.engine.cortex_m.cpu import CortexM
from sim.engine.cortex_m.nvic import Nvic
from sim.engine.machine import Machine
from sim.engine.native import shared
from sim.engine.native.loops.blocks import Block, read_block
from sim.engine.native.loops.forms import DIRECT_JUMPS, FORMS, INDIRECT_JUMPS, InIt
from sim.engine.native.traps import layout, sites
from sim.engine.native.traps.sites import Wanted
from sim.tests import loop_cases
from sim.tests import thumb as t
from sim.tests.engine_bench import PROBE, RAM, SCS, Bench
from sim.tests.thumb import Program

STACK = RAM + 0x10000
SHCSR, CFSR, CCR, CPACR = SCS + 0xD24, SCS + 0xD28, SCS + 0xD14, SCS + 0xD88
UNALIGNED, DIVBYZERO = 1 << 24, 1 << 25
UNALIGN_TRP, DIV_0_TRP, STKALIGN = 1 << 3, 1 << 4, 1 << 9
BUFFER = RAM + 0x400
Code = list[int | tuple[int, ...]]

# r2 is the base, r3 and r4 what is moved, r1 an index or divisor.
MULTIPLE = {
    "ldrd": (0xE9D2, 0x3400), "ldrd offset": (0xE9D2, 0x3402), "strd": (0xE9C2, 0x3400), "ldrd post": (0xE8F2, 0x3401),
    "strd pre": (0xE9E2, 0x3401), "ldm": (0xCA18,), "stm": (0xC218,), "ldm.w": (0xE892, 0x0018),
    "stm.w": (0xE882, 0x0018), "ldmdb": (0xE912, 0x0018), "stmdb": (0xE902, 0x0018), "vldr s": (0xED92, 0x0A00),
    "vstr s": (0xED82, 0x0A00), "vldr d": (0xED92, 0x0B00), "vldm": (0xEC92, 0x0A02), "vstm": (0xEC82, 0x0A02),
    "vldmia!": (0xECB2, 0x0A02), "vstmdb!": (0xED22, 0x0A02),
}  # fmt: skip
SINGLE = {
    "ldr": (0x6813,), "str": (0x6013,), "ldrh": (0x8813,), "strh": (0x8013,), "ldr.w": (0xF8D2, 0x3000),
    "ldrsh": (0xF9B2, 0x3000), "str index": (0x5053,), "ldr shifted": (0xF852, 0x3021), "ldr post": (0xF852, 0x3B04),
    "strh.w": (0xF8A2, 0x3000),
}  # fmt: skip
DIVISIONS = {"udiv": (0xFBB3, 0xF4F1), "sdiv": (0xFB93, 0xF4F1)}


def run(code: Code, ccr: int = STKALIGN, cycles: int = 400) -> Bench:
    """``code`` with usage faults enabled; the handler notes the stacked PC and CFSR in r5 and r6, and waits."""
    program = Program(vectors={3: "hard", 6: "usage"}).label("start").emit(t.mov32(0, SHCSR), t.mov32(1, 1 << 18))
    program.emit(t.store(1, 0), t.mov32(0, CPACR), t.mov32(1, 0xF << 20), t.store(1, 0), t.mov32(0, CCR))
    program.emit(t.mov32(1, ccr), t.store(1, 0), t.isb(), t.movs(5, 0), t.movs(6, 0), t.mov32(7, PROBE))
    program.emit(*code).label("end").emit(t.WFI)
    program.label("usage").emit(t.mrs(0, t.MSP), t.ldr(5, 0, 24), t.mov32(0, CFSR), t.ldr(6, 0), t.WFI)
    program.label("hard").emit(t.movs(5, 3), t.WFI)
    bench = Bench(program)
    bench.labels = program.labels  # type: ignore[attr-defined]
    bench.run(cycles)
    return bench


def where(bench: Bench) -> tuple[int, int]:
    """Bytes from the faulting instruction to the end of the code, and CFSR; (0, 0) when nothing faulted."""
    end: int = bench.labels["end"]  # type: ignore[attr-defined]
    pc = bench.register("r5")
    return (end - pc if pc else 0), bench.register("r6")


@pytest.mark.parametrize("name", MULTIPLE)
@pytest.mark.parametrize("off", [0, 1, 2, 3])
def test_several_words_have_to_be_aligned(name: str, off: int) -> None:
    access = MULTIPLE[name]
    bench = run([t.mov32(2, BUFFER + off), t.movs(3, 7), t.movs(4, 8), access, t.movs(4, 9)])
    if off:
        assert where(bench) == (2 * len(access) + 2, UNALIGNED)
        assert (bench.register("r2"), bench.register("r3"), bench.register("r4")) == (BUFFER + off, 7, 8)
        assert bench.machine.sysbus.read_bytes(BUFFER - 0x10, 0x20) == bytes(0x20), "nothing was stored"
    else:
        assert where(bench) == (0, 0)
        assert bench.register("r4") == 9


@pytest.mark.parametrize("name", SINGLE)
@pytest.mark.parametrize("trap", [False, True])
def test_single_accesses_only_when_asked(name: str, trap: bool) -> None:
    access = SINGLE[name]
    for off in (0, 1):
        code: Code = [t.mov32(2, BUFFER + off), t.movs(1, 0), t.movs(3, 7), access, t.movs(4, 9)]
        found = where(run(code, STKALIGN | UNALIGN_TRP * trap))
        assert found == ((2 * len(access) + 2, UNALIGNED) if trap and off else (0, 0))


@pytest.mark.parametrize("name", DIVISIONS)
@pytest.mark.parametrize("trap", [False, True])
def test_division_by_zero_only_when_asked(name: str, trap: bool) -> None:
    for divisor in (0, 3):
        bench = run([t.movs(3, 9), t.movs(1, divisor), DIVISIONS[name], t.NOP], STKALIGN | DIV_0_TRP * trap)
        if trap and not divisor:
            assert where(bench) == (6, DIVBYZERO)
        else:
            assert where(bench) == (0, 0)
            assert bench.register("r4") == (3 if divisor else 0)


def test_the_stack_pointer_is_never_unaligned() -> None:
    bench = run([(0xB418,), t.movs(3, 0), (0xBC18,), (0xED2D, 0x8A02), (0xECBD, 0x8A02)])  # push, pop, vpush, vpop
    assert where(bench) == (0, 0)


# What a block's program can work out. In each, r2 becomes BUFFER + 2 by the time of the LDRD.
WAYS: dict[str, Code] = {
    "constant": [t.mov32(2, BUFFER + 2)],
    "sum": [t.mov32(2, BUFFER), t.movs(1, 2), (0x1852,)],
    "shifted sum": [t.mov32(2, BUFFER), t.movs(1, 1), (0xEB02, 0x0241)],
    "difference": [t.mov32(2, BUFFER + 4), t.movs(1, 2), (0x1A52,)],
    "mask": [t.mov32(2, BUFFER + 3), t.movs(1, 1), (0x438A,)],
    "shift": [t.mov32(2, (BUFFER + 2) << 1 | 1), (0x0852,)],
    "product": [t.mov32(2, (BUFFER + 2) // 2), t.movs(1, 2), (0x434A,)],
    "loaded": [t.mov32(1, BUFFER), t.mov32(2, BUFFER + 2), t.store(2, 1), t.isb(), t.ldr(2, 1)],
    "loaded after a store of the block": [t.mov32(1, BUFFER), t.mov32(2, BUFFER + 2), t.store(2, 1), t.ldr(2, 1)],
    "write-back": [t.mov32(2, BUFFER - 2), (0xF852, 0x1F04)],
    "loaded by a pair": [t.mov32(1, BUFFER), t.mov32(2, BUFFER + 2), t.store(2, 1, 4), t.isb(), (0xE9D1, 0x3200)],
    "popped": [t.mov32(2, BUFFER + 2), (0xB404,), t.movs(2, 0), t.isb(), (0xBC04,)],
}  # fmt: skip


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("split", [False, True], ids=["one block", "a block of its own"])
def test_addresses_are_followed_through_the_block(way: str, split: bool) -> None:
    bench = run([*WAYS[way], *([t.isb()] if split else []), MULTIPLE["ldrd"], t.NOP])
    if way == "loaded after a store of the block" and not split:
        assert where(bench) in ((6, UNALIGNED), (0, 0)), "memory is looked at as the block found it"
    else:
        assert where(bench) == (6, UNALIGNED)


def test_what_a_failed_condition_skips_does_not_fault() -> None:
    for condition, faults in ((t.EQ, True), (t.NE, False)):
        code: Code = [t.mov32(2, BUFFER + 2), t.cmp(7, 0)]
        if faults:
            code.append(t.movs(1, 0))  # sets Z
        bench = run([*code, t.it(condition if faults else t.EQ), MULTIPLE["ldrd"], t.movs(4, 9)])
        assert where(bench) == ((6, UNALIGNED) if faults else (0, 0))
        assert bench.register("r4") == (0 if faults else 9) or faults


def test_a_program_that_is_mistaken_again_and_again_costs_no_fault() -> None:
    """A conditional access that never runs, with an address that is wrong: 200 times."""
    loop: Code = [t.mov32(2, BUFFER + 2), t.movs(0, 200)]
    program = Program(vectors={6: "usage"}).label("start").emit(t.mov32(1, SHCSR), t.mov32(3, 1 << 18), t.store(3, 1))
    program.emit(*loop).label("loop").emit(t.cmp(0, 201), t.it(t.EQ), MULTIPLE["ldrd"], t.subs(0, 1))
    program.branch("loop", t.NE).emit(t.movs(6, 1), t.WFI).label("usage").emit(t.movs(6, 2), t.WFI)
    bench = Bench(program)
    bench.run(4000)
    assert bench.register("r6") == 1


CLOCKS = ("instructions", "cortex-m7")


def machine_with(program: Program, timing: str) -> Machine:
    machine = Machine("bench", timing)
    machine.register("sysbus.flash", MappedMemory(machine, "flash", size=0x20000), 0x08000000)
    machine.register("sysbus.ram", MappedMemory(machine, "ram", size=0x20000), RAM)
    nvic = Nvic(machine, "nvic", priority_mask=0xF0)
    machine.register("sysbus.nvic", nvic, SCS)
    machine.register("sysbus.cpu", CortexM(machine, "cpu", nvic=nvic))
    machine.sysbus.write_bytes(program.base, program.build())
    machine.reset()
    return machine


def test_both_clocks_fault_alike() -> None:
    program = Program(vectors={3: "hard"}).label("start").emit(t.mov32(2, BUFFER + 2), MULTIPLE["ldrd"], t.NOP)
    program.label("hard").emit(t.mrs(0, t.MSP), t.ldr(5, 0, 24), t.WFI)
    stacked = []
    for timing in CLOCKS:
        machine = machine_with(program, timing)
        machine.run_for(1e-5)
        stacked.append(machine.cpu.registers["r5"])
    assert stacked == [program.labels["start"] + 8] * 2


def two_pairs(before: int, first: int, second: int) -> Program:
    """A block with two LDRDs. Memory holds ``before`` when it begins, and its own store makes that ``first``, the
    pointer of the first one; ``second`` is the other's. What the block finds in memory is all its program can see."""
    program = Program(vectors={3: "hard"}).label("start").emit(t.mov32(1, BUFFER - 0x100), t.mov32(2, before))
    program.emit(t.mov32(3, first), t.mov32(4, second), t.store(2, 1), t.store(4, 1, 4), t.isb()).label("block")
    program.emit(t.store(3, 1), t.ldr(2, 1), t.NOP).label("first").emit((0xE9D2, 0x6700), t.ldr(2, 1, 4), t.NOP)
    program.label("second").emit((0xE9D2, 0x6700), t.movs(5, 1)).label("end").emit(t.WFI)
    return program.label("hard").emit(t.mrs(0, t.MSP), t.ldr(5, 0, 24), t.WFI)


def cycle_of(program: Program, label: str, timing: str, *also: str) -> tuple[int, int]:
    """The cycle ``label`` is reached at, and r5 in the end; with breakpoints at the labels ``also``."""
    machine = machine_with(program, timing)
    cycles: list[int] = []
    machine.cpu.hooking.add(program.labels[label], lambda core, _: cycles.append(core.state[shared.NOW]))
    for each in also:
        machine.cpu.hooking.add(program.labels[each], lambda core, _: None)
    machine.run_for(1e-5)
    assert len(cycles) == 1
    return cycles[0], machine.cpu.registers["r5"]


@pytest.mark.parametrize("timing", CLOCKS)
def test_an_alarm_is_heard_where_one_was_false_before(timing: str) -> None:
    """The same block over and over: the pointer it makes is right three times, then wrong."""
    program = Program(vectors={3: "hard"}).label("start").emit(t.mov32(1, BUFFER - 0x100), t.mov32(2, BUFFER + 2))
    program.emit(t.mov32(3, BUFFER), t.movs(4, 4)).label("loop").emit(t.store(2, 1), t.isb())
    program.emit(t.store(3, 1), t.ldr(0, 1)).label("pair").emit((0xE9D0, 0x6700), t.subs(4, 1), t.cmp(4, 1))
    program.emit(t.it(t.EQ), t.mov(3, 2)).branch("loop").label("hard").emit(t.mrs(0, t.MSP), t.ldr(5, 0, 24), t.WFI)
    machine = machine_with(program, timing)
    machine.run_for(1e-5)
    assert machine.cpu.registers["r4"] == 1
    assert machine.cpu.registers["r5"] == program.labels["pair"]


@pytest.mark.parametrize("nops", range(440, 520, 9))
def test_a_block_as_long_as_one_can_be(nops: int) -> None:
    """Unicorn cuts code where a block gets too long, from wherever it began to translate."""
    program = Program(vectors={3: "hard"}).label("start").emit(t.mov32(1, BUFFER), t.mov32(2, BUFFER + 2))
    program.emit(t.mov32(3, BUFFER), t.store(2, 1), t.isb()).label("block").emit(t.store(3, 1), t.ldr(2, 1))
    program.emit((0xE9D2, 0x6700), *[t.NOP] * 40, (0xE9D2, 0x6700), *[t.NOP] * nops, (0xE9D2, 0x6700), t.movs(5, 1))
    program.label("end").emit(t.WFI).label("hard").emit(t.movs(5, 2), t.WFI)
    assert cycle_of(program, "end", "instructions")[1] == 1


@pytest.mark.parametrize("timing", CLOCKS)
def test_a_false_alarm_takes_no_time(timing: str) -> None:
    right = cycle_of(two_pairs(BUFFER, BUFFER, BUFFER), "end", timing)
    assert cycle_of(two_pairs(BUFFER + 2, BUFFER, BUFFER), "end", timing) == right
    assert right[1] == 1


@pytest.mark.parametrize("timing", CLOCKS)
@pytest.mark.parametrize("also", [(), ("block",), ("first",), ("first", "second")])
def test_an_alarm_behind_a_false_one_is_heard(timing: str, also: tuple[str, ...]) -> None:
    program = two_pairs(BUFFER + 2, BUFFER, BUFFER + 2)
    assert cycle_of(program, "hard", timing, *also)[1] == program.labels["second"]


@settings(max_examples=150, deadline=None, derandomize=True)
@given(seed=st.integers(0, 1 << 32), memory=st.booleans(), unaligned=st.booleans())
def test_the_program_knows_what_unicorn_then_does(seed: int, memory: bool, unaligned: bool) -> None:
    """Random straight code with an LDRD behind it: where the program has a value for its base, it is the right one."""
    rng = random.Random(seed)
    code = b"".join(loop_cases._limited(rng, rng.choice(_STRAIGHT[memory])) for _ in range(rng.randrange(1, 5)))
    block = read_block(code, loop_cases.FIRST_BLOCK)
    assert block is not None
    content = rng.randbytes(loop_cases.RAM_SIZE)
    start = loop_cases.start_for(rng, block, content)
    after = loop_cases.ByUnicorn(loop_cases.flash_of([block])).run(block, start)
    base = rng.randrange(4)
    ldrd = struct.pack("<HH", 0xE9D0 | base, 0x6700)
    words = sites.program(code + ldrd, block.address, Wanted(unaligned=unaligned))
    found = _evaluate(words, list(start.registers), content, len(code))
    if after is not None and found is not None and not _stores(block):
        assert found & 3 == after.registers[base] & 3, f"{loop_cases.Case(block, start)}: r{base}"


_STRAIGHT = {
    memory: [
        form
        for form in FORMS
        if loop_cases.reaches_memory(form) == memory
        and form.in_it is InIt.ANYWHERE
        and form.name not in loop_cases.NEED_OTHERS
        and form.operation not in DIRECT_JUMPS + INDIRECT_JUMPS
    ]
    for memory in (False, True)
}


def _stores(block: Block) -> bool:
    return any(each.form.operation.startswith("store") for each in block.instructions)


def _evaluate(words: list[int], registers: list[int], memory: bytes, site: int) -> int | None:
    """What the program's check at offset ``site`` looks at; by the words, as the native half reads them."""
    slots = [*registers, 0, *[0] * layout.SLOTS]
    for place in range(words[layout.COUNT]):
        head, constant, offset = words[layout.HEADER_WORDS + 3 * place :][:3]
        operation, a, b, shift, target = (head >> byte & 0xFF for byte in (0, 8, 16, 24, 32))
        left, right = slots[a], slots[b]
        value = left + (right << shift) + constant & 0xFFFFFFFF
        if operation == layout.ALIGNED:
            if offset == site:
                return value
            continue
        signed = left - (left >> 31 << 32)
        plain = {
            layout.SUBTRACT: left - (right << shift) + constant, layout.AND: left & right, layout.OR: left | right,
            layout.MULTIPLY: left * right, layout.SHIFT_RIGHT: left >> shift,
            layout.SHIFT_RIGHT_SIGNED: signed >> shift, layout.ADD: value,
        }  # fmt: skip
        if operation >= layout.LOAD:
            size = {0: 4, 1: 2, 2: 1, 3: 2, 4: 1}[operation - layout.LOAD]
            start = value - loop_cases.RAM
            if not 0 <= start <= len(memory) - size:
                return None
            plain[operation] = int.from_bytes(
                memory[start : start + size], "little", signed=operation > layout.LOAD + 2
            )
        slots[target] = plain[operation] & 0xFFFFFFFF
    return None
