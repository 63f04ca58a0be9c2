"""C# names and Renode's time."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.engine.names import camel_case, snake_case
from sim.engine.scripting import TimeInterval


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [
        ("OnGPIO", "on_gpio"),
        ("numberOfAFs", "number_of_afs"),
        ("invertedAFPins", "inverted_af_pins"),
        ("numberOfMPURegions", "number_of_mpu_regions"),
        ("PerformanceInMips", "performance_in_mips"),
        ("IRQ", "irq"),
        ("flash1", "flash1"),
        ("haltSystickOnDeepSleep", "halt_systick_on_deep_sleep"),
        ("EnqueueResponseByte", "enqueue_response_byte"),
        ("already_snake", "already_snake"),
    ],
)
def test_snake_case(theirs: str, ours: str) -> None:
    assert snake_case(theirs) == ours


def test_camel_case() -> None:
    assert camel_case("number_of_output_request_channels") == "numberOfOutputRequestChannels"


@pytest.mark.parametrize(
    ("text", "ticks"),
    [("0.1", 10**8), ("2", 2 * 10**9), ("00:00:01.000000001", 10**9 + 1), ("1:02:03.5", 3723_500_000_000)],
)
def test_times_are_read(text: str, ticks: int) -> None:
    interval = TimeInterval.parse(text)
    assert interval is not None and interval.Ticks == ticks


@pytest.mark.parametrize("text", ["", "soon", "1:2:3:4", "-1"])
def test_what_is_no_time_is_none(text: str) -> None:
    assert TimeInterval.parse(text) is None


def test_times_are_written_as_renode_writes_them() -> None:
    assert str(TimeInterval.FromMilliseconds(3_723_004)) == "01:02:03.004000000"


def test_arithmetic_and_order() -> None:
    one, two = TimeInterval.FromMicroseconds(1), TimeInterval.FromMicroseconds(2)
    assert one + one == two and two - one == one and one < two and two >= one
    with pytest.raises(OverflowError):
        one - two


@given(st.integers(0, 10**15), st.sampled_from([480_000_000, 64_000_000, 168_000_000, 32_768]))
def test_cycles_survive_the_way_through_time(cycles: int, frequency: int) -> None:
    back = TimeInterval.from_cycles(cycles, frequency).to_cycles(frequency)
    assert back == cycles
