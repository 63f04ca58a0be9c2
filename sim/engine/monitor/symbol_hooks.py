"""Hooks at symbols, wherever the firmware that is loaded has them."""

from __future__ import annotations

from collections.abc import Callable

from sim.engine.cortex_m.cpu import CortexM


class SymbolHooks:
    """Hooks at symbols of one core, put where each firmware loaded has them."""

    def __init__(self, cpu: CortexM, addresses: Callable[[str], list[int]]) -> None:
        self._cpu, self._addresses = cpu, addresses
        self._hooks: dict[str, Callable[[CortexM, int], object]] = {}
        self._placed: list[tuple[int, Callable[[CortexM, int], object]]] = []

    def add(self, symbol: str, hook: Callable[[CortexM, int], object]) -> None:
        """Call ``hook`` at ``symbol``, instead of an earlier hook there."""
        self._hooks[symbol] = hook
        self.symbols_changed()

    def symbols_changed(self) -> None:
        """Put the hooks where the symbols are now."""
        for address, hook in self._placed:
            self._cpu.hooking.remove(address, hook)
        self._placed = [(address, hook) for name, hook in self._hooks.items() for address in self._addresses(name)]
        for address, hook in self._placed:
            self._cpu.hooking.add(address, hook)
