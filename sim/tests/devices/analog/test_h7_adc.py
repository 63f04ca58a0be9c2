"""ADC of the H7: power-up, conversions, flags, triggers, watchdogs, DMA (RM0433 section 25)."""

from __future__ import annotations

import pytest

from sim.engine.devices.analog.stm32h7_adc import Stm32H7Adc, Stm32H7AdcCommon
from sim.engine.devices.base import Device
from sim.engine.devices.dma.stm32_dma import Stm32Dma
from sim.engine.devices.parts.led import Led
from sim.errors import CrosscamError
from sim.tests.fake_services import FakeServices

ISR, IER, CR, CFGR, CFGR2, SMPR1, LTR1, HTR1, SQR1, SQR2, DR, JSQR, JDR1 = (
    *(0x00, 0x04, 0x08, 0x0C, 0x10, 0x14, 0x20, 0x24, 0x30, 0x34, 0x40, 0x4C, 0x80),
)
ADRDY, EOSMP, EOC, EOS, OVR, JEOC, JEOS, AWD1, LDORDY = (*(1 << bit for bit in range(8)), 1 << 12)
ADEN, ADDIS, ADSTART, JADSTART, ADSTP = 1, 2, 4, 8, 16
REGULATOR, DEEP, CAL = 1 << 28, 1 << 29, 1 << 31
CONT, OVRMOD, AUTDLY, DISCEN = 1 << 13, 1 << 12, 1 << 14, 1 << 16
BITS12 = 2 << 2


class Bench:
    """A converter that is on, with 1000 mV times the channel's number on each of the first four."""

    def __init__(self, on: bool = True) -> None:
        self.services = FakeServices()
        self.adc = Stm32H7Adc(self.services, "adc1")
        for channel in range(4):
            self.adc.set_default_value(1000 * channel, channel)
        if on:
            self.write(CR, REGULATOR)
            self.write(CR, REGULATOR | CAL)
            self.write(CR, REGULATOR | ADEN)

    def read(self, offset: int) -> int:
        return self.adc.read(offset, 4)

    def write(self, offset: int, value: int) -> None:
        self.adc.write(offset, 4, value)

    def start(self, control: int = ADSTART) -> None:
        self.write(CR, REGULATOR | control)

    def pass_conversion(self) -> None:
        self.services.clock.microseconds(0.5)


@pytest.fixture
def bench() -> Bench:
    return Bench()


def code(millivolts: float, bits: int = 16) -> int:
    return round(millivolts / 3300 * ((1 << bits) - 1))


def test_power_up_wants_its_order(caplog: pytest.LogCaptureFixture) -> None:
    bench = Bench(on=False)
    assert bench.read(CR) == DEEP and bench.read(ISR) == 0
    bench.write(CR, DEEP | ADEN)
    assert not bench.read(ISR) & ADRDY and "while DEEPPWD is 1" in caplog.text
    bench.write(CR, REGULATOR)
    assert bench.read(ISR) == LDORDY and bench.read(CR) == REGULATOR
    bench.write(CR, REGULATOR | CAL | 1 << 16)
    assert not bench.read(CR) & CAL and bench.read(CR) >> 22 & 0x3F == 0x3F, "linearity words are ready"
    bench.write(CR, REGULATOR | ADEN)
    assert bench.read(ISR) & ADRDY and bench.read(CR) & ADEN
    bench.write(ISR, ADRDY)
    bench.write(CR, REGULATOR | ADDIS)
    assert not bench.read(CR) & (ADEN | ADDIS) and not bench.read(ISR) & ADRDY


def test_a_single_conversion(bench: Bench) -> None:
    bench.write(SQR1, 2 << 6)
    bench.start()
    assert bench.read(CR) & ADSTART and not bench.read(ISR) & EOC
    bench.pass_conversion()
    assert bench.read(ISR) & (EOSMP | EOC | EOS) == EOSMP | EOC | EOS and not bench.read(CR) & ADSTART
    assert bench.read(DR) == code(2000) and not bench.read(ISR) & EOC and bench.read(ISR) & EOS


@pytest.mark.parametrize(("resolution", "bits"), [(0, 16), (1, 14), (2, 12), (3, 10), (7, 8)])
def test_resolutions_and_left_shift(bench: Bench, resolution: int, bits: int) -> None:
    bench.write(CFGR, resolution << 2)
    bench.write(CFGR2, 4 << 28)
    bench.write(SQR1, 1 << 6)
    bench.start()
    bench.pass_conversion()
    assert bench.read(DR) == code(1000, bits) << 4


def test_times_follow_smp_and_oversampling(bench: Bench) -> None:
    bench.write(SMPR1, 5 << 3)  # channel 1: 64.5 cycles
    bench.write(SQR1, 1 << 6)
    for ratio, factor in ((0, 1), (3, 4)):
        bench.write(CFGR2, ratio << 16 | 2 << 5 | 1 if ratio else 0)
        bench.start()
        microseconds = factor * (64.5 + 8.5) / 30
        bench.services.clock.microseconds(microseconds * 0.99)
        assert not bench.read(ISR) & EOC
        bench.services.clock.microseconds(microseconds * 0.02)
        assert bench.read(ISR) & EOC and bench.read(DR) == pytest.approx(code(1000), abs=1)


def test_a_sequence_polled_one_by_one(bench: Bench) -> None:
    bench.write(SQR1, 2 | 3 << 6 | 1 << 12 | 2 << 18)
    bench.write(CFGR, AUTDLY)
    bench.start()
    seen = []
    for _ in range(3):
        bench.services.clock.microseconds(5)  # however late: AUTDLY waits
        seen.append((bench.read(ISR) & EOS, bench.read(DR)))
    assert seen == [(0, code(3000)), (0, code(1000)), (EOS, code(2000))]
    assert not bench.read(ISR) & OVR


def test_the_sixteenth_place_of_the_sequence(bench: Bench) -> None:
    bench.write(SQR1, 15)
    bench.write(0x3C, 2 << 6)
    bench.write(CFGR, OVRMOD)
    bench.start()
    bench.services.clock.microseconds(10)
    assert bench.read(DR) == code(2000) and bench.read(ISR) & (EOS | OVR) == EOS | OVR


@pytest.mark.parametrize(("mode", "kept"), [(0, 1000), (OVRMOD, 2000)])
def test_overrun_keeps_the_old_or_takes_the_new(bench: Bench, mode: int, kept: int) -> None:
    bench.write(SQR1, 1 | 1 << 6 | 2 << 12)
    bench.write(CFGR, mode)
    bench.start()
    bench.services.clock.microseconds(5)
    assert bench.read(ISR) & OVR and bench.read(DR) == code(kept)


def test_continuous_conversion_until_it_is_stopped(bench: Bench) -> None:
    bench.write(SQR1, 1 << 6)
    bench.write(CFGR, CONT | OVRMOD)
    bench.start()
    for _ in range(3):
        bench.services.clock.microseconds(100)
        assert bench.read(ISR) & EOC and bench.read(DR) == code(1000)
    assert bench.services.clock.pending <= 1
    bench.start(ADSTP)
    bench.read(DR)
    bench.services.clock.microseconds(100)
    assert not bench.read(ISR) & EOC and not bench.read(CR) & ADSTART


def test_a_trigger_starts_each_sequence(bench: Bench) -> None:
    bench.write(SQR1, 1 << 6)
    bench.write(CFGR, 1 << 10 | 13 << 5)  # rising edge of event 13
    bench.start()
    for count in range(3):
        bench.adc.on_gpio(12, count % 2 == 0)
        bench.pass_conversion()
        assert not bench.read(ISR) & EOC
        bench.adc.on_gpio(13, True)
        bench.adc.on_gpio(13, False)
        bench.pass_conversion()
        assert bench.read(ISR) & EOC and bench.read(DR) == code(1000) and bench.read(CR) & ADSTART


def test_discontinuous_groups(bench: Bench) -> None:
    bench.write(SQR1, 2 | 1 << 6 | 2 << 12 | 3 << 18)
    bench.write(CFGR, DISCEN | 1 << 17 | OVRMOD)  # two a trigger
    bench.start()
    bench.services.clock.microseconds(5)
    assert bench.read(DR) == code(2000) and not bench.read(ISR) & EOS
    bench.start()
    bench.services.clock.microseconds(5)
    assert bench.read(DR) == code(3000) and bench.read(ISR) & EOS


def test_the_injected_sequence(bench: Bench) -> None:
    bench.write(JSQR, 1 | 3 << 9 | 2 << 15)
    bench.write(IER, JEOS)
    bench.start(JADSTART)
    bench.services.clock.microseconds(2)
    assert bench.adc.irq.value and bench.read(ISR) & (JEOC | JEOS) == JEOC | JEOS
    assert [bench.read(JDR1), bench.read(JDR1 + 4)] == [code(3000), code(2000)]
    assert not bench.read(CR) & JADSTART


@pytest.mark.parametrize(
    ("writes", "flag"),
    [
        ({CFGR: 1 << 23, HTR1: 1000}, AWD1),
        ({CFGR: 1 << 23 | 1 << 22 | 1 << 26, HTR1: 1000}, AWD1),
        ({CFGR: 1 << 23 | 1 << 22 | 2 << 26, HTR1: 1000}, 0),
        ({CFGR: 1 << 23}, 0),
        ({0xA0: 1 << 1, 0xB0: 60000}, AWD1 << 1),
        ({0xA4: 1 << 1, 0xBC: 5}, AWD1 << 2),
    ],
)
def test_analog_watchdogs(bench: Bench, writes: dict[int, int], flag: int) -> None:
    for offset, value in writes.items():
        bench.write(offset, value)
    bench.write(SQR1, 1 << 6)
    bench.start()
    bench.pass_conversion()
    assert bench.read(ISR) & 0x380 == flag


def test_interrupts_follow_their_enables(bench: Bench) -> None:
    bench.write(SQR1, 1 << 6)
    bench.write(IER, EOS)
    bench.start()
    bench.pass_conversion()
    assert bench.adc.irq.value
    bench.write(ISR, EOS)
    assert not bench.adc.irq.value


@pytest.mark.parametrize("management", [1, 3], ids=["one-shot", "circular"])
def test_dma_takes_every_conversion(bench: Bench, management: int) -> None:
    dma = Stm32Dma(bench.services, "dma1")
    bench.adc.request.connect(dma, 0)
    bench.services.sysbus.windows.append((0x40022000, bench.adc))
    for offset, value in ((0x14, 6), (0x18, 0x40022000 + DR), (0x1C, 0x24000000)):
        dma.write(offset, 4, value)
    dma.write(0x10, 4, 1 << 13 | 1 << 11 | 1 << 10 | (1 << 8 if management == 3 else 0) | 1)
    bench.write(SQR1, 2 | 1 << 6 | 2 << 12 | 3 << 18)
    bench.write(CFGR, management | CONT | BITS12)
    bench.start()
    bench.services.clock.microseconds(2.1)  # six conversions of (1.5 + 6.5) / 30 us
    taken = bench.services.sysbus.read_bytes(0x24000000, 12)
    values = [int.from_bytes(taken[index : index + 2], "little") for index in range(0, 12, 2)]
    assert values == [code(1000 * channel, 12) for channel in (1, 2, 3)] * 2
    assert dma.read(0, 4) & 1 << 5 and bool(dma.read(0x10, 4) & 1) == (management == 3)


def test_common_registers_show_both_converters(caplog: pytest.LogCaptureFixture) -> None:
    first, second = Bench(), Bench(on=False)
    common = Stm32H7AdcCommon(first.services, "common", master=first.adc, slave=second.adc)
    second.write(CR, REGULATOR)
    second.write(CR, REGULATOR | ADEN)
    assert common.read(0, 4) == ADRDY | ADRDY << 16
    common.write(8, 4, 1 << 22 | 6)
    assert common.read(8, 4) == 1 << 22 | 6 and "dual mode" in caplog.text
    with pytest.raises(CrosscamError, match="is no Analog"):
        Stm32H7AdcCommon(first.services, "common", master=Led(first.services, "led"))


def test_bad_parameters_and_reset(bench: Bench) -> None:
    with pytest.raises(CrosscamError, match="expected more than 0"):
        Stm32H7Adc(bench.services, "adc", reference_voltage=0)
    with pytest.raises(CrosscamError, match="no channel 20"):
        bench.adc.feed_voltage_sample_to_channel(20, 1)
    bench.adc.feed_voltage_sample_to_channel(1, 500, 1)
    bench.adc.reset()
    assert bench.read(CR) == DEEP and isinstance(bench.adc, Device)


@pytest.mark.parametrize(
    ("control", "megahertz"),
    [
        (0, 48),
        (1 << 18, 24),
        (7 << 18, 3),
        (11 << 18, 96 / 512),
        (1 << 16, 120),
        (2 << 16, 60),
        (3 << 16 | 5 << 18, 30),
    ],
)
def test_conversions_take_the_clock_that_is_selected_and_divided(control: int, megahertz: float) -> None:
    bench = Bench()
    common = Stm32H7AdcCommon(bench.services, "common", master=bench.adc)
    common.clocked(96_000_000, 240_000_000)
    common.write(8, 4, control)
    bench.write(SQR1, 1 << 6)
    bench.write(SMPR1, 5 << 3)
    bench.start()
    microseconds = (64.5 + 8.5) / megahertz
    bench.services.clock.microseconds(microseconds * 0.95)
    assert not bench.read(ISR) & EOC
    bench.services.clock.microseconds(microseconds * 0.1)
    assert bench.read(ISR) & EOC
    common.reset()
    assert bench.adc.hertz == 48_000_000
