"""M_CAN: message RAM elements, transmit order, receive FIFOs and buffers, filters, modes, interrupts."""

from __future__ import annotations

import pytest

from sim.engine.bus import MappedMemory
from sim.engine.devices.network.can_bus import CanFrame
from sim.engine.devices.network.mcan import MCan
from sim.engine.devices.network.mcan_elements import Filter
from sim.engine.machine import Machine
from sim.engine.platform import load_repl_string
from sim.tests.fake_services import FakeServices

DBTP, TEST, CCCR, NBTP, TSCC, TSCV, ECR, PSR, IR, IE, ILS, ILE = (
    0x0C, 0x10, 0x18, 0x1C, 0x20, 0x24, 0x40, 0x44, 0x50, 0x54, 0x58, 0x5C,
)  # fmt: skip
GFC, SIDFC, XIDFC, XIDAM, HPMS, NDAT1, RXF0C, RXF0S, RXF0A, RXBC, RXF1C, RXF1S, RXESC = (
    0x80, 0x84, 0x88, 0x90, 0x94, 0x98, 0xA0, 0xA4, 0xA8, 0xAC, 0xB0, 0xB4, 0xBC,
)  # fmt: skip
TXBC, TXFQS, TXESC, TXBRP, TXBAR, TXBCR, TXBTO, TXBCF, TXBTIE, TXBCIE, TXEFC, TXEFS, TXEFA = (
    0xC0, 0xC4, 0xC8, 0xCC, 0xD0, 0xD4, 0xD8, 0xDC, 0xE0, 0xE4, 0xF0, 0xF4, 0xF8,
)  # fmt: skip
RF0N, RF0W, RF0F, RF0L, HPM, TC, TCF, TFE, TEFN, DRX = 1, 2, 4, 8, 1 << 8, 1 << 9, 1 << 10, 1 << 11, 1 << 12, 1 << 19
STANDARD, EXTENDED, FIFO0, FIFO1, BUFFER, EVENTS, TRANSMIT = 0x000, 0x080, 0x100, 0x400, 0x600, 0x700, 0x800
MONITOR, FD, SWITCH = 1 << 5, 1 << 8, 1 << 9


class Bench:
    """Four standard and two extended filters, FIFOs of three, four transmit buffers of which two dedicated."""

    def __init__(self, control: int = 0, loop: bool = False, layout: int = 2 | 2 << 8, size: int = 0) -> None:
        self.services = FakeServices()
        self.ram = MappedMemory(self.services, "ram", size=0x2800)
        self.can = MCan(self.services, "fdcan1", message_ram=self.ram)
        self.set(CCCR, 1)
        self.set(CCCR, 3)
        self.set(CCCR, 3 | control | (1 << 7 if loop else 0))
        if loop:
            self.set(TEST, 1 << 4)
        for offset, value in (
            (SIDFC, STANDARD | 4 << 16), (XIDFC, EXTENDED | 2 << 16), (RXF0C, FIFO0 | 3 << 16 | 2 << 24),
            (RXF1C, FIFO1 | 3 << 16 | 1 << 31), (RXBC, BUFFER), (TXEFC, EVENTS | 2 << 16),
            (TXBC, TRANSMIT | layout << 16), (RXESC, size | size << 4 | size << 8), (TXESC, size), (GFC, 0x3C),
        ):  # fmt: skip
            self.set(offset, value)
        self.control = control | (1 << 7 if loop else 0)
        self.size = (8, 12, 16, 20, 24, 32, 48, 64)[size] + 8

    def on(self) -> None:
        self.set(CCCR, self.control)

    def set(self, offset: int, value: int) -> None:
        self.can.write(offset, 4, value)

    def get(self, offset: int) -> int:
        return self.can.read(offset, 4)

    def filter(self, index: int, kind: int, action: int, first: int, second: int) -> None:
        self.ram.write(STANDARD + 4 * index, 4, kind << 30 | action << 27 | first << 16 | second)

    def put(self, index: int, identifier: int, data: bytes = b"", flags: int = 0, code: int | None = None) -> None:
        base = TRANSMIT + index * self.size
        self.ram.write(base, 4, identifier << 18)
        self.ram.write(base + 4, 4, flags | (len(data) if code is None else code) << 16)
        for place in range(0, len(data), 4):
            self.ram.write(base + 8 + place, 4, int.from_bytes(data[place : place + 4], "little"))

    def run(self, microseconds: float = 2000) -> None:
        self.services.clock.microseconds(microseconds)

    def element(self, base: int, index: int = 0) -> tuple[int, int, bytes]:
        at = base + index * self.size
        return self.ram.read(at, 4), self.ram.read(at + 4, 4), bytes(self.ram.view[at + 8 : at + self.size])


def test_reset_values_and_protection(caplog: pytest.LogCaptureFixture) -> None:
    bench = Bench()
    bench.can.reset()
    assert [bench.get(offset) for offset in (0x00, 0x04, DBTP, CCCR, NBTP, PSR)] == [
        0x32141218, 0x87654321, 0xA33, 1, 0x06000A03, 0x707,
    ]  # fmt: skip
    bench.set(RXF0C, 0x30004)
    assert bench.get(RXF0C) == 0 and "without CCCR.CCE" in caplog.text
    bench.set(CCCR, 0)
    bench.set(CCCR, 2)
    assert bench.get(CCCR) == 0, "CCE needs INIT"
    bench.set(CCCR, 1 << 4)
    assert bench.get(CCCR) & (1 | 1 << 3) == 1 | 1 << 3, "clock stop is acknowledged in INIT"


def test_internal_loop_back_through_a_filter() -> None:
    bench = Bench(MONITOR, loop=True)
    bench.filter(1, 2, 1, 0x120, 0x7F0)
    bench.on()
    bench.set(IE, RF0N | TC)
    bench.set(ILE, 3)
    bench.set(ILS, TC)
    bench.set(TXBTIE, 1)
    bench.put(0, 0x123, b"\x01\x02\x03\x04\x05", flags=0xAB << 24 | 1 << 23)
    bench.set(TXBAR, 1)
    assert bench.get(TXBRP) == 1
    bench.run()
    assert bench.get(TXBRP) == 0 and bench.get(TXBTO) == 1
    assert bench.get(RXF0S) == 1 | 1 << 16
    first, second, data = bench.element(FIFO0)
    assert first == 0x123 << 18 and second == 1 << 24 | 5 << 16 and data == b"\1\2\3\4\5\0\0\0"
    assert bench.can.outputs["Line0"].value and bench.can.outputs["Line1"].value
    bench.set(IR, RF0N | TC)
    assert not bench.can.outputs["Line0"].value and not bench.can.outputs["Line1"].value
    bench.set(RXF0A, 0)
    assert bench.get(RXF0S) == 1 << 8 | 1 << 16
    assert bench.get(TXEFS) & 0x3F == 1
    assert bench.ram.read(EVENTS, 4) == 0x123 << 18 and bench.ram.read(EVENTS + 4, 4) == 0xAB << 24 | 1 << 22 | 5 << 16
    bench.set(TXEFA, 0)
    assert bench.get(TXEFS) & 0x3F == 0
    assert not bench.can.sent_frames, "internal: nothing on the bus"


def test_frame_time_follows_the_bit_timing() -> None:
    bench = Bench()
    bench.set(NBTP, 1 << 25 | 1 << 16 | 5 << 8 | 2)  # 10 quanta of 2 clocks
    bench.on()
    bench.put(0, 0x1, b"12345678")
    bench.set(TXBAR, 1)
    bench.services.clock.advance(111 * 10 * 2 * 6 - 1)
    assert bench.get(TXBTO) == 0 and bench.get(PSR) >> 3 & 3 == 3
    bench.services.clock.advance(1)
    assert bench.get(TXBTO) == 1 and bench.can.sent_frames[0].data == b"12345678"


def test_fd_frame_with_padding() -> None:
    bench = Bench(FD | SWITCH)
    bench.on()
    bench.put(0, 0x7, b"abcdefgh", flags=1 << 21 | 1 << 20, code=9)
    bench.set(TXBAR, 1)
    bench.run()
    assert bench.can.sent_frames[0] == CanFrame(0x7, b"abcdefgh\xcc\xcc\xcc\xcc", flexible=True, fast=True, length=12)
    classic = Bench()
    classic.on()
    classic.put(0, 0x7, b"abcdefgh", flags=1 << 21, code=9)
    classic.set(TXBAR, 1)
    classic.run()
    assert classic.can.sent_frames[0] == CanFrame(0x7, b"abcdefgh", length=8)


def test_sixty_four_bytes_in_and_out() -> None:
    bench = Bench(FD | MONITOR, loop=True, size=7)
    bench.filter(0, 0, 2, 0, 0x7FF)
    bench.on()
    data = bytes(range(64))
    bench.put(1, 0x55, data, flags=1 << 21, code=15)
    bench.set(TXBAR, 2)
    bench.run(5000)
    assert bench.get(RXF1S) & 0x7F == 1
    assert bench.element(FIFO1)[2] == data and bench.get(PSR) & 1 << 13
    assert not bench.get(PSR) & 1 << 13, "cleared by reading"


def test_transmit_order() -> None:
    """Dedicated buffers and the head of the FIFO compete by identifier; a queue lets all of them compete."""
    for queue, expected in ((0, [0x50, 0x100, 0x200, 0x10]), (1, [0x10, 0x50, 0x100, 0x200])):
        bench = Bench(layout=1 | 3 << 8 | queue << 14)
        bench.on()
        for index, identifier in enumerate((0x100, 0x50, 0x200, 0x10)):
            bench.put(index, identifier)
        bench.set(CCCR, bench.control | 4)
        bench.set(TXBAR, 0xF)
        bench.set(CCCR, bench.control)
        bench.run(5000)
        assert [frame.identifier for frame in bench.can.sent_frames] == expected


def test_fifo_levels_and_cancellation() -> None:
    bench = Bench(layout=1 | 3 << 8)
    bench.on()
    assert bench.get(TXFQS) == 3 | 1 << 8 | 1 << 16
    for index in (1, 2, 3):
        bench.put(index, index)
        bench.set(TXBAR, 1 << index)
    assert bench.get(TXFQS) == 0 | 1 << 8 | 1 << 16 | 1 << 21
    bench.set(TXBCIE, 4)
    bench.set(TXBCR, 4)
    assert bench.get(TXBCF) == 4 and bench.get(IR) & TCF and bench.get(TXBRP) == 0b1010
    bench.run()
    assert [frame.identifier for frame in bench.can.sent_frames] == [1, 3]
    assert bench.get(TXFQS) == 3 | 1 << 8 | 1 << 16 and bench.get(IR) & TFE


def test_missing_acknowledgment_and_single_shot() -> None:
    bench = Bench()
    bench.on()
    bench.can.bus_acknowledges = False
    bench.put(0, 1)
    bench.set(TXBAR, 1)
    bench.run(20_000)
    assert bench.get(TXBRP) == 1 and bench.get(ECR) == 128
    assert bench.get(PSR) & 0x67 == 3 | 1 << 5 | 1 << 6 and bench.get(PSR) & 7 == 7
    single = Bench(control=1 << 6)
    single.on()
    single.can.bus_acknowledges = False
    single.put(0, 1)
    single.set(TXBAR, 1)
    single.run()
    assert single.get(TXBRP) == 0 and single.get(TXBCF) == 1 and single.get(TXBTO) == 0


def test_receive_fifo_watermark_full_and_lost() -> None:
    bench = Bench()
    bench.filter(0, 0, 1, 0x000, 0x0FF)
    bench.filter(1, 0, 2, 0x100, 0x1FF)
    bench.on()
    for number, flags in enumerate((RF0N, RF0N | RF0W, RF0N | RF0F, RF0L)):
        bench.set(IR, 0xFFFFFFFF)
        bench.can.on_frame_received(CanFrame(number, bytes([number])))
        assert bench.get(IR) == flags
    assert bench.get(RXF0S) == 3 | 1 << 24 | 1 << 25
    bench.set(IR, RF0L)
    assert bench.get(RXF0S) == 3 | 1 << 24
    for number in range(4):
        bench.can.on_frame_received(CanFrame(0x100 + number))
    assert bench.get(RXF1S) & 0x3F7F == 3 | 1 << 8, "overwriting moves the get index on"
    assert bench.element(FIFO1, 0)[0] == 0x103 << 18


def test_dedicated_buffer_and_high_priority() -> None:
    bench = Bench()
    bench.filter(0, 0, 7, 0x111, 5)
    bench.filter(1, 1, 5, 0x222, 0x223)
    bench.filter(2, 0, 3, 0x300, 0x3FF)
    bench.on()
    bench.can.receive_frame(0x111, "0a")
    assert bench.get(NDAT1) == 1 << 5 and bench.get(IR) == DRX
    assert bench.element(BUFFER, 5)[2][0] == 0x0A
    bench.can.receive_frame(0x111, "0b")
    assert bench.element(BUFFER, 5)[2][0] == 0x0A, "kept until its flag is cleared"
    bench.set(NDAT1, 1 << 5)
    bench.can.receive_frame(0x111, "0b")
    assert bench.element(BUFFER, 5)[2][0] == 0x0B
    bench.can.receive_frame(0x223)
    assert bench.get(HPMS) == 1 << 8 | 2 << 6 and bench.get(IR) & HPM
    bench.can.receive_frame(0x300)
    assert bench.get(RXF0S) & 0x7F == 1, "rejected"


def test_unmatched_and_remote_frames() -> None:
    bench = Bench()
    bench.set(GFC, 0 | 1 << 1 | 1 << 2)
    bench.on()
    bench.can.receive_frame(0x5)
    assert bench.element(FIFO0)[1] >> 31, "no filter matched"
    bench.can.receive_frame(0x5, remote=True)
    assert bench.get(RXF0S) & 0x7F == 1, "standard remote frames are rejected"
    bench.can.receive_frame(0x12345678, extended=True, remote=True)
    assert bench.element(FIFO1)[0] == 0x12345678 | 3 << 29


@pytest.mark.parametrize(
    ("kind", "mask", "matches"), [(0, 0x1FFFFFFF, True), (1, 0x1FFFFFFF, False), (0, 0xFF, False), (3, 0xFF, True)]
)
def test_extended_filters(kind: int, mask: int, matches: bool) -> None:
    found = Filter.for_extended(1 << 29 | 0x1000, kind << 30 | 0x2000)
    assert found.matches(0x1800, mask) is matches


def test_timestamps_count_bit_times() -> None:
    bench = Bench()
    bench.set(NBTP, 1 << 25 | 1 << 16 | 5 << 8 | 2)
    bench.set(TSCC, 1 | 3 << 16)
    bench.on()
    bench.set(TSCV, 0)
    bench.services.clock.advance(7 * 4 * 120)
    assert bench.get(TSCV) == 7


def test_nothing_moves_in_init_or_restricted_mode() -> None:
    bench = Bench(control=1 << 2)
    bench.filter(0, 0, 1, 0, 0x7FF)
    bench.can.receive_frame(1)
    assert bench.get(RXF0S) & 0x7F == 0
    bench.on()
    bench.put(0, 1)
    bench.set(TXBAR, 1)
    bench.run()
    assert not bench.can.sent_frames
    bench.can.receive_frame(1)
    assert bench.get(RXF0S) & 0x7F == 1


def test_time_triggered_operation_is_warned_of(caplog: pytest.LogCaptureFixture) -> None:
    bench = Bench()
    bench.set(0x108, 0)
    assert "time triggered" not in caplog.text
    bench.set(0x108, 1)
    assert "time triggered" in caplog.text


def test_description() -> None:
    machine = Machine()
    load_repl_string(
        machine,
        """
nvic: IRQControllers.NVIC @ sysbus 0xE000E000
fdcan1: CAN.MCAN @ sysbus 0x4000A000
    Line0 -> nvic@19
    Line1 -> nvic@21
    Calibration -> nvic@63
    messageRAM: canMessageRAM
canMessageRAM: Memory.ArrayMemory @ sysbus <0x4000AC00, +0x2800>
    size: 0x2800
""",
    )
    assert isinstance(machine.device("fdcan1"), MCan)
