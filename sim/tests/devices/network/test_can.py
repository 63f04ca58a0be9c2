"""bxCAN: modes, mailboxes, filters, FIFOs, interrupts."""

from __future__ import annotations

import pytest

from sim.engine.devices.network.can_bus import CanFrame
from sim.engine.devices.network.frame_hub import FrameHub
from sim.engine.devices.network.stm_can import StmCan
from sim.engine.machine import Machine
from sim.engine.platform import load_repl_string
from sim.errors import CrosscamError
from sim.tests.fake_services import FakeServices

MCR, MSR, TSR, RF0R, RF1R, IER, ESR, BTR = 0x00, 0x04, 0x08, 0x0C, 0x10, 0x14, 0x18, 0x1C
TI0R, RI0R, RDT0R, RDL0R, RDH0R, RI1R = 0x180, 0x1B0, 0x1B4, 0x1B8, 0x1BC, 0x1C0
FMR, FM1R, FS1R, FFA1R, FA1R, F0R1 = 0x200, 0x204, 0x20C, 0x214, 0x21C, 0x240
LOOP, SILENT = 1 << 30, 1 << 31
TIMING = 2 << 20 | 3 << 16 | 5  # (1 + 4 + 3) quanta of 6 clocks
RQCP, TXOK, TERR, ABRQ = 1, 2, 8, 1 << 7


class Bench:
    def __init__(self, mode: int = LOOP, accept_all: bool = True) -> None:
        self.services = FakeServices()
        self.can = StmCan(self.services, "can1")
        self.start(self.can, mode)
        if accept_all:
            self.filter(0, 0, 0, wide=True)

    def start(self, can: StmCan, mode: int) -> None:
        can.write(MCR, 4, 1)
        assert can.read(MSR, 4) & 3 == 1
        can.write(BTR, 4, mode | TIMING)
        can.write(MCR, 4, 0)

    def filter(self, bank: int, first: int, second: int, *, wide: bool, listed: bool = False, fifo: int = 0) -> None:
        can, bit = self.can, 1 << bank
        can.write(FMR, 4, can.read(FMR, 4) | 1)
        for register, value in ((FM1R, listed), (FS1R, wide), (FFA1R, fifo), (FA1R, True)):
            old = can.read(register, 4)
            can.write(register, 4, old | bit if value else old & ~bit)
        can.write(F0R1 + 8 * bank, 4, first)
        can.write(F0R1 + 8 * bank + 4, 4, second)
        can.write(FMR, 4, can.read(FMR, 4) & ~1)

    def send(self, mailbox: int, identifier: int, data: bytes = b"", flags: int = 0) -> None:
        base = TI0R + 0x10 * mailbox
        self.can.write(base + 4, 4, len(data))
        padded = data.ljust(8, b"\0")
        self.can.write(base + 8, 4, int.from_bytes(padded[:4], "little"))
        self.can.write(base + 12, 4, int.from_bytes(padded[4:], "little"))
        self.can.write(base, 4, identifier << 21 | flags | 1)

    def run(self, microseconds: float = 1000) -> None:
        self.services.clock.microseconds(microseconds)

    def received(self, fifo: int = 0) -> int:
        return self.can.read(RF0R + 4 * fifo, 4) & 3


def test_reset_values() -> None:
    """RM0090 32.9."""
    can = StmCan(FakeServices(), "can1")
    assert [can.read(offset, 4) for offset in (MCR, MSR, TSR, RF0R, IER, ESR, BTR, FMR)] == [
        0x00010002, 0x00000C02, 0x1C000000, 0, 0, 0, 0x01230000, 0x2A1C0E01,
    ]  # fmt: skip


def test_loop_back_takes_the_frames_time() -> None:
    bench = Bench(LOOP | SILENT)
    bench.send(0, 0x321, bytes(range(1, 9)))
    assert not bench.can.read(TSR, 4) & 1 << 26, "mailbox 0 is taken"
    # 111 bits of 8 quanta of 6 clocks, the clock a quarter of 480 MHz.
    bench.services.clock.advance(111 * 8 * 6 * 4 - 1)
    assert bench.received() == 0
    bench.services.clock.advance(1)
    assert bench.received() == 1
    assert bench.can.read(TSR, 4) & 0xFF == RQCP | TXOK
    assert bench.can.read(RI0R, 4) == 0x321 << 21
    assert bench.can.read(RDT0R, 4) & 0xF == 8
    assert bench.can.read(RDL0R, 4) == 0x04030201 and bench.can.read(RDH0R, 4) == 0x08070605
    bench.can.write(RF0R, 4, 1 << 5)
    assert bench.received() == 0 and bench.can.read(RI0R, 4) == 0
    assert not bench.can.sent_frames, "silent"


def test_extended_and_remote_frames() -> None:
    bench = Bench()
    bench.can.write(TI0R + 4, 4, 3)
    bench.can.write(TI0R, 4, 0x12345678 << 3 | 4 | 2 | 1)
    bench.run()
    assert bench.can.read(RI0R, 4) == 0x12345678 << 3 | 4 | 2
    assert bench.can.read(RDT0R, 4) & 0xF == 3
    assert bench.can.sent_frames[0] == CanFrame(0x12345678, b"", True, True, length=3)


def test_lowest_identifier_goes_first_or_the_oldest_request() -> None:
    for by_request, expected in ((0, [0x100, 0x001, 0x200]), (4, [0x100, 0x200, 0x001])):
        bench = Bench(0)
        bench.can.write(MCR, 4, by_request)
        for mailbox, identifier in enumerate((0x100, 0x200, 0x001)):
            bench.send(mailbox, identifier)
        assert bench.can.read(TSR, 4) >> 26 & 7 == 0
        bench.run()
        assert [frame.identifier for frame in bench.can.sent_frames] == expected


def test_missing_acknowledgment() -> None:
    bench = Bench(0)
    bench.can.bus_acknowledges = False
    bench.can.write(IER, 4, 1 << 15 | 1 << 11)
    bench.send(0, 1)
    bench.run(20)
    bench.run(20_000)
    assert bench.can.read(TSR, 4) & RQCP == 0, "it tries again and again"
    assert bench.can.read(ESR, 4) == 128 << 16 | 3 << 4 | 3
    assert bench.can.outputs[3].value
    bench.can.write(MSR, 4, 4)
    bench.can.write(TSR, 4, ABRQ)
    bench.run(1000)
    assert bench.can.read(TSR, 4) & 0xF == RQCP, "aborted"
    bench.can.write(MCR, 4, 1 << 4)
    bench.send(0, 1)
    bench.run()
    assert bench.can.read(TSR, 4) & 0xF == RQCP | TERR, "one attempt only"


def test_abort_of_a_waiting_mailbox() -> None:
    bench = Bench(0)
    bench.send(0, 1)
    bench.send(1, 2)
    bench.can.write(TSR, 4, ABRQ << 8)
    assert bench.can.read(TSR, 4) >> 8 & 3 == RQCP
    bench.run()
    assert [frame.identifier for frame in bench.can.sent_frames] == [1]


@pytest.mark.parametrize(
    ("identifier", "extended", "expected"),
    [(0x123, False, (0, 0)), (0x124, False, (1, 0)), (0x130, False, (0, 4)), (0x7FF, False, None), (0x123, True, None)],
)
def test_filters(identifier: int, extended: bool, expected: tuple[int, int] | None) -> None:
    """Bank 0: list of two in FIFO 0; bank 1: 16-bit list in FIFO 1; bank 2: 16-bit masks in FIFO 0, numbers 2 to 5."""
    bench = Bench(0, accept_all=False)
    bench.filter(0, 0x123 << 21, 0x000 << 21, wide=True, listed=True)
    bench.filter(1, 0x124 << 5 | 0x222 << 21, 0, wide=False, listed=True, fifo=1)
    bench.filter(2, 0x7F0 << 5 | 0xFFFF << 16, 0xFFFF << 16, wide=False)
    bench.filter(3, 0x130 << 5 | 0xFFF8 << 16, 0xFFFF << 16 | 0xFFFF, wide=False)
    bench.can.on_frame_received(CanFrame(identifier, b"x", extended))
    if expected is None:
        assert bench.received(0) == bench.received(1) == 0
        return
    fifo, index = expected
    assert bench.received(fifo) == 1 and bench.received(1 - fifo) == 0
    assert bench.can.read(RDT0R + 0x10 * fifo, 4) >> 8 & 0xFF == index


def test_fifo_full_overrun_and_lock() -> None:
    for locked, last in ((0, 4), (1 << 3, 3)):
        bench = Bench(0)
        bench.can.write(MCR, 4, locked)
        for identifier in (1, 2, 3):
            bench.can.on_frame_received(CanFrame(identifier))
        assert bench.can.read(RF0R, 4) == 3 | 1 << 3
        bench.can.on_frame_received(CanFrame(4))
        assert bench.can.read(RF0R, 4) == 3 | 1 << 3 | 1 << 4
        for _ in range(2):
            bench.can.write(RF0R, 4, 1 << 5)
        assert bench.can.read(RI0R, 4) >> 21 == last
        assert not bench.can.read(RF0R, 4) & 1 << 3


def test_interrupt_lines() -> None:
    bench = Bench(LOOP)
    bench.can.write(IER, 4, 1 | 1 << 1)
    bench.send(0, 5)
    bench.run()
    assert [bench.can.outputs[line].value for line in range(4)] == [True, True, False, False]
    bench.can.write(TSR, 4, 1)
    bench.can.write(RF0R, 4, 1 << 5)
    assert not any(bench.can.outputs[line].value for line in range(4))


def test_sleep_and_wake_up() -> None:
    bench = Bench(0)
    bench.can.write(IER, 4, 1 << 16 | 1 << 17)
    bench.can.write(MCR, 4, 1 << 5 | 2)
    assert bench.can.read(MSR, 4) & 0x1F == 2 | 1 << 4 and bench.can.outputs[3].value
    bench.can.write(MSR, 4, 1 << 4)
    bench.can.receive_frame(0x10, "aa")
    assert bench.received() == 0, "the frame that wakes is lost"
    assert bench.can.read(MSR, 4) & 0x1F == 1 << 3 and not bench.can.read(MCR, 4) & 2
    bench.can.receive_frame(0x10, "aa")
    assert bench.received() == 1


def test_protected_registers(caplog: pytest.LogCaptureFixture) -> None:
    bench = Bench(0)
    bench.can.write(BTR, 4, 0)
    bench.can.write(FM1R, 4, 1)
    bench.can.write(F0R1, 4, 5)
    assert bench.can.read(BTR, 4) == TIMING and bench.can.read(FM1R, 4) == 0 and bench.can.read(F0R1, 4) == 0
    assert caplog.text.count("ignored") == 3
    bench.can.write(MCR, 4, 1 << 15)
    assert bench.can.read(MSR, 4) & 3 == 2, "software reset ends in sleep mode"


def test_slave_uses_its_masters_filters_and_a_hub_connects_them() -> None:
    bench = Bench(0)
    slave = StmCan(bench.services, "can2", master=bench.can)
    bench.start(slave, 0)
    hub = FrameHub("CAN")
    hub.attach(bench.can)
    hub.attach(slave)
    bench.send(0, 0x55, b"hi")
    bench.run()
    assert slave.read(RF0R, 4) & 3 == 0, "no filter from bank 14 on"
    bench.filter(14, 0, 0, wide=True, fifo=1)
    assert slave.read(FA1R, 4) == 1 | 1 << 14
    bench.send(0, 0x55, b"hi")
    bench.run()
    assert slave.read(RF1R, 4) & 3 == 1 and slave.read(RI1R, 4) == 0x55 << 21
    assert bench.received() == 0
    with pytest.raises(CrosscamError, match="is a slave itself"):
        StmCan(bench.services, "can3", master=slave)
    with pytest.raises(CrosscamError, match="already"):
        hub.attach(slave)


def test_frames_by_hand_are_checked() -> None:
    bench = Bench(0)
    for identifier, data in ((0x800, ""), (1, "zz"), (1, "00" * 9)):
        with pytest.raises(CrosscamError, match="expected"):
            bench.can.receive_frame(identifier, data)


def test_description() -> None:
    machine = Machine()
    load_repl_string(
        machine,
        """
nvic: IRQControllers.NVIC @ sysbus 0xE000E000
can2: CAN.STMCAN @ sysbus <0x40006800, +0x400>
    [0-3] -> nvic@[63-66]
    master: can1
can1: CAN.STMCAN @ sysbus <0x40006400, +0x400>
    [0-3] -> nvic@[19-22]
""",
    )
    assert isinstance(machine.device("can2"), StmCan)
