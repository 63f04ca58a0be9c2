"""Faults of an I2C bus: a line that somebody holds down. For the I2C of an STM32 with CR2 and ISR (F0, F3, F7, H7)."""

from __future__ import annotations

from typing import Any

from sim.engine.devices.i2c.stm32f7_i2c import Stm32F7I2c
from sim.engine.devices.pins.stm32_gpio_port import Stm32GpioPort
from sim.errors import CrosscamError, shown
from sim.faults.board import FaultBoard, put_before
from sim.faults.kinds import fault

_CR2, _ISR, _BUSY, _START = 0x04, 0x18, 1 << 15, 1 << 13
_IDR, _ODR = 0x10, 0x14


def _pin(board: FaultBoard, spelling: str) -> tuple[Stm32GpioPort, int]:
    path, _, number = spelling.rpartition(":")
    if not path or not number.isdecimal() or int(number) > 15:
        raise CrosscamError(f"pin {shown(spelling, 60)}: expected a port and a number, such as sysbus.gpioPortB:9")
    return board.device(path, Stm32GpioPort), int(number)


def _hold_down(board: FaultBoard, device: str, held: tuple[Stm32GpioPort, int]) -> list[Any]:
    """The bus is busy and takes no START, and the pin reads low; what ends that."""
    i2c, (port, pin) = board.only(device, Stm32F7I2c), held

    def status(original: Any, offset: int, width: int) -> int:
        answer = int(original(offset, width))
        return answer | _BUSY if offset == _ISR and width == 4 else answer

    def command(original: Any, offset: int, width: int, value: int) -> None:
        original(offset, width, value & ~_START if offset == _CR2 else value)

    def level(original: Any, offset: int, width: int) -> int:
        answer = int(original(offset, width))
        return answer & ~(1 << pin) if offset == _IDR else answer

    return [put_before(i2c, "read", status), put_before(i2c, "write", command), put_before(port, "read", level)]


@fault("i2c.sda-low")
def sda_low(board: FaultBoard, scl: str, sda: str, device: str = "", clocks: int = 9) -> None:
    """A slave holds SDA down until it has been clocked to the end of its byte.

    ``scl`` and ``sda`` are pins (``sysbus.gpioPortB:8``); ``clocks`` rising edges of SCL free the bus, 0: none does.
    """
    port, pin = _pin(board, scl)
    ends = _hold_down(board, device, _pin(board, sda))
    left = clocks

    def watch(original: Any, *arguments: int) -> None:
        nonlocal left
        before = port.read(_ODR, 4) >> pin & 1
        original(*arguments)
        if left and not before and port.read(_ODR, 4) >> pin & 1:
            left -= 1
            if not left:
                for end in ends:
                    end()

    ends.append(put_before(port, "write", watch))


@fault("i2c.scl-low")
def scl_low(board: FaultBoard, scl: str, device: str = "", ms: int = 0) -> None:
    """Somebody holds SCL down: the bus does not move."""
    ends = _hold_down(board, device, _pin(board, scl))
    board.later(ms, *ends)
