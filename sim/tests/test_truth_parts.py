"""Board truth, part by part: chip data, cacheability by the MPU, pages the core uses a lot, repeated findings."""

from __future__ import annotations

from pathlib import Path

import pytest

from sim.engine.monitor import Monitor
from sim.engine.truth import Kind, layout
from sim.engine.truth.findings import Findings
from sim.engine.truth.gates import FOLDER, ClockGates, load
from sim.engine.truth.stale import LINE, PAGE, cache_bits, cache_spans
from sim.errors import CrosscamError
from sim.tests.engine_bench import Bench
from sim.tests.thumb import NE, Program, ldr, mov32, pop, push, store, subs

BOARD = Path(__file__).parents[1] / "board"
CCR, AXI = 0xE000ED14, 0x24000000
WRITE_BACK = layout.CACHEABLE | layout.WRITE_ALLOCATE


def machine_with(program: Program | None = None, board: str = "stm32h743") -> Monitor:
    monitor = Monitor()
    monitor.execute('mach create "test"')
    monitor.execute(f"machine LoadPlatformDescription @{BOARD / board}.repl")
    if program is not None:
        monitor.machine.sysbus.write_bytes(program.base, program.build())
        monitor.machine.cpu.vector_table_offset = program.base
    return monitor


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.toml")), ids=lambda path: path.stem)
def test_every_gate_of_a_chip_is_one_bit_and_one_address(path: Path) -> None:
    chip = load(path)
    assert len(chip.gates) > 40
    bits = [(gate.register, gate.bit) for gate in chip.gates.values()]
    assert len(set(bits)) == len(bits)
    assert all(chip.rcc <= register < chip.rcc + chip.rcc_size and 0 <= bit < 32 for register, bit in bits)
    windows = machine_with(board=path.stem).machine.sysbus.windows
    gated = {window.start for window in windows} & set(chip.gates)
    assert len(gated) > 20


def test_a_broken_chip_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "odd.toml").write_text("[rcc]\nbase = 0\n")
    with pytest.raises(CrosscamError, match=r"odd\.toml: no usable chip data"):
        load(tmp_path / "odd.toml")


def test_a_gate_is_asked_again_only_after_the_rcc_was_written() -> None:
    chip = load(FOLDER / "stm32h743.toml")
    reads: list[int] = []
    registers = {0x580244D8: 0}

    def read(address: int, width: int) -> int:
        reads.append(address)
        return registers[address]

    gates = ClockGates(chip, read)
    gate = gates.off(0x40020000)
    assert gate is not None and gate.name == "DMA1" and gate.register_name == "AHB1ENR"
    registers[0x580244D8] = 1
    assert gates.off(0x40020000) is None and gates.off(0x40020000) is None
    assert len(reads) == 2
    registers[0x580244D8] = 0
    gates.forget()
    assert gates.off(0x40020000) is not None
    assert gates.off(0x12345678) is None  # nobody's


@pytest.mark.parametrize(
    ("attributes", "expected"),
    [
        (1 << 19 | 1 << 17 | 1 << 16, WRITE_BACK),  # TEX 1, C, B: write-back, write-allocate
        (1 << 17 | 1 << 16, layout.CACHEABLE),  # write-back, no write-allocate
        (1 << 17, layout.CACHEABLE),  # write-through
        (1 << 19, 0),  # normal, not cached
        (1 << 16, 0),  # device
        (5 << 19 | 1 << 16, WRITE_BACK),  # inner policy 01
        (4 << 19, 0),
    ],
)
def test_the_mpu_says_what_the_cache_may_hold(attributes: int, expected: int) -> None:
    nvic = machine_with().machine.nvic
    assert cache_bits(nvic, AXI) == WRITE_BACK  # the default map of SRAM
    nvic.write(0xD98, 4, 3)  # RNR
    nvic.write(0xD9C, 4, AXI)  # RBAR
    nvic.write(0xDA0, 4, attributes | 18 << 1 | 1)  # RASR: 512 KB
    nvic.write(0xD94, 4, 5)  # enable, PRIVDEFENA
    assert cache_bits(nvic, AXI + 0x40000) == expected
    assert cache_bits(nvic, AXI + 0x80000) == WRITE_BACK
    nvic.write(0xD9C, 4, AXI)
    nvic.write(0xDA0, 4, attributes | 2 << 8 | 18 << 1 | 1)  # without its second eighth
    assert cache_bits(nvic, AXI + 0x10000) == WRITE_BACK


def test_spans_are_what_asking_line_by_line_gives() -> None:
    nvic = machine_with().machine.nvic
    nvic.mpu.control.value = 5
    for number, (base, size, attributes) in enumerate(
        [(AXI, 0x80000, 0x000B0000), (AXI + 0x1000, 0x100, 0x00020000 | 0xA5 << 8), (AXI + 0x1080, 0x20, 0x00080000)]
    ):
        nvic.mpu.bases[number] = base
        nvic.mpu.attributes[number] = attributes | size.bit_length() - 2 << 1 | 1
    first, end = AXI + 0xF00, AXI + 0x1200
    spans = list(cache_spans(nvic, first, end))
    assert [start for start, _, _ in spans[1:]] == [stop for _, stop, _ in spans[:-1]]
    found = [bits for start, stop, bits in spans for _ in range(start, stop, LINE)]
    assert found == [cache_bits(nvic, address) for address in range(first, end, LINE)]
    assert len(set(found)) == 3


def test_a_page_the_core_uses_a_lot_is_let_go_and_its_writes_arrive() -> None:
    program = Program(stack=0x20010000).label("start").emit(
        mov32(0, CCR), ldr(1, 0), mov32(2, 1 << 16), 0x4311, store(1, 0),  # orrs r1, r2
        0xF3BF, 0x8F6F, mov32(3, AXI), mov32(4, 1000),
    )  # fmt: skip
    program.label("loop").emit(store(4, 3), ldr(5, 3), subs(4, 1)).branch("loop", NE)
    program.label("end").branch("end")
    machine = machine_with(program).machine
    truth = machine.truth
    assert truth is not None
    memory = truth._stale._memories[0]
    machine.run_for(1e-7)
    machine.run_for(1e-4)
    assert machine.sysbus.read(AXI, 4) == 1  # the last one stored
    assert machine.cpu.registers["r5"] == 1
    assert not memory.watched[0] and memory.watched[1]
    assert memory.view[0] & layout.CACHED and not memory.view[PAGE // 32] & layout.CACHED
    # A DMA aimed there takes it back.
    truth._stale.dma_aimed(AXI, 64)
    machine.run_for(1e-6)
    assert memory.watched[0] and memory.targets[0]
    truth._stale.dma_writes(AXI, 64)
    assert memory.view[0] & layout.STALE and memory.view[1] & layout.STALE and not memory.view[2] & layout.STALE
    machine.nvic.write(0xF5C, 4, AXI)  # DCIMVAC
    assert not memory.view[0] & (layout.STALE | layout.CACHED) and memory.view[1] & layout.STALE
    assert truth.findings == []


def test_stores_and_loads_of_every_width_work_on_watched_pages() -> None:
    program = (
        Program(stack=0x24000800)
        .label("start")
        .emit(
            mov32(0, CCR),
            ldr(1, 0),
            mov32(2, 1 << 16),
            0x4311,
            store(1, 0),
            0xF3BF,
            0x8F6F,
        )
        .branch("on")
    )  # a block boundary: from here on the pages are watched
    program.label("on").emit(
        mov32(3, AXI), mov32(4, 0x44332211), mov32(5, 0x88776655), mov32(6, AXI + PAGE - 2), push(4, 5),
        0x701C,  # strb r4, [r3]
        0x805C,  # strh r4, [r3, #2]
        (0xE9C3, 0x4502),  # strd r4, r5, [r3, #8]
        (0xF8C3, 0x4021),  # str.w r4, [r3, #0x21]: unaligned
        0x6034,  # str r4, [r6]: over the end of the page
        mov32(7, AXI + 64), 0xC730,  # stmia r7!, {r4, r5}
        pop(0, 1), 0x6832,  # pop {r0, r1}; ldr r2, [r6]
        0xBF08, 0x461C,  # it eq; moveq r4, r3: not taken
        (0xE9D3, 0x4502),  # ldrd r4, r5, [r3, #8]
    )  # fmt: skip
    program.label("end").branch("end")
    machine = machine_with(program).machine
    machine.run_for(1e-5)
    assert machine.truth is not None and machine.truth._stale._memories[0].watched[:2].all()
    memory = machine.sysbus.read_bytes
    assert memory(AXI, 4) == b"\x11\x00\x11\x22"
    assert memory(AXI + 8, 8) == bytes.fromhex("1122334455667788")
    assert memory(AXI + 0x20, 6) == bytes.fromhex("001122334400")
    assert memory(AXI + PAGE - 2, 4) == bytes.fromhex("11223344")
    assert memory(AXI + 64, 8) == bytes.fromhex("1122334455667788")
    registers = machine.cpu.registers
    assert registers["r0"] == registers["r2"] == registers["r4"] == 0x44332211
    assert registers["r1"] == registers["r5"] == 0x88776655 and registers["r7"] == AXI + 72


def test_a_line_read_over_and_over_is_stale_once_a_dma_has_written_it() -> None:
    """Unicorn looks a page up once and then reads without asking anybody: the next read has to be seen all the same."""
    program = (
        Program(stack=0x24000800)
        .label("start")
        .emit(mov32(0, CCR), ldr(1, 0), mov32(2, 1 << 16), 0x4311, store(1, 0), 0xF3BF, 0x8F6F)
        .branch("on")
    )
    program.label("on").emit(mov32(3, AXI)).branch("poll")
    program.label("poll").emit(ldr(4, 3)).branch("poll")
    machine = machine_with(program).machine
    machine.run_for(1e-6)
    assert machine.truth is not None and not machine.truth.findings
    machine.truth._stale.dma_writes(AXI, 4)
    machine.run_for(1e-6)
    (finding,) = machine.truth.findings
    assert finding.kind is Kind.STALE_READ


def test_the_same_thing_is_said_once_and_counted() -> None:
    place = [(0x08000100, "0x08000100 main+0x4", 7)]
    findings = Findings(lambda: place[0])
    for _ in range(3):
        findings.add(Kind.CLOCK_OFF, 0x58020000, "write to GPIOA", "GPIOA")
    place[0] = (0x08000200, "0x08000200 other+0x0", 9)
    findings.add(Kind.CLOCK_OFF, 0x58020000, "write to GPIOA", "GPIOA")
    assert [finding.cycle for finding in findings.all] == [7, 9]
    assert findings.occurrences == 4
    text = "peripheral clock off: write to GPIOA at 0x58020000, by 0x08000100 main+0x4, cycle 7"
    assert str(findings.all[0]) == text


def test_a_board_nobody_described_has_no_truth() -> None:
    assert Bench().machine.truth is None
