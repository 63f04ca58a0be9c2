"""Faults on boards that are not ours: by device kind, on a bare core and on an STM32F746 without our firmware."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import sim
from sim.engine.cortex_m import exceptions as exc
from sim.engine.devices.base import Device
from sim.engine.machine import Machine
from sim.engine.monitor import Monitor
from sim.errors import CrosscamError
from sim.faults.board import FaultBoard, put_before
from sim.faults.injector import inject
from sim.faults.order import Order
from sim.tests.engine_bench import PROBE, RAM, Bench
from sim.text import monitor_path

F746 = Path(sim.__file__).parent / "board" / "stm32f746.repl"
RCC, I2C1, GPIOB, DMA2, USART3, IWDG = 0x40023800, 0x40005400, 0x40020400, 0x40026400, 0x40004800, 0x40003000


@pytest.fixture
def f746() -> Machine:
    monitor = Monitor()
    monitor.execute("mach create")
    monitor.execute(f"machine LoadPlatformDescription {monitor_path(F746)}")
    return monitor.machine


def go_wrong(machine: Machine, *spellings: str) -> None:
    for spelling in spellings:
        inject(FaultBoard(machine), Order.parse(spelling))


def test_what_stands_before_a_method_lets_go() -> None:
    class Counter:
        def add(self, amount: int) -> int:
            return amount

    counter = Counter()
    first = put_before(counter, "add", lambda original, amount: original(amount) + 1)
    second = put_before(counter, "add", lambda original, amount: original(amount) * 10)
    assert counter.add(2) == 30
    first()
    assert counter.add(2) == 20, "the one behind it has ended, wherever it stands"
    second()
    assert counter.add(2) == 2


def test_bits_of_a_register_stick_for_as_long_as_asked() -> None:
    bench = Bench()
    bench.probe.answers[8] = 0x00FF00FF
    bench.machine.clock.frequency = 1000
    go_wrong(bench.machine, "register.stuck,device=sysbus.probe,offset=8,mask=0xFFFF,value=0x1234,ms=5")
    bus = bench.machine.sysbus
    assert [bus.read(PROBE + 8, 4), bus.read(PROBE + 9, 1), bus.read(PROBE + 12, 4)] == [0x00FF1234, 0x12, 0]
    bench.machine.run_for(0.01)
    assert bus.read(PROBE + 8, 4) == 0x00FF00FF


def test_a_bit_of_memory_turns_over() -> None:
    bench = Bench()
    bench.machine.sysbus.write(RAM + 0x100, 4, 0xF0)
    go_wrong(bench.machine, f"memory.flip,at={RAM + 0xFC}+4,bit=12", f"memory.flip,at={RAM + 0x100},bit=4")
    assert bench.machine.sysbus.read(RAM + 0x100, 4) == 0x10E0


@pytest.mark.parametrize(
    ("spelling", "words"),
    [
        ("memory.flip,at=0x70000000", "no memory"),
        ("memory.flip,at=nobody_knows", "nobody_knows"),
        ("register.stuck,device=sysbus.nothing", "nothing"),
        ("dma.stream-error", "has none"),
        ("irq.lost,number=240", "expected 0 to 239"),
        ("camera.black@frame:3", "ov7670"),
    ],
)
def test_what_the_board_has_not_is_said(spelling: str, words: str) -> None:
    with pytest.raises(CrosscamError, match=words):
        go_wrong(Bench().machine, spelling)


def test_interrupts_get_lost_and_come_unasked(f746: Machine) -> None:
    pending: Any = f746.nvic.exceptions
    go_wrong(f746, "irq.lost,number=5,times=2", "irq.spurious,number=9")
    assert pending.pending >> (exc.EXTERNAL + 9) & 1
    for expected in (0, 0, 1):
        f746.nvic.on_gpio(5, True)
        f746.nvic.on_gpio(5, False)
        assert pending.pending >> (exc.EXTERNAL + 5) & 1 == expected


def test_the_clocks_of_another_chip_stay_away(f746: Machine) -> None:
    go_wrong(f746, "clock.hse-dead", "clock.pll-never-ready,device=sysbus.rcc")
    f746.sysbus.write(RCC, 4, 1 << 16 | 1 << 24)
    assert f746.sysbus.read(RCC, 4) & (1 << 17 | 1 << 25) == 0


def test_a_watchdog_without_its_clock_never_bites(f746: Machine) -> None:
    reasons: list[str] = []
    f746.on_reset_request.append(reasons.append)
    go_wrong(f746, "clock.lsi-off")
    for value in (0xCCCC, 0x5555):
        f746.sysbus.write(IWDG, 4, value)
    assert f746.sysbus.read(IWDG + 0x0C, 4) == 3, "what is written does not reach the other side"
    f746.run_for(2)
    assert reasons == []
    go_wrong(f746, "watchdog.bites")
    assert reasons and "IWDG" in reasons[0]


def test_nine_clocks_free_the_bus_of_another_board(f746: Machine) -> None:
    bus = f746.sysbus
    go_wrong(f746, "i2c.sda-low,device=sysbus.i2c1,scl=sysbus.gpioPortB:8,sda=sysbus.gpioPortB:9,clocks=9")
    bus.write(GPIOB, 4, 1 << 16)  # SCL is an output
    for clock in range(9):
        assert bus.read(I2C1 + 0x18, 4) & 1 << 15, f"free after {clock} clocks"
        for level in (1 << 24, 1 << 8):
            bus.write(GPIOB + 0x18, 4, level)
    assert not bus.read(I2C1 + 0x18, 4) & 1 << 15


def test_a_stream_is_broken_off_only_while_it_runs(f746: Machine) -> None:
    stream = "dma.stream-error,device=sysbus.dma2,stream=1"
    go_wrong(f746, stream)
    assert f746.sysbus.read(DMA2, 4) == 0
    for offset, value in ((0x2C, 8), (0x30, USART3), (0x34, 0x20010000), (0x28, 1)):
        f746.sysbus.write(DMA2 + offset, 4, value)
    go_wrong(f746, stream)
    assert f746.sysbus.read(DMA2, 4) == 1 << 9, "TEIF1"
    assert not f746.sysbus.read(DMA2 + 0x28, 4) & 1


def test_a_brown_out_and_a_loss_of_power_are_told_apart(f746: Machine) -> None:
    bus = f746.sysbus
    bus.write(RCC + 0x74, 4, 1 << 24)
    bus.write(0x20010000, 4, 0x12345678)
    go_wrong(f746, "power.brown-out")
    f746.run_for(0.001)
    assert bus.read(RCC + 0x74, 4) >> 24 & 0x0A == 0x02, "BORRSTF, not PORRSTF"
    assert bus.read(0x20010000, 4) == 0x12345678
    go_wrong(f746, "power.loss")
    f746.run_for(0.001)
    assert bus.read(RCC + 0x74, 4) >> 24 & 0x0A == 0x0A
    assert bus.read(0x20010000, 4) != 0x12345678, "RAM holds noise"


def test_a_device_that_hears_nothing_hears_again(f746: Machine) -> None:
    uart: Any = f746["sysbus.usart3"]
    heard: list[int] = []
    uart.on_char.append(heard.append)
    go_wrong(f746, "uart.host-deaf,device=sysbus.usart3,ms=1")
    f746.sysbus.write(USART3, 4, 0x9)
    f746.sysbus.write(USART3 + 0x28, 4, 0x41)
    f746.run_for(0.002)
    f746.sysbus.write(USART3 + 0x28, 4, 0x42)
    assert heard == [0x42]
    assert isinstance(uart, Device)


class Camera:
    """Its script, as a fault sees it: photographs captured, frames begun."""

    captured, begun = 4, 9

    def control_read(self, command: int, value: int) -> int:
        return {0x10: self.captured, 0x19: self.begun}[command]


def test_a_fault_at_a_frame_sets_in_as_that_frame_begins_and_not_before(
    f746: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    camera = Camera()
    bites: list[str] = []
    f746.on_reset_request.append(bites.append)
    monkeypatch.setattr(FaultBoard, "script", lambda board, path: camera)
    go_wrong(f746, "watchdog.bites@frame:5", "watchdog.bites@frame:6+20ms")
    f746.run_for(0.1)
    assert not bites, "the frame under way is not the one that was meant"
    camera.begun = 10
    f746.run_for(0.001)
    assert len(bites) == 1
    camera.captured, camera.begun = 5, 11
    f746.run_for(0.015)
    assert len(bites) == 1
    f746.run_for(0.010)
    assert len(bites) == 2
    for kind in ("power.loss", "camera.black"):
        with pytest.raises(CrosscamError, match="frame:5: the camera has delivered 5 photographs: expected frame:6 or"):
            go_wrong(f746, f"{kind}@frame:5")
