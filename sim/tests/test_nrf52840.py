"""An nRF52840: a program that says what it finds, and what only a host beside it can see."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path

import pytest

from sim.engine.devices.base import Device
from sim.engine.devices.network.nrf_radio import NrfRadio
from sim.engine.devices.pins.nrf_gpio import NrfGpio
from sim.engine.devices.serial.nrf_uarte import NrfUarte
from sim.engine.machine import Machine
from sim.engine.monitor import Monitor
from sim.tests.firmware_bench import build

FOLDER = Path(__file__).parent / "nrf_program"
BOARD = """
cpu: CPU.CortexM @ sysbus { cpuType: "cortex-m4"; nvic: nvic }
nvic: IRQControllers.NVIC @ sysbus 0xE000E000 { -> cpu@0 }
flash: Memory.MappedMemory @ sysbus 0x0 { size: 0x100000 }
ram: Memory.MappedMemory @ sysbus 0x20000000 { size: 0x40000 }
clock: Miscellaneous.NRF_CLOCK @ sysbus 0x40000000 { -> nvic@0 }
radio: Wireless.NRF52840_Radio @ sysbus 0x40001000 { -> nvic@1 }
uart0: UART.NRF52840_UART @ sysbus 0x40002000 { easyDMA: true; -> nvic@2 }
twi0: I2C.NRF52840_I2C @ sysbus 0x40003000 { -> nvic@3 }
gpiote: GPIOPort.NRF52840_GPIOTasksEvents @ sysbus 0x40006000 { port0: gpio0; port1: gpio1; -> nvic@6 }
timer0: Timers.NRF52840_Timer @ sysbus 0x40008000 { numberOfEvents: 4; -> nvic@8 }
timer1: Timers.NRF52840_Timer @ sysbus 0x40009000 { numberOfEvents: 4; -> nvic@9 }
rng: Miscellaneous.NRF52840_RNG @ sysbus 0x4000D000 { -> nvic@13 }
ecb: Miscellaneous.NRF52840_ECB @ sysbus 0x4000E000 { -> nvic@14 }
wdt: Timers.NRF52840_Watchdog @ sysbus 0x40010000 { -> nvic@16 }
rtc1: Timers.NRF52840_RTC @ sysbus 0x40011000 { numberOfEvents: 3; -> nvic@17 }
egu0: Miscellaneous.NRF52840_EGU @ sysbus 0x40014000 { -> nvic@20 }
pdm: Sound.NRF52840_PDM @ sysbus 0x4001D000 { -> nvic@29 }
ppi: Miscellaneous.NRF52840_PPI @ sysbus 0x4001F000
spi2: SPI.NRF52840_SPI @ sysbus 0x40023000 { -> nvic@35 }
i2s: Sound.NRF52840_I2S @ sysbus 0x40025000 { -> nvic@37 }
gpio0: GPIOPort.NRF52840_GPIO @ sysbus 0x50000500
gpio1: GPIOPort.NRF52840_GPIO @ sysbus 0x50000800
"""
RADIO, TWI, GPIOTE, TIMER, WDT, RTC, PDM, PPI, SPI, I2S, PORT = (
    *(0x40001000, 0x40003000, 0x40006000, 0x40008000, 0x40010000, 0x40011000, 0x4001D000, 0x4001F000),
    *(0x40023000, 0x40025000, 0x50000500),
)
ENABLE, SHORTS, INTENSET, RAM = 0x500, 0x200, 0x304, 0x20001000


@pytest.fixture
def machine() -> Iterator[Machine]:
    monitor = Monitor()
    monitor.execute("mach create")
    monitor.execute(f'machine LoadPlatformDescriptionFromString """{BOARD}"""')
    monitor.machine.sysbus.write(0x20000000, 4, 0xE7FEE7FE)
    monitor.execute("cpu PC 0x20000000; cpu SP 0x20008000")
    yield monitor.machine
    monitor.close()


def write(machine: Machine, base: int, values: dict[int, int]) -> None:
    for offset, value in values.items():
        machine.sysbus.write(base + offset, 4, value)


def test_a_program(machine: Machine, tmp_path: Path) -> None:
    flags = ("-mcpu=cortex-m4", "-mfloat-abi=soft")
    elf = build("gcc", (str(FOLDER / "program.c"),), str(FOLDER / "program.ld"), tmp_path / "nrf.elf", flags)
    machine.load_elf(elf)
    uart = machine.device("uart0")
    assert isinstance(uart, NrfUarte)
    said = bytearray()

    def typed() -> None:
        for byte in b"word":
            uart.write_char(byte)

    def hear(byte: int) -> None:
        said.append(byte)
        if said.endswith(b"type\n"):
            machine.clock.schedule(1000, typed)

    uart.on_char.append(hear)
    machine.run_until(lambda: said.endswith(b"done\n"), 3)
    lines = said.decode().splitlines()
    assert [line for line in lines if not line.startswith("ok ")] == ["type", "done"] and len(lines) == 18


def test_pins_make_events_and_tasks_move_pins(machine: Machine) -> None:
    bus, port = machine.sysbus, machine.device("gpio0")
    assert isinstance(port, NrfGpio)
    write(machine, GPIOTE, {0x510: 1 | 11 << 8 | 2 << 16, 0x514: 3 | 5 << 8 | 3 << 16})  # falls of 11; toggle 5
    write(machine, PORT, {0x200 + 44: 3 << 2 | 3 << 16})  # pin 11: pulled up, senses low
    assert bus.read(PORT + 0x10, 4) & 1 << 11 and not bus.read(GPIOTE + 0x100, 4)
    port.on_gpio(11, False)
    assert bus.read(GPIOTE + 0x100, 4) == 1 and bus.read(GPIOTE + 0x17C, 4) == 1
    assert bus.read(PORT + 0x20, 4) == 1 << 11
    write(machine, GPIOTE, {0x004: 1})
    assert port.level(5)
    write(machine, GPIOTE, {0x064: 1})
    assert not port.level(5)


def test_a_timer_with_shortcuts_drives_a_pin_through_the_ppi(machine: Machine) -> None:
    port = machine.device("gpio0")
    assert isinstance(port, NrfGpio)
    edges: list[float] = []
    port.changed += lambda pin, level: edges.append(float(machine.clock.exact_seconds))
    write(machine, GPIOTE, {0x510: 3 | 7 << 8 | 3 << 16})
    write(machine, PPI, {0x510: TIMER + 0x140, 0x514: GPIOTE, 0x504: 1})
    write(machine, TIMER, {0x510: 4, 0x540: 100, SHORTS: 1, 0x000: 1})  # every 100 us
    machine.run_for(0.00105)
    assert len(edges) == 10
    assert all(abs(later - earlier - 1e-4) < 1e-7 for earlier, later in itertools.pairwise(edges))
    write(machine, PPI, {0x508: 1})
    machine.run_for(0.001)
    assert len(edges) == 10


def test_a_timer_that_counts_tasks(machine: Machine) -> None:
    write(machine, TIMER, {0x504: 1, 0x540: 3, 0x000: 1, 0x008: 1})
    write(machine, TIMER, {0x008: 1})
    assert not machine.sysbus.read(TIMER + 0x140, 4)
    write(machine, TIMER, {0x008: 1, 0x040: 1})
    assert machine.sysbus.read(TIMER + 0x140, 4) == 1 and machine.sysbus.read(TIMER + 0x540, 4) == 3


def test_overflow_and_ticks_of_the_rtc(machine: Machine) -> None:
    bus = machine.sysbus
    write(machine, RTC, {0x344: 3, 0x00C: 1, 0x000: 1})
    machine.run_for(0.0004)
    assert bus.read(RTC + 0x104, 4) == 0 and bus.read(RTC + 0x100, 4) == 1
    machine.run_for(0.0004)
    assert bus.read(RTC + 0x104, 4) == 1 and bus.read(RTC + 0x504, 4) < 16


@pytest.mark.parametrize(("interrupt", "early"), [(0, 0), (1, 1)])
def test_the_watchdog_bites_unless_it_is_fed(machine: Machine, interrupt: int, early: int) -> None:
    write(machine, WDT, {0x504: 327, 0x508: 3, INTENSET: interrupt, 0x000: 1})
    for _ in range(3):
        machine.run_for(0.008)
        write(machine, WDT, {0x600: 0x6E524635})
        write(machine, WDT, {0x604: 0x6E524635})
    assert machine.last_reset == "power-on"
    write(machine, WDT, {0x600: 0x6E524635})
    machine.run_for(0.00998)
    assert machine.last_reset == "power-on"
    machine.run_for(0.0001)
    assert machine.last_reset.startswith("watchdog")
    assert machine.sysbus.read(0x40000400, 4) == 2, "RESETREAS says who"


class Echo(Device):
    """An I2C slave that keeps what is written and gives it back; an SPI target that adds one."""

    kept = b""

    def write(self, data: bytes) -> None:  # type: ignore[override]
        self.kept = data

    def read(self, count: int = 1) -> bytes:  # type: ignore[override]
        return self.kept[:count]

    def transmit(self, byte: int) -> int:
        return byte + 1 & 0xFF

    def finish_transmission(self) -> None:
        """Over."""


def test_buses_by_easy_dma(machine: Machine) -> None:
    bus, echo = machine.sysbus, Echo(machine, "echo")
    machine.device("twi0").register_child(echo, 0x42)
    machine.device("spi2").register_child(echo, 0)
    bus.write_bytes(RAM, b"abcd")
    write(machine, TWI, {ENABLE: 6, 0x588: 0x42, 0x544: RAM, 0x548: 4, SHORTS: 1 << 7 | 1 << 12})
    write(machine, TWI, {0x534: RAM + 16, 0x538: 4, 0x008: 1})  # write, then read, then STOP
    assert bus.read_bytes(RAM + 16, 4) == b"abcd" and bus.read(TWI + 0x104, 4) == 1
    write(machine, TWI, {0x588: 0x43, 0x008: 1})
    assert bus.read(TWI + 0x124, 4) == 1 and bus.read(TWI + 0x4C4, 4) == 2
    write(machine, SPI, {ENABLE: 7, 0x544: RAM, 0x548: 2, 0x534: RAM + 32, 0x538: 4, 0x5C0: 0x30, 0x010: 1})
    assert bus.read_bytes(RAM + 32, 4) == b"bc11" and bus.read(SPI + 0x118, 4) == 1


def test_the_radio_sends_into_silence(machine: Machine) -> None:
    radio, sent, bus = machine.device("radio"), list[bytes](), machine.sysbus
    assert isinstance(radio, NrfRadio)
    radio.frame_sent += sent.append
    bus.write_bytes(RAM, b"\x42\x03xyz!")
    write(machine, RADIO, {0x504: RAM, 0x514: 8 | 1 << 8, 0x518: 255, SHORTS: 3, 0x000: 1})
    assert bus.read(RADIO + 0x550, 4) == 9
    machine.run_for(0.0005)
    assert sent == [b"\x42\x03xyz"] and bus.read(RADIO + 0x550, 4) == 0 and bus.read(RADIO + 0x110, 4) == 1


def test_sound_comes_at_its_pace(machine: Machine) -> None:
    bus = machine.sysbus
    write(machine, PDM, {ENABLE: 1, 0x508: 1, 0x560: RAM, 0x564: 16, 0x000: 1})  # 16 mono samples at 16.125 kHz
    write(machine, I2S, {ENABLE: 1, 0x514: 0x08000000, 0x550: 8, 0x000: 1})  # 8 stereo frames of 16 bits, 3.9 kHz
    bus.write(RAM, 4, 0xFFFFFFFF)
    machine.run_for(0.0009)
    assert not bus.read(PDM + 0x108, 4) and bus.read(I2S + 0x114, 4) == 1
    write(machine, I2S, {0x114: 0})
    machine.run_for(0.0014)
    assert bus.read(PDM + 0x108, 4) == 1 and bus.read(RAM, 4) == 0 and bus.read(I2S + 0x114, 4) == 1
    write(machine, PDM, {0x004: 1})
    assert bus.read(PDM + 0x104, 4) == 1
