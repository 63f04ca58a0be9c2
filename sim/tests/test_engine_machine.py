"""The machine around the core: parts, loading, running, resetting, logging."""

from __future__ import annotations

import logging
import struct
import threading
from fractions import Fraction
from pathlib import Path

import pytest

from sim.engine.bus import MappedMemory
from sim.engine.cortex_m.cpu import CortexM
from sim.engine.cortex_m.dwt import Dwt
from sim.engine.cortex_m.nvic import Nvic
from sim.engine.machine import Machine
from sim.engine.platform import load_repl_string
from sim.errors import CrosscamError
from sim.tests import thumb as t
from sim.tests.engine_bench import FLASH, MEGAHERTZ, PROBE, RAM, SCS, Bench, Probe
from sim.tests.thumb import Program

LOOP = Program().label("start").label("loop").emit(t.adds(0, 1)).branch("loop")


def elf(segments: list[tuple[int, bytes]], machine: int = 40, entry: int = 0) -> bytes:
    """A minimal ELF with program headers only."""
    header_end = 52 + 32 * len(segments)
    offset, headers, body = header_end, b"", b""
    for address, data in segments:
        headers += struct.pack("<8I", 1, offset + len(body), address, address, len(data), len(data), 5, 4)
        body += data
    ident = b"\x7fELF\x01\x01\x01" + bytes(9)
    return (
        ident
        + struct.pack("<HHIIIIIHHHHHH", 2, machine, 1, entry, 52, 0, 0, 52, 32, len(segments), 0, 0, 0)
        + headers
        + body
    )


def test_should_find_devices_by_path_with_and_without_the_bus() -> None:
    bench = Bench()
    assert bench.machine["sysbus.probe"] is bench.probe
    assert bench.machine.device("probe") is bench.probe
    with pytest.raises(CrosscamError, match="no device i2c9"):
        bench.machine.device("i2c9")


def test_should_refuse_a_second_device_of_a_name_and_overlapping_windows() -> None:
    bench = Bench()
    with pytest.raises(CrosscamError, match=r"sysbus\.probe exists already"):
        bench.machine.register("sysbus.probe", Probe(bench.machine, "probe"), 0x40010000)
    with pytest.raises(CrosscamError, match=r"other at 0x40000800\.\.0x400017FF overlaps probe"):
        bench.machine.register("sysbus.other", Probe(bench.machine, "other"), 0x40000800)


def test_should_say_what_a_machine_lacks() -> None:
    with pytest.raises(CrosscamError, match="has no core"):
        _ = Machine().cpu
    with pytest.raises(CrosscamError, match='timing "fast" is not known; choose one of: instructions'):
        Machine(timing="fast")
    machine = Machine()
    with pytest.raises(CrosscamError, match='cpuType "cortex-m33"'):
        CortexM(machine, "cpu", nvic=Nvic(machine, "nvic"), cpu_type="cortex-m33")


def test_should_load_an_elf_at_physical_addresses_and_start_it(tmp_path: Path) -> None:
    program = Program(base=FLASH + 0x1000).label("start").emit(t.mov32(0, 77), t.WFI)
    path = tmp_path / "a.elf"
    path.write_bytes(elf([(FLASH + 0x1000, program.build()), (RAM, b"data")]))
    bench = Bench()
    bench.machine.load_elf(path)
    bench.run(10)
    assert bench.register("r0") == 77
    assert bench.cpu.vector_table_offset == FLASH + 0x1000
    assert bench.machine.sysbus.read_bytes(RAM, 4) == b"data"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "not a readable ELF"),
        (b"hello", "not a readable ELF"),
        (elf([(FLASH, b"1234")])[:60], "not a readable ELF"),
        (elf([(FLASH, bytes(100))])[:-1], "truncated"),
        (elf([(FLASH, b"1234")], machine=62), "32-bit little-endian ARM"),
        (elf([]), "nothing to load"),
        (elf([(0x90000000, b"1234")]), "do not fit any memory"),
    ],
    ids=["empty", "text", "cut header", "cut segment", "x86", "no segments", "nowhere"],
)
def test_should_refuse_what_is_no_firmware(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "bad.elf"
    path.write_bytes(content)
    with pytest.raises(CrosscamError, match=message) as caught:
        Bench().machine.load_elf(path)
    assert str(caught.value).startswith(str(path))


def test_should_leave_out_what_lies_in_no_memory_beside_what_does(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "a.elf"
    path.write_bytes(elf([(RAM, b"data"), (0x90000000, b"1234")]))
    bench = Bench()
    bench.machine.load_elf(path)
    assert bench.machine.sysbus.read_bytes(RAM, 4) == b"data"
    assert "4 bytes at 0x90000000 do not fit any memory of the board" in caplog.text


def test_should_say_that_an_elf_is_missing(tmp_path: Path) -> None:
    with pytest.raises(CrosscamError, match="cannot be read"):
        Bench().machine.load_elf(tmp_path / "none.elf")


def test_should_load_a_raw_file(tmp_path: Path) -> None:
    path = tmp_path / "a.bin"
    path.write_bytes(b"12345")
    bench = Bench()
    bench.machine.load_binary(path, RAM + 3)
    assert bench.machine.sysbus.read_bytes(RAM + 3, 5) == b"12345"
    with pytest.raises(CrosscamError, match="do not fit"):
        bench.machine.load_binary(path, RAM + 0x1FFFE)


def test_reset_request_should_restart_core_and_devices_and_keep_memory() -> None:
    program = (
        Program().label("start").emit(t.mov32(7, PROBE), t.mov32(6, RAM), t.ldr(0, 6), t.adds(0, 1), t.store(0, 6))
    )
    program.emit(t.store(0, 7), t.cmp(0, 3)).branch("stay", t.EQ)
    program.emit(t.mov32(0, SCS + 0xD0C), t.mov32(1, 0x05FA0004), t.store(1, 0)).branch("stay")
    program.label("stay").emit(t.WFI).branch("stay")
    bench = Bench(program)
    resets: list[int] = []
    bench.machine.on_reset.append(lambda: resets.append(bench.machine.clock.now))
    bench.run(1000)
    assert bench.probe.written == [1, 2, 3]
    assert len(resets) == 2
    assert bench.machine.last_reset == "AIRCR.SYSRESETREQ"
    assert resets == sorted(resets)
    assert bench.machine.clock.now == 1000


def test_reset_without_its_key_should_be_ignored() -> None:
    program = Program().label("start").emit(t.mov32(7, PROBE), t.mov32(0, SCS + 0xD0C), t.mov32(1, 4), t.store(1, 0))
    bench = Bench(program.emit(t.isb(), t.store(1, 7), t.WFI))
    bench.run(100)
    assert bench.probe.written == [4]


def test_reset_should_leave_an_unprivileged_thread_on_its_own_stack() -> None:
    program = Program().label("start").emit(t.mrs(4, t.CONTROL), t.mov32(0, RAM + 0x800), t.msr(t.PSP, 0), t.movs(0, 3))
    bench = Bench(program.emit(t.msr(t.CONTROL, 0), t.isb(), t.WFI))
    bench.run(100)
    assert bench.register("sp") == RAM + 0x800
    bench.machine.reset()
    assert bench.register("sp") == RAM + 0x10000
    bench.run(100)
    assert bench.register("r4") == 0


def test_should_run_until_something_holds() -> None:
    bench = Bench(LOOP)
    bench.machine.clock.schedule(5000, lambda: bench.probe.write(0, 4, 1))
    assert bench.machine.run_until(lambda: bool(bench.probe.written), 1)
    assert bench.machine.clock.now == 5000
    assert not bench.machine.run_until(lambda: False, 1e-5)
    assert bench.machine.clock.now == 5000 + MEGAHERTZ * 10


def test_pause_from_an_event_should_end_the_run() -> None:
    bench = Bench(LOOP)
    bench.machine.clock.schedule(5000, bench.machine.pause)
    bench.run(1_000_000)
    assert bench.machine.clock.now == 5000
    bench.run(1000)
    assert bench.machine.clock.now == 6000


def test_pause_from_another_thread_should_end_an_endless_run() -> None:
    bench = Bench(LOOP)
    timer = threading.Timer(0.05, bench.machine.pause)
    timer.start()
    bench.machine.run_for(10_000)
    timer.join()
    assert bench.machine.clock.seconds < 10_000


def test_an_exception_of_a_device_should_reach_the_caller() -> None:
    program = Program().label("start").emit(t.mov32(7, PROBE), t.store(7, 7), t.isb(), t.movs(0, 5), t.WFI)
    bench = Bench(program)

    def fail() -> None:
        raise CrosscamError("no frames left")

    bench.probe.actions[0] = fail
    with pytest.raises(CrosscamError, match="no frames left"):
        bench.run(100)
    bench.probe.actions.clear()
    bench.run(100)
    assert bench.register("r0") == 5


def test_repeated_warnings_should_be_thinned_out(caplog: pytest.LogCaptureFixture) -> None:
    program = Program().label("start").emit(t.mov32(7, 0x40020000)).label("loop").emit(t.store(0, 7)).branch("loop")
    bench = Bench(program)
    with caplog.at_level(logging.WARNING):
        bench.run(4000)
    texts = [record.getMessage() for record in caplog.records]
    assert len(texts) == 3 + 3  # the first three, then at 10, 100, 1000
    assert "[1000 times]" in texts[-1]
    assert "PC 0x" in texts[0]


def test_frequency_should_turn_cycles_into_seconds() -> None:
    machine = Machine()
    assert machine.clock.frequency == 100_000_000
    machine.run_for(Fraction(1, 1000))
    machine.clock.frequency = 480_000_000
    machine.run_for(Fraction(1, 1000))
    assert machine.clock.now == 100_000 + 480_000
    assert machine.clock.exact_seconds == Fraction(2, 1000)


def test_events_should_run_in_order_of_time_then_of_scheduling() -> None:
    machine = Machine()
    seen: list[str] = []
    clock = machine.clock
    clock.schedule(20, lambda: seen.append("c"))

    def first() -> None:
        seen.append("a")
        clock.schedule(0, lambda: seen.append("now"))

    clock.schedule(10, first)
    clock.schedule(10, lambda: seen.append("b"))
    gone = clock.schedule(15, lambda: seen.append("cancelled"))
    clock.cancel(gone)
    machine.run_for(1e-6)
    assert seen == ["a", "b", "now", "c"]
    clock.cancel(gone)
    clock.cancel(clock.schedule(1, lambda: None))


def test_an_event_that_repeats_without_delay_should_not_hang(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sim.engine.timing.clock.STORM", 1000)
    machine = Machine()

    def again() -> None:
        machine.clock.schedule(0, again)

    again()
    with pytest.raises(RuntimeError, match="1000 events without time passing"):
        machine.run_for(1e-6)


def test_many_cancelled_events_should_not_pile_up() -> None:
    clock = Machine().clock
    clock.schedule(10_000_000, lambda: None)
    for index in range(10_000):
        clock.cancel(clock.schedule(1_000_000 + index, lambda: None))
    assert len(clock._heap) < 1000
    assert clock.next_due == 10_000_000


def test_registers_of_the_system_space_should_show_an_stm32h743() -> None:
    bus = Bench().machine.sysbus
    assert bus.read(SCS + 0xD00, 4) == 0x411FC271
    assert bus.read(SCS + 0xD90, 4) == 16 << 8
    assert bus.read(SCS + 0xD14, 4) == 0x00040200
    bus.write(SCS + 0xD84, 4, 0)
    assert bus.read(SCS + 0xD80, 4) == 0xF00FE019  # D-cache: 16 KB, 4 ways
    bus.write(SCS + 0xD84, 4, 1)
    assert bus.read(SCS + 0xD80, 4) == 0xF01FE009  # I-cache: 16 KB, 2 ways
    bus.write(SCS + 0xF50, 4, 0)
    bus.write(SCS + 0xD9C, 4, 0x24000000 | 1 << 4 | 5)
    bus.write(SCS + 0xDA0, 4, 0x03060025)
    assert bus.read(SCS + 0xD98, 4) == 5
    assert (bus.read(SCS + 0xD9C, 4), bus.read(SCS + 0xDA0, 4)) == (0x24000005, 0x03060025)


def test_priority_bytes_should_be_accessible_one_by_one() -> None:
    bus = Bench().machine.sysbus
    bus.write(SCS + 0xD23, 1, 0xFF)
    bus.write(SCS + 0xD22, 1, 0x8F)
    assert bus.read(SCS + 0xD20, 4) == 0xF0800000  # four bits exist
    bus.write(SCS + 0x402, 1, 0x47)
    assert bus.read(SCS + 0x400, 4) == 0x00400000
    assert bus.read(SCS + 0x402, 1) == 0x40


def test_dwt_should_be_locked_until_unlocked(caplog: pytest.LogCaptureFixture) -> None:
    bench = Bench()
    dwt = bench.machine["dwt"]
    assert isinstance(dwt, Dwt)
    with caplog.at_level(logging.WARNING):
        dwt.write(0, 4, 1)
    assert dwt.read(0, 4) == 4 << 28
    assert "locked" in caplog.text
    assert dwt.read(0xFB4, 4) == 3
    dwt.write(0xFB0, 4, 0xC5ACCE55)
    dwt.write(0, 4, 1)
    assert dwt.read(0, 4) == 4 << 28 | 1
    bench.run(100)
    assert dwt.read(4, 4) == 0  # DEMCR.TRCENA is still clear
    bench.machine.sysbus.write(SCS + 0xDFC, 4, 1 << 24)
    bench.run(100)
    assert dwt.read(4, 4) == 100
    bench.machine.sysbus.write(SCS + 0xDFC, 4, 0)
    bench.run(100)
    assert dwt.read(4, 4) == 100


@pytest.mark.parametrize(
    ("core", "property", "locked"),
    [("cortex-m7", "", True), ("cortex-m4f", "", False), ("cortex-m7", "    SoftwareLock: false\n", False)],
)
def test_the_lock_of_dwt_is_the_cores_or_what_the_board_says(core: str, property: str, locked: bool) -> None:
    machine = Machine("bench")
    load_repl_string(
        machine,
        f"dwt: Miscellaneous.DWT @ sysbus 0xE0001000\n    frequency: 1000000\n{property}"
        "nvic: IRQControllers.NVIC @ sysbus 0xE000E000\n    -> cpu@0\n"
        f'cpu: CPU.CortexM @ sysbus\n    cpuType: "{core}"\n    nvic: nvic\n',
    )
    dwt = machine["dwt"]
    assert isinstance(dwt, Dwt)
    dwt.write(0, 4, 1)
    assert dwt.read(0, 4) & 1 == (not locked)
    assert dwt.read(0xFB4, 4) == (3 if locked else 0)


def test_bus_should_reach_memory_and_devices_alike() -> None:
    bench = Bench()
    bus = bench.machine.sysbus
    bus.write(RAM + 1, 4, 0xAABBCCDD)
    assert bus.read_bytes(RAM, 6) == bytes.fromhex("00ddccbbaa00")
    assert bus.read(RAM + 1, 8) == 0xAABBCCDD
    bench.probe.answers = {0: 0x11, 1: 0x22}
    assert bus.read_bytes(PROBE, 2) == b"\x11\x22"
    bus.write_bytes(PROBE + 4, b"\x01\x02")
    assert bench.probe.written == [1, 2]
    assert isinstance(bench.machine["ram"], MappedMemory)
    bus.add_tag(0x40011000, 0x400, "ADC", 7)
    assert bus.read(0x40011004, 4) == 7
