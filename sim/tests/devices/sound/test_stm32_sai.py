"""The serial audio interface as a slave: FIFO, flags, sizes of data, pace."""

from __future__ import annotations

import pytest

from sim.engine.devices.sound.stm32_sai import FIFO, Stm32Sai
from sim.engine.machine import Machine

BASE = 0x40015800
ACR1, ACR2, AIM, ASR, ACLRFR, ADR = (BASE + offset for offset in (0x04, 0x08, 0x14, 0x18, 0x1C, 0x20))
RECEIVER = 3  # MODE: slave receiver
SIXTEEN, EIGHT, THIRTY_TWO = (code << 5 for code in (4, 2, 7))
MONO, SAIEN = 1 << 12, 1 << 16
RATE = 16_000


class Bench:
    """The interface on a bus, without a core."""

    def __init__(self, control: int) -> None:
        self.machine = Machine()
        self.sai = Stm32Sai(self.machine, "sai1")
        self.machine.register("sysbus.sai1", self.sai, BASE)
        self.write(ACR1, control)

    def write(self, address: int, value: int) -> None:
        self.machine.sysbus.write(address, 4, value)

    def read(self, address: int) -> int:
        return self.machine.sysbus.read(address, 4)

    def hear(self, samples: list[int]) -> None:
        self.sai.play(samples, RATE)
        self.machine.run_for(len(samples) / 2 / RATE + 1e-6)
        assert not self.sai.playing


@pytest.mark.parametrize(
    ("size", "data"), [(SIXTEEN, [0xFFFE, 0x0102]), (EIGHT, [0xFF, 0x01]), (THIRTY_TWO, [0xFFFE0000, 0x01020000])]
)
def test_samples_have_the_size_that_ds_says(size: int, data: list[int]) -> None:
    bench = Bench(RECEIVER | size | SAIEN)
    bench.hear([-2, 0x0102])
    assert [bench.read(ADR), bench.read(ADR)] == data


def test_mono_takes_the_left_one() -> None:
    bench = Bench(RECEIVER | SIXTEEN | MONO | SAIEN)
    bench.hear([1, 2, 3, 4])
    assert [bench.read(ADR) for _ in range(3)] == [1, 3, 0]


def test_the_request_is_up_from_the_threshold_on_and_the_level_tells_quarters() -> None:
    bench = Bench(RECEIVER | SIXTEEN | SAIEN)
    bench.write(ACR2, 2)  # half
    bench.write(AIM, 1 << 3)
    bench.hear([1, 2])
    assert bench.read(ASR) == 1 << 16 and not bench.sai.irq.value
    bench.hear([3, 4])
    assert bench.read(ASR) == 2 << 16 | 1 << 3 and bench.sai.irq.value
    bench.read(ADR)
    assert not bench.sai.irq.value
    bench.write(ACR2, 1 << 3)  # flush
    assert bench.read(ASR) == 0


def test_what_does_not_fit_is_lost_and_said() -> None:
    bench = Bench(RECEIVER | SIXTEEN | SAIEN)
    bench.write(AIM, 1)
    bench.hear(list(range(FIFO + 2)))
    assert bench.read(ASR) == 5 << 16 | 1 << 3 | 1 and bench.sai.irq.value
    assert [bench.read(ADR) for _ in range(FIFO)] == list(range(FIFO))
    bench.write(ACLRFR, 1)
    assert bench.read(ASR) == 0 and not bench.sai.irq.value


@pytest.mark.parametrize("control", [RECEIVER | SIXTEEN, 2 | SIXTEEN | SAIEN])  # off; a transmitter
def test_who_does_not_receive_takes_nothing(control: int) -> None:
    bench = Bench(control)
    bench.hear([1, 2])
    assert bench.read(ASR) == 0
