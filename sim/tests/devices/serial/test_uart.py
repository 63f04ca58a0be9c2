"""USART of the F4: sending, receiving, idle line, DMA requests, baud rate."""

from __future__ import annotations

import pytest

from sim.engine.devices.dma.stm32_dma import Stm32Dma
from sim.engine.devices.serial.stm32_uart import Stm32Uart
from sim.tests.fake_services import FakeServices, Probe

SR, DR, BRR, CR1, CR2, CR3 = 0x00, 0x04, 0x08, 0x0C, 0x10, 0x14
RE, TE, IDLEIE, RXNEIE, TCIE, TXEIE, UE = 1 << 2, 1 << 3, 1 << 4, 1 << 5, 1 << 6, 1 << 7, 1 << 13
IDLE, RXNE, TC, TXE = 1 << 4, 1 << 5, 1 << 6, 1 << 7
DMAR, DMAT = 1 << 6, 1 << 7


@pytest.fixture
def services() -> FakeServices:
    return FakeServices()


@pytest.fixture
def uart(services: FakeServices) -> Stm32Uart:
    made = Stm32Uart(services, "usart2", frequency=16_000_000)
    made.write(BRR, 4, 16_000_000 // 115_200)
    return made


def test_reset_state_and_what_was_written_reads_back(uart: Stm32Uart) -> None:
    assert uart.read(SR, 4) == TXE | TC and not uart.irq.value
    uart.write(CR1, 4, 0xFFFFFFFF)
    uart.write(CR2, 4, 0xFFFFFFFF)
    assert uart.read(CR1, 4) == 0xBFFF and uart.read(CR2, 4) == 0x7F6F
    uart.reset()
    assert uart.read(CR1, 4) == 0 and uart.read(SR, 4) == TXE | TC


def test_characters_leave_only_while_transmitter_and_uart_are_on(uart: Stm32Uart) -> None:
    sent: list[int] = []
    uart.on_char.append(sent.append)
    uart.write(DR, 4, ord("x"))
    uart.write(CR1, 4, TE)
    uart.write(DR, 4, ord("y"))
    uart.write(CR1, 4, UE | TE)
    for byte in b"ok\r\n":
        uart.write(DR, 4, byte)
    assert bytes(sent) == b"ok\r\n"


def test_tc_is_cleared_by_writing_zero_and_comes_back_with_a_character(uart: Stm32Uart) -> None:
    uart.write(CR1, 4, UE | TE | TCIE)
    assert uart.irq.value
    uart.write(SR, 4, 0xFFFFFFFF & ~TC)
    assert uart.read(SR, 4) == TXE and not uart.irq.value
    uart.write(SR, 2, 0xFFFF)
    uart.write(DR, 1, ord("a"))
    assert uart.read(SR, 4) == TXE | TC and uart.irq.value


def test_a_byte_write_beside_the_flags_clears_none(uart: Stm32Uart) -> None:
    uart.write(SR + 1, 1, 0)
    assert uart.read(SR, 4) == TXE | TC


def test_received_characters_wait_in_order_and_are_lost_while_off(uart: Stm32Uart) -> None:
    uart.write_char(ord("a"))
    uart.write(CR1, 4, UE | RE | RXNEIE)
    assert not uart.read(SR, 4) & RXNE
    for byte in b"bc":
        uart.write_char(byte)
    assert uart.irq.value and uart.read(SR, 4) & RXNE
    assert [uart.read(DR, 4), uart.read(DR, 1)] == list(b"bc")
    assert not uart.irq.value and not uart.read(SR, 4) & RXNE
    assert uart.read(DR, 4) == 0


def test_idle_comes_after_a_frame_of_silence_and_goes_with_sr_then_dr(uart: Stm32Uart, services: FakeServices) -> None:
    uart.write(CR1, 4, UE | RE | IDLEIE)
    bit = 1e6 / (16_000_000 // (16_000_000 // 115_200))  # microseconds
    uart.write_char(1)
    services.clock.microseconds(6 * bit)
    uart.write_char(2)
    services.clock.microseconds(9.9 * bit)
    assert not uart.read(SR, 4) & IDLE
    services.clock.microseconds(0.2 * bit)
    assert uart.irq.value
    uart.read(DR, 4)  # DR without SR leaves it
    assert uart.irq.value and uart.read(SR, 4) & IDLE
    uart.read(DR, 4)
    assert not uart.irq.value and not uart.read(SR, 4) & IDLE
    services.clock.microseconds(1000)
    assert not uart.read(SR, 4) & IDLE  # not again without a character


@pytest.mark.parametrize(
    ("over8", "brr", "baud"),
    [(0, 0x8B, 16_000_000 // 0x8B), (1 << 15, 0x113, 16_000_000 // (0x11 * 8 + 3)), (0, 0, 0)],
)
def test_baud_rate(uart: Stm32Uart, over8: int, brr: int, baud: int) -> None:
    uart.write(CR1, 4, over8)
    uart.write(BRR, 4, brr)
    assert uart.baud_rate == baud


def test_dma_takes_each_character_and_those_that_waited(services: FakeServices, uart: Stm32Uart) -> None:
    dma = Stm32Dma(services, "dma1")
    services.sysbus.windows.append((0x40004400, uart))
    uart.receive_dma_request.connect(dma, 5)
    uart.write(CR1, 4, UE | RE)
    uart.write_char(ord("x"))
    base = 0x10 + 0x18 * 5
    dma.write(base + 4, 4, 3)
    dma.write(base + 8, 4, 0x40004400 + DR)
    dma.write(base + 12, 4, 0x24000000)
    dma.write(base, 4, 1 | 1 << 10)
    uart.write(CR3, 4, DMAR)
    uart.write_char(ord("y"))
    uart.write_char(ord("z"))
    assert services.sysbus.read_bytes(0x24000000, 3) == b"xyz"
    assert dma.read(base + 4, 4) == 0


def test_tc_rises_with_dmat_as_drivers_wait_for_it(services: FakeServices, uart: Stm32Uart) -> None:
    """ST's drivers enable the stream, clear TC, set DMAT; their DMA interrupt then enables TCIE."""
    sent: list[int] = []
    uart.on_char.append(sent.append)
    services.sysbus.windows.append((0x40004400, uart))
    services.sysbus.write_bytes(0x24000000, b"dma")
    dma = Stm32Dma(services, "dma1")
    uart.write(CR1, 4, UE | TE)
    base = 0x10 + 0x18 * 6
    dma.write(base + 4, 4, 3)
    dma.write(base + 8, 4, 0x40004400 + DR)
    dma.write(base + 12, 4, 0x24000000)
    dma.write(base, 4, 1 | 1 << 10 | 1 << 6)
    uart.write(SR, 4, 0xFFFFFFFF & ~TC)
    uart.write(CR3, 4, DMAT)
    uart.write(CR1, 4, UE | TE | TCIE)
    assert bytes(sent) == b"dma" and uart.irq.value


def test_the_interrupt_is_a_level(uart: Stm32Uart) -> None:
    probe = Probe()
    uart.irq.connect(probe, 38)
    uart.write(CR1, 4, UE | TE | TXEIE)
    uart.write(DR, 4, 1)
    assert probe.calls == [(38, False), (38, True)]
    uart.write(CR1, 4, UE | TE)
    assert probe.calls[-1] == (38, False)
