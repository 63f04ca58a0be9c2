"""The chip the shipped board has: addresses, interrupts, DMA requests (RM0433) and what start-up code reads."""

from __future__ import annotations

from pathlib import Path

import pytest

import sim
from sim.engine.devices.base import Line
from sim.engine.devices.dma_request import DmaRequest
from sim.engine.machine import Machine
from sim.engine.monitor import Monitor
from sim.errors import CrosscamError
from sim.renode import find_renode
from sim.renode.process import RenodeProcess
from sim.text import monitor_path

BOARD = Path(sim.__file__).parent / "board"


@pytest.fixture(scope="module")
def machine() -> Machine:
    monitor = Monitor()
    monitor.execute("mach create")
    monitor.execute(f"machine LoadPlatformDescription {monitor_path(BOARD / 'stm32h743.repl')}")
    return monitor.machine


@pytest.mark.parametrize(
    ("name", "address", "interrupts"),
    [
        ("usart1", 0x40011000, {37}), ("usart2", 0x40004400, {38}), ("usart3", 0x40004800, {39}),
        ("uart4", 0x40004C00, {52}), ("uart5", 0x40005000, {53}), ("usart6", 0x40011400, {71}),
        ("uart7", 0x40007800, {82}), ("uart8", 0x40007C00, {83}), ("lpuart1", 0x58000C00, {142}),
        ("i2c1", 0x40005400, {31, 32}), ("i2c2", 0x40005800, {33, 34}), ("i2c3", 0x40005C00, {72, 73}),
        ("i2c4", 0x58001C00, {95, 96}),
        ("spi1", 0x40013000, {35}), ("spi2", 0x40003800, {36}), ("spi3", 0x40003C00, {51}),
        ("spi4", 0x40013400, {84}), ("spi5", 0x40015000, {85}), ("spi6", 0x58001400, {86}),
        ("timer1", 0x40010000, {24, 25, 26, 27}), ("timer2", 0x40000000, {28}), ("timer3", 0x40000400, {29}),
        ("timer4", 0x40000800, {30}), ("timer5", 0x40000C00, {50}), ("timer6", 0x40001000, {54}),
        ("timer7", 0x40001400, {55}), ("timer8", 0x40010400, {43, 44, 45, 46}), ("timer12", 0x40001800, {43}),
        ("timer13", 0x40001C00, {44}), ("timer14", 0x40002000, {45}), ("timer15", 0x40014000, {116}),
        ("timer16", 0x40014400, {117}), ("timer17", 0x40014800, {118}),
        ("lptimer1", 0x40002400, {93}), ("lptimer2", 0x58002400, {138}), ("lptimer3", 0x58002800, {139}),
        ("lptimer4", 0x58002C00, {140}), ("lptimer5", 0x58003000, {141}),
        ("adc1", 0x40022000, {18}), ("adc2", 0x40022100, {18}), ("adc3", 0x58026000, {127}),
        ("mdma", 0x52000000, {122}), ("dma2d", 0x52001000, {90}), ("ltdc", 0x50001000, {88}), ("rng", 0x48021800, {80}),
        ("qspi", 0x52005000, {92}), ("sdmmc1", 0x52007000, {49}), ("sdmmc2", 0x48022400, {124}),
        ("fdcan1", 0x4000A000, {19, 21, 63}), ("fdcan2", 0x4000A400, {20, 22, 63}), ("ethernet", 0x40028000, {61}),
        ("windowWatchdog", 0x50003000, {0}), ("hsem", 0x58026400, {125}), ("crc", 0x58024C00, set()),
        ("dbgmcu", 0x5C001000, set()), ("otgHs", 0x40040000, set()), ("otgFs", 0x40080000, set()),
        ("dmamux2", 0x58025800, set()), ("rtc", 0x58004000, set()), ("dcmi", 0x48020000, set()),
    ],
)  # fmt: skip
def test_addresses_and_interrupts(machine: Machine, name: str, address: int, interrupts: set[int]) -> None:
    window = machine.sysbus.window_at(address)
    assert window is not None and window.start == address and window.device is machine.device(name)
    assert reached(machine, list(machine.device(name).outputs.values())) == interrupts


def reached(machine: Machine, lines: list[Line]) -> set[int]:
    """NVIC inputs behind ``lines``, through whatever ORs several of them."""
    found: set[int] = set()
    for line in lines:
        for receiver, number in line.targets:
            if receiver is machine.nvic:
                found.add(number)
            elif type(receiver).__name__ == "CombinedInput":
                found |= reached(machine, [receiver.outputs["OutputLine"]])  # type: ignore[attr-defined]
    return found


def test_channels_of_the_basic_dma_and_rtc_events(machine: Machine) -> None:
    bdma = [reached(machine, [machine.device("bdma").outputs[channel]]) for channel in range(8)]
    assert bdma == [{129 + channel} for channel in range(8)]
    exti = machine.device("exti")
    rtc = machine.device("rtc").outputs
    assert rtc["AlarmIRQ"].targets == ((exti, 17),) and rtc["WakeupIRQ"].targets == ((exti, 19),)
    assert [reached(machine, [exti.outputs[line]]) for line in (16, 17, 18, 19)] == [{1}, {41}, {2}, {3}]


FIRST = {
    "dmamux1": {
        9: "adc1.DMARequest", 10: "adc2.DMARequest", 11: "timer1.Channel1", 14: "timer1.Channel4", 15: "timer1.Update",
        16: "timer1.Trigger", 17: "timer1.Commutation", 18: "timer2.Channel1", 22: "timer2.Update",
        23: "timer3.Channel1", 27: "timer3.Update", 28: "timer3.Trigger", 29: "timer4.Channel1", 31: "timer4.Channel3",
        32: "timer4.Update", 33: "i2c1.Receive", 34: "i2c1.Transmit", 35: "i2c2.Receive", 36: "i2c2.Transmit",
        37: "spi1.DMARecieve", 38: "spi1.DMATransmit", 39: "spi2.DMARecieve", 40: "spi2.DMATransmit",
        41: "usart1.Receive", 42: "usart1.Transmit", 43: "usart2.Receive", 44: "usart2.Transmit",
        45: "usart3.Receive", 46: "usart3.Transmit", 47: "timer8.Channel1", 50: "timer8.Channel4", 51: "timer8.Update",
        52: "timer8.Trigger", 53: "timer8.Commutation", 55: "timer5.Channel1", 58: "timer5.Channel4",
        59: "timer5.Update", 60: "timer5.Trigger", 61: "spi3.DMARecieve", 62: "spi3.DMATransmit", 63: "uart4.Receive",
        64: "uart4.Transmit", 65: "uart5.Receive", 66: "uart5.Transmit", 69: "timer6.Update", 70: "timer7.Update",
        71: "usart6.Receive", 72: "usart6.Transmit", 73: "i2c3.Receive", 74: "i2c3.Transmit", 79: "uart7.Receive",
        80: "uart7.Transmit", 81: "uart8.Receive", 82: "uart8.Transmit", 83: "spi4.DMARecieve", 84: "spi4.DMATransmit",
        85: "spi5.DMARecieve", 86: "spi5.DMATransmit", 105: "timer15.Channel1", 106: "timer15.Update",
        107: "timer15.Trigger", 108: "timer15.Commutation", 109: "timer16.Channel1", 110: "timer16.Update",
        111: "timer17.Channel1", 112: "timer17.Update", 115: "adc3.DMARequest",
    },
    "dmamux2": {
        9: "lpuart1.Receive", 10: "lpuart1.Transmit", 11: "spi6.DMARecieve", 12: "spi6.DMATransmit", 13: "i2c4.Receive",
        14: "i2c4.Transmit", 17: "adc3.DMARequest",
    },
}  # fmt: skip
"""RM0433 tables "DMAMUX1 (DMAMUX2): assignment of multiplexer inputs to resources": line -> how the output begins."""


@pytest.mark.parametrize("mux", FIRST)
def test_requests_arrive_where_the_manual_says(machine: Machine, mux: str) -> None:
    sources = machine.device(mux)._sources._by_input  # type: ignore[attr-defined]
    wired = {number: [line.name for line in lines] for number, lines in sources.items() if lines}
    for number, begins in FIRST[mux].items():
        assert len(wired[number]) == 1 and wired[number][0].startswith(begins), (number, wired[number])
    between = {19, 20, 21, 24, 25, 26, 12, 13, 30, 48, 49, 56, 57} if mux == "dmamux1" else set()
    assert set(wired) == set(FIRST[mux]) | between
    assert all(isinstance(line, DmaRequest) for lines in sources.values() for line in lines)


@pytest.mark.parametrize(
    ("what", "address", "width", "expected"),
    [
        ("DBGMCU IDCODE, revision V", 0x5C001000, 4, 0x20036450),
        ("the same from the private bus", 0xE00E1000, 4, 0x20036450),
        ("flash size in KB", 0x1FF1E880, 2, 2048),
        ("package", 0x58000524, 4, 2),
        ("VREFINT_CAL", 0x1FF1E860, 2, 0x5E54),
        ("RNG CR", 0x48021800, 4, 0),
        ("RTC PRER", 0x58004010, 4, 0x007F00FF),
        ("I2C2 ISR", 0x40005818, 4, 1),
        ("CRC INIT", 0x58024C10, 4, 0xFFFFFFFF),
        ("USART2 ISR", 0x4000441C, 4, 0xC0),
        ("TIM1 ARR", 0x4001002C, 4, 0xFFFF),
        ("SPI2 SR", 0x40003814, 4, 0x1002),
        ("WWDG CR", 0x50003000, 4, 0x7F),
        ("OTG_HS GSNPSID", 0x40040040, 4, 0x4F54330A),
        ("OTG_FS CID", 0x4008003C, 4, 0x2300),
        ("OTG_FS GRSTCTL: AHB idle", 0x40080010, 4, 0x80000000),
        ("ADC3 CR: deep power-down", 0x58026008, 4, 0x20000000),
        ("DMAMUX2 C0CR", 0x58025800, 4, 0),
        ("MDMA C0CR", 0x5200004C, 4, 0),
    ],
)
def test_what_start_up_code_reads(machine: Machine, what: str, address: int, width: int, expected: int) -> None:
    assert machine.sysbus.read(address, width) == expected, what


def test_the_unique_id_is_there_and_no_pattern(machine: Machine) -> None:
    words = [machine.sysbus.read(0x1FF1E800 + 4 * index, 4) for index in range(3)]
    assert len(set(words)) == 3 and all(word not in (0, 0xFFFFFFFF) for word in words)


def test_an_otg_core_gets_through_its_probing(machine: Machine) -> None:
    """Core reset, flush of the FIFOs, forced host and device mode, as drivers wait for them."""
    base, read, write = 0x40080000, machine.sysbus.read, machine.sysbus.write
    for bits in (1, 1 << 5 | 0x10 << 6, 1 << 4):
        write(base + 0x10, 4, bits)
        assert not read(base + 0x10, 4) & 0x3F and read(base + 0x10, 4) >> 31
    write(base + 0x0C, 4, 0x1440 | 1 << 29)
    assert read(base + 0x14, 4) & 1
    write(base + 0x0C, 4, 0x1440 | 1 << 30)
    assert not read(base + 0x14, 4) & 1
    write(base + 0x804, 4, 0)
    write(base + 0x40, 4, 0)
    assert read(base + 0x804, 4) == 0 and read(base + 0x40, 4) == 0x4F54330A


def test_renode_loads_the_same_file() -> None:
    try:
        executable = find_renode()
    except CrosscamError:
        pytest.skip("no Renode 1.16 or newer is installed")
    with RenodeProcess(executable) as renode:
        for command in (
            "mach create",
            f"path add {monitor_path(BOARD.parent.parent)}",
            "python \"import System; System.IO.Directory.SetCurrentDirectory('" + str(BOARD.parent.parent) + "')\"",
            f"machine LoadPlatformDescription {monitor_path(BOARD / 'stm32h743.repl')}",
        ):
            renode.keyword("ExecuteCommand", command)
        for address, expected in ((0x5C001000, "0x20036450"), (0x1FF1E880, "0x00000800"), (0x40080040, "0x4F54330A")):
            said = renode.keyword("ExecuteCommand", f"sysbus ReadDoubleWord {address:#x}")
            assert str(said).strip() == expected
