"""USART: sending, receiving, interrupt levels, time-out."""

from __future__ import annotations

import pytest

from sim.engine.devices.dma.stm32_dma import Stm32Dma
from sim.engine.devices.serial.stm32f7_usart import Stm32F7Usart
from sim.errors import CrosscamError
from sim.tests.fake_services import FakeServices, Probe

CR1, CR2, CR3, BRR, RTOR, RQR, ISR, ICR, RDR, TDR = 0x00, 0x04, 0x08, 0x0C, 0x14, 0x18, 0x1C, 0x20, 0x24, 0x28
UE, RE, TE, RXNEIE, TCIE, TXEIE, RTOIE, FIFOEN = 1, 4, 8, 1 << 5, 1 << 6, 1 << 7, 1 << 26, 1 << 29
RXNE, TC, TXE, RTOF, TEACK, REACK = 1 << 5, 1 << 6, 1 << 7, 1 << 11, 1 << 21, 1 << 22


@pytest.fixture
def services() -> FakeServices:
    return FakeServices()


@pytest.fixture
def usart(services: FakeServices) -> Stm32F7Usart:
    return Stm32F7Usart(services, "usart3", frequency=120_000_000)


def test_reset_state_is_the_manuals(usart: Stm32F7Usart) -> None:
    assert usart.read(ISR, 4) == 0xC0
    assert usart.read(CR1, 4) == 0 and not usart.irq.value


def test_characters_leave_at_once_and_tc_is_set_again(usart: Stm32F7Usart) -> None:
    sent: list[int] = []
    usart.on_char.append(sent.append)
    usart.write(CR1, 4, UE | TE | RE)
    usart.write(ICR, 4, TC)
    assert not usart.read(ISR, 4) & TC
    for byte in b"ok\r\n":
        usart.write(TDR, 4, byte)
    assert bytes(sent) == b"ok\r\n"
    assert usart.read(ISR, 4) == TC | TXE | TEACK | REACK


def test_nothing_is_sent_while_the_transmitter_is_off(usart: Stm32F7Usart, caplog: pytest.LogCaptureFixture) -> None:
    sent: list[int] = []
    usart.on_char.append(sent.append)
    usart.write(CR1, 4, UE)
    usart.write(TDR, 1, 0x41)
    usart.write(CR1, 4, TE)
    usart.write(TDR, 1, 0x42)
    assert sent == [] and "transmitter is off" in caplog.text


def test_received_characters_queue_and_the_interrupt_is_a_level(usart: Stm32F7Usart) -> None:
    probe = Probe()
    usart.irq.connect(probe, 39)
    usart.write_char(0x30)  # receiver off: lost
    usart.write(CR1, 4, UE | TE | RE | RXNEIE)
    assert not usart.irq.value
    for byte in b"xyz":
        usart.write_char(byte)
    assert usart.irq.value and usart.read(ISR, 4) & RXNE
    assert [usart.read(RDR, 4), usart.read(RDR, 1)] == [0x78, 0x79] and usart.irq.value
    assert usart.read(RDR, 2) == 0x7A
    assert not usart.irq.value and not usart.read(ISR, 4) & RXNE
    assert probe.calls == [(39, False), (39, True), (39, False)]


def test_reading_an_empty_receiver_gives_zero_and_a_warning(
    usart: Stm32F7Usart, caplog: pytest.LogCaptureFixture
) -> None:
    assert usart.read(RDR, 4) == 0 and "nothing has been received" in caplog.text


def test_transmit_interrupts(usart: Stm32F7Usart) -> None:
    usart.write(CR1, 4, UE | TE | TXEIE)
    assert usart.irq.value
    usart.write(CR1, 4, UE | TE)
    assert not usart.irq.value
    usart.write(CR1, 4, UE | TE | TCIE)
    assert usart.irq.value
    usart.write(ICR, 4, TC)
    assert not usart.irq.value
    usart.write(TDR, 4, 0x55)
    assert usart.irq.value


def test_flush_request_and_reset_empty_the_queue(usart: Stm32F7Usart) -> None:
    usart.write(CR1, 4, UE | RE | RXNEIE)
    usart.write_char(1)
    usart.write(RQR, 4, 1 << 3)
    assert not usart.irq.value and not usart.read(ISR, 4) & RXNE
    usart.write_char(2)
    usart.reset()
    assert not usart.irq.value and usart.read(ISR, 4) == 0xC0 and usart.read(CR1, 4) == 0


def test_receive_dma_request_follows_the_queue(usart: Stm32F7Usart) -> None:
    usart.write(CR1, 4, UE | RE)
    usart.write(CR3, 4, 1 << 6)
    usart.write_char(1)
    assert usart.receive_dma_request.value
    usart.read(RDR, 1)
    assert not usart.receive_dma_request.value


def test_configuration_reads_back_and_gives_the_baud_rate(usart: Stm32F7Usart) -> None:
    assert usart.baud_rate == 0
    usart.write(BRR, 4, 1042)
    usart.write(CR2, 4, 2 << 12)
    assert usart.read(BRR, 4) == 1042 and usart.read(CR2, 4) == 2 << 12
    assert usart.baud_rate == 120_000_000 // 1042
    usart.write(CR1, 4, 1 << 15)
    assert usart.baud_rate == 2 * 120_000_000 // 1042
    low_power = Stm32F7Usart(FakeServices(), "lpuart1", frequency=32768, low_power_mode=True)
    low_power.write(BRR, 4, 0x369)
    assert low_power.baud_rate == 256 * 32768 // 0x369


def test_receiver_timeout_counts_bit_times_from_the_last_character(usart: Stm32F7Usart, services: FakeServices) -> None:
    usart.write(BRR, 4, 1200)  # 100 kbaud: 10 us a bit
    usart.write(CR2, 4, 1 << 23)
    usart.write(RTOR, 4, 20)
    usart.write(CR1, 4, UE | RE | RTOIE)
    usart.write_char(1)
    services.clock.microseconds(150)
    usart.write_char(2)
    services.clock.microseconds(199)
    assert not usart.irq.value
    services.clock.microseconds(1)
    assert usart.irq.value and usart.read(ISR, 4) & RTOF
    usart.write(ICR, 4, RTOF)
    assert not usart.irq.value


def test_fifo_flags(usart: Stm32F7Usart) -> None:
    usart.write(CR1, 4, UE | RE | FIFOEN)
    usart.write(CR3, 4, 2 << 25 | 1 << 28)  # threshold 8 characters, with interrupt
    for count in range(16):
        assert usart.irq.value == (count >= 8)
        usart.write_char(count)
    assert usart.read(ISR, 4) >> 23 & 0x1F == 0b11011  # TXFE, RXFF, RXFT, TXFT


def test_tc_rises_with_dmat_as_drivers_wait_for_it(usart: Stm32F7Usart) -> None:
    """ST's drivers enable the DMA stream, which sends at once here, then clear TC and set DMAT."""
    usart.write(CR1, 4, UE | TE | TCIE)
    usart.write(TDR, 4, ord("x"))
    usart.write(ICR, 4, TC)
    assert not usart.irq.value
    usart.write(CR3, 4, 1 << 7)
    assert usart.irq.value


FRAME = 100  # microseconds at 100 kbaud: 10 bits
IDLE, CMF, IDLEIE, CMIE = 1 << 4, 1 << 17, 1 << 4, 1 << 14


def at_100_kbaud(usart: Stm32F7Usart, control: int) -> None:
    usart.write(BRR, 4, 1200)
    usart.write(CR1, 4, UE | RE | control)


def test_idle_rises_a_frame_after_the_last_character_once(usart: Stm32F7Usart, services: FakeServices) -> None:
    at_100_kbaud(usart, IDLEIE)
    services.clock.microseconds(10 * FRAME)
    assert not usart.read(ISR, 4) & IDLE, "nothing has come yet"
    for byte in b"hello":
        usart.write_char(byte)
    taken = []
    while usart.read(ISR, 4) & RXNE:
        services.clock.microseconds(0.9 * FRAME)
        assert not usart.irq.value
        taken.append(usart.read(RDR, 4))
    assert bytes(taken) == b"hello"
    services.clock.microseconds(0.09 * FRAME)  # the last one came into RDR 0.9 frames ago
    assert not usart.irq.value
    services.clock.microseconds(0.02 * FRAME)
    assert usart.irq.value and usart.read(ISR, 4) & IDLE
    usart.write(ICR, 4, IDLE)
    services.clock.microseconds(10 * FRAME)
    assert not usart.irq.value and not usart.read(ISR, 4) & IDLE


@pytest.mark.parametrize(("control", "stop", "bits"), [(0, 0, 10), (1 << 12, 0, 11), (1 << 28, 2 << 12, 10)])
def test_idle_counts_the_bits_of_a_frame(
    usart: Stm32F7Usart, services: FakeServices, control: int, stop: int, bits: int
) -> None:
    usart.write(CR2, 4, stop)
    at_100_kbaud(usart, control)
    usart.write_char(1)
    services.clock.microseconds(10 * bits - 1)
    assert not usart.read(ISR, 4) & IDLE
    services.clock.microseconds(2)
    assert usart.read(ISR, 4) & IDLE, "read or not"


def test_a_circular_dma_takes_a_line_and_idle_ends_it(usart: Stm32F7Usart, services: FakeServices) -> None:
    dma = Stm32Dma(services, "dma1")
    usart.receive_dma_request.connect(dma, 0)
    services.sysbus.windows.append((0x40004800, usart))
    at_100_kbaud(usart, IDLEIE)
    usart.write(CR3, 4, 1 << 6)
    usart.write_char(ord("<"))  # waits until the stream is on
    for offset, value in ((0x14, 8), (0x18, 0x40004800 + RDR), (0x1C, 0x24000000), (0x10, 1 << 10 | 1 << 8 | 1)):
        dma.write(offset, 4, value)
    for byte in b"0123456789":
        usart.write_char(byte)
    services.clock.microseconds(1.1 * FRAME)
    assert usart.irq.value and dma.read(0x14, 4) == 5
    assert services.sysbus.read_bytes(0x24000000, 8) == b"78923456"


def test_dma_sends_what_the_request_asks_for(usart: Stm32F7Usart, services: FakeServices) -> None:
    dma, sent = Stm32Dma(services, "dma1"), bytearray()
    usart.on_char.append(sent.append)
    usart.transmit_dma_request.connect(dma, 0)
    services.sysbus.windows.append((0x40004800, usart))
    services.sysbus.write_bytes(0x24000000, b"by dma")
    usart.write(CR1, 4, UE | TE | TCIE)
    for offset, value in ((0x14, 6), (0x18, 0x40004800 + TDR), (0x1C, 0x24000000), (0x10, 1 << 10 | 1 << 6 | 1)):
        dma.write(offset, 4, value)
    usart.write(ICR, 4, TC)
    assert sent == b"" and not usart.irq.value, "DMAT is not set yet"
    usart.write(CR3, 4, 1 << 7)
    assert sent == b"by dma" and usart.irq.value and dma.read(0, 4) & 1 << 5


def test_character_match(usart: Stm32F7Usart) -> None:
    usart.write(CR2, 4, 10 << 24)
    at_100_kbaud(usart, CMIE)
    usart.write_char(ord("a"))
    usart.write_char(10)
    assert not usart.irq.value, "it has not been taken in"
    usart.read(RDR, 4)
    assert usart.irq.value and usart.read(ISR, 4) & CMF
    usart.write(ICR, 4, CMF)
    assert not usart.irq.value


@pytest.mark.parametrize(
    ("kind", "flag", "control1", "control3"),
    [("PE", 1, 1 << 8, 0), ("FE", 2, 0, 1), ("NE", 4, 0, 1), ("ORE", 8, 0, 1), ("ORE", 8, RXNEIE, 0)],
)
def test_errors_the_host_plays(usart: Stm32F7Usart, kind: str, flag: int, control1: int, control3: int) -> None:
    usart.write(CR3, 4, control3)
    usart.write(CR1, 4, UE | RE | control1)
    usart.receive_error(kind)
    assert usart.irq.value and usart.read(ISR, 4) & flag
    usart.write(ICR, 4, flag)
    assert not usart.irq.value
    with pytest.raises(CrosscamError, match="expected one of PE, FE, NE, ORE"):
        usart.receive_error("nonsense")


def test_switching_off_drops_what_came_and_the_flags(usart: Stm32F7Usart, services: FakeServices) -> None:
    at_100_kbaud(usart, 0)
    usart.write_char(1)
    services.clock.microseconds(2 * FRAME)
    usart.write(CR1, 4, RE)
    assert usart.read(ISR, 4) == TC | TXE
    usart.write(CR1, 4, UE | RE)
    assert not usart.read(ISR, 4) & RXNE and services.clock.pending == 0


def test_the_prescaler_divides_the_kernel_clock(usart: Stm32F7Usart) -> None:
    usart.write(BRR, 4, 100)
    usart.write(0x2C, 4, 3)
    assert usart.baud_rate == 120_000_000 // 600
