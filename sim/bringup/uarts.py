"""Every UART of a board: what it says, what is waited for in it, what is typed on it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Protocol

from sim.console import Line, LineAssembler
from sim.engine.devices.base import Device
from sim.engine.machine import Machine
from sim.errors import CrosscamError

_SPEED = 115200  # of a UART that does not tell its own
_BITS_A_CHARACTER = 10


class Speaker(Protocol):
    """A UART, as the host sees it."""

    on_char: list[Callable[[int], None]]

    def write_char(self, byte: int) -> None: ...


@dataclass
class Uart:
    """One UART. ``name``: its Renode path without ``sysbus.``; ``count``: characters sent; ``lines``: of these."""

    name: str
    device: Device
    speaker: Speaker
    assembler: LineAssembler
    count: int = 0
    lines: int = 0
    last: str = ""


@dataclass
class Expectation:
    """A text looked for in what each UART sends, line ends included; ``uart``: where it has come."""

    text: str
    uart: Uart | None = None
    _bytes: bytes = b""
    _matched: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not self.text:
            raise CrosscamError("an empty text comes at once: expected at least one character to wait for")
        self._bytes = self.text.encode("utf-8", "surrogateescape")
        self._failure = _failure_function(self._bytes)

    def take(self, uart: Uart, byte: int) -> bool:
        """The next character of ``uart``; True when the text has come with it (Knuth, Morris and Pratt)."""
        if self.uart is not None:
            return False
        matched = self._matched.get(uart.name, 0)
        while matched and self._bytes[matched] != byte:
            matched = self._failure[matched - 1]
        matched += self._bytes[matched] == byte
        self._matched[uart.name] = matched
        if matched == len(self._bytes):
            self.uart = uart
        return self.uart is not None


def _failure_function(text: bytes) -> list[int]:
    table = [0] * len(text)
    length = 0
    for index in range(1, len(text)):
        while length and text[index] != text[length]:
            length = table[length - 1]
        length += text[index] == text[length]
        table[index] = length
    return table


class Uarts:
    """All UARTs of ``machine``; ``on_char`` and ``on_line`` are called with the UART and what it sent."""

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        self.all: list[Uart] = []
        self.sent = 0
        """Characters all of them have sent."""
        self.on_char: list[Callable[[Uart, int], None]] = []
        self.on_line: list[Callable[[Uart, Line], None]] = []
        for path, device in machine.devices.items():
            if _speaks(device) and all(device is not known.device for known in self.all):
                self.add(path.removeprefix("sysbus."), device)

    def add(self, name: str, device: Device | Speaker) -> Uart:
        """One more that speaks."""
        uart: Uart

        def finished(line: Line) -> None:
            uart.lines += 1
            uart.last = line.text
            for listener in self.on_line:
                listener(uart, line)

        assembler = LineAssembler(lambda: self._machine.clock.now, finished)
        uart = Uart(name, device, device, assembler)  # type: ignore[arg-type]
        uart.speaker.on_char.append(lambda byte: self.take(uart, byte))
        self.all.append(uart)
        return uart

    def take(self, uart: Uart, byte: int) -> None:
        """``uart`` has sent ``byte``."""
        uart.count += 1
        self.sent += 1
        uart.assembler.feed(byte)
        for listener in self.on_char:
            listener(uart, byte)

    def named(self, name: str) -> Uart:
        """The UART ``name``; CrosscamError with those there are."""
        for uart in self.all:
            if name in (uart.name, f"sysbus.{uart.name}"):
                return uart
        known = ", ".join(uart.name for uart in self.all) or "none"
        raise CrosscamError(f"no UART {name} on this board: expected one of {known}")

    def type(self, uart: Uart, text: Iterable[int]) -> None:
        """Let characters arrive one after the other, as fast as the UART's baud rate lets them."""
        clock = self._machine.clock
        spacing = _BITS_A_CHARACTER * clock.frequency // (getattr(uart.device, "baud_rate", 0) or _SPEED)
        for number, byte in enumerate(text):
            clock.schedule(spacing * (number + 1), lambda byte=byte: uart.speaker.write_char(byte))  # type: ignore[misc]


def _speaks(device: Device) -> bool:
    return isinstance(getattr(device, "on_char", None), list) and callable(getattr(device, "write_char", None))
