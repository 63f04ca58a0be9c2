"""Faults of a UART's line and of who sits at its other end."""

from __future__ import annotations

import random
from collections.abc import Callable

from sim.engine.devices.serial.stm32_serial import Stm32Serial
from sim.errors import CrosscamError
from sim.faults.board import FaultBoard
from sim.faults.kinds import fault

_BITS = 10  # of a character with start and stop bit
_LETTERS = b"abcdefghijklmnopqrstuvwxyz"


def _send(board: FaultBoard, uart: Stm32Serial, characters: list[int], after: Callable[[], None]) -> None:
    """Send at the speed of the line; ``after`` is called behind each."""
    clock, left = board.machine.clock, list(reversed(characters))

    def next_character() -> None:
        if left:
            uart.write_char(left.pop())
            after()
            clock.schedule(clock.frequency * _BITS // (uart.baud_rate or 115200), next_character)

    next_character()


def _error(uart: Stm32Serial, kind: str) -> Callable[[], None]:
    tell: Callable[[str], None] | None = getattr(uart, "receive_error", None)
    if tell is None:
        raise CrosscamError(f"{uart.name} ({type(uart).__name__}) has no errors of reception: expected another UART")
    return lambda: tell(kind)


@fault("uart.noise")
def noise(board: FaultBoard, device: str = "", count: int = 20, seed: int = 1) -> None:
    """The line picks up noise: characters that nobody sent, with framing errors."""
    uart = board.device(device or board.uart, Stm32Serial)
    _send(board, uart, _random_bytes(count, seed), _error(uart, "FE"))


@fault("uart.flood")
def flood(board: FaultBoard, device: str = "", count: int = 2000) -> None:
    """Somebody types as fast as the line goes, and no Enter."""
    uart = board.device(device or board.uart, Stm32Serial)
    _send(board, uart, [_LETTERS[at % len(_LETTERS)] for at in range(count)], lambda: None)


@fault("uart.break")
def line_break(board: FaultBoard, device: str = "") -> None:
    """The line is held down for longer than a character."""
    uart = board.device(device or board.uart, Stm32Serial)
    _send(board, uart, [0], _error(uart, "FE"))


@fault("uart.garbage")
def garbage(board: FaultBoard, device: str = "", count: int = 200, seed: int = 1) -> None:
    """The other end sends binary data."""
    _send(board, board.device(device or board.uart, Stm32Serial), _random_bytes(count, seed), lambda: None)


@fault("uart.host-deaf")
def host_deaf(board: FaultBoard, device: str = "", ms: int = 500) -> None:
    """The host does not take what the board sends."""
    uart = board.device(device or board.uart, Stm32Serial)
    listeners = list(uart.on_char)
    uart.on_char.clear()

    def hear_again() -> None:
        uart.on_char[:0] = listeners

    board.later(ms, hear_again)


def _random_bytes(count: int, seed: int) -> list[int]:
    return list(random.Random(seed).randbytes(min(count, 1 << 20)))
