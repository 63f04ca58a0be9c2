"""A clock that counts cycles by blocks: what those of the cores share.

Python decodes a block when it is first met and runs the core's pipeline model once for each (state, block, variant);
native code (``block_native.py``) does the rest.
"""

from __future__ import annotations

import ctypes
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable, Hashable, Sequence
from functools import lru_cache
from typing import Any, ClassVar, Protocol

import numpy as np
from numpy.typing import NDArray

from sim.engine.native import hooks, shared
from sim.engine.native.engine import Engine
from sim.engine.timing import block_layout as layout
from sim.engine.timing import block_native
from sim.engine.timing.addresses import AddressProgram
from sim.engine.timing.block_costs import BlockCost, Mark, Progress
from sim.engine.timing.block_memo import Answer, BlockFacts, BlockMemo, Key, States, memo_of
from sim.engine.timing.board import Board, FollowedClocks
from sim.engine.timing.chip import BlockChip
from sim.engine.timing.core import CoreSettings
from sim.engine.timing.decode import decode
from sim.engine.timing.memory_map import CCR_CODE_CACHE, CCR_DATA_CACHE, PageMap
from sim.engine.timing.microops import Ending, MicroOp
from sim.engine.timing.pipeline import Passage

BLOCKS = BLOCKS_AT_MOST = 1 << layout.BLOCK_BITS
POOL = 1 << 20
STATES = STATES_AT_MOST = 1 << layout.STATE_BITS
MARKS = 64
BLOCKS_DECODED = 512
_PAGE, _BEGINNING = 1 << 8, 1 << 14  # bytes of code that tell firmware from another
_COUNTERS = [*range(layout.RUNS, layout.MISPREDICTED + 1), layout.DEVICE_STALL]
_TOTALS = (layout.MISPREDICTIONS, layout.BRANCHES, layout.CODE_MISSES, layout.DATA_MISSES)
_CALLBACK = ctypes.CFUNCTYPE(ctypes.c_int64, ctypes.c_int64, ctypes.c_int64, ctypes.c_int64)


class BlockPipeline(States, Protocol):
    """Issue of a core's instructions: nothing but state, block, variant and how it was entered decides."""

    def run(self, state: Any, ops: Sequence[MicroOp], variant: int = 0, taken: bool = False) -> Passage[Any]:
        """Issue ``ops`` from ``state`` on."""


class BlockTiming(ABC):
    """``wanted``: name or path of a chip's data file; without one, the chip whose memories are most like the board's.

    A clock says its ``clean`` state and the slots and tables that a loop's turns are compared by.
    """

    name: str
    cores: tuple[str, ...]
    wires_take_time = True
    entry_cycles: int
    tail_cycles: int
    return_cycles: int
    TIMES: ClassVar[tuple[int, ...]]
    """Slots with cycles at which something was or will be done."""
    STEADY: ClassVar[tuple[int, ...]]
    """Slots that have to be the same at the end of a turn of a loop."""
    clean: ClassVar[Hashable]
    """The pipeline's state when nothing is under way."""
    map: PageMap
    _pipeline: BlockPipeline

    def __init__(self, wanted: str | None = None) -> None:
        self._wanted = wanted
        self._board: Board | None = None
        self._core: CoreSettings | None = None
        self._error: BaseException | None = None
        self._started = False
        self.clocks: FollowedClocks | None = None
        """What firmware has programmed; None where the board has no clock tree the chip data file describes."""
        self.clock: NDArray[np.int64] = np.zeros(layout.CLOCK_SIZE, np.int64)
        self._slots: memoryview[int] = self.clock.data
        self._records: NDArray[np.int64] = np.zeros((BLOCKS, layout.BLOCK_WORDS), np.int64)
        self._pool: NDArray[np.int64] = np.zeros(POOL, np.int64)
        self._edges: NDArray[np.int64] = np.full(
            ((1 << layout.EDGE_BITS) + layout.EDGE_PROBES, layout.EDGE_WORDS), -1, np.int64
        )
        self._blocks: list[tuple[int, bytes]] = [(0, b"")]  # block 0 is none
        self._codes: dict[tuple[int, bytes], int] = {}
        self._pool_used = 0
        self._states: dict[Hashable, int] = {self.clean: 0}
        self._by_number: list[Hashable] = [self.clean]
        self._answers: dict[int, tuple[int, int]] = {}
        self._memo = BlockMemo()
        self._evict = 0
        self._fill_block = _CALLBACK(self._block_missing)
        self._fill_edge = _CALLBACK(self._edge_missing)

    @property
    def program(self) -> Callable[[Sequence[MicroOp]], AddressProgram]:
        """Makes the program of addresses of a block."""
        return AddressProgram

    @property
    @abstractmethod
    def chip(self) -> BlockChip:
        """The chip as it is clocked now."""

    @property
    @abstractmethod
    def block_hook(self) -> int:
        """Native function called before each block."""

    @property
    def access_hook(self) -> int:
        """Native function called before each device access."""
        return hooks.address_of(block_native.on_access)

    @abstractmethod
    def frame_cycles(self, address: int, size: int, write: bool) -> int:
        """See ``Timing``."""

    @abstractmethod
    def _take_chip(self) -> None:
        """The board is complete: tell the chip from its memories, where none was named, and follow its clocks."""

    @abstractmethod
    def _ready_times(self) -> NDArray[np.int64]:
        """More cycles at which something will be done, in place."""

    @abstractmethod
    def _steady_tables(self) -> Sequence[NDArray[np.int64]]:
        """Tables that have to be the same at the end of a turn of a loop."""

    @abstractmethod
    def _empty(self) -> None:
        """Nothing is cached or foreseen any more."""

    @abstractmethod
    def maintained(self, operation: str, value: int) -> None:
        """Software wrote a cache maintenance register."""

    # Turns of a loop that are not run

    def progress(self) -> Progress:
        """Counters of the blocks met so far, and the state of pipeline, caches and buses."""
        slots = self._slots
        counts = self._records[: len(self._blocks), _COUNTERS].copy()
        totals = [slots[slot] for slot in _TOTALS]
        times = [*(slots[slot] for slot in self.TIMES), *self._ready_times().tolist()]
        tables = (table.tobytes() for table in self._steady_tables())
        steady: tuple[int | bytes, ...] = (*(slots[slot] for slot in self.STEADY), *tables)
        return Progress(counts, totals, times, steady)

    def repeat(self, progress: object, turns: int, cycles: int) -> bool:
        """See ``Timing``. Moments that moved on with the loop move on with it."""
        assert isinstance(progress, Progress)
        now = self.progress()
        if now.steady != progress.steady or len(now.counts) != len(progress.counts):
            return False
        self._records[: len(now.counts), _COUNTERS] += turns * (now.counts - progress.counts)
        for slot, before, after in zip(_TOTALS, progress.totals, now.totals, strict=True):
            self._slots[slot] = after + turns * (after - before)
        moved = [
            after + turns * cycles * (after != before) for before, after in zip(progress.times, now.times, strict=True)
        ]
        for slot, value in zip(self.TIMES, moved, strict=False):
            self._slots[slot] = value
        self._ready_times()[:] = moved[len(self.TIMES) :]
        return True

    # Set-up

    def attach(self, board: Board) -> None:
        """The machine that runs by this clock."""
        self._board = board
        board.engine.state[shared.TIMING] = int(self.clock.ctypes.data)
        self._prepare(board.engine)

    def _prepare(self, engine: Engine) -> None:
        """Fill the slots the clocks share; the chip is known, its map made."""
        self._devices = np.array([(d.base, d.base + d.size, d.read, d.write) for d in self.chip.devices], np.int64)
        self._copied, identifiers, pointers = engine.register_copies()
        self._keep = (identifiers, pointers)
        own = engine.registers_address()
        self._fill_slots(
            (layout.BLOCKS, self._records.ctypes.data),
            (layout.POOL, self._pool.ctypes.data),
            (layout.EDGES, self._edges.ctypes.data),
            (layout.CODE_MAP, self.map.code.ctypes.data),
            (layout.DATA_MAP, self.map.data.ctypes.data),
            (layout.REGISTERS, own or ctypes.addressof(self._copied)),
            (layout.READ_REGISTERS, 0 if own else engine.read_batch_address()),
            (layout.REGISTER_IDS, ctypes.addressof(identifiers)),
            (layout.REGISTER_POINTERS, ctypes.addressof(pointers)),
            (layout.MEMORIES, self.map.latencies.ctypes.data),
            (layout.TRAFFIC, self.map.traffic.ctypes.data),
            (layout.DEVICES, self._devices.ctypes.data),
            (layout.DEVICE_COUNT, len(self.chip.devices)),
            (layout.FN_BLOCK, ctypes.cast(self._fill_block, ctypes.c_void_p).value),
            (layout.FN_EDGE, ctypes.cast(self._fill_edge, ctypes.c_void_p).value),
        )
        self.map.rebuild(self._core)

    def _fill_slots(self, *values: tuple[int, int | None]) -> None:
        for slot, value in values:
            self._slots[slot] = int(value or 0)

    def attach_core(self, core: CoreSettings) -> None:
        """Follow the core's cache and MPU settings, and its cache maintenance."""
        self._core = core
        core.observers.append(self)
        self._settings_changed()

    def configured(self, old: int, new: int) -> None:
        """CCR was written: are caches on?"""
        if (old ^ new) & (CCR_DATA_CACHE | CCR_CODE_CACHE):
            self._settings_changed()

    def mpu_changed(self) -> None:
        """Regions say what may be cached."""
        self._settings_changed()

    def _settings_changed(self) -> None:
        if self._board is not None:
            self.map.rebuild(self._core)

    def _latencies_changed(self) -> None:
        """Firmware has programmed other clocks or wait states: blocks in flight keep what they have cost."""
        self._devices[:] = [(d.base, d.base + d.size, d.read, d.write) for d in self.chip.devices]

    def discontinuity(self) -> None:
        """The next block follows from no branch."""
        self._slots[layout.PREVIOUS] = 0
        self._slots[layout.PIPELINE] = 0

    def reset(self) -> None:
        """The core was reset: caches off and empty, nothing predicted (a real cache wants invalidating)."""
        self.discontinuity()
        self._empty()
        self._settings_changed()

    def check(self) -> None:
        """Raise what went wrong in a callback."""
        if self._error is not None:
            error, self._error = self._error, None
            raise error

    # Callbacks of the native side

    def _block_missing(self, address: int, size: int, unused: int) -> int:
        try:
            if not self._started:
                self._started = True
                self._take_chip()
                self._memo = memo_of(self._pipeline, self._beginning(address))
            return self._add_block(address, size)
        except BaseException as error:
            self._fail(error)
            return 0

    def _fail(self, error: BaseException) -> None:
        if self._error is None:
            self._error = error
        if self._board is not None:
            self._board.clock.stop_core()

    def _add_block(self, address: int, size: int) -> int:
        board = self._board
        assert board is not None
        code = board.sysbus.read_bytes(address, size)
        found = self._codes.get((address, code))
        if found is not None:
            return found
        facts = self._memo.facts(address, code, self._facts)
        if len(self._blocks) >= BLOCKS_AT_MOST or self._pool_used + len(facts.words) > POOL:
            self._forget_blocks()
        number = len(self._blocks)
        record = self._records[number]
        record[layout.ITEMS] = self._pool_used
        record[layout.ITEM_COUNT] = facts.items
        record[layout.ENDING] = facts.ending
        record[layout.BRANCH] = facts.branch
        record[layout.ISSUE_TIMES] = self._pool_used + layout.ITEM_WORDS * facts.items
        self._pool[self._pool_used : self._pool_used + len(facts.words)] = facts.words
        self._pool_used += len(facts.words)
        record[layout.ADDRESS], record[layout.SIZE] = address, size
        self._blocks.append((address, code))
        flags = board.engine.block_flags(address, size)
        self._codes[address, code] = number | flags << shared.FLAG_SHIFT
        return number | flags << shared.FLAG_SHIFT

    def _beginning(self, address: int) -> bytes:
        """Code about ``address``, as much as is plain memory: other firmware has other."""
        board = self._board
        assert board is not None
        start = address & ~(_PAGE - 1)
        return board.engine.code(start, _BEGINNING) or board.engine.code(start, _PAGE)

    def _facts(self, address: int, code: bytes) -> BlockFacts:
        ops, program = self._decoded(address, code)
        passage = self._pipeline.run(self.clean, ops, 0, True)
        items: list[int] = []
        for item in program.items:
            first, last = passage.issued[item.first] - 1, passage.issued[item.last] - 1
            items += (*item.words(), 0, first | last - first << 16)
        times = [when - 1 for op, when in zip(ops, passage.issued, strict=True) for _ in range(op.size // 2)]
        words = [*items, *times[: len(code) // 2], passage.cycles]
        last_op = ops[-1] if ops else None
        return BlockFacts(
            len(program.items),
            int(last_op.ending if last_op else Ending.FALLS_THROUGH),
            last_op.address if last_op else address,
            np.array(words, np.int64),
        )

    def _edge_missing(self, key: int, place: int, unused: int) -> int:
        try:
            answer = self._answers.get(key)
            if answer is None:
                answer = self._answers[key] = self._answer(key)
        except BaseException as error:
            self._fail(error)
            answer = (1, 0)
        row = next((place + p for p in range(layout.EDGE_PROBES) if self._edges[place + p, 0] == -1), -1)
        if row < 0:
            self._evict = (self._evict + 1) % layout.EDGE_PROBES
            row = place + self._evict
        self._edges[row] = (key, *answer)
        return int(self._edges.ctypes.data) + 8 * layout.EDGE_WORDS * row

    def _answer(self, key: int) -> tuple[int, int]:
        state = self._by_number[key & (STATES - 1)]
        block = key >> layout.STATE_BITS & (BLOCKS - 1)
        taken = key >> (layout.STATE_BITS + layout.BLOCK_BITS) & 1
        how = key >> layout.VARIANT_SHIFT << 1 | taken
        answer = self._memo.answer((state, *self._blocks[block], how), self._passage)
        number = self._states.get(answer.state)
        if number is None:
            if len(self._by_number) >= STATES_AT_MOST:
                self._forget_states()
            number = self._states[answer.state] = len(self._by_number)
            self._by_number.append(answer.state)
        return (
            answer.cycles | number << 16 | answer.penalty << 40,
            answer.interlock | answer.fetch << 16 | answer.stores << 32,
        )

    def _passage(self, key: Key) -> Answer:
        state, address, code, how = key
        passage = self._pipeline.run(state, self._decoded(address, code)[0], how >> 1, bool(how & 1))
        stalls = passage.interlock, passage.fetch, passage.stores
        return Answer(passage.cycles, passage.state, passage.penalty, *stalls)

    def _forget_blocks(self) -> None:
        """No room for more code: start over; the costs of blocks so far are lost."""
        board = self._board
        assert board is not None
        board.engine.forget_blocks()
        self._records[:] = 0
        self._blocks = [(0, b"")]
        self._codes.clear()
        self._pool_used = 0
        self._slots[layout.PREVIOUS] = 0
        self._forget_states()

    def _forget_states(self) -> None:
        """No room for more pipeline states, or their numbers mean something else now."""
        self._states = {self.clean: 0}
        self._by_number = [self.clean]
        self._answers.clear()
        self._edges[:] = -1
        self._slots[layout.PIPELINE] = 0

    def _decoded(self, address: int, code: bytes) -> tuple[list[MicroOp], AddressProgram]:
        return _decoded(address, code, self.program)

    # What reports ask

    def issued(self, ops: Sequence[MicroOp]) -> list[int]:
        """The cycles in which instructions of a block issue, when nothing else holds it up."""
        return self._pipeline.run(self.clean, ops).issued

    def cycles_into(self, state: int, address: int, offset: int) -> int:
        """Cycles until the instruction at ``offset`` issued in the block counted last, as ``on_access`` has it."""
        place = self._slots[layout.PREVIOUS]
        if place:
            row = self._records[(place - self._records.ctypes.data) // (8 * layout.BLOCK_WORDS)]
            if row[layout.ADDRESS] == address and 0 <= offset < row[layout.SIZE]:
                return int(self._pool[row[layout.ISSUE_TIMES] + (offset >> 1)])
        return self.cycles_until(state, address, offset)

    def block_entered(self, state: memoryview[int]) -> int:
        """Before the branch that led there was settled and its code fetched."""
        return state[shared.BLOCK_ENTERED]

    def cycles_until(self, state: int, address: int, size: int) -> int:
        """Cycles of the first ``size`` bytes of the block at ``address``, as if entered clean."""
        board = self._board
        assert board is not None
        if size <= 0:
            return 0
        passage = self._pipeline.run(self.clean, decode(board.sysbus.read_bytes(address, size), address), 0, True)
        return passage.cycles

    def mark(self, cycle: int, ahead: int, pc: int) -> Mark:
        """This moment, to tell later what has run since."""
        return Mark(cycle, ahead, pc, self._records[: len(self._blocks)].copy())

    def watch_counter(self) -> deque[Mark]:
        """The last reads of CYCCNT by the core, from now on."""
        marks: deque[Mark] = deque(maxlen=MARKS)

        board = self._board
        assert board is not None
        board.engine.recorders.on_counter_read(lambda cycle, ahead, pc: marks.append(self.mark(cycle, ahead, pc)))
        return marks

    def costs(self, first: Mark | None = None, last: Mark | None = None) -> list[BlockCost]:
        """Every block that ran, with its cycles by cause; with marks, between them (whole blocks)."""
        counts = self._records[: len(self._blocks)] if last is None else last.counts
        if first is not None:
            counts = counts.copy()
            counts[: len(first.counts), _COUNTERS] -= first.counts[:, _COUNTERS]
        return [
            BlockCost(
                int(r[layout.ADDRESS]), int(r[layout.SIZE]), int(r[layout.RUNS]), int(r[layout.CYCLES]),
                int(r[layout.INTERLOCK]), int(r[layout.FETCH]), int(r[layout.STORES]), int(r[layout.CODE_STALL]),
                int(r[layout.DATA_STALL]), int(r[layout.MISPREDICTED]), int(r[layout.DEVICE_STALL]),
            )
            for r in counts[1:]
            if r[layout.RUNS] or r[layout.CYCLES]
        ]  # fmt: skip

    def reset_costs(self) -> None:
        """Start counting anew."""
        self._records[:, _COUNTERS] = 0

    @property
    def statistics(self) -> dict[str, int]:
        """Misses and mispredictions since the start."""
        slots = self._slots
        return {
            "code_misses": slots[layout.CODE_MISSES],
            "data_misses": slots[layout.DATA_MISSES],
            "branches": slots[layout.BRANCHES],
            "mispredictions": slots[layout.MISPREDICTIONS],
            "blocks": len(self._blocks) - 1,
            "states": len(self._by_number),
            "answers": len(self._answers),
        }


@lru_cache(BLOCKS_DECODED)
def _decoded(
    address: int, code: bytes, program: Callable[[Sequence[MicroOp]], AddressProgram]
) -> tuple[list[MicroOp], AddressProgram]:
    """The micro-ops of a block, marked by its program of addresses.

    They are needed again for each state the block is entered in, mostly soon; to keep all of them takes 250 bytes an
    instruction, and firmware that runs wild through empty memory meets a million.
    """
    ops = decode(code, address)
    return ops, program(ops)


def likeness(chip: BlockChip, board: Board) -> int:
    """How many bytes of the board's memories a chip has as well, less those it has not, and a little for its own."""
    score = 0
    covered = 0
    for start, end, _ in board.sysbus.memories:
        inside = sum(max(0, min(end, memory.base + memory.size) - max(start, memory.base)) for memory in chip.memories)
        score += 2 * inside - (end - start)
        covered += inside
    return score - (sum(memory.size for memory in chip.memories) - covered) // 16
