"""Which RCC bit clocks which peripheral or memory, and whether it does now."""

from __future__ import annotations

from collections.abc import Callable

from sim.engine.truth.chip_data import ChipTruth, Gate


class ClockGates:
    """Answers whether a clock is on; asks the RCC again only after it was written.

    ``read(address, width)`` gives a register of the RCC.
    """

    def __init__(self, chip: ChipTruth, read: Callable[[int, int], int]) -> None:
        self._gates = chip.gates
        self._memories = chip.memory_gates
        self._read = read
        self._on: set[int] = set()
        self.registers = {gate.register for gate in chip.memory_gates.values()}
        """Those that clock memories."""

    def forget(self) -> None:
        """The RCC was written or reset."""
        self._on.clear()

    def off(self, base: int) -> Gate | None:
        """The gate that is closed for the peripheral at ``base``; None when its clock is on or it has no gate."""
        if base in self._on:
            return None
        gate = self._gates.get(base)
        if gate is not None and not self._is_open(gate):
            return gate
        self._on.add(base)
        return None

    def memory_off(self, address: int) -> Gate | None:
        """The gate that is closed for the memory at ``address``."""
        for (first, end), gate in self._memories.items():
            if first <= address < end and first not in self._on:
                if not self._is_open(gate):
                    return gate
                self._on.add(first)
        return None

    def closed_memories(self) -> dict[tuple[int, int], bool]:
        """For each memory with a gate, first address and end: whether it is closed."""
        return {span: not self._is_open(gate) for span, gate in self._memories.items()}

    def _is_open(self, gate: Gate) -> bool:
        return bool(self._read(gate.register, 4) >> gate.bit & 1)
