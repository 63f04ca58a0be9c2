"""Reading a firmware ELF: what to load where, the vector table, and symbols for messages."""

from __future__ import annotations

import bisect
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

from sim.engine.elf_parts import LARGEST_FILE, ElfParts
from sim.errors import CrosscamError
from sim.reading import UnreadableError, plain_bytes

_VECTOR_SYMBOLS = (
    "g_pfnVectors", "_vectors", "__Vectors", "__vector_table", "vector_table", "_vector_table", "__isr_vector",
)  # fmt: skip
_VECTOR_SECTIONS = (".isr_vector", ".vectors", ".vector_table", ".intvec")


@dataclass(frozen=True)
class Symbol:
    """A function or object; ``size`` in bytes, 0 when the ELF does not say."""

    name: str
    address: int
    size: int
    is_function: bool


@dataclass
class ElfImage:
    """One file. ``segments``: (physical address, bytes) to load; ``entry``: start address of the ELF header."""

    path: str = ""
    entry: int = 0
    segments: list[tuple[int, bytes]] = field(default_factory=list)
    symbols: list[Symbol] = field(default_factory=list)
    sections: dict[str, int] = field(default_factory=dict)
    sizes: dict[str, int] = field(default_factory=dict)
    _functions: list[Symbol] = field(default_factory=list)
    _starts: list[int] = field(default_factory=list)
    _variables: list[Symbol] = field(default_factory=list)
    _variable_starts: list[int] = field(default_factory=list)

    @classmethod
    def empty(cls) -> ElfImage:
        """No file loaded."""
        return cls()

    @classmethod
    def read(cls, path: Path) -> ElfImage:
        """Parse ``path``.

        Raises:
            CrosscamError: missing, or not a 32-bit little-endian ARM executable.
        """
        try:
            content = plain_bytes(path, LARGEST_FILE)
        except (OSError, UnreadableError) as error:
            reason = error.strerror if isinstance(error, OSError) else error
            raise CrosscamError(
                f"{path}: cannot be read ({reason}); build the firmware first or give an existing .elf"
            ) from error
        try:
            parts = ElfParts(content)
        except UnreadableError as error:
            raise CrosscamError(
                f"{path}: not a readable ELF file ({error}); give the .elf the firmware build wrote"
            ) from error
        image = cls(
            path=str(path), entry=parts.entry, segments=parts.segments, sections=parts.sections, sizes=parts.sizes
        )
        image._keep_symbols([Symbol(*each) for each in parts.symbols])
        return image

    def _keep_symbols(self, symbols: list[Symbol]) -> None:
        self.symbols = sorted(symbols, key=lambda symbol: (symbol.address, symbol.is_function))
        self._functions = [symbol for symbol in self.symbols if symbol.is_function]
        self._starts = [symbol.address for symbol in self._functions]
        self._variables = [symbol for symbol in self.symbols if not symbol.is_function and symbol.size]
        self._variable_starts = [symbol.address for symbol in self._variables]

    def with_symbols_of(self, other: ElfImage, offset: int = 0) -> ElfImage:
        """This file, with the symbols of ``other`` moved by ``offset`` besides its own."""
        image = ElfImage(self.path, self.entry, self.segments, self.symbols, self.sections, self.sizes)
        moved = [replace(each, address=each.address + offset) for each in other.symbols]
        image._keep_symbols([*self.symbols, *moved])
        return image

    def address_of(self, name: str) -> int:
        """Address of a symbol; CrosscamError when there is none of that name."""
        for symbol in self.symbols:
            if symbol.name == name:
                return symbol.address
        raise CrosscamError(f"{self.path or 'firmware'}: no symbol {name}")

    def function_at(self, address: int) -> Symbol | None:
        """The function that holds ``address``."""
        index = bisect.bisect_right(self._starts, address) - 1
        if index < 0:
            return None
        symbol = self._functions[index]
        return symbol if address < symbol.address + max(symbol.size, 2) else None

    def variable_at(self, address: int) -> Symbol | None:
        """The object that holds ``address``."""
        index = bisect.bisect_right(self._variable_starts, address) - 1
        if index < 0:
            return None
        symbol = self._variables[index]
        return symbol if address < symbol.address + symbol.size else None

    def describe(self, address: int) -> str:
        """``0x08001234 main+0x10``, or the bare address where no function is known."""
        symbol = self.function_at(address)
        return f"0x{address:08X}" + (f" {symbol.name}+0x{address - symbol.address:X}" if symbol else "")

    def vector_table(self, is_memory: Callable[[int], bool]) -> int | None:
        """Where the vector table lies: a well-known symbol or section, else the lowest segment that looks like one."""
        candidates = [symbol.address for symbol in self.symbols if symbol.name in _VECTOR_SYMBOLS]
        candidates += [self.sections[name] for name in _VECTOR_SECTIONS if name in self.sections]
        candidates += sorted(address for address, _ in self.segments)
        for address in candidates:
            if address % 128 == 0 and self._looks_like_vectors(address, is_memory):
                return address
        return None

    def _looks_like_vectors(self, address: int, is_memory: Callable[[int], bool]) -> bool:
        """An initial stack pointer at the end of or in a memory, and an odd start address that was loaded."""
        for start, data in self.segments:
            if start <= address and address + 8 <= start + len(data):
                stack = int.from_bytes(data[address - start : address - start + 4], "little")
                start_address = int.from_bytes(data[address - start + 4 : address - start + 8], "little")
                return stack % 4 == 0 and is_memory(stack - 4) and bool(start_address & 1)
        return False
