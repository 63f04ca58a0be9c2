"""How Renode says where in a function an address lies."""

from __future__ import annotations

from sim.engine.elf import Symbol


def symbol_at(symbol: Symbol, address: int) -> str:
    """A function and where in it, in Renode's words (Main/Peripherals/Bus/Symbol.cs)."""
    if address == symbol.address:
        return f"{symbol.name} (entry)"
    return symbol.name if symbol.size else f"{symbol.name}+0x{address - symbol.address:X} (guessed)"
