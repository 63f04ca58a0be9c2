"""Both USART generations by a clock by which characters take the bits of their frame."""

from __future__ import annotations

import pytest

from sim.engine.devices.dma.stm32_dma import Stm32Dma
from sim.engine.devices.serial.stm32_uart import Stm32Uart
from sim.engine.devices.serial.stm32f7_usart import Stm32F7Usart
from sim.tests.fake_services import FakeServices

FRAME = 100  # microseconds at 100 kbaud: 10 bits
BASE, MEMORY = 0x40004800, 0x24000000


class SerialBench:
    """A USART at 100 kbaud, with what it sends and when."""

    usart: Stm32F7Usart | Stm32Uart

    def __init__(self, usart: type[Stm32F7Usart] | type[Stm32Uart]) -> None:
        self.services = FakeServices()
        self.clock = self.services.clock
        self.clock.wires_take_time = True
        self.usart = usart(self.services, "usart3", frequency=10_000_000)
        self.sent, self.at = bytearray(), list[int]()
        self.usart.on_char.append(self._hear)

    def _hear(self, value: int) -> None:
        self.sent.append(value)
        self.at.append(self.clock.now // 480)

    def wire_dma(self) -> Stm32Dma:
        """A controller on both requests: 0 receives, 1 sends."""
        dma = Stm32Dma(self.services, "dma1")
        self.usart.receive_dma_request.connect(dma, 0)
        self.usart.transmit_dma_request.connect(dma, 1)
        self.services.sysbus.windows.append((BASE, self.usart))
        return dma

    def frames(self, count: float) -> None:
        self.clock.microseconds(count * FRAME)


# F7 and H7

CR1, CR2, CR3, BRR, RQR, ISR, ICR, RDR, TDR = 0x00, 0x04, 0x08, 0x0C, 0x18, 0x1C, 0x20, 0x24, 0x28
UE, RE, TE, RXNEIE, TCIE, TXEIE, FIFOEN = 1, 4, 8, 1 << 5, 1 << 6, 1 << 7, 1 << 29
ORE, IDLE, RXNE, TC, TXE, TXFE, TXFT = 1 << 3, 1 << 4, 1 << 5, 1 << 6, 1 << 7, 1 << 23, 1 << 27


@pytest.fixture
def f7() -> SerialBench:
    bench = SerialBench(Stm32F7Usart)
    bench.usart.write(BRR, 4, 100)
    bench.usart.write(CR1, 4, UE | RE | TE)
    return bench


def status(bench: SerialBench, mask: int) -> int:
    return bench.usart.read(ISR, 4) & mask


def test_txe_and_tc_follow_the_wire(f7: SerialBench) -> None:
    f7.usart.write(TDR, 4, ord("a"))
    assert status(f7, TXE | TC) == TXE, "it is in the shift register, and TC fell with it"
    f7.usart.write(TDR, 4, ord("b"))
    assert status(f7, TXE | TC) == 0
    f7.frames(0.99)
    assert status(f7, TXE | TC) == 0 and f7.sent == b""
    f7.frames(0.02)
    assert status(f7, TXE | TC) == TXE and f7.sent == b"a"
    f7.frames(1)
    assert status(f7, TXE | TC) == TXE | TC and f7.at == [FRAME, 2 * FRAME]


def test_eighty_characters_at_115200_baud_take_seven_milliseconds() -> None:
    bench = SerialBench(Stm32F7Usart)
    bench.usart.frequency = 120_000_000
    bench.usart.write(BRR, 4, 1042)
    bench.usart.write(CR1, 4, UE | TE)
    for _ in range(80):
        while not status(bench, TXE):
            bench.clock.microseconds(1)
        bench.usart.write(TDR, 4, ord("."))
    while not status(bench, TC):
        bench.clock.microseconds(1)
    assert 6900 < bench.clock.now / 480 < 6980


def test_a_character_written_over_another_replaces_it(f7: SerialBench, caplog: pytest.LogCaptureFixture) -> None:
    f7.wire_dma()
    for value in b"abc":
        f7.usart.write(TDR, 4, value)
    f7.frames(5)
    assert f7.sent == b"ac" and "no room" in caplog.text


def test_what_is_under_way_is_lost_when_the_transmitter_goes_off(f7: SerialBench) -> None:
    for value in b"ab":
        f7.usart.write(TDR, 4, value)
    f7.frames(1.5)
    f7.usart.write(CR1, 4, UE | RE)
    f7.frames(5)
    assert f7.sent == b"a" and status(f7, TC)


def test_interrupts_come_a_character_apart(f7: SerialBench) -> None:
    f7.usart.write(CR1, 4, UE | TE | TXEIE)
    f7.usart.write(TDR, 4, 1)
    f7.usart.write(TDR, 4, 2)
    assert not f7.usart.irq.value
    f7.frames(1.01)
    assert f7.usart.irq.value
    f7.usart.write(CR1, 4, UE | TE | TCIE)
    assert not f7.usart.irq.value
    f7.frames(1)
    assert f7.usart.irq.value


def test_the_transmit_fifo_and_its_threshold(f7: SerialBench) -> None:
    f7.usart.write(CR1, 4, 0)
    f7.usart.write(CR3, 4, 4 << 29)  # TXFTCFG: 7/8 empty, 14 characters
    f7.usart.write(CR1, 4, UE | TE | FIFOEN)
    for value in range(17):  # one goes to the shift register
        assert status(f7, TXE)
        f7.usart.write(TDR, 4, value)
    assert not status(f7, TXE | TXFE | TXFT)
    f7.frames(13.5)
    assert status(f7, TXE | TXFE | TXFT) == TXE
    f7.frames(1)
    assert status(f7, TXFE | TXFT) == TXFT
    f7.frames(2)
    assert status(f7, TXFE | TC) == TXFE
    f7.frames(1)
    assert status(f7, TC) and bytes(f7.sent) == bytes(range(17))


def test_a_flush_leaves_what_is_in_the_shift_register(f7: SerialBench) -> None:
    for value in b"ab":
        f7.usart.write(TDR, 4, value)
    f7.usart.write(RQR, 4, 1 << 4)
    f7.frames(5)
    assert f7.sent == b"a"


def test_characters_of_the_host_come_one_after_the_other(f7: SerialBench) -> None:
    for value in b"xyz":
        f7.usart.write_char(value)
    f7.frames(0.99)
    assert not status(f7, RXNE)
    taken = bytearray()
    for _ in range(3):
        f7.frames(0.02 if not taken else 1)
        assert status(f7, RXNE | IDLE | ORE) == RXNE
        taken.append(f7.usart.read(RDR, 4))
    assert taken == b"xyz"
    f7.frames(1)
    assert status(f7, RXNE | IDLE) == IDLE


def test_a_reader_that_is_late_loses_characters_and_hears_of_it(f7: SerialBench) -> None:
    f7.usart.write(CR1, 4, UE | RE | RXNEIE)
    for value in b"xyz":
        f7.usart.write_char(value)
    f7.frames(3.5)
    assert status(f7, RXNE | ORE) == RXNE | ORE and f7.usart.read(RDR, 4) == ord("x")
    assert not status(f7, RXNE) and f7.usart.irq.value, "RXNEIE is for overrun, too"
    f7.usart.write(ICR, 4, ORE)
    assert not f7.usart.irq.value
    f7.usart.write(CR3, 4, 1 << 12)  # OVRDIS
    for value in b"uvw":
        f7.usart.write_char(value)
    f7.frames(3.5)
    assert not status(f7, ORE) and f7.usart.read(RDR, 4) == ord("w")


def test_a_sender_minds_rts(f7: SerialBench) -> None:
    f7.usart.write(CR3, 4, 1 << 8)
    for value in b"xyz":
        f7.usart.write_char(value)
    taken = bytearray()
    for _ in range(3):
        f7.frames(10)
        taken.append(f7.usart.read(RDR, 4))
    assert taken == b"xyz" and not status(f7, ORE)


def test_dma_sends_at_the_baud_rate(f7: SerialBench) -> None:
    dma = f7.wire_dma()
    f7.services.sysbus.write_bytes(MEMORY, b"by dma")
    for offset, value in ((0x2C, 6), (0x30, BASE + TDR), (0x34, MEMORY), (0x28, 1 << 10 | 1 << 6 | 1)):
        dma.write(offset, 4, value)
    f7.usart.write(ICR, 4, TC)
    f7.usart.write(CR3, 4, 1 << 7)
    f7.frames(3.5)
    assert dma.read(0x2C, 4) == 1 and f7.sent == b"by "
    f7.frames(1)
    assert dma.read(0, 4) & 1 << 11 and not status(f7, TC), "the last two are in the USART"
    f7.frames(1.6)
    assert status(f7, TC) and f7.sent == b"by dma" and f7.at[-1] == 6 * FRAME


def test_without_a_wired_request_a_pushed_transfer_waits_whole(f7: SerialBench) -> None:
    f7.usart.write(CR3, 4, 1 << 7)
    for value in b"pushed":
        f7.usart.write(TDR, 4, value)
    f7.frames(5.9)
    assert not status(f7, TC)
    f7.frames(0.2)
    assert f7.sent == b"pushed" and status(f7, TC)


def test_a_circular_dma_takes_a_line_and_idle_ends_it(f7: SerialBench) -> None:
    dma = f7.wire_dma()
    for offset, value in ((0x14, 8), (0x18, BASE + RDR), (0x1C, MEMORY), (0x10, 1 << 10 | 1 << 8 | 1)):
        dma.write(offset, 4, value)
    f7.usart.write(CR3, 4, 1 << 6)
    for value in b"0123456789":
        f7.usart.write_char(value)
    f7.frames(10.5)
    assert dma.read(0x14, 4) == 6 and not status(f7, IDLE | ORE)
    f7.frames(1)
    assert status(f7, IDLE) and f7.services.sysbus.read_bytes(MEMORY, 8) == b"89234567"


# F1, F2, F4

SR, DR, V1_BRR, V1_CR1, V1_CR3 = 0x00, 0x04, 0x08, 0x0C, 0x14
V1_ON = 1 << 13 | 1 << 3 | 1 << 2
V1_ORE, V1_IDLE, V1_RXNE, V1_TC, V1_TXE = 1 << 3, 1 << 4, 1 << 5, 1 << 6, 1 << 7


@pytest.fixture
def f4() -> SerialBench:
    bench = SerialBench(Stm32Uart)
    bench.usart.write(V1_BRR, 4, 100)
    bench.usart.write(V1_CR1, 4, V1_ON)
    return bench


def test_tc_of_the_older_kind_falls_by_a_read_of_sr_and_a_write_of_dr(f4: SerialBench) -> None:
    f4.usart.write(DR, 4, ord("a"))
    assert f4.usart.read(SR, 4) == V1_TXE | V1_TC, "SR was not read with it before"
    f4.usart.write(DR, 4, ord("b"))
    assert f4.usart.read(SR, 4) == 0
    f4.frames(2.01)
    assert f4.usart.read(SR, 4) == V1_TXE | V1_TC and f4.sent == b"ab"


def test_overrun_of_the_older_kind_goes_by_sr_then_dr(f4: SerialBench) -> None:
    f4.usart.write(V1_CR1, 4, V1_ON | 1 << 5)
    for value in b"xy":
        f4.usart.write_char(value)
    f4.frames(2.5)
    assert f4.usart.read(SR, 4) & (V1_ORE | V1_RXNE) == V1_ORE | V1_RXNE
    assert f4.usart.read(DR, 4) == ord("x") and not f4.usart.irq.value
    f4.frames(1)
    assert f4.usart.read(SR, 4) & (V1_ORE | V1_RXNE | V1_IDLE) == V1_IDLE


def test_the_older_kind_stops_with_ue(f4: SerialBench) -> None:
    f4.usart.write(DR, 4, ord("a"))
    f4.usart.write_char(1)
    f4.usart.write(V1_CR1, 4, 0)
    f4.frames(5)
    assert f4.sent == b"" and f4.clock.pending == 0
