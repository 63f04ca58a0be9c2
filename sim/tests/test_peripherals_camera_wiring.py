"""How a board wires the camera: pins, bus and clock are the board's; firmware may look at the pins it drives."""

from __future__ import annotations

import itertools
import re
from pathlib import Path

import pytest

from sim.engine.machine import Machine
from sim.engine.monitor import Monitor
from sim.tests.camera_bench import BOARD, CR, RIGHT_POLARITY, Bench, Store, write_frames
from sim.tests.camera_bench import test_card as card
from sim.text import monitor_path

FRAME_US = 33_320
TIM1, TIM3 = 0x40010000, 0x40000400


@pytest.fixture(autouse=True)
def frames(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CROSSCAM_FRAMES", str(write_frames(tmp_path / "frames", [card(0), card(1)])))


def wired(folder: Path, **changes: object) -> Path:
    """A board's camera script with other entries."""
    text = (BOARD / "crosscam_camera.py").read_text()
    for name, value in changes.items():
        text, count = re.subn(f'"{name}": .*,', f'"{name}": {value!r},', text)
        assert count == 1
    text = re.sub("board = .*", f"board = {str(BOARD)!r}", text)
    (folder / "camera.py").write_text(text)
    return folder / "camera.py"


def timer(bench: Bench, base: int, prescaler: int, reload: int, **registers: int) -> Store:
    """A timer that puts out PWM on channel 1."""
    made = Store(bench, hex(base))
    made.values = {
        0x00: 1,
        0x18: 6 << 4,
        0x20: 1,
        0x28: prescaler,
        0x2C: reload,
        0x34: (reload + 1) // 2,
        0x44: 1 << 15,
    }
    made.values.update({int(name[1:], 16): value for name, value in registers.items()})
    bench.sysbus.windows.append((base, 0x400, made))
    return made


# Clocks


@pytest.mark.parametrize(
    ("registers", "hertz"),
    [
        ({}, 16_000_000),
        ({"r00": 0}, 0),  # CEN
        ({"r20": 0}, 0),  # CC1E
        ({"r44": 0}, 0),  # MOE
        ({"r18": 5 << 4}, 0),  # forced
        ({"r18": 3 << 4}, 8_000_000),  # toggles
        ({"r34": 0}, 0),  # never high
        ({"r28": 1}, 8_000_000),
    ],
)
def test_a_timer_clocks_the_camera(registers: dict[str, int], hertz: int) -> None:
    """TIM1_CH1 on PA8 as AF1: 64 MHz / 4, as boards without a free MCO do."""
    bench = Bench().power()
    bench.rcc.values.update({0x00: 1, 0x10: 0, 0x18: 0, 0x1C: 0})
    timer(bench, TIM1, 0, 3, **registers)
    bench.pad("A8", 1)
    assert bench.ask(0x15) == hertz
    assert (bench.sccb_read(0x0A) == b"\x76") == (hertz > 0)


def test_timers_of_the_other_bus_and_its_prescaler(tmp_path: Path) -> None:
    """TIM3_CH1 on PC6 as AF2, behind APB1 divided by 4: the timer runs at twice PCLK1."""
    bench = Bench(wired(tmp_path, xclk="C6")).power()
    bench.rcc.values.update({0x00: 1, 0x10: 0, 0x1C: 5 << 4})
    timer(bench, TIM3, 0, 1)
    bench.pad("C6", 2)
    assert bench.ask(0x15) == 64_000_000 // 2 // 2


@pytest.mark.parametrize(
    ("config", "hertz"),
    [
        (2 << 29 | 1 << 25, 8_000_000),  # HSE
        (0 << 29 | 4 << 25, 16_000_000),  # SYSCLK, here HSI
        (4 << 29 | 1 << 25, 0),  # CSI, off
        (5 << 29 | 1 << 25, 32_000),  # LSI
        (3 << 29 | 10 << 25, 48_000_000),  # PLL1P
        (1 << 29 | 1 << 25, 0),  # PLL2P, off
    ],
)
def test_mco2(tmp_path: Path, config: int, hertz: int) -> None:
    bench = Bench(wired(tmp_path, xclk="C9")).power()
    bench.rcc.values[0x10] = config
    bench.rcc.values[0x2C] |= 1 << 16
    bench.pad("C9", 0)
    assert bench.ask(0x15) == hertz


def test_an_oscillator_of_its_own(tmp_path: Path) -> None:
    bench = Bench(wired(tmp_path, xclk=24_000_000))
    bench.camera.ensure_init()
    assert bench.ask(0x15) == 24_000_000 and bench.sccb_read(0x0A) == b"\x76"


def test_the_board_says_how_fast_hse_is() -> None:
    bench = Bench().power()
    bench.rcc.values[0x10] = 2 << 22 | 1 << 18
    bench.rcc.hse = 25_000_000
    assert bench.ask(0x15) == 25_000_000


def test_a_camera_without_a_clock_says_so_once(caplog: pytest.LogCaptureFixture) -> None:
    bench = Bench().power()
    bench.rcc.values[0x10] = 0
    for _ in range(3):
        assert not bench.slave.acknowledges_address()
        bench.sccb_read(0x0A)
    said = [record.message for record in caplog.records]
    assert said == ["no clock at XCLK (pin A8 carries none): the camera does not answer"]
    bench.rcc.values[0x10] = 3 << 22 | 2 << 18
    assert bench.slave.acknowledges_address() and bench.sccb_read(0x0A) == b"\x76"
    bench.rcc.values[0x10] = 0
    bench.sccb_read(0x0A)
    assert len(caplog.records) == 2, "it had one in between"


# Pins and buses


def test_another_board_another_bus_and_other_pins(tmp_path: Path) -> None:
    camera = wired(
        tmp_path, sccb="sysbus.i2c2.cam", reset="D5", power_down=None, vsync="B7", href=None, pclk=None, xclk=20_000_000
    )
    bench = Bench(camera, sccb="sysbus.i2c2.cam").power()
    assert bench.sccb_read(0x0A) == b"\x76"
    bench.output("G2", 0)
    assert bench.sccb_read(0x0A) == b"\x76", "PG2 is not its RESET#"
    bench.output("D5", 0)
    assert bench.sccb_read(0x0A) == b"\x00"
    bench.output("D5", 1)
    bench.configure()
    bench.clock.run(3 * FRAME_US)
    assert set(bench.ports["B"].driven) == {7} and not bench.ports["G"].driven


def test_the_interface_works_without_a_camera(caplog: pytest.LogCaptureFixture) -> None:
    bench = Bench()
    bench.write(CR, RIGHT_POLARITY | 1)
    bench.clock.run(FRAME_US)
    assert bench.read(0x04) == 1 and bench.read(CR) == RIGHT_POLARITY | 1, "HSYNC low, and that is all"
    assert not caplog.records


def test_vsync_reaches_its_pin_at_both_edges() -> None:
    bench = Bench().power().configure()
    seen = []
    for _ in range(400):
        bench.clock.run(200)
        seen.append(bench.ports["G"].driven.get(9, False))
    edges = sum(after and not before for before, after in itertools.pairwise(seen))
    assert edges == 2 or edges == 3
    assert sum(seen) == pytest.approx(400 * 3 / 510, abs=2), "three lines of 510"


# On the real port models


@pytest.fixture
def machine() -> Machine:
    """The crosscam board after firmware has clocked the camera and made its pads alternate functions."""
    monitor = Monitor()
    monitor.execute("mach create")
    monitor.execute(f"machine LoadPlatformDescription {monitor_path(BOARD / 'crosscam.repl')}")
    machine = monitor.machine
    write = machine.sysbus.write
    write(0x58024410, 4, 4 << 18)  # MCO1: HSI / 4
    write(0x58020000, 4, 0xABFFFFFF & ~(3 << 16 | 3 << 8 | 3 << 12) | 2 << 16 | 2 << 8)  # PA8, PA4 AF; PA6 input
    write(0x58020020, 4, 13 << 16)
    write(0x58021800, 4, 0xFFFFFFFF & ~(3 << 18))  # PG9 input
    return machine


def level(machine: Machine, port: str, pin: int) -> int:
    return machine.sysbus.read(0x58020000 + 0x400 * (ord(port) - 65) + 0x10, 4) >> pin & 1


def count_edges(machine: Machine, port: str, pin: int, step: float, times: int) -> int:
    edges, before = 0, level(machine, port, pin)
    for _ in range(times):
        machine.run_for(step)
        now = level(machine, port, pin)
        edges += now and not before
        before = now
    return edges


def test_firmware_that_polls_idr_sees_lines_frames_and_pixels(machine: Machine) -> None:
    """At 16 MHz a line takes 98 us, a frame 50 ms, a pixel clock 62.5 ns."""
    frame = 510 * 784 * 2 / 16e6
    assert count_edges(machine, "G", 9, frame / 250, 1000) == 4
    assert count_edges(machine, "A", 4, frame / 5000, 5000) == pytest.approx(480, abs=1)
    pixels = count_edges(machine, "A", 6, 2e-8, 500)
    assert pixels == pytest.approx(10e-6 * 16e6, abs=3)


def test_edges_of_href_interrupt_only_where_somebody_listens(machine: Machine) -> None:
    rises: list[bool] = []

    class Heard:
        def on_gpio(self, number: int, value: bool) -> None:
            rises.append(value)

    level(machine, "A", 4)
    machine.run_for(0.1)
    port = machine.device("gpioPortA")
    assert not port.is_heard(4)  # type: ignore[attr-defined]
    machine.sysbus.write(0x58000000, 4, 1 << 4)  # EXTI4: rising, unmasked
    machine.sysbus.write(0x58000080, 4, 1 << 4)
    assert port.is_heard(4)  # type: ignore[attr-defined]
    machine.device("exti").outputs[4].connect(Heard(), 0)
    for _ in range(2000):
        machine.run_for(0.00005)
        machine.sysbus.write(0x58000088, 4, 1 << 4)  # as a handler clears it
    assert sum(rises) >= 400
