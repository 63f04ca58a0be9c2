"""Energy images: time stamps by a pin, held against those the same image prints."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import pytest

from sim.engine.machine import Machine
from sim.errors import CrosscamError
from sim.mlperf import Dialogue, boot
from sim.mlperf_pins import Edge, PinWatch
from sim.tests.firmware_bench import TOOLCHAINS, build

DATA = bytes(range(100)) * 4
SOURCES = ("bench/dialogue/dialogue.c",)
SCRIPT = "bench/dialogue/dialogue.ld"


@pytest.fixture(scope="module", params=TOOLCHAINS)
def images(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    folder = tmp_path_factory.mktemp("energy")
    printing = build(request.param, SOURCES, SCRIPT, folder / "printing.elf")
    return printing, build(request.param, SOURCES, SCRIPT, folder / "energy.elf", ("-DENERGY",))


def started(image: Path) -> Dialogue:
    dialogue = boot(image, "instructions")
    dialogue.load(DATA)
    return dialogue


def test_a_pin_gives_the_span_that_the_timer_does(images: tuple[Path, Path]) -> None:
    printing, energy = (started(image) for image in images)
    assert (printing.stamps, energy.stamps) == ("uart", "gpioPortA.8")
    printed, pulsed = printing.infer(10), energy.infer(10)
    assert pulsed.results == printed.results
    assert pulsed.microseconds == pytest.approx(printed.microseconds, abs=3)
    assert energy.infer(20).microseconds == pytest.approx(2 * pulsed.microseconds, rel=0.001)


def test_a_pin_that_was_low_before_is_no_time_stamp(images: tuple[Path, Path]) -> None:
    dialogue = boot(images[1], "instructions")
    assert dialogue.pin_of("timestamp") == "gpioPortA.8"  # it lets PA9 go as well
    assert "gpioPortA.9" in {edge.pin for edge in dialogue.watch.edges}


def test_no_pin_or_several_are_told() -> None:
    watch = PinWatch(Machine())
    with pytest.raises(CrosscamError, match="to go low and high once, saw none"):
        watch.only("timestamp")
    watch.edges += [Edge(pin, high, Fraction(at)) for pin in ("a.1", "a.2") for at, high in enumerate((True, False))]
    with pytest.raises(CrosscamError, match=r"high and low once, saw a\.1, a\.2"):
        watch.only("proc_hi", high=True)
