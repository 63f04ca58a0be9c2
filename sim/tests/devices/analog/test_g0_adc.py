"""ADC of the G0 where it is more than the F0's: what a driver waits for, sequencer, oversampling, watchdogs."""

from __future__ import annotations

import pytest

from sim.engine.devices.analog.stm32g0_adc import Stm32G0Adc
from sim.tests.fake_services import FakeServices

ISR, IER, CR, CFGR1, CFGR2, SMPR, AWD2TR, CHSELR, DR, AWD2CR, CCR = (
    *(0x00, 0x04, 0x08, 0x0C, 0x10, 0x14, 0x24, 0x28, 0x40, 0xA0, 0x308),
)
EOC, EOS, AWD2, EOCAL, CCRDY = 1 << 2, 1 << 3, 1 << 8, 1 << 11, 1 << 13
ADEN, ADSTART, ADVREGEN, ADCAL = 1 << 0, 1 << 2, 1 << 28, 1 << 31
CHSELRMOD, OVSE = 1 << 21, 1


@pytest.fixture
def services() -> FakeServices:
    return FakeServices()


@pytest.fixture
def adc(services: FakeServices) -> Stm32G0Adc:
    """4095 mV full scale; at SMPR = 0 a conversion takes 14 cycles of 16 MHz: 0.875 us."""
    made = Stm32G0Adc(services, "adc", reference_voltage=4.095, external_event_frequency=1000)
    for channel in range(19):
        made.set_default_value(100 * channel, channel)
    made.write(CR, 4, ADVREGEN)
    made.write(CR, 4, ADVREGEN | ADEN)
    return made


def test_what_a_driver_waits_for_before_the_first_conversion(services: FakeServices) -> None:
    adc = Stm32G0Adc(services, "adc", reference_voltage=3.3, external_event_frequency=1000)
    adc.write(CR, 4, ADCAL)
    assert not adc.read(ISR, 4) & EOCAL, "no calibration without the regulator"
    adc.write(CR, 4, ADVREGEN)
    adc.write(CR, 4, ADVREGEN | ADCAL)
    assert adc.read(CR, 4) == ADVREGEN and adc.read(ISR, 4) & EOCAL
    adc.write(CHSELR, 4, 1 << 3)
    assert adc.read(ISR, 4) & CCRDY
    adc.write(ISR, 4, CCRDY)
    assert not adc.read(ISR, 4) & CCRDY


@pytest.mark.parametrize(("register", "channels"), [(0xFFFFF532, [2, 3, 5]), (0x76543210, list(range(8)))])
def test_a_list_of_channels(adc: Stm32G0Adc, services: FakeServices, register: int, channels: list[int]) -> None:
    adc.write(CFGR1, 4, CHSELRMOD)
    adc.write(CHSELR, 4, register)
    assert adc.read(CHSELR, 4) == register
    adc.write(CR, 4, ADVREGEN | ADEN | ADSTART)
    got = []
    for _ in channels:
        services.clock.microseconds(0.88)
        got.append(adc.read(DR, 4))
    assert got == [100 * channel for channel in channels] and adc.read(ISR, 4) & EOS


def test_two_sampling_times_and_the_prescaler(adc: Stm32G0Adc, services: FakeServices) -> None:
    adc.write(SMPR, 4, 1 << (8 + 4) | 7 << 4)  # channel 4: 160.5 cycles
    for channel, prescaler, cycles in ((3, 0, 14), (4, 0, 173), (3, 4, 8 * 14)):
        adc.write(CCR, 4, prescaler << 18)
        adc.write(CHSELR, 4, 1 << channel)
        adc.write(CR, 4, ADVREGEN | ADEN | ADSTART)
        services.clock.microseconds(cycles / 16 - 0.05)
        assert not adc.read(ISR, 4) & EOC
        services.clock.microseconds(0.1)
        assert adc.read(ISR, 4) & EOC and adc.read(DR, 4) == 100 * channel


@pytest.mark.parametrize(("ratio", "shift", "expected"), [(3, 4, 1800), (3, 0, 16 * 1800), (7, 4, 256 * 1800 >> 4)])
def test_oversampling(adc: Stm32G0Adc, services: FakeServices, ratio: int, shift: int, expected: int) -> None:
    adc.write(CFGR2, 4, OVSE | ratio << 2 | shift << 5)
    adc.write(CHSELR, 4, 1 << 18)
    adc.write(CR, 4, ADVREGEN | ADEN | ADSTART)
    services.clock.microseconds((2 << ratio) * 0.875 - 0.1)
    assert not adc.read(ISR, 4) & EOC
    services.clock.microseconds(0.2)
    assert adc.read(DR, 4) == expected & 0xFFFF


def test_the_second_watchdog(adc: Stm32G0Adc, services: FakeServices) -> None:
    adc.write(IER, 4, AWD2)
    adc.write(AWD2CR, 4, 1 << 6)
    adc.write(AWD2TR, 4, 700 << 16 | 500)
    for channel, millivolts, alarm in ((5, 900, False), (6, 600, False), (6, 701, True)):
        adc.set_default_value(millivolts, channel)
        adc.write(CHSELR, 4, 1 << channel)
        adc.write(CR, 4, ADVREGEN | ADEN | ADSTART)
        services.clock.microseconds(1)
        assert bool(adc.read(ISR, 4) & AWD2) == alarm == adc.irq.value
