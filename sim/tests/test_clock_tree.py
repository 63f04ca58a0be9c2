"""The clock tree firmware has programmed, and what follows it: core, wait states, timers, UARTs, time itself."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import pytest

from sim.engine.cortex_m.dwt import Dwt
from sim.engine.cortex_m.nvic import Nvic
from sim.engine.devices.analog.stm32h7_adc import Stm32H7Adc
from sim.engine.devices.timers.stm32_timer import Stm32Timer
from sim.engine.machine import Machine
from sim.engine.monitor import Monitor
from sim.engine.timing.chip import available, load_chip
from sim.engine.timing.clock_tree import ClockTree
from sim.engine.timing.cortex_m7 import CortexM7Timing
from sim.tests.firmware_bench import ROOT, TOOLCHAINS, build

MHZ = 1_000_000


class Registers(dict[int, int]):
    """Words by address; what was not set is 0."""

    def __missing__(self, address: int) -> int:
        return 0


def tree(chip: str, registers: dict[int, int]) -> ClockTree:
    data = load_chip(chip).clocks
    assert data is not None
    return ClockTree(data, Registers(registers).__getitem__)


def h743_at_480(**changed: int) -> dict[int, int]:
    """HSE 8 MHz / 1 x 120 / 2; AHB and each APB halved, as the firmware's clock.c does it."""
    registers = {
        "cr": 1 << 24, "cfgr": 3 << 3, "d1": 8 | 4 << 4, "d2": 4 << 4 | 4 << 8,
        "source": 2 | 1 << 4, "pll1": 119 | 1 << 9 | 19 << 16,
    } | changed  # fmt: skip
    addresses = {"cr": 0x00, "cfgr": 0x10, "d1": 0x18, "d2": 0x1C, "source": 0x28, "config": 0x2C, "pll1": 0x30}
    addresses |= {"fraction": 0x34, "pll2": 0x38, "per": 0x4C, "spi": 0x50, "usart": 0x54, "d3": 0x58}
    return {0x58024400 + addresses[name]: value for name, value in registers.items()} | {0x52002000: 4}


def test_an_h743_at_full_speed() -> None:
    found = tree("stm32h743", h743_at_480()).frequencies()
    assert found is not None
    assert (found.core, found.bus, found.wait_states) == (480 * MHZ, 240 * MHZ, 4)
    assert found.apb == (120 * MHZ, 120 * MHZ)
    assert found.timers == (240 * MHZ, 240 * MHZ)
    assert found.kernels[0x40004800] == 120 * MHZ


def test_converters_have_the_kernel_clock_of_adcsel() -> None:
    pll2 = {"cr": 1 << 24 | 1 << 26, "source": 2 | 1 << 4 | 2 << 12, "pll2": 49 | 4 << 9, "per": 2 << 28}
    for selected, hertz in ((0, 40 * MHZ), (2, 8 * MHZ), (3, 64 * MHZ)):  # PLL2 P: 8 / 2 x 50 / 5; HSE; nothing
        found = tree("stm32h743", h743_at_480(**pll2, d3=selected << 16 | 1 << 18)).frequencies()
        assert found is not None
        assert found.kernels[0x40022300] == found.kernels[0x58026300] == hertz


def test_the_common_registers_of_converters_hear_of_their_clocks() -> None:
    monitor = Monitor()
    monitor.create_machine("board")
    monitor.execute(f"machine LoadPlatformDescription @{ROOT}/sim/board/stm32h743.repl")
    machine = monitor.machine
    follower = machine.follow_clocks(load_chip("stm32h743"), lambda chip: None)
    assert follower is not None
    machine.sysbus.write(0x58024458, 4, 2 << 16)
    follower.follow()
    converter = machine["sysbus.adc1"]
    assert isinstance(converter, Stm32H7Adc) and converter.hertz == 32 * MHZ  # per_ck is HSI; the fixed divider


def test_after_reset_an_h743_runs_on_its_own_oscillator() -> None:
    found = tree("stm32h743", {0x52002000: 0x37}).frequencies()
    assert found is not None
    assert (found.core, found.bus, found.wait_states) == (64 * MHZ, 64 * MHZ, 7)


def test_a_timer_is_twice_as_fast_as_a_bus_divided_by_more_than_two() -> None:
    slow = tree("stm32h743", h743_at_480(d2=7 << 4 | 5 << 8)).frequencies()  # / 16, / 4
    assert slow is not None
    assert slow.apb == (15 * MHZ, 60 * MHZ)
    assert slow.timers == (30 * MHZ, 120 * MHZ)
    quick = tree("stm32h743", h743_at_480(d2=7 << 4 | 5 << 8, cfgr=3 << 3 | 1 << 15)).frequencies()  # TIMPRE
    assert quick is not None
    assert quick.timers == (60 * MHZ, 240 * MHZ)


def test_a_fraction_of_the_multiplier_counts_only_when_it_is_enabled() -> None:
    fraction = 4096 << 3
    off = tree("stm32h743", h743_at_480(fraction=fraction)).frequencies()
    on = tree("stm32h743", h743_at_480(fraction=fraction, config=1)).frequencies()
    assert off is not None and off.core == 480 * MHZ
    assert on is not None and on.core == 482 * MHZ  # 8 MHz x 120.5 / 2


def test_a_usart_may_run_on_another_clock() -> None:
    found = tree(
        "stm32h743", h743_at_480(cr=5 << 24, usart=3 | 1 << 3, source=2 | 1 << 4 | 2 << 12, pll2=49 | 9 << 16)
    ).frequencies()
    assert found is not None
    assert found.kernels[0x40004800] == 64 * MHZ  # HSI
    assert found.kernels[0x40011000] == 20 * MHZ  # PLL2 Q: 8 / 2 x 50 / 10


SPI1, SPI4, SPI6, I2C1, LPUART1 = 0x40013000, 0x40013400, 0x58001400, 0x40005400, 0x58000C00


def test_spi_i2c_and_lpuart_have_kernel_clocks_of_their_own() -> None:
    found = tree("stm32h743", h743_at_480()).frequencies()
    assert found is not None
    clocks = [found.kernels[address] for address in (SPI1, SPI4, SPI6, I2C1, LPUART1)]
    assert clocks == [48 * MHZ, 120 * MHZ, 240 * MHZ, 120 * MHZ, 240 * MHZ]  # PLL1 Q, PCLK2, PCLK4, PCLK1, PCLK4
    chosen = h743_at_480(per=2 << 28, spi=4 << 12 | 3 << 16, usart=2 << 12, d3=5 << 28 | 5 | 3 << 8)
    other = tree("stm32h743", chosen).frequencies()
    assert other is not None
    clocks = [other.kernels[address] for address in (SPI1, SPI4, SPI6, I2C1, LPUART1)]
    assert clocks == [8 * MHZ, 64 * MHZ, 8 * MHZ, 64 * MHZ, 32768]  # HSE by per_ck, HSI, HSE, HSI, LSE
    assert other.kernels[0x58001C00] == 4 * MHZ  # I2C4: CSI


def test_a_kernel_clock_that_does_not_run_is_told_as_the_oscillator() -> None:
    found = tree("stm32h743", {0x52002000: 0x37}).frequencies()
    assert found is not None and found.kernels[SPI1] == 64 * MHZ


def test_an_f746_at_full_speed() -> None:
    rcc = 0x40023800
    registers = {
        rcc + 0x04: 25 | 432 << 6 | 1 << 22,  # HSE 25 MHz / 25 x 432 / 2
        rcc + 0x08: 2 << 2 | 5 << 10 | 4 << 13,
        0x40023C00: 7,
    }
    found = tree("stm32f746", registers).frequencies()
    assert found is not None
    assert (found.core, found.bus, found.wait_states) == (216 * MHZ, 216 * MHZ, 7)
    assert found.apb == (54 * MHZ, 108 * MHZ)
    assert found.timers == (108 * MHZ, 216 * MHZ)
    assert [found.kernels[address] for address in (0x40011000, SPI1, I2C1)] == [108 * MHZ, 108 * MHZ, 54 * MHZ]


def test_a_pll_without_a_source_makes_no_clock() -> None:
    assert tree("stm32h743", h743_at_480(source=0)).frequencies() is None


@pytest.mark.parametrize(
    ("vos", "overdrive", "megahertz", "needed"),
    [(3, 1, 240, 4), (3, 1, 210, 2), (3, 0, 225, 3), (3, 0, 240, None), (1, 0, 64, 1), (2, 0, 56, 1)],
)
def test_wait_states_an_h743_wants(vos: int, overdrive: int, megahertz: int, needed: int | None) -> None:
    registers = {0x58024818: vos << 14, 0x5800042C: overdrive}
    assert tree("stm32h743", registers).needed_wait_states(megahertz * MHZ) == needed


@pytest.mark.parametrize("name", [name for name in available() if load_chip(name).clocks is not None])
def test_a_chip_at_its_files_own_speed_has_its_files_own_latencies(name: str) -> None:
    chip = load_chip(name)
    waits = {entry["wait_states"] for entry in chip.data["memory"] if entry.get("flash")}
    assert chip.clocked(chip.data["clocks"]["core_cycles"], waits.pop()) == chip


def test_a_slower_flash_costs_more_and_an_equal_clock_less() -> None:
    chip = load_chip("stm32h743")
    first = {memory.name: memory.first for memory in chip.clocked(2, 7).memories}
    assert first["flash"] == 6 + 2 * (1 + 7) and first["axi_sram"] == 6 + 2
    level = {memory.name: memory.first for memory in chip.clocked(1, 2).memories}
    assert level["flash"] == 3 + 3 and level["axi_sram"] == 3 + 1


# A machine


@pytest.fixture(params=TOOLCHAINS)
def toolchain(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def board(timing: str, toolchain: str, folder: Path) -> Machine:
    """The bare H743 with firmware that raises the clock, then waits."""
    sources = ("bench/truth/truth.c", "chip/stm32h743/cache.c", "chip/stm32h743/clock.c")
    elf = build(toolchain, sources, "bench/truth/truth.ld", folder / "clock.elf", ("-DCASE=5", "-DWRONG=1"))
    monitor = Monitor(timing=timing)
    monitor.variables["bin"] = str(elf)
    monitor.include(ROOT / "sim" / "board" / "stm32h743.resc")
    return monitor.machine


def test_the_core_follows_what_the_firmware_programs(toolchain: str, tmp_path: Path) -> None:
    machine = board("cortex-m7", toolchain, tmp_path)
    timing, timer = machine.timing, machine["sysbus.timer5"]
    assert isinstance(timing, CortexM7Timing) and isinstance(timer, Stm32Timer)
    machine.run_for(Fraction(1, 10_000_000))
    assert timing.clocks is not None and timing.clocks.now is not None
    assert (timing.clocks.now.core, timing.clocks.now.wait_states) == (64 * MHZ, 7)
    assert machine.clock.frequency == 64 * MHZ
    done = machine.symbols.address_of("outcome")
    assert machine.run_until(lambda: machine.sysbus.read(done, 4) == 0x600D, 0.05)
    assert machine.clock.frequency == 480 * MHZ
    assert timing.clocks.now.wait_states == 2  # this firmware's mistake
    flash = next(memory for memory in timing.chip.memories if memory.name == "flash")
    assert flash.first == 6 + 2 * (1 + 2)
    dwt, nvic = machine["sysbus.dwt"], machine["sysbus.nvic"]
    assert isinstance(dwt, Dwt) and isinstance(nvic, Nvic)
    assert timer.frequency == 240 * MHZ and dwt.frequency == nvic.systick.frequency == 480 * MHZ
    machine.reset()
    assert machine.clock.frequency == 64 * MHZ


def test_the_instruction_clock_keeps_the_boards_frequency(toolchain: str, tmp_path: Path) -> None:
    machine = board("instructions", toolchain, tmp_path)
    machine.run_for(Fraction(1, 1000))
    assert machine.clock.frequency == 480 * MHZ


def test_a_span_of_seconds_stays_one_when_the_clock_changes(toolchain: str, tmp_path: Path) -> None:
    machine = board("cortex-m7", toolchain, tmp_path)
    machine.run_for(Fraction(1, 100))
    assert machine.clock.frequency == 480 * MHZ
    assert abs(machine.clock.exact_seconds - Fraction(1, 100)) < Fraction(1, 1_000_000)


def test_what_is_to_come_keeps_its_time() -> None:
    machine = Machine("bench")
    clock = machine.clock
    clock.frequency = 100 * MHZ
    served: list[float] = []
    clock.schedule(clock.cycles(0.002), lambda: served.append(clock.seconds))
    clock.schedule(clock.cycles(0.001), lambda: clock.change_frequency(25 * MHZ))
    clock.schedule(clock.cycles(0.003), lambda: served.append(clock.seconds))
    machine.run_for(Fraction(4, 1000))
    assert served == [pytest.approx(0.002), pytest.approx(0.003)]
    assert clock.seconds == pytest.approx(0.004)
    assert clock.now == 100_000 + 75_000


def test_counters_go_on_at_the_new_clock() -> None:
    machine = Machine("bench")
    machine.clock.frequency = 100 * MHZ
    timer = Stm32Timer(machine, "timer", frequency=50 * MHZ, initial_limit=0xFFFFFFFF)
    timer.write(0x28, 4, 4)  # PSC: a tick each 5 counts of its clock
    timer.write(0x14, 4, 1)
    timer.write(0x00, 4, 1)
    machine.run_for(Fraction(15, 100 * MHZ))
    assert timer.count_now == 1  # and half a tick
    timer.hold()
    machine.clock.change_frequency(200 * MHZ)
    timer.frequency = 100 * MHZ
    timer.resume()
    machine.run_for(Fraction(4, 200 * MHZ))
    assert timer.count_now == 1
    machine.run_for(Fraction(1, 200 * MHZ))
    assert timer.count_now == 2  # the other half, at twice the clock
