"""What the server answers: registers, memory, points, steps, threads, load, semihosting."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from sim.engine.observe.gdb.local import LocalDebuggee
from sim.engine.observe.gdb.stub import Stub
from sim.errors import CrosscamError
from sim.tests import thumb as t
from sim.tests.engine_bench import FLASH, RAM, Bench
from sim.tests.test_gdb_packets import gdb_crc
from sim.tests.test_hooking_core import BOTH, CYCLES, Bed, finished, plain
from sim.tests.thumb import Program

COUNTER = RAM + 12  # what the SysTick handler of the program counts in
PC, XPSR, CONTROL = 15, 25, 31


class Session:
    """A stub on a bench, asked without sockets."""

    def __init__(self, bench: Bench, monitor: Callable[[str], str] = lambda text: f"did {text}") -> None:
        self.said = ""
        self.until = 1 << 60  # the cycle at which Ctrl-C comes
        self.clock = bench.machine.clock
        self.debuggee = LocalDebuggee(bench.machine, monitor)
        self.debuggee.limit = lambda: self.until
        self.stub = Stub(self.debuggee, lambda: self.clock.now >= self.until, self._say)

    def _say(self, text: str) -> None:
        self.said += text

    def ask(self, packet: str | bytes) -> str:
        return self.stub.answer(packet.encode() if isinstance(packet, str) else packet).decode("latin-1")

    def register(self, number: int) -> int:
        return int.from_bytes(bytes.fromhex(self.ask(f"p{number:x}")), "little")

    @property
    def pc(self) -> int:
        return self.register(PC)


@pytest.fixture(params=["instructions", "cortex-m7"])
def bed(request: pytest.FixtureRequest) -> Bed:
    from sim.tests.test_timing_machine import M7Bench

    return Bed(Bench if request.param == "instructions" else M7Bench)


@pytest.fixture
def session(bed: Bed) -> Session:
    return Session(bed)


# A debugged run


def _breaks(session: Session, bed: Bed) -> None:
    session.ask(f"Z0,{bed.program.labels['loop']:x},2")
    session.ask(f"Z1,{bed.program.labels['tick']:x},2")


def _watches(session: Session, bed: Bed) -> None:
    session.ask(f"Z2,{COUNTER:x},4")


def _nothing(session: Session, bed: Bed) -> None:
    pass


@BOTH
@pytest.mark.parametrize("points", [_breaks, _watches, _nothing])
@pytest.mark.parametrize("step", [False, True])
def test_a_debugged_run_should_be_that_of_nobody(
    make: Callable[..., Bench], points: Callable[[Session, Bed], None], step: bool
) -> None:
    """Cycles, memory, registers and every access of a device."""
    bed = Bed(make)
    session = Session(bed)
    points(session, bed)
    session.until, stops = CYCLES - 500, 0
    while session.clock.now < session.until:
        stops += 1
        session.ask("vCont;s:1" if step and stops % 3 else "c")
        assert stops < 20000
    assert stops > (10 if points is not _nothing else 0)
    session.until = CYCLES
    while session.clock.now < session.until:
        session.ask("c")
    assert finished(bed) == plain(make)


def test_breakpoints_should_stop_before_their_instruction(bed: Bed, session: Session) -> None:
    place = bed.program.labels["middle"]
    assert session.ask("qSupported:swbreak+;hwbreak+").startswith("PacketSize=")
    assert session.ask(f"Z0,{place:x},2") == "OK"
    for _ in range(3):
        assert session.ask("c") == "T05thread:1;hwbreak:;" and session.pc == place
    assert session.ask(f"z0,{place:x},2") == "OK"
    session.until = session.clock.now + 3000
    assert session.ask("c").startswith("T02")


@pytest.mark.parametrize(
    ("kind", "label", "offset", "answer"), [(2, "watch", 0, 10), (3, "rwatch", 0, 2), (4, "awatch", 0, 2)]
)
def test_watchpoints_should_stop_at_reads_writes_or_both(
    bed: Bed, session: Session, kind: int, label: str, offset: int, answer: int
) -> None:
    """The handler reads its counter in the second instruction and writes it in the fourth."""
    session.ask(f"Z{kind},{COUNTER:x},4")
    assert session.ask("c") == f"T05thread:1;{label}:{COUNTER:x};"
    second = bed.program.labels["tick"] + 2
    assert session.pc == second + (4 if kind == 2 else 0)


def test_a_watchpoint_should_see_accesses_that_reach_into_it(bed: Bed, session: Session) -> None:
    assert session.ask(f"Z2,{COUNTER + 2:x},1") == "OK"
    assert session.ask("c") == f"T05thread:1;watch:{COUNTER + 2:x};"


def test_a_range_step_should_end_behind_the_range(bed: Bed, session: Session) -> None:
    labels = bed.program.labels
    session.ask(f"Z0,{labels['it']:x},2")
    session.ask("c")
    session.ask(f"z0,{labels['it']:x},2")
    answer = session.ask(f"vCont;r{labels['it']:x},{labels['middle']:x}:1;c")
    assert answer == "T05thread:1;" and session.pc in (labels["middle"], labels["tick"])


def test_ctrl_c_should_end_a_step_over_an_endless_loop() -> None:
    bench = Bench()
    bench.load(Program().label("start").branch("start"))
    session = Session(bench)
    session.until = 100
    assert session.ask(f"vCont;r{FLASH:x},{FLASH + 0x1000:x}").startswith("T02")


# Registers, memory, threads


def test_registers_should_be_read_and_written(bed: Bed, session: Session) -> None:
    assert session.ask("P3=78563412") == "OK" and session.register(3) == 0x12345678
    everything = session.ask("g")
    assert len(everything) == 2 * (17 * 4 + 6 * 4 + 16 * 8 + 4)
    changed = everything[:8] + "01000000" + everything[16:]
    assert session.ask(f"G{changed}") == "OK" and session.register(1) == 1
    assert session.ask(f"P{XPSR:x}=000000f1") == "OK" and session.register(XPSR) == 0xF1000000
    assert session.ask("P20=0000000000000840") == "OK" and session.ask("p20") == "0000000000000840"
    assert session.ask("P1c=01000000") == "OK" and bed.cpu.masks().primask == 1
    for wrong in ("p7f", "P3=12", "P3=xx345678", "G00", "p", "P"):
        assert session.ask(wrong) == "E16"


def test_memory_should_be_read_and_written(bed: Bed, session: Session) -> None:
    assert session.ask(f"M{RAM + 0x100:x},3:010203") == "OK"
    assert session.ask(f"X{RAM + 0x103:x},2:".encode() + b"\x7d\x23") == "OK"
    assert session.ask(f"m{RAM + 0x100:x},5") == "0102037d23"
    assert session.ask("m90000000,4") == session.ask("M90000000,1:00") == "E0e"
    assert session.ask("m1234") == session.ask(f"M{RAM:x},2:00") == "E16"
    assert int.from_bytes(bytes.fromhex(session.ask("me000ed00,4")), "little") == bed.machine.sysbus.read(0xE000ED00, 4)


def test_what_a_handler_has_interrupted_should_be_a_thread(bed: Bed, session: Session) -> None:
    session.ask(f"Z0,{bed.program.labels['loop']:x},2")
    for _ in range(4):
        session.ask("c")
    session.ask(f"z0,{bed.program.labels['loop']:x},2")
    session.ask(f"Z1,{bed.program.labels['tick']:x},2")
    session.ask("c")
    assert session.ask("qfThreadInfo") == "m1,2" and session.ask("qC") == "QC1"
    assert bytes.fromhex(session.ask("qThreadExtraInfo,1")) == b"handler of SysTick, priority 0, running"
    assert bytes.fromhex(session.ask("qThreadExtraInfo,2")) == b"thread mode"
    handler = session.pc
    frame = bed.machine.sysbus.read_bytes(bed.cpu.sp, 32)
    assert session.ask("Hg2") == "OK"
    assert session.pc == int.from_bytes(frame[24:28], "little") != handler
    assert session.register(2) == int.from_bytes(frame[8:12], "little")
    assert session.ask("T2") == "OK" and session.ask("T9") == session.ask("Hg9") == "E16"
    session.ask(f"z1,{bed.program.labels['tick']:x},2")
    session.ask(f"Z0,{bed.program.labels['loop']:x},2")
    session.ask("c")
    assert session.ask("qfThreadInfo") == "m1"


# Loading, monitor, semihosting


def test_load_should_write_flash_and_nothing_else(bed: Bed, session: Session) -> None:
    assert session.ask(f"vFlashErase:{FLASH:x},1000") == "OK"
    assert bed.machine.sysbus.read_bytes(FLASH, 4) == b"\xff" * 4
    assert session.ask(f"vFlashWrite:{FLASH:x}:".encode() + b"#$}*") == "OK" and session.ask("vFlashDone") == "OK"
    assert bed.machine.sysbus.read_bytes(FLASH, 5) == b"#$}*\xff"
    assert session.ask(f"vFlashWrite:{RAM:x}:x") == "E.memtype" and session.ask(f"vFlashErase:{RAM:x},10") == "E0e"
    data = bed.machine.sysbus.read_bytes(FLASH, 0x300)
    assert session.ask(f"qCRC:{FLASH:x},300") == f"C{gdb_crc(data):x}"
    assert session.ask("qCRC:90000000,4") == "E0e"


def test_monitor_should_reset_and_pass_on_the_rest(bed: Bed, session: Session) -> None:
    session.ask(f"Z0,{bed.program.labels['middle']:x},2")
    session.ask("c")
    session.ask("qRcmd," + b"reset halt".hex())
    assert session.pc == bed.program.labels["start"] and "reset: PC" in session.said
    session.ask("qRcmd," + b"cpu PC".hex())
    assert session.said.endswith("did cpu PC\n")


def test_a_refused_command_should_be_told(bed: Bed) -> None:
    def refuse(text: str) -> str:
        raise CrosscamError(f"{text}: no")

    session = Session(bed, refuse)
    assert session.ask("qRcmd," + b"foo".hex()) == "OK" and session.said == "foo: no\n"


def test_a_breakpoint_of_the_firmware_should_halt_and_be_passed() -> None:
    bench = Bench()
    bench.load(Program().label("start").emit(t.movs(1, 1), t.bkpt(3), t.movs(1, 2)).label("end").branch("end"))
    session = Session(bench)
    start = bench.cpu.pc
    assert session.ask("c") == "T05thread:1;" and session.pc == start + 2
    assert "BKPT at" in session.said
    session.ask("s")
    assert session.register(1) == 2


def test_a_lock_up_should_stop_the_run() -> None:
    bench = Bench()
    bench.load(Program().label("start").emit(t.UDF))
    session = Session(bench)
    assert session.ask("c").startswith("T0b") and "locked up" in session.said


@pytest.mark.parametrize(
    "packet", ["", "\xff", "vKill;1", "qXfer:none:read::0,1", "B", "vCont;x", "Z9,0,0", "bs", "bx"]
)
def test_what_is_not_known_should_be_answered_so(bed: Bed, session: Session, packet: str) -> None:
    assert session.ask(packet.encode("latin-1")) in ("", "E16")


def test_no_watchpoint_should_be_larger_than_a_page(bed: Bed, session: Session) -> None:
    assert session.ask(f"Z2,{RAM:x},1001") == session.ask(f"Z2,{RAM:x},0") == "E16"
