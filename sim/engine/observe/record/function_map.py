"""Which function an address of code belongs to."""

from __future__ import annotations

import bisect

from sim.engine.elf import ElfImage


class FunctionMap:
    """Functions of one program file. One without a size (assembler) reaches up to the next."""

    def __init__(self, image: ElfImage) -> None:
        self.image = image
        functions = sorted(
            (each.address, each.size == 0, each.size, each.name) for each in image.symbols if each.is_function
        )
        self._starts: list[int] = []
        self._ends: list[int] = []
        self._names: dict[int, str] = {}
        for address, _, size, name in functions:
            if address in self._names:  # an alias: the first name of those with a size counts
                continue
            self._names[address] = name
            if self._ends and self._ends[-1] == 0:
                self._ends[-1] = address
            self._starts.append(address)
            self._ends.append(address + size if size else 0)

    def at(self, address: int) -> int:
        """Where the function that holds ``address`` begins; 0 when none is known."""
        index = bisect.bisect_right(self._starts, address) - 1
        if index < 0 or (self._ends[index] and address >= self._ends[index]):
            return 0
        return self._starts[index]

    def name(self, start: int) -> str:
        """The function that begins at ``start``; its address where it has no name."""
        return self._names.get(start) or f"0x{start:08X}"
