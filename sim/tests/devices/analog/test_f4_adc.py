"""ADC of F4 and F7: software conversions, sequences, continuous mode, overrun, watchdog, DMA."""

from __future__ import annotations

from pathlib import Path

import pytest

from sim.engine.devices.analog.stm32_adc import Stm32Adc
from sim.engine.devices.dma.stm32_dma import Stm32Dma
from sim.errors import CrosscamError
from sim.tests.fake_services import FakeServices

SR, CR1, CR2, SMPR1, SMPR2, HTR, LTR, SQR1, SQR2, SQR3, DR = (
    *(0x00, 0x04, 0x08, 0x0C, 0x10, 0x24, 0x28, 0x2C, 0x30, 0x34, 0x4C),
)
AWD, EOC, STRT, OVR = 1, 2, 16, 32
EOCIE, AWDIE, SCAN, AWDSGL, AWDEN, OVRIE = 1 << 5, 1 << 6, 1 << 8, 1 << 9, 1 << 23, 1 << 26
ADON, CONT, DMA, DDS, EOCS, ALIGN, SWSTART = 1, 2, 1 << 8, 1 << 9, 1 << 10, 1 << 11, 1 << 30
CONVERSION = 15 / 21  # microseconds at SMP = 0 and 12 bits


@pytest.fixture
def services() -> FakeServices:
    return FakeServices()


@pytest.fixture
def adc(services: FakeServices) -> Stm32Adc:
    """Channels 1, 4 and 9 in this order; channel n reads 100 n."""
    made = Stm32Adc(services, "adc1")
    for channel in range(19):
        made.feed_sample(100 * channel, channel, -1)
    made.write(SQR1, 4, 2 << 20)
    made.write(SQR3, 4, 1 | 4 << 5 | 9 << 10)
    made.write(CR2, 4, ADON)
    return made


def test_reset_values(services: FakeServices) -> None:
    adc = Stm32Adc(services, "adc1")
    assert [adc.read(each, 4) for each in (SR, CR1, CR2, SMPR1, HTR, LTR, SQR1, DR)] == [0, 0, 0, 0, 0xFFF, 0, 0, 0]


def test_one_conversion_takes_its_time(adc: Stm32Adc, services: FakeServices) -> None:
    adc.write(CR1, 4, EOCIE)
    adc.write(CR2, 4, ADON | SWSTART)
    assert adc.read(SR, 4) == STRT and adc.read(CR2, 4) == ADON
    services.clock.microseconds(CONVERSION * 0.99)
    assert not adc.read(SR, 4) & EOC
    services.clock.microseconds(CONVERSION * 0.02)
    assert adc.read(SR, 4) == STRT | EOC and adc.irq.value
    assert adc.read(DR, 4) == 100 and adc.read(SR, 4) == STRT and not adc.irq.value
    services.clock.microseconds(100)
    assert not adc.read(SR, 4) & EOC


def test_sampling_time_of_each_channel(adc: Stm32Adc, services: FakeServices) -> None:
    adc.write(SMPR2, 4, 7 << 3)
    adc.write(CR2, 4, ADON | SWSTART)
    services.clock.microseconds(491.9 / 21)
    assert not adc.read(SR, 4) & EOC
    services.clock.microseconds(0.2 / 21)
    assert adc.read(SR, 4) & EOC


def test_a_scan_with_eocs_stops_at_each_channel(adc: Stm32Adc, services: FakeServices) -> None:
    adc.write(CR1, 4, SCAN)
    adc.write(CR2, 4, ADON | EOCS | SWSTART)
    taken = []
    for _ in range(3):
        services.clock.microseconds(CONVERSION * 1.01)
        assert adc.read(SR, 4) & EOC
        taken.append(adc.read(DR, 4))
    assert taken == [100, 400, 900]


def test_a_scan_without_eocs_tells_the_end_only(adc: Stm32Adc, services: FakeServices) -> None:
    adc.write(CR1, 4, SCAN)
    adc.write(CR2, 4, ADON | SWSTART)
    services.clock.microseconds(CONVERSION * 2.5)
    assert not adc.read(SR, 4) & EOC
    services.clock.microseconds(CONVERSION)
    assert adc.read(SR, 4) == STRT | EOC and adc.read(DR, 4) == 900


def test_overrun_stops_the_converter(adc: Stm32Adc, services: FakeServices) -> None:
    adc.write(CR1, 4, SCAN | OVRIE)
    adc.write(CR2, 4, ADON | EOCS | SWSTART)
    services.clock.microseconds(10)
    assert adc.read(SR, 4) & (OVR | EOC) == OVR | EOC and adc.irq.value
    assert adc.read(DR, 4) == 100 and services.clock.pending == 0
    adc.write(SR, 4, ~OVR & 0xFFFFFFFF)
    assert not adc.irq.value
    adc.write(CR2, 4, ADON | EOCS | SWSTART)
    services.clock.microseconds(CONVERSION * 1.01)
    assert adc.read(DR, 4) == 100 and not adc.read(SR, 4) & OVR


def test_continuous_mode_always_has_a_fresh_value(adc: Stm32Adc, services: FakeServices) -> None:
    adc.write(CR2, 4, ADON | CONT | SWSTART)
    services.clock.microseconds(1000)
    assert services.clock.pending == 0  # nobody looks: it costs nothing
    adc.feed_sample(777, 1, -1)
    services.clock.microseconds(1000)
    assert adc.read(DR, 4) == 777
    adc.write(CR1, 4, EOCIE)
    services.clock.microseconds(CONVERSION * 1.1)
    assert adc.irq.value
    adc.write(CR2, 4, 0)
    services.clock.microseconds(10)
    assert services.clock.pending == 0


@pytest.mark.parametrize(
    ("res", "align", "wanted"),
    [(0, 0, 0xABC), (0, ALIGN, 0xABC0), (1, ALIGN, 0x2BC << 6), (2, 0, 0xBC), (3, ALIGN, 0xF0)],
)
def test_resolution_and_alignment(adc: Stm32Adc, services: FakeServices, res: int, align: int, wanted: int) -> None:
    adc.feed_sample(0xABC, 7)
    adc.write(SQR3, 4, 7)
    adc.write(CR1, 4, res << 24)
    adc.write(CR2, 4, ADON | align | SWSTART)
    services.clock.microseconds(1)
    assert adc.read(DR, 4) == wanted


@pytest.mark.parametrize(
    ("control", "raised"), [(AWDEN, True), (AWDEN | AWDSGL | 9, True), (AWDEN | AWDSGL | 4, False), (9, False)]
)
def test_watchdog(adc: Stm32Adc, services: FakeServices, control: int, raised: bool) -> None:
    adc.write(HTR, 4, 800)
    adc.write(LTR, 4, 50)
    adc.write(CR1, 4, SCAN | AWDIE | control)
    adc.write(CR2, 4, ADON | SWSTART)
    services.clock.microseconds(3)
    assert bool(adc.read(SR, 4) & AWD) == raised == adc.irq.value


def test_dma_takes_a_whole_sequence_again_and_again(adc: Stm32Adc, services: FakeServices) -> None:
    dma = Stm32Dma(services, "dma2")
    adc.dma_request.connect(dma, 0)
    services.sysbus.windows.append((0x40012000, adc))
    dma.write(0x14, 4, 6)
    dma.write(0x18, 4, 0x40012000 + DR)
    dma.write(0x1C, 4, 0x24000000)
    dma.write(0x10, 4, 1 | 1 << 10 | 1 << 11 | 1 << 13)
    adc.write(CR1, 4, SCAN)
    adc.write(CR2, 4, ADON | CONT | DMA | DDS | SWSTART)
    services.clock.microseconds(CONVERSION * 6.1)
    got = services.sysbus.read_bytes(0x24000000, 12)
    assert [int.from_bytes(got[at : at + 2], "little") for at in range(0, 12, 2)] == [100, 400, 900] * 2
    services.clock.microseconds(10)
    assert adc.read(SR, 4) & OVR  # nobody takes any more


def test_a_long_sequence_uses_all_three_registers(adc: Stm32Adc, services: FakeServices) -> None:
    order = [*range(16)]
    for register, places in ((SQR3, order[:6]), (SQR2, order[6:12]), (SQR1, order[12:])):
        adc.write(register, 4, sum(channel << 5 * place for place, channel in enumerate(places)))
    adc.write(SQR1, 4, adc.read(SQR1, 4) | 15 << 20)
    adc.write(CR1, 4, SCAN)
    adc.write(CR2, 4, ADON | EOCS | SWSTART)
    taken = []
    for _ in order:
        services.clock.microseconds(CONVERSION * 1.001)
        taken.append(adc.read(DR, 4))
    assert taken == [100 * channel for channel in order]


def test_samples_from_a_file_then_zero(services: FakeServices, tmp_path: Path) -> None:
    adc = Stm32Adc(services, "adc1")
    path = tmp_path / "codes.txt"
    path.write_text("11\n22\n")
    adc.feed_sample(str(path), 0, 2)
    adc.write(CR2, 4, ADON)
    taken = []
    for _ in range(5):
        adc.write(CR2, 4, ADON | SWSTART)
        services.clock.microseconds(1)
        taken.append(adc.read(DR, 4))
    assert taken == [11, 22, 11, 22, 0]
    with pytest.raises(CrosscamError, match="no channel 19"):
        adc.feed_sample(1, 19)


def test_what_is_not_modelled_is_told(adc: Stm32Adc, caplog: pytest.LogCaptureFixture) -> None:
    adc.write(CR1, 4, 1 << 11)
    adc.write(CR2, 4, ADON | 1 << 22 | 1 << 28)
    adc.write(CR2, 4, SWSTART)
    for text in ("discontinuous", "injected", "external triggers", "ADON is 0"):
        assert text in caplog.text


def test_reset_stops_it(adc: Stm32Adc, services: FakeServices) -> None:
    adc.write(CR1, 4, EOCIE)
    adc.write(CR2, 4, ADON | SWSTART)
    services.clock.microseconds(1)
    adc.write(CR2, 4, ADON | SWSTART)
    adc.reset()
    assert not adc.irq.value and adc.read(SR, 4) == 0 and services.clock.pending == 0
