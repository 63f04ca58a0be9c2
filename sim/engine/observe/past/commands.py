"""``monitor`` commands that go about in time."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

from sim.engine.elf import ElfImage
from sim.engine.observe.gdb.debuggee import Interrupted
from sim.engine.observe.gdb.place import Place
from sim.errors import CrosscamError, shown

LONGEST = 4096
"""Bytes that are watched at most."""


class Past(Protocol):
    """A run that can be gone back in."""

    @property
    def place(self) -> Place: ...

    @property
    def snapshots(self) -> int: ...

    def last_write(self, address: int, length: int, interrupted: Interrupted) -> Any: ...

    def go_to_cycle(self, cycle: int, interrupted: Interrupted) -> None: ...

    def go_to_frame(self, number: int, interrupted: Interrupted) -> None: ...


class PastCommands:
    """``perform`` gives what a command prints; None: it is none of these. ``source_line``: of an address, or empty."""

    def __init__(self, past: Past, symbols: ElfImage, source_line: Callable[[int], str]) -> None:
        self._past, self._symbols, self._source_line = past, symbols, source_line
        self._commands: dict[str, Callable[[list[str], Interrupted], str]] = {
            "who-wrote": self._who_wrote,
            "goto-cycle": self._go_to_cycle,
            "goto-frame": self._go_to_frame,
            "where": self._where,
        }

    def perform(self, text: str, interrupted: Interrupted) -> str | None:
        """CrosscamError when it is refused."""
        words = text.split()
        command = self._commands.get(words[0]) if words else None
        return None if command is None else command(words[1:], interrupted)

    def _who_wrote(self, words: list[str], interrupted: Interrupted) -> str:
        if len(words) not in (1, 2):
            raise CrosscamError("who-wrote: expected ADDRESS [LENGTH], such as `who-wrote 0x20000010 4`")
        address = self._address(words[0])
        length = _number("who-wrote", words[1]) if len(words) == 2 else self._size(words[0])
        if not 1 <= length <= LONGEST:
            raise CrosscamError(f"who-wrote: {length} bytes: expected 1 to {LONGEST}")
        found = self._past.last_write(address, length, interrupted)
        if found is None:
            return f"0x{address:08X}: not written since the beginning"
        what = f"0x{found.address:08X}: {found.width} bytes"
        value = f", 0x{found.value:X}" if found.width in (1, 2, 4, 8) else ""
        by = f"by {found.by} while the core stood at " if found.by else "by "
        return f"{what}{value}, written at cycle {found.place.cycle} {by}{self._described(found.place.pc)}"

    def _go_to_cycle(self, words: list[str], interrupted: Interrupted) -> str:
        if len(words) != 1:
            raise CrosscamError("goto-cycle: expected a cycle, such as `goto-cycle 1000000`")
        self._past.go_to_cycle(_number("goto-cycle", words[0]), interrupted)
        return self._where([], interrupted)

    def _go_to_frame(self, words: list[str], interrupted: Interrupted) -> str:
        if len(words) != 1:
            raise CrosscamError("goto-frame: expected the number of a frame, from 1 on, such as `goto-frame 2`")
        self._past.go_to_frame(_number("goto-frame", words[0]), interrupted)
        return self._where([], interrupted)

    def _where(self, words: list[str], interrupted: Interrupted) -> str:
        place = self._past.place
        return f"cycle {place.cycle}, {self._described(place.pc)}"

    def _described(self, pc: int) -> str:
        line = self._source_line(pc)
        return self._symbols.describe(pc) + (f" ({line})" if line else "")

    def _address(self, word: str) -> int:
        """A number, or the name of an object of the program."""
        try:
            return int(word, 0) & 0xFFFFFFFF
        except ValueError:
            return self._symbols.address_of(word)

    def _size(self, word: str) -> int:
        sizes = [each.size for each in self._symbols.symbols if each.name == word]
        return min(sizes[0], LONGEST) if sizes and sizes[0] else 4


def _number(command: str, word: str) -> int:
    try:
        value = int(word, 0)
    except ValueError:
        value = -1
    if not 0 <= value < 1 << 63:
        raise CrosscamError(f"{command} {shown(word)}: expected a whole number")
    return value
