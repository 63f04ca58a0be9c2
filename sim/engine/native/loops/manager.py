"""When a loop is compiled, and how the block hook comes to know of it.

Each time the core is stopped for an event, the block it was about to run is a sample of where the time goes. A block
seen SAMPLES times gets the loop around it compiled. All of that depends on virtual time alone, so it is the same in
every run; and whether a loop runs natively changes nothing that can be seen.
"""

from __future__ import annotations

import ctypes
import hashlib
import logging
from collections import Counter

import numpy as np
from numpy.typing import NDArray

from sim.engine.native import shared
from sim.engine.native.loops import cache
from sim.engine.native.loops.blocks import Block, read_block
from sim.engine.native.loops.host import LoopHost
from sim.engine.native.loops.kind import COUNTS_SHIFT, Kind
from sim.engine.native.loops.regions import find_region, loop_heads

LOG = logging.getLogger("sim.loops")
SAMPLES = 3
MAX_ENTRIES = 1024
LATELY = 1024  # cycles: a turn of a loop that polls takes no longer
MAX_DROPS = 3
"""How often the block hook may give up a loop that hardly runs before it is left alone for good."""


class NativeLoops:
    """The compiled loops of one engine."""

    def __init__(self, engine: LoopHost) -> None:
        self._engine = engine
        self._samples: Counter[int] = Counter()
        self._tried: set[tuple[int, bool]] = set()
        self._indices: dict[tuple[int, bool], int] = {}  # block that may be entered, and whether it polls -> its record
        self._blocks: dict[tuple[int, int], Block | None] = {}
        self._keep: list[object] = []
        self.records: NDArray[np.int64] = np.zeros(MAX_ENTRIES * shared.LOOP_WORDS, np.int64)
        self._used = 0
        self.compiled = 0
        """Regions compiled or fetched from the cache so far."""
        engine.state[shared.LOOPS] = int(self.records.ctypes.data)

    @property
    def cycles(self) -> int:
        """Cycles run natively so far."""
        return int(self.records[shared.LOOP_TOTAL :: shared.LOOP_WORDS].sum())

    def sample(self, address: int) -> None:
        """The core was stopped before the block at ``address``."""
        polls = self._polls()
        index = self._indices.get((address, polls))
        if index is not None:
            self._mark(address, index)
            return
        self._samples[address] += 1
        if self._samples[address] < SAMPLES or (address, polls) in self._tried:
            return
        counter = self._engine.loop_counter

        def block_at(place: int) -> Block | None:
            block = self._block_at(place)
            return block if block is None or counter is None or counter.accepts(address, block) else None

        region = find_region(address, block_at)
        self._tried.update((each, polls) for each in (address, *region))
        if region and self._used + len(region) <= MAX_ENTRIES:
            self._install(region, polls)

    def _polls(self) -> bool:
        """The core has just read a device and was answered natively, as in a loop that waits for it."""
        state = self._engine.state
        return state[shared.NOW] - state[shared.ANSWERED] < LATELY

    def _block_at(self, address: int) -> Block | None:
        """The block Unicorn last ran at ``address``, if it can be compiled."""
        size = self._engine.block_size(address)
        if not size:
            return None
        key = (address, size)
        if key not in self._blocks:
            block = read_block(self._engine.code(address, size), address, self._word_at)
            usable = (
                block is not None
                and not self._engine.block_flags(address, size) & ~shared.FLAGS_TRAPS
                and len(block.instructions) == self._engine.count(address, size)
            )
            self._blocks[key] = block if usable else None
        return self._blocks[key]

    def _word_at(self, address: int) -> int:
        return int.from_bytes(self._engine.code(address, 4), "little")

    def _install(self, region: dict[int, Block], polls: bool) -> None:
        code = [self._engine.code(block.address, block.size) for block in region.values()]
        digest = hashlib.sha256()
        for block, content in zip(region.values(), code, strict=True):
            digest.update(block.address.to_bytes(4, "little") + len(content).to_bytes(4, "little") + content)
        counter = self._engine.loop_counter
        kind = Kind(self._engine.traced, polls, counter is not None)
        function = cache.function(f"{kind.word}_{digest.hexdigest()[:32]}", region, kind)
        self.compiled += 1
        places = list(region)
        check = self._code_check(region)
        for address in loop_heads(region):
            if (address, polls) in self._indices:
                continue
            index = self._used
            self._used += 1
            record = self.records[index * shared.LOOP_WORDS :]
            record[shared.LOOP_FUNCTION] = function
            counts = 0 if counter is None else counter.room(list(region.values()), address)
            record[shared.LOOP_ENTRY] = places.index(address) | counts << COUNTS_SHIFT
            record[shared.LOOP_CODE] = check
            self._indices[address, polls] = index
            self._mark(address, index)
        LOG.debug("native loop at 0x%08X: %d blocks", places[0], len(region))

    def _code_check(self, region: dict[int, Block]) -> int:
        """Pointer to what the block hook compares before it enters: count, then (code, copy, bytes)."""
        spans: list[list[int]] = []
        for block in sorted(region.values(), key=lambda block: block.address):
            if spans and block.address <= spans[-1][1] + 16:
                spans[-1][1] = max(spans[-1][1], block.end)
            else:
                spans.append([block.address, block.end])
        words = [len(spans)]
        for start, end in spans:
            copy = ctypes.create_string_buffer(self._engine.code(start, end - start), end - start)
            self._keep.append(copy)
            words += [self._engine.host_pointer(start), ctypes.addressof(copy), end - start]
        table = np.array(words, np.int64)
        self._keep.append(table)
        return int(table.ctypes.data)

    def _mark(self, address: int, index: int) -> None:
        """Let the block hook enter here; again, where it had given up or the block's table entry was lost."""
        if self.records[index * shared.LOOP_WORDS + shared.LOOP_DROPS] < MAX_DROPS:
            self._engine.mark_loop(address, index)
