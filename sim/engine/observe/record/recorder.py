"""Blocks of one machine as they run, by native code: cycles, runs and branches of each, and the tree of call stacks.

Nothing of it is there before a recorder is made, and nothing after ``close``.
"""

from __future__ import annotations

import ctypes
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sim.engine.machine import Machine
from sim.engine.native import block_record as native
from sim.engine.native import shared
from sim.engine.native.hooks import address_of
from sim.engine.observe.record.block_facts import deepest, ending
from sim.engine.observe.record.function_map import FunctionMap
from sim.engine.observe.record.loop_counts import LoopCounts, LoopTally

MOST_ROWS, MOST_NODES = 1 << 17, 1 << 19
"""Blocks and nodes; what comes later is charged to the last of them."""
EXCEPTION, SLEEP, THREAD = 0xFFFF0000, 0xFFFE0000, 0xFFFD0000
"""Functions that are none: an exception's entry and return, by number; sleep; a thread, by number."""
OUTSIDE = 0
"""The row of what is no block: exception entry and return, sleep."""
_CALLBACK = ctypes.CFUNCTYPE(ctypes.c_int64, ctypes.c_int64, ctypes.c_int64, ctypes.c_int64)


def present(state: memoryview[int]) -> int:
    """The cycle it is, exact to the instruction inside a device access; nobody hears that it was asked for."""
    return state[shared.ACCESS_NOW] if state[shared.IN_RUN] else state[shared.NOW]


@dataclass(frozen=True)
class Counts:
    """What has been counted up to a cycle. ``rows``: runs, cycles and taken branches by block; ``nodes``: own cycles
    and calls by node; ``sections``: cycles by section, those of none first."""

    cycle: int
    rows: NDArray[np.int64]
    nodes: NDArray[np.int64]
    sections: NDArray[np.int64]

    def since(self, earlier: Counts) -> Counts:
        """The difference to an earlier moment."""
        rows, nodes = self.rows.copy(), self.nodes.copy()
        rows[: len(earlier.rows)] -= earlier.rows
        nodes[: len(earlier.nodes)] -= earlier.nodes
        return Counts(self.cycle - earlier.cycle, rows, nodes, self.sections - earlier.sections)

    def plus(self, other: Counts) -> Counts:
        """Both together."""
        longer, shorter = (self, other) if len(self.rows) >= len(other.rows) else (other, self)
        rows = longer.rows.copy()
        rows[: len(shorter.rows)] += shorter.rows
        longer, shorter = (self, other) if len(self.nodes) >= len(other.nodes) else (other, self)
        nodes = longer.nodes.copy()
        nodes[: len(shorter.nodes)] += shorter.nodes
        return Counts(self.cycle + other.cycle, rows, nodes, self.sections + other.sections)


@dataclass(frozen=True)
class Block:
    """One block of code as it was when it first ran; ``function``: where its function begins, 0: unknown."""

    address: int
    size: int
    code: bytes
    function: int
    kind: int


class Tally:
    """What was counted of each block; stays when the machine is gone."""

    def __init__(self) -> None:
        self.blocks: list[Block] = [Block(0, 0, b"", 0, native.ONWARD)]
        self.rows: NDArray[np.int64] = np.zeros((MOST_ROWS, native.ROW_WORDS), np.int64)
        self.loops = LoopTally()

    def settle(self) -> None:
        """Take in what native loops have counted; the time up to now has been charged."""
        self.loops.fold(self.rows)

    def outcomes(self) -> Iterator[tuple[Block, int, int]]:
        """Each block with its runs, and how often its branch was taken."""
        self.settle()
        columns = self.rows[1 : len(self.blocks), [native.RUNS, native.TAKEN]]
        for block, (runs, taken) in zip(self.blocks[1:], columns.tolist(), strict=True):
            yield block, runs, taken


class BlockRecorder:
    """Records the blocks of ``machine`` from now on.

    Args:
        stacks: also which calls led to them.
        sections: functions by address; what runs in one of them and in all it calls, or jumps to, is counted together.

    Attributes:
        blocks, nodes: what the rows of ``Counts`` are: code, and (parent, function) with the root first.
    """

    def __init__(self, machine: Machine, stacks: bool = True, sections: Sequence[int] = ()) -> None:
        self.machine = machine
        self._state = machine.engine.state
        self._marks = {address: number for number, address in enumerate(sections, 1)}
        self._sections: NDArray[np.int64] = np.zeros(len(sections) + 1, np.int64)
        self._functions = FunctionMap(machine.symbols)
        self.tally = Tally()
        self.blocks, self._rows = self.tally.blocks, self.tally.rows
        self.nodes: list[tuple[int, int]] = [(0, THREAD)]
        self._by_code: dict[tuple[int, bytes], int] = {}
        self._children: dict[tuple[int, int], int] = {}
        self._nodes: NDArray[np.int64] = np.zeros((MOST_NODES, native.NODE_WORDS), np.int64)
        self._nodes[0, native.NODE_FUNCTION] = THREAD
        self._table: NDArray[np.int64] = np.full((1 << native.TABLE_BITS, 2), -1, np.int64)
        self.frames: NDArray[np.int64] = np.zeros((native.MOST_FRAMES, native.FRAME_WORDS), np.int64)
        self.array: NDArray[np.int64] = np.zeros(native.SLOTS, np.int64)
        self.slots: memoryview[int] = self.array.data
        self._hash: NDArray[np.int64] = np.zeros(0, np.int64)
        self._fill_row, self._fill_node = _CALLBACK(self._row_missing), _CALLBACK(self._node_missing)
        self._set_up(stacks)
        engine, place = machine.engine, int(self.array.ctypes.data)
        engine.find_core()
        block, edge, loop = map(
            address_of, (native.on_recorded_block, native.on_recorded_edge, native.on_recorded_loop)
        )
        engine.recorders.add(block, edge, loop, place, LoopCounts(self, self.tally.loops, engine))

    def _set_up(self, stacks: bool) -> None:
        slots = self.slots
        for slot, value in (
            (native.STATE, self.machine.engine.array.ctypes.data),
            (native.TABLE, self._table.ctypes.data),
            (native.LAST, self.row_address(OUTSIDE)),
            (native.LAST_START, self._state[shared.NOW]),
            (native.STACKS, stacks),
            (native.NODES, self._nodes.ctypes.data),
            (native.FRAMES, self.frames.ctypes.data),
            (native.DEPTH, 1),
            (native.FLOOR, 1),
            (native.LOWEST, 1 << 32),
            (native.SECTIONS, self._sections.ctypes.data),
            (native.FN_ROW, ctypes.cast(self._fill_row, ctypes.c_void_p).value),
            (native.FN_NODE, ctypes.cast(self._fill_node, ctypes.c_void_p).value),
        ):
            slots[slot] = int(value or 0)
        self._enlarge_children(1 << 10)

    def close(self) -> None:
        """Let the machine run as before."""
        self.machine.engine.recorders.remove(int(self.array.ctypes.data))
        self.machine.engine.forget_all_code()

    # Time

    def charge(self, cycle: int) -> None:
        """Give the time up to ``cycle`` to the block and the call stack it was spent in."""
        slots = self.slots
        spent = cycle - slots[native.LAST_START]
        if spent > 0:
            slots[native.LAST_START] = cycle
            self._rows[self.last_row, native.CYCLES] += spent
            self._nodes[self.top, native.NODE_CYCLES] += spent
            self._sections[self.frames[slots[native.DEPTH] - 1, native.FRAME_SECTION]] += spent

    def counts(self, cycle: int | None = None) -> Counts:
        """Everything up to now, or to ``cycle`` inside the block being run."""
        state = self._state
        self.charge(state[shared.NOW] if cycle is None else cycle)
        self.tally.settle()
        rows = self._rows[: len(self.blocks), [native.RUNS, native.CYCLES, native.TAKEN]]
        nodes = self._nodes[: len(self.nodes), [native.NODE_CYCLES, native.NODE_CALLS]]
        return Counts(self.slots[native.LAST_START], rows, nodes, self._sections.copy())

    # What runs

    @property
    def last_row(self) -> int:
        """The row of the block that ran last."""
        return (self.slots[native.LAST] - int(self._rows.ctypes.data)) // (8 * native.ROW_WORDS)

    def row_address(self, row: int) -> int:
        """Where native code finds a row."""
        return int(self._rows.ctypes.data) + 8 * native.ROW_WORDS * row

    @property
    def top(self) -> int:
        """The node that runs."""
        return int(self.frames[self.slots[native.DEPTH] - 1, native.FRAME_NODE])

    def push(self, function: int, stack: int = 0) -> None:
        """Let ``function`` run on top of what runs."""
        depth = self.slots[native.DEPTH]
        if depth < native.MOST_FRAMES:
            node = self.child(self.top, function)
            self.frames[depth] = (node, 0, stack, 0)
            self.slots[native.DEPTH] = depth + 1
            self._nodes[node, native.NODE_CALLS] += 1

    def cut_last(self, pc: int) -> None:
        """The block that ran last has ended before the instruction at ``pc``: that part of it has run, no more."""
        block = self.blocks[self.last_row]
        if block.address <= pc < block.address + block.size:
            self._rows[self.last_row, native.RUNS] -= 1
            if pc > block.address:
                part = self.row(block.address, block.code[: pc - block.address])
                self._rows[part, native.RUNS] += 1

    # Callbacks of the native side

    def _row_missing(self, address: int, size: int, slot: int) -> int:
        row = 0
        try:
            row = self.row(address, self.machine.sysbus.read_bytes(address, size))
        except Exception:  # must not cross Unicorn's frames
            self.machine.log.exception("block at 0x%08X cannot be recorded", address)
        place = (slot - int(self._table.ctypes.data)) // 16
        self._table[place] = address | size << 32, self.row_address(row)
        return self.row_address(row)

    def row(self, address: int, code: bytes) -> int:
        """The row of a block of code."""
        found = self._by_code.get((address, code))
        if found is not None:
            return found
        if len(self.blocks) == MOST_ROWS:
            return MOST_ROWS - 1
        row = self._by_code[address, code] = len(self.blocks)
        block = Block(address, len(code), code, self.function_at(address), ending(code, address))
        self.blocks.append(block)
        self._rows[row, : native.RUNS] = block.kind, address + len(code), block.function, deepest(code)
        self._rows[row, native.MARK] = self._marks.get(address, 0)
        return row

    def function_at(self, address: int) -> int:
        """Where the function at ``address`` begins, by the program loaded last; 0: unknown."""
        if self.machine.symbols is not self._functions.image:
            self._functions = FunctionMap(self.machine.symbols)
        return self._functions.at(address)

    def is_marked(self, address: int) -> bool:
        """A section begins there."""
        return address in self._marks

    def _node_missing(self, parent: int, function: int, unused: int) -> int:
        return self.child(parent, function)

    def child(self, parent: int, function: int) -> int:
        """The node of ``function`` below ``parent``."""
        found = self._children.get((parent, function))
        if found is not None:
            return found
        if len(self.nodes) == MOST_NODES:
            return parent
        node = self._children[parent, function] = len(self.nodes)
        self.nodes.append((parent, function))
        self._nodes[node, : native.NODE_CYCLES] = function, parent
        if 2 * len(self.nodes) > len(self._hash):
            self._enlarge_children(2 * len(self._hash))
        else:
            self._enter_child(parent, function, node)
        return node

    def _enlarge_children(self, size: int) -> None:
        self._hash = np.full((size, 2), -1, np.int64)
        self.slots[native.CHILDREN] = int(self._hash.ctypes.data)
        self.slots[native.CHILDREN_MASK] = size - 1
        for (parent, function), node in self._children.items():
            self._enter_child(parent, function, node)

    def _enter_child(self, parent: int, function: int, node: int) -> None:
        place = (function >> 1 ^ parent * 0x9E3779B1) & (len(self._hash) - 1)
        while self._hash[place, 0] != -1:
            place = (place + 1) & (len(self._hash) - 1)
        self._hash[place] = parent << 32 | function, node
