"""ADC of the F0: conversions in time, sequences, overrun, watchdog, triggers, DMA, what is on the inputs."""

from __future__ import annotations

from pathlib import Path

import pytest

from sim.engine.devices.analog.stm32f0_adc import Stm32F0Adc
from sim.engine.devices.dma.stm32_dma import Stm32Dma
from sim.errors import CrosscamError
from sim.tests.fake_services import FakeServices

ISR, IER, CR, CFGR1, SMPR, THRESHOLDS, CHSELR, DR, CCR = 0x00, 0x04, 0x08, 0x0C, 0x14, 0x20, 0x28, 0x40, 0x308
ADRDY, EOSMP, EOC, EOSEQ, OVR, AWD = 1, 2, 4, 8, 16, 1 << 7
ADEN, ADDIS, ADSTART, ADSTP = 1, 2, 4, 16
DMAEN, SCANDIR, ALIGN, OVRMOD, CONT, WAIT, DISCEN = 1, 4, 1 << 5, 1 << 12, 1 << 13, 1 << 14, 1 << 16
EXTEN, AWDSGL, AWDEN = 1 << 10, 1 << 22, 1 << 23


@pytest.fixture
def services() -> FakeServices:
    return FakeServices()


@pytest.fixture
def adc(services: FakeServices) -> Stm32F0Adc:
    """3 V, so that 3000 mV are 4095; at SMPR = 0 a conversion takes 14 cycles of 14 MHz: one microsecond."""
    made = Stm32F0Adc(services, "adc", reference_voltage=3.0, external_event_frequency=1000)
    for channel in range(19):
        made.set_default_value(100 * channel, channel)
    made.write(CR, 4, ADEN)
    return made


def code(millivolts: float, bits: int = 12) -> int:
    return round(millivolts / 3000 * ((1 << bits) - 1))


def test_reset_values(services: FakeServices) -> None:
    adc = Stm32F0Adc(services, "adc", reference_voltage=3.0, external_event_frequency=1000)
    assert [adc.read(each, 4) for each in (ISR, IER, CR, CFGR1, SMPR, CHSELR, DR)] == [0] * 7
    assert adc.read(THRESHOLDS, 4) == 0x0FFF0000


def test_one_conversion_takes_its_time(adc: Stm32F0Adc, services: FakeServices) -> None:
    assert adc.read(ISR, 4) == ADRDY and adc.read(CR, 4) == ADEN
    adc.write(CHSELR, 4, 1 << 5)
    adc.write(CR, 4, ADSTART)
    assert adc.read(CR, 4) == ADEN | ADSTART
    services.clock.microseconds(0.99)
    assert not adc.read(ISR, 4) & EOC
    services.clock.microseconds(0.02)
    assert adc.read(ISR, 4) == ADRDY | EOSMP | EOC | EOSEQ and adc.read(CR, 4) == ADEN
    assert adc.read(DR, 4) == code(500)
    assert not adc.read(ISR, 4) & EOC


@pytest.mark.parametrize(("res", "bits", "cycles"), [(0, 12, 252), (1, 10, 251), (2, 8, 249), (3, 6, 247)])
def test_resolution_sampling_time_and_alignment(
    adc: Stm32F0Adc, services: FakeServices, res: int, bits: int, cycles: int
) -> None:
    adc.write(CHSELR, 4, 1 << 18)
    adc.write(SMPR, 4, 7)  # 239.5 cycles
    for align in (0, ALIGN):
        adc.write(CFGR1, 4, res << 3 | align)
        adc.write(CR, 4, ADSTART)
        services.clock.microseconds(cycles / 14 - 0.05)
        assert not adc.read(ISR, 4) & EOC
        services.clock.microseconds(0.1)
        shift = 0 if not align else 2 if bits == 6 else 16 - bits
        assert adc.read(DR, 4) == code(1800, bits) << shift


@pytest.mark.parametrize(("mode", "order"), [(0, [1, 4, 9]), (SCANDIR, [9, 4, 1])])
def test_a_sequence_read_in_time(adc: Stm32F0Adc, services: FakeServices, mode: int, order: list[int]) -> None:
    adc.write(CHSELR, 4, 1 << 1 | 1 << 4 | 1 << 9)
    adc.write(CFGR1, 4, mode)
    adc.write(IER, 4, EOC)
    adc.write(CR, 4, ADSTART)
    for index, channel in enumerate(order):
        services.clock.microseconds(1.01)
        assert adc.irq.value
        assert adc.read(ISR, 4) & EOSEQ == (EOSEQ if index == 2 else 0)
        assert adc.read(DR, 4) == code(100 * channel)
        assert not adc.irq.value


@pytest.mark.parametrize(("mode", "left"), [(0, 1), (OVRMOD, 4)])
def test_unread_data_is_an_overrun(adc: Stm32F0Adc, services: FakeServices, mode: int, left: int) -> None:
    adc.write(CHSELR, 4, 1 << 1 | 1 << 4)
    adc.write(CFGR1, 4, mode)
    adc.write(IER, 4, OVR)
    adc.write(CR, 4, ADSTART)
    services.clock.microseconds(3)
    assert adc.read(ISR, 4) & OVR and adc.irq.value
    assert adc.read(DR, 4) == code(100 * left)
    adc.write(ISR, 4, OVR)
    assert not adc.irq.value


def test_wait_holds_the_sequence_until_the_data_is_read(adc: Stm32F0Adc, services: FakeServices) -> None:
    adc.write(CHSELR, 4, 1 << 1 | 1 << 4)
    adc.write(CFGR1, 4, WAIT)
    adc.write(CR, 4, ADSTART)
    services.clock.microseconds(100)
    assert not adc.read(ISR, 4) & (OVR | EOSEQ)
    assert adc.read(DR, 4) == code(100)
    services.clock.microseconds(1.01)
    assert adc.read(ISR, 4) & EOSEQ and adc.read(DR, 4) == code(400)


def test_continuous_conversion_goes_on_until_stopped(adc: Stm32F0Adc, services: FakeServices) -> None:
    adc.write(CHSELR, 4, 1 << 2)
    adc.write(CFGR1, 4, CONT)
    adc.feed_voltage_sample_to_channel(2, 1000, 2)
    adc.write(CR, 4, ADSTART)
    taken = []
    for _ in range(4):
        services.clock.microseconds(1.001)
        taken.append(adc.read(DR, 4))
    assert taken == [code(1000)] * 2 + [code(200)] * 2
    adc.write(CR, 4, ADSTP)
    assert adc.read(CR, 4) == ADEN
    services.clock.microseconds(10)
    assert not adc.read(ISR, 4) & EOC


def test_converting_for_nobody_costs_no_events_and_goes_on_when_looked_at(
    adc: Stm32F0Adc, services: FakeServices
) -> None:
    adc.write(CHSELR, 4, 1 << 2)
    adc.write(CFGR1, 4, CONT | OVRMOD)
    adc.write(CR, 4, ADSTART)
    services.clock.microseconds(10)
    assert services.clock.pending == 0
    adc.set_default_value(2000, 2)
    adc.read(ISR, 4)
    services.clock.microseconds(1.01)
    assert adc.read(DR, 4) == code(2000)


def test_discontinuous_mode_converts_one_channel_a_start(adc: Stm32F0Adc, services: FakeServices) -> None:
    adc.write(CHSELR, 4, 1 << 1 | 1 << 4)
    adc.write(CFGR1, 4, DISCEN)
    for channel, flags in ((1, 0), (4, EOSEQ), (1, 0)):
        adc.write(ISR, 4, EOSEQ)
        adc.write(CR, 4, ADSTART)
        services.clock.microseconds(10)
        assert adc.read(ISR, 4) & (EOSEQ | OVR) == flags
        assert adc.read(DR, 4) == code(100 * channel)


def test_triggers_come_at_the_given_rate(adc: Stm32F0Adc, services: FakeServices) -> None:
    adc.write(CHSELR, 4, 1 << 3)
    adc.write(CFGR1, 4, EXTEN)
    adc.write(CR, 4, ADSTART)
    services.clock.microseconds(1000.9)
    for _ in range(3):
        assert not adc.read(ISR, 4) & EOC
        services.clock.microseconds(0.2)
        assert adc.read(DR, 4) == code(300) and adc.read(CR, 4) & ADSTART
        services.clock.microseconds(999.8)
    adc.write(CR, 4, ADSTP)
    services.clock.microseconds(5000)
    assert not adc.read(ISR, 4) & EOC and services.clock.pending == 0


@pytest.mark.parametrize(
    ("config", "raised"),
    [(AWDEN, True), (AWDEN | AWDSGL | 9 << 26, True), (AWDEN | AWDSGL | 1 << 26, False), (AWDSGL | 9 << 26, False)],
)
def test_watchdog_looks_at_its_channels(adc: Stm32F0Adc, services: FakeServices, config: int, raised: bool) -> None:
    adc.write(THRESHOLDS, 4, code(800) << 16 | code(50))
    adc.write(CHSELR, 4, 1 << 1 | 1 << 9)
    adc.write(CFGR1, 4, config)
    adc.write(IER, 4, AWD)
    adc.write(CR, 4, ADSTART)
    services.clock.microseconds(3)
    assert bool(adc.read(ISR, 4) & AWD) == raised == adc.irq.value


def test_watchdog_below_the_low_threshold_at_eight_bits(adc: Stm32F0Adc, services: FakeServices) -> None:
    adc.write(THRESHOLDS, 4, 0xFFF << 16 | code(400))
    adc.write(CHSELR, 4, 1 << 3)
    adc.write(CFGR1, 4, AWDEN | 2 << 3)
    adc.write(CR, 4, ADSTART)
    services.clock.microseconds(3)
    assert adc.read(ISR, 4) & AWD


@pytest.mark.parametrize("wired", ["parameter", "output"])
def test_dma_takes_a_whole_sequence(services: FakeServices, wired: str) -> None:
    dma = Stm32Dma(services, "dma1")
    if wired == "parameter":
        adc = Stm32F0Adc(
            services, "adc", reference_voltage=3.0, external_event_frequency=1, dma_channel=1, dma_peripheral=dma
        )
    else:
        adc = Stm32F0Adc(services, "adc", reference_voltage=3.0, external_event_frequency=1)
        adc.dma_request.connect(dma, 0)
    services.sysbus.windows.append((0x40012400, adc))
    adc.set_default_value(1500)
    adc.set_default_value(3000, 7)
    dma.write(0x14, 4, 3)
    dma.write(0x18, 4, 0x40012400 + DR)
    dma.write(0x1C, 4, 0x24000000)
    dma.write(0x10, 4, 1 | 1 << 10 | 1 << 11 | 1 << 13)
    adc.write(CHSELR, 4, 1 << 0 | 1 << 7 | 1 << 8)
    adc.write(CFGR1, 4, DMAEN)
    adc.write(CR, 4, ADEN)
    adc.write(CR, 4, ADSTART)
    services.clock.microseconds(4)
    got = services.sysbus.read_bytes(0x24000000, 6)
    assert [int.from_bytes(got[at : at + 2], "little") for at in (0, 2, 4)] == [2048, 4095, 2048]
    assert not adc.read(ISR, 4) & OVR


def test_voltages_from_a_file_and_outside_the_range(adc: Stm32F0Adc, services: FakeServices, tmp_path: Path) -> None:
    path = tmp_path / "volts.txt"
    path.write_text("# millivolts\n 1500 \n\n9999\n-5\n")
    adc.feed_voltage_sample_to_channel(1, str(path))
    adc.write(CHSELR, 4, 1 << 1)
    taken = []
    for _ in range(4):
        adc.write(CR, 4, ADSTART)
        services.clock.microseconds(2)
        taken.append(adc.read(DR, 4))
    assert taken == [code(1500), 4095, 0, code(100)]


def test_bad_input_is_one_clear_line(adc: Stm32F0Adc, services: FakeServices, tmp_path: Path) -> None:
    path = tmp_path / "volts.txt"
    path.write_text("12\nmany\n")
    with pytest.raises(CrosscamError, match=r"volts\.txt:2: 'many': expected one number"):
        adc.feed_voltage_sample_to_channel(1, str(path))
    with pytest.raises(CrosscamError, match="cannot be read"):
        adc.feed_voltage_sample_to_channel(1, str(tmp_path / "none.txt"))
    with pytest.raises(CrosscamError, match="no channel 19, expected 0 to 18"):
        adc.set_default_value(1, 19)
    for parameters, text in (
        ({"reference_voltage": 0.0, "external_event_frequency": 1}, "referenceVoltage is 0.0 V"),
        ({"reference_voltage": 3.3, "external_event_frequency": 0}, "externalEventFrequency is 0 Hz"),
        ({"reference_voltage": 3.3, "external_event_frequency": 1, "dma_channel": 2}, "expected a dmaPeripheral"),
    ):
        with pytest.raises(CrosscamError, match=text):
            Stm32F0Adc(services, "adc", **parameters)  # type: ignore[arg-type]


def test_nothing_starts_while_off_or_without_channels(adc: Stm32F0Adc, services: FakeServices) -> None:
    adc.write(CR, 4, ADSTART)
    assert adc.read(ISR, 4) & EOSEQ and adc.read(CR, 4) == ADEN
    adc.write(CHSELR, 4, 1)
    adc.write(CR, 4, ADDIS)
    adc.write(CR, 4, ADSTART)
    services.clock.microseconds(10)
    assert adc.read(CR, 4) == 0 and not adc.read(ISR, 4) & EOC


def test_reset_stops_and_keeps_the_inputs(adc: Stm32F0Adc, services: FakeServices) -> None:
    adc.write(CHSELR, 4, 1 << 5)
    adc.write(IER, 4, EOC)
    adc.write(CR, 4, ADSTART)
    services.clock.microseconds(2)
    adc.reset()
    assert not adc.irq.value and adc.read(CR, 4) == 0 and services.clock.pending == 0
    adc.write(CR, 4, ADEN)
    adc.write(CHSELR, 4, 1 << 5)
    adc.write(CR, 4, ADSTART)
    services.clock.microseconds(2)
    assert adc.read(DR, 4) == code(500)
