"""The cortex-m4 clock: single issue, pipelined loads and stores, the ART accelerator; docs/timing.md has rules and
sources."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from sim.engine.native import hooks, shared
from sim.engine.native.engine import Engine
from sim.engine.timing import block_layout
from sim.engine.timing import m4_layout as layout
from sim.engine.timing import m4_native as native
from sim.engine.timing.addresses import AddressProgram
from sim.engine.timing.block_timing import BlockTiming, likeness
from sim.engine.timing.chip import available
from sim.engine.timing.core import CoreSettings
from sim.engine.timing.m4_addresses import M4AddressProgram
from sim.engine.timing.m4_chip import CORTEX_M4, DEFAULT, M4Chip, Memory, load_m4_chip
from sim.engine.timing.m4_pipeline import CLEAN, M4Pipeline
from sim.engine.timing.memory_map import PageMap, pages_of
from sim.engine.timing.microops import MicroOp

BASIC_FRAME = 32  # bytes an exception stacks without floating point
BYTES_A_CYCLE = 4


class M4PageMap(PageMap):
    """Marks the flash: what is loaded from it is pipelined with loads of other memories."""

    def __init__(self, memories: Sequence[Memory]) -> None:
        super().__init__(memories)
        self._flash = next(memory for memory in memories if memory.flash)

    def rebuild(self, core: CoreSettings | None) -> None:
        """Nothing the core sets matters."""
        super().rebuild(core)
        first, last = pages_of(self._flash)
        self.data[first:last] |= layout.BESIDE_ANY


class CortexM4Timing(BlockTiming):
    """``chip``: name or path of a data file; without one, the chip whose memories are most like the board's."""

    name = CORTEX_M4
    cores: tuple[str, ...] = ("cortex-m4", "cortex-m4f")
    entry_cycles = 12  # Cortex-M4 TRM 3.9.1, with zero wait state memory
    tail_cycles = 6
    return_cycles = 10
    TIMES = (layout.FLASH_FREE, layout.PREFETCHED_AT)
    STEADY = (
        block_layout.PIPELINE, block_layout.PREVIOUS, layout.CODE_WORD, layout.DATA_WORD, layout.PREFETCHED,
    )  # fmt: skip
    clean = CLEAN

    def __init__(self, chip: str | None = None) -> None:
        super().__init__(chip)
        self._chip = load_m4_chip(chip or DEFAULT)

    @property
    def program(self) -> Callable[[Sequence[MicroOp]], AddressProgram]:
        """Makes the program of addresses of a block."""
        return M4AddressProgram

    @property
    def chip(self) -> M4Chip:
        """The chip as it is clocked now."""
        return self._chip

    @property
    def block_hook(self) -> int:
        """Native function called before each block."""
        return hooks.address_of(native.on_block)

    def _ready_times(self) -> NDArray[np.int64]:
        return self.clock[:0]

    def _steady_tables(self) -> Sequence[NDArray[np.int64]]:
        return self._code_lines[:, : layout.USED], self._data_lines[:, : layout.USED]

    # Set-up

    def _prepare(self, engine: Engine) -> None:
        chip = self._chip
        art, flash = chip.art, chip.flash
        self.map = M4PageMap(chip.memories)
        for number, memory in enumerate(chip.memories, 1):
            record = int(memory.flash), memory.waits, memory.enter, int(memory.shared)
            self.map.latencies[number, : len(record)] = record
        self._pipeline = M4Pipeline()
        self._code_lines = np.zeros((art.code_lines, layout.LINE_WORDS), np.int64)
        self._data_lines = np.zeros((art.data_lines, layout.LINE_WORDS), np.int64)
        self._code_places = np.zeros(flash.size // art.line + 1, np.int64)
        self._data_places = np.zeros(flash.size // art.line + 1, np.int64)
        self._fill_slots(
            (layout.WORD_SHIFT, art.word.bit_length() - 1),
            (layout.LINE_SHIFT, art.line.bit_length() - 1),
            (layout.CODE_LINES, self._code_lines.ctypes.data),
            (layout.CODE_LINE_COUNT, art.code_lines),
            (layout.CODE_PLACES, self._code_places.ctypes.data),
            (layout.DATA_LINES, self._data_lines.ctypes.data),
            (layout.DATA_LINE_COUNT, art.data_lines),
            (layout.DATA_PLACES, self._data_places.ctypes.data),
            (layout.FLASH_BASE, flash.base),
            (layout.FLASH_SIZE, flash.size),
        )
        super()._prepare(engine)
        self._switch()
        self._empty()

    def _switch(self) -> None:
        """Wait states and accelerator as the chip has them now."""
        parts = self._chip.accelerator
        on = (
            layout.CODE_CACHE * parts.code_cache
            | layout.DATA_CACHE * parts.data_cache
            | layout.PREFETCH * parts.prefetch
        )
        self._fill_slots((layout.WAIT_STATES, self._chip.wait_states), (layout.ACCELERATOR, on))

    def _take_chip(self) -> None:
        board = self._board
        assert board is not None
        if self._wanted is None:
            names = available(CORTEX_M4)
            best = max(names, key=lambda name: (likeness(load_m4_chip(name), board), name == DEFAULT))
            if best != self._chip.name:
                self._chip = load_m4_chip(best)
                self._prepare(board.engine)
        self.clocks = board.follow_clocks(self._chip, self.retime)

    def retime(self, chip: M4Chip) -> None:
        """Firmware has programmed other clocks, wait states or parts of the accelerator."""
        self._chip = chip
        self._switch()
        self._latencies_changed()

    def _empty(self) -> None:
        for lines, places in ((self._code_lines, self._code_places), (self._data_lines, self._data_places)):
            lines[:] = 0
            lines[:, layout.LINE] = -1
            places[:] = 0
        self._fill_slots((layout.CODE_WORD, 0), (layout.DATA_WORD, 0), (layout.PREFETCHED, -1))

    def maintained(self, operation: str, value: int) -> None:
        """A Cortex-M4 has no cache of its own."""

    # What reports ask

    def frame_cycles(self, address: int, size: int, write: bool) -> int:
        """What the frame's memory adds, and floating-point words, one a cycle (TRM 3.9.1: basic frames are in
        ``entry_cycles`` and ``return_cycles``)."""
        board = self._board
        assert board is not None
        clock = int(self.clock.ctypes.data)
        stall = int(native.access.ctypes(clock, address, size, int(write), board.engine.state[shared.NOW]))
        return stall + max(0, size - BASIC_FRAME) // BYTES_A_CYCLE
