"""Names for addresses: function and source line of code, device and register of a peripheral, variable of a memory."""

from __future__ import annotations

import bisect
import itertools
from pathlib import Path

from sim.engine.bus import PERIPHERALS, PRIVATE_BUS
from sim.engine.devices.base import Device
from sim.engine.devices.registers import RegisterBank
from sim.engine.elf import Symbol
from sim.engine.machine import Machine
from sim.text import printable
from sim.watch.source import SourceLines

_LONGEST_NAME = 80


class Places:
    """Names on one machine, by the symbols it has loaded last."""

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        self._lines: SourceLines | None = None
        self._lines_of = ""

    def function(self, address: int) -> str:
        """Name of the function that holds ``address``; the address where none is known."""
        symbol = self._machine.symbols.function_at(address & ~1)
        if symbol is None:
            return f"0x{address & ~1:08X}"
        return printable(self._common_name(symbol), _LONGEST_NAME)

    def _common_name(self, function: Symbol) -> str:
        """A start-up file gives its default handler the name of each interrupt besides its own."""
        symbols = self._machine.symbols.symbols
        index = bisect.bisect_left(symbols, function.address, key=lambda symbol: symbol.address)
        same = itertools.takewhile(
            lambda symbol: symbol.address == function.address, itertools.islice(symbols, index, None)
        )
        names = [symbol.name for symbol in same if symbol.is_function or "default" in symbol.name.lower()]
        names = names or [function.name]
        return min(names, key=lambda name: ("default" not in name.lower(), len(name), name))

    def line(self, address: int) -> str:
        """``main.c:12``; empty when unknown."""
        path = self._machine.symbols.path
        if not path:
            return ""
        if self._lines is None or path != self._lines_of:
            self._lines, self._lines_of = SourceLines(Path(path)), path
        return printable(self._lines.at(address), _LONGEST_NAME)

    def code(self, address: int) -> str:
        """``function (main.c:12)``, as much of it as is known."""
        line = self.line(address)
        return f"{self.function(address)} ({line})" if line else self.function(address)

    def data(self, address: int) -> str:
        """``0x58024818 (pwr.D3CR)``: what lies there."""
        name = self._data_name(address)
        return f"0x{address:08X} ({name})" if name else f"0x{address:08X}"

    def _data_name(self, address: int) -> str:
        window = self._machine.sysbus.window_at(address)
        if window is not None:
            offset = address - window.start
            register = register_name(window.device, offset)
            return printable(f"{window.device.name}.{register}" if register else f"{window.device.name}+0x{offset:X}")
        if self._machine.sysbus.memory_at(address) is not None:
            return self.variable(address)
        if any(start <= address < start + size for start, size in (PERIPHERALS, PRIVATE_BUS)):
            return "the board has no device there"
        return "nothing is mapped there"

    def variable(self, address: int) -> str:
        """``table+0x4``; empty where no variable is known."""
        symbols = self._machine.symbols.symbols
        index = bisect.bisect_right(symbols, address, key=lambda symbol: symbol.address) - 1
        while index >= 0 and symbols[index].address + max(symbols[index].size, 1) > address - 0x1000:
            symbol = symbols[index]
            if not symbol.is_function and symbol.address <= address < symbol.address + symbol.size:
                offset = address - symbol.address
                return printable(symbol.name, _LONGEST_NAME) + (f"+0x{offset:X}" if offset else "")
            index -= 1
        return ""


def register_name(device: Device, offset: int) -> str:
    """The register the device declares at ``offset``; empty where its registers have no names."""
    for part in vars(device).values():
        if isinstance(part, RegisterBank):
            name = part.name_at(offset)
            if name:
                return name
    return ""
