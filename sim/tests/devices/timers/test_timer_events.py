"""What timers tell others, DMA and TRGO, and what their inputs do: capture, slave modes, encoders."""

from __future__ import annotations

import pytest

from sim.engine.devices.dma.stm32_dma import Stm32Dma
from sim.engine.devices.timers.stm32_timer import Stm32Timer
from sim.tests.fake_services import FakeServices, Probe

CR1, CR2, SMCR, DIER, SR, EGR, CCMR1, CCMR2, CCER, CNT, PSC, ARR, CCR1, CCR2, CCR3, DCR, DMAR = (
    *(0x00, 0x04, 0x08, 0x0C, 0x10, 0x14, 0x18, 0x1C, 0x20, 0x24, 0x28, 0x2C, 0x34, 0x38, 0x3C, 0x48, 0x4C),
)
CEN, UIF, CC1IF, CC2IF, TIF, CC1OF = 1, 1, 2, 4, 1 << 6, 1 << 9
UDE, CC1DE = 1 << 8, 1 << 9
TIMER, MEMORY, PORT = 0x40000400, 0x24000000, 0x24001000


class Bench:
    """TIM3 counting microseconds, its requests on DMA1 streams 0 (update) and 1 (channel 1)."""

    def __init__(self) -> None:
        self.services = FakeServices()
        self.timer = self.make("timer3")
        self.dma = Stm32Dma(self.services, "dma1")
        self.timer.outputs["UpdateDmaRequest"].connect(self.dma, 0)
        self.timer.outputs["Channel1DmaRequest"].connect(self.dma, 1)
        self.services.sysbus.windows.append((TIMER, self.timer))

    def make(self, name: str) -> Stm32Timer:
        timer = Stm32Timer(self.services, name, frequency=240_000_000, initial_limit=0xFFFF)
        for offset, value in ((PSC, 239), (EGR, 1), (SR, 0)):
            timer.write(offset, 4, value)
        return timer

    def write(self, *pairs: tuple[int, int]) -> None:
        for offset, value in pairs:
            self.timer.write(offset, 4, value)

    def read(self, offset: int) -> int:
        return self.timer.read(offset, 4)

    def stream(self, index: int, count: int, peripheral: int, control: int) -> None:
        base = 0x10 + 0x18 * index
        for offset, value in ((4, count), (8, peripheral), (12, MEMORY)):
            self.dma.write(base + offset, 4, value)
        self.dma.write(base, 4, control | 1 << 13 | 1 << 11 | 1 << 10 | 1)

    def after(self, microseconds: float) -> None:
        self.services.clock.microseconds(microseconds)

    def halves(self, count: int, address: int = MEMORY) -> list[int]:
        data = self.services.sysbus.read_bytes(address, 2 * count)
        return [int.from_bytes(data[index : index + 2], "little") for index in range(0, 2 * count, 2)]


@pytest.fixture
def bench() -> Bench:
    return Bench()


def test_each_update_moves_one_item(bench: Bench) -> None:
    bench.services.sysbus.write_bytes(MEMORY, bytes([1, 0, 2, 0, 3, 0]))
    bench.stream(0, 3, PORT, 1 << 6 | 1 << 8)  # circular, to a port
    bench.write((ARR, 9), (EGR, 1), (DIER, UDE), (CR1, CEN))
    seen = []
    for _ in range(5):
        bench.after(10)
        seen.append(bench.halves(1, PORT)[0])
    assert seen == [1, 2, 3, 1, 2]


def test_a_request_waits_for_its_stream_and_ends_with_its_enable(bench: Bench) -> None:
    bench.services.sysbus.write_bytes(MEMORY, bytes([7, 0]))
    bench.write((ARR, 9), (EGR, 1), (DIER, UDE), (CR1, CEN))
    bench.after(25)
    assert bench.halves(1, PORT) == [0]
    bench.stream(0, 2, PORT, 1 << 6)
    assert bench.halves(1, PORT) == [7] and bench.dma.read(0x14, 4) == 1, "one, however many updates there were"
    bench.write((DIER, 0))
    bench.after(25)
    assert bench.dma.read(0x14, 4) == 1


def test_a_burst_writes_the_registers_from_dba_on(bench: Bench) -> None:
    bench.services.sysbus.write_bytes(MEMORY, bytes([5, 0, 6, 0, 7, 0, 8, 0, 9, 0, 10, 0]))
    bench.write((DCR, 2 << 8 | CCR1 // 4), (ARR, 9), (EGR, 1))
    bench.stream(0, 6, TIMER + DMAR, 1 << 6)
    bench.write((DIER, UDE), (CR1, CEN))
    bench.after(10)
    assert [bench.read(offset) for offset in (CCR1, CCR2, CCR3)] == [5, 6, 7]
    bench.after(10)
    assert [bench.read(offset) for offset in (CCR1, CCR2, CCR3)] == [8, 9, 10]


def test_captures_go_to_memory(bench: Bench) -> None:
    bench.stream(1, 3, TIMER + CCR1, 0)
    bench.write((CCMR1, 1), (CCER, 1), (DIER, CC1DE), (CR1, CEN))
    for microseconds in (10, 20, 5):
        bench.after(microseconds)
        bench.timer.on_gpio(0, True)
        bench.timer.on_gpio(0, False)
    assert bench.halves(3) == [10, 30, 35] and not bench.read(SR) & (CC1IF | CC1OF)


@pytest.mark.parametrize(
    ("polarity", "expected"), [(1, [10, 30]), (3, [20, 40]), (0xB, [10, 20, 30, 40])], ids=["rising", "falling", "both"]
)
def test_capture_edges_and_interrupt(bench: Bench, polarity: int, expected: list[int]) -> None:
    bench.write((CCMR1, 1), (CCER, polarity), (DIER, CC1IF), (CR1, CEN))
    seen = []
    for count in range(4):
        bench.after(10)
        bench.timer.on_gpio(0, count % 2 == 0)
        if bench.timer.irq.value:
            seen.append(bench.read(CCR1))
        assert not bench.timer.irq.value, "reading CCR1 clears CC1IF"
    assert seen == expected


def test_capture_prescaler_and_overcapture(bench: Bench) -> None:
    bench.write((CCMR1, 1 | 1 << 2), (CCER, 1), (CR1, CEN))  # every second edge
    for _ in range(4):
        bench.after(10)
        bench.timer.on_gpio(0, True)
        bench.timer.on_gpio(0, False)
    assert bench.read(SR) & CC1OF and bench.read(CCR1) == 40
    bench.write((SR, 0))
    assert not bench.read(SR) & CC1OF


def test_pwm_input(bench: Bench) -> None:
    """Period in CCR1, pulse in CCR2: TI1 direct and indirect, the counter reset by TI1FP1 (RM0433 38.3.8)."""
    bench.write((CCMR1, 1 | 2 << 8), (CCER, 1 | 3 << 4), (SMCR, 5 << 4 | 4), (CR1, CEN))
    for level, microseconds in ((True, 30), (False, 70), (True, 30), (False, 70), (True, 0)):
        bench.timer.on_gpio(0, level)
        bench.after(microseconds)
    assert (bench.read(CCR1), bench.read(CCR2)) == (100, 30) and bench.read(SR) & TIF


def test_trgo_of_the_update_and_of_enable(bench: Bench) -> None:
    probe = Probe()
    bench.timer.outputs["TriggerOutput"].connect(probe, 13)
    bench.write((ARR, 9), (EGR, 1), (CR2, 2 << 4), (CR1, CEN))
    before = probe.rises
    bench.after(35)
    assert probe.rises - before == 3
    bench.write((CR1, 0), (CR2, 1 << 4), (CR1, CEN))
    assert bench.timer.outputs["TriggerOutput"].value
    bench.write((CR1, 0))
    assert not bench.timer.outputs["TriggerOutput"].value


def test_trgo_of_ug_and_of_a_reference(bench: Bench) -> None:
    probe = Probe()
    bench.timer.outputs["TriggerOutput"].connect(probe, 13)
    bench.write((EGR, 1))
    assert probe.rises == 1
    bench.write((ARR, 9), (CCR1, 4), (CCMR1, 6 << 4), (CCER, 1), (EGR, 1), (CR2, 4 << 4), (CR1, CEN))
    before = probe.rises
    bench.after(32)
    assert probe.rises - before == 3, "OC1REF rises with each period"


def test_one_timer_clocks_another(bench: Bench) -> None:
    slave = bench.make("timer4")
    bench.timer.outputs["TriggerOutput"].connect(slave, 18)  # ITR2
    slave.write(PSC, 4, 0)
    slave.write(EGR, 4, 1)
    slave.write(ARR, 4, 4)
    slave.write(SMCR, 4, 2 << 4 | 7)
    slave.write(CR1, 4, CEN)
    bench.write((ARR, 9), (CR2, 2 << 4), (CR1, CEN))
    bench.after(31)
    assert slave.count_now == 3
    bench.after(20)
    assert slave.count_now == 0 and slave.read(SR, 4) & UIF


def test_gated_and_trigger_modes(bench: Bench) -> None:
    bench.write((CCER, 0), (SMCR, 5 << 4 | 5), (CR1, CEN))
    bench.after(10)
    assert bench.read(CNT) == 0, "the gate is shut"
    bench.timer.on_gpio(0, True)
    bench.after(10)
    bench.timer.on_gpio(0, False)
    bench.after(10)
    assert bench.read(CNT) == 10
    bench.write((CR1, 0), (CNT, 0), (SMCR, 6 << 4 | 6))
    bench.timer.on_gpio(1, True)
    bench.after(7)
    assert bench.read(CNT) == 7 and bench.read(CR1) & CEN


def test_an_encoder_counts_both_ways(bench: Bench) -> None:
    bench.write((PSC, 0), (EGR, 1), (SMCR, 3), (ARR, 99), (CR1, CEN))
    forward = [(0, True), (1, True), (0, False), (1, False)]
    for number, level in forward * 3:
        bench.timer.on_gpio(number, level)
    assert bench.read(CNT) == 12 and not bench.read(CR1) & 1 << 4
    for number, level in ([(1, True), (0, True), (1, False), (0, False)]) * 4:
        bench.timer.on_gpio(number, level)
    assert bench.read(CNT) == 96 and bench.read(CR1) & 1 << 4, "down through 0, from ARR on"


def test_an_output_compare_request(bench: Bench) -> None:
    bench.services.sysbus.write_bytes(MEMORY, bytes([3, 0, 4, 0]))
    bench.stream(1, 2, PORT, 1 << 6)
    bench.write((CCR1, 5), (ARR, 9), (EGR, 1), (DIER, CC1DE), (CR1, CEN))
    bench.after(4.5)
    assert bench.halves(1, PORT) == [0]
    bench.after(1)
    assert bench.halves(1, PORT) == [3]
    bench.after(10)
    assert bench.halves(1, PORT) == [4]


def test_a_timer_nobody_listens_to_keeps_nothing(bench: Bench) -> None:
    bench.write((ARR, 9), (EGR, 1), (CR1, CEN))
    for _ in range(50):
        bench.after(100)
        bench.read(CNT)
    assert bench.services.clock.pending == 0 and not bench.timer._happened


@pytest.mark.parametrize("down", [0, 1 << 4])
@pytest.mark.parametrize(("prescaler", "elapsed"), [(0, 0), (0, 777), (239, 12345), (6, 1001)])
@pytest.mark.parametrize("frequency", [240_000_000, 63_999_999])
def test_a_polled_counter_is_told_as_it_counts(prescaler: int, elapsed: int, down: int, frequency: int) -> None:
    """What loops that poll CNT are answered natively is what they would have read."""
    services = FakeServices()
    timer = Stm32Timer(services, "timer3", frequency=frequency, initial_limit=0xFFFF)
    for offset, value in ((PSC, prescaler), (EGR, 1), (CR1, CEN | down)):
        timer.write(offset, 4, value)
    services.clock.advance(elapsed)
    told = timer.native_counter(CNT, 4)
    assert told is not None and told.until > services.clock.now
    while services.clock.now < min(told.until - 1, elapsed + 3000):
        parts = (services.clock.now - told.anchor) * abs(told.numerator) + told.offset
        steps = parts // told.denominator
        assert timer.read(CNT, 4) == told.start + (steps if told.numerator > 0 else -steps)
        services.clock.advance(37)
    assert timer.native_counter(SR, 4) is None and timer.native_counter(CNT, 2) is None
    timer.write(CR1, 4, 0)
    assert timer.native_counter(CNT, 4) is None
