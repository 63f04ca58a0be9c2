"""SPI version 1 (F4, F7): frames, data packing, overrun, receive-only, mode fault, DMA."""

from __future__ import annotations

import pytest

from sim.engine.devices.base import Device
from sim.engine.devices.dma.stm32_dma import Stm32Dma
from sim.engine.devices.spi.stm32_spi import Stm32Spi
from sim.errors import CrosscamError
from sim.tests.fake_services import FakeServices, Probe

CR1, CR2, SR, DR = 0x00, 0x04, 0x08, 0x0C
MSTR, SPE, LSBFIRST, SSI, SSM, RXONLY, DFF = 1 << 2, 1 << 6, 1 << 7, 1 << 8, 1 << 9, 1 << 10, 1 << 11
BIDIOE, BIDIMODE = 1 << 14, 1 << 15
RXDMAEN, ERRIE, RXNEIE, TXEIE, FRXTH = 1, 1 << 5, 1 << 6, 1 << 7, 1 << 12
RXNE, TXE, MODF, OVR, BSY = 1, 2, 1 << 5, 1 << 6, 1 << 7
ON = MSTR | SSM | SSI | SPE
BIT_CYCLES = 4  # BR = 0: PCLK / 2, and PCLK is half the core clock


class Echo(Device):
    """Answers each byte with its complement."""

    def __init__(self, services: FakeServices) -> None:
        super().__init__(services, "echo")
        self.seen: list[int] = []
        self.finished = 0

    def transmit(self, byte: int) -> int:
        self.seen.append(byte)
        return byte ^ 0xFF

    def finish_transmission(self) -> None:
        self.finished += 1


@pytest.fixture
def services() -> FakeServices:
    return FakeServices()


@pytest.fixture
def spi(services: FakeServices) -> Stm32Spi:
    return Stm32Spi(services, "spi1")


@pytest.fixture
def echo(spi: Stm32Spi, services: FakeServices) -> Echo:
    made = Echo(services)
    spi.register_child(made, 0)
    return made


def test_reset_values(spi: Stm32Spi) -> None:
    assert [spi.read(offset, 4) for offset in (CR1, CR2, SR, 0x10, 0x1C, 0x20)] == [0, 0, TXE, 7, 0, 2]


def test_a_byte_goes_out_and_the_answer_is_there(spi: Stm32Spi, echo: Echo) -> None:
    spi.write(CR1, 4, ON)
    spi.write(DR, 2, 0x9F)
    assert echo.seen == [0x9F] and spi.read(SR, 4) & RXNE
    assert spi.read(DR, 2) == 0x60 and not spi.read(SR, 4) & RXNE
    assert spi.read(DR, 2) == 0  # drivers read an empty DR to clear flags
    spi.write(CR1, 4, ON & ~SPE)
    assert echo.finished == 1


def test_frames_written_before_spe_go_out_with_it(spi: Stm32Spi, echo: Echo) -> None:
    """ST's drivers start the DMA stream first."""
    spi.write(CR1, 4, ON & ~SPE)
    spi.write(DR, 1, 7)
    spi.write(DR, 1, 8)
    assert echo.seen == [] and not spi.read(SR, 4) & RXNE
    spi.write(CR1, 4, ON)
    assert echo.seen == [7, 8] and spi.read(DR, 1) == 0xF8
    spi.write(CR1, 4, ON & ~SPE)
    spi.write(CR1, 4, ON)
    assert echo.seen == [7, 8]


def test_reads_without_a_target_give_zero(spi: Stm32Spi) -> None:
    spi.write(CR1, 4, ON)
    spi.write(DR, 2, 1)
    assert spi.read(SR, 4) & RXNE and spi.read(DR, 2) == 0


@pytest.mark.parametrize(("lsb_first", "order"), [(0, [0x12, 0x34]), (LSBFIRST, [0x34, 0x12])])
def test_sixteen_bit_frames(spi: Stm32Spi, echo: Echo, lsb_first: int, order: list[int]) -> None:
    spi.write(CR1, 4, ON | DFF | lsb_first)
    spi.write(DR, 2, 0x1234)
    assert echo.seen == order and spi.read(DR, 2) == 0xEDCB


def test_busy_lasts_as_long_as_the_frames_on_the_wire(spi: Stm32Spi, echo: Echo, services: FakeServices) -> None:
    spi.write(CR1, 4, ON | 2 << 3)  # PCLK / 8
    for byte in range(3):
        spi.write(DR, 1, byte)
    services.clock.advance(3 * 8 * BIT_CYCLES * 4 - 1)
    assert spi.read(SR, 4) & BSY
    services.clock.advance(1)
    assert not spi.read(SR, 4) & BSY


def test_after_writing_only_one_frame_is_left_and_dr_then_sr_clear_overrun(
    spi: Stm32Spi, echo: Echo, services: FakeServices
) -> None:
    """What HAL's transmit relies on: one read of DR empties the receiver."""
    spi.write(CR1, 4, ON)
    spi.write(CR2, 4, ERRIE)
    for byte in (0x03, 0x12, 0x34):
        spi.write(DR, 1, byte)
    services.clock.advance(3 * 8 * BIT_CYCLES)
    assert spi.read(SR, 4) == TXE | RXNE | OVR and spi.irq.value
    assert spi.read(DR, 1) == 0xFC
    assert spi.read(SR, 4) == TXE | OVR  # this read clears it
    assert spi.read(SR, 4) == TXE and not spi.irq.value
    spi.write(DR, 1, 0x55)
    assert spi.read(DR, 1) == 0xAA


def test_a_driver_may_write_ahead_while_frames_are_on_the_wire(
    spi: Stm32Spi, echo: Echo, services: FakeServices
) -> None:
    spi.write(CR1, 4, ON)
    spi.write(DR, 1, 1)
    spi.write(DR, 1, 2)
    services.clock.advance(8 * BIT_CYCLES)
    assert spi.read(DR, 1) == 0xFE and spi.read(DR, 1) == 0xFD
    assert not spi.read(SR, 4) & OVR


def test_the_buffer_has_its_capacity(services: FakeServices) -> None:
    spi = Stm32Spi(services, "spi", buffer_capacity=2)
    spi.write(CR1, 4, ON)
    for byte in range(3):
        spi.write(DR, 1, byte)
    assert spi.read(SR, 4) & OVR
    with pytest.raises(CrosscamError, match="bufferCapacity is 0, expected at least 1"):
        Stm32Spi(services, "spi", buffer_capacity=0)


def test_f7_packs_two_bytes_into_a_half_word(spi: Stm32Spi, echo: Echo) -> None:
    spi.write(CR2, 4, 7 << 8)
    spi.write(CR1, 4, ON)
    spi.write(DR, 2, 0x3412)
    assert echo.seen == [0x12, 0x34] and spi.read(SR, 4) & 3 << 9 == 2 << 9
    assert spi.read(DR, 2) == 0xCBED


def test_f7_rxne_waits_for_the_threshold(spi: Stm32Spi, echo: Echo) -> None:
    spi.write(CR2, 4, 7 << 8)
    spi.write(CR1, 4, ON)
    spi.write(DR, 1, 1)
    assert not spi.read(SR, 4) & RXNE
    spi.write(CR2, 4, 7 << 8 | FRXTH)
    assert spi.read(SR, 4) & RXNE and spi.read(DR, 1) == 0xFE


def test_receive_only_clocks_frames_in_until_it_is_switched_off(spi: Stm32Spi, echo: Echo) -> None:
    spi.write(CR1, 4, ON | RXONLY)
    assert spi.read(SR, 4) & RXNE
    assert [spi.read(DR, 1) for _ in range(3)] == [0] * 3  # the complement of the idle line
    spi.write(DR, 1, 0x77)
    assert echo.seen == [0xFF] * 4
    spi.write(CR1, 4, MSTR | SSM | SSI | RXONLY)
    spi.read(DR, 1)
    assert echo.seen == [0xFF] * 4 and not spi.read(SR, 4) & RXNE


def test_the_sending_half_of_one_line_receives_nothing(spi: Stm32Spi, echo: Echo) -> None:
    spi.write(CR1, 4, ON | BIDIMODE | BIDIOE)
    spi.write(DR, 1, 5)
    assert echo.seen == [5] and not spi.read(SR, 4) & RXNE


def test_ssi_low_is_a_mode_fault(spi: Stm32Spi) -> None:
    spi.write(CR2, 4, ERRIE)
    spi.write(CR1, 4, MSTR | SSM | SPE)
    assert spi.read(CR1, 4) == SSM
    assert spi.read(SR, 4) & MODF
    spi.write(CR1, 4, ON)
    assert not spi.read(SR, 4) & MODF


def test_interrupts(spi: Stm32Spi, echo: Echo) -> None:
    spi.write(CR1, 4, ON)
    spi.write(CR2, 4, RXNEIE)
    assert not spi.irq.value
    spi.write(DR, 1, 1)
    assert spi.irq.value
    spi.read(DR, 1)
    assert not spi.irq.value
    spi.write(CR2, 4, TXEIE)
    assert spi.irq.value
    spi.write(CR1, 4, ON & ~SPE)
    assert not spi.irq.value


@pytest.mark.parametrize("mode", [0, RXONLY])
def test_dma_takes_every_frame(services: FakeServices, spi: Stm32Spi, echo: Echo, mode: int) -> None:
    dma = Stm32Dma(services, "dma2")
    services.sysbus.windows.append((0x40013000, spi))
    spi.dma_receive.connect(dma, 3)
    base = 0x10 + 0x18 * 3
    dma.write(base + 4, 4, 6)
    dma.write(base + 8, 4, 0x40013000 + DR)
    dma.write(base + 12, 4, 0x24000000)
    dma.write(base, 4, 1 | 1 << 10)
    spi.write(CR2, 4, RXDMAEN)
    spi.write(CR1, 4, ON | mode)
    for byte in range(0 if mode else 6):
        spi.write(DR, 1, byte)
    assert dma.read(base + 4, 4) == 0
    expected = bytes(6) if mode else bytes(byte ^ 0xFF for byte in range(6))
    assert services.sysbus.read_bytes(0x24000000, 6) == expected


def test_a_child_must_be_a_target(spi: Stm32Spi, services: FakeServices) -> None:
    with pytest.raises(CrosscamError, match="no SPI target"):
        spi.register_child(Device(services, "led"), 0)


def test_reset_forgets_everything(spi: Stm32Spi, echo: Echo) -> None:
    probe = Probe()
    spi.irq.connect(probe, 35)
    spi.write(CR1, 4, ON)
    spi.write(CR2, 4, RXNEIE)
    spi.write(DR, 1, 1)
    spi.reset()
    assert spi.read(SR, 4) == TXE and probe.calls[-1] == (35, False)


def test_a_target_that_is_taken_away_answers_no_more(spi: Stm32Spi, echo: Echo) -> None:
    spi.unregister_child(echo)
    spi.write(CR1, 4, ON)
    spi.write(DR, 2, 0x9F)
    assert echo.seen == [] and spi.read(DR, 2) == 0 and not spi.children
