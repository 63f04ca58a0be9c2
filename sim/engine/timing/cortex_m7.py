"""The cortex-m7 clock: dual issue, branch prediction, caches, TCM and buses; docs/timing.md has rules and sources."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from sim.engine.native import hooks, shared
from sim.engine.native.engine import Engine
from sim.engine.timing import block_layout
from sim.engine.timing import m7_layout as layout
from sim.engine.timing import m7_maintenance as maintenance
from sim.engine.timing import m7_native as native
from sim.engine.timing.block_timing import BlockTiming, likeness
from sim.engine.timing.chip import DEFAULT, Chip, available, load_chip
from sim.engine.timing.core import CoreSettings
from sim.engine.timing.memory_map import MemoryMap
from sim.engine.timing.pipeline import CLEAN, Pipeline

BASIC_FRAME = 32  # bytes an exception stacks without floating point
BYTES_A_CYCLE = 8  # of a multiple load or store


class CortexM7Timing(BlockTiming):
    """``chip``: name or path of a data file; without one, the chip whose memories are most like the board's."""

    name = "cortex-m7"
    cores: tuple[str, ...] = ("cortex-m7",)
    entry_cycles = 12  # Cortex-M7 TRM, interrupt latency with zero wait state memory
    tail_cycles = 6
    return_cycles = 10
    TIMES = (layout.BUS_FREE, layout.FILL_TIME)
    STEADY = (
        block_layout.PIPELINE, block_layout.PREVIOUS, layout.RANDOM, layout.LAST_CODE_LINE, layout.FILL_LINE,
        layout.FILL_PART, layout.FILL_MEMORY, layout.RETURN_TOP, layout.WRITE_STREAK, layout.WRITE_LINE,
    )  # fmt: skip
    clean = CLEAN
    map: MemoryMap

    def __init__(self, chip: str | None = None) -> None:
        super().__init__(chip)
        self._chip = load_chip(chip or DEFAULT)

    @property
    def chip(self) -> Chip:
        """The chip as it is clocked now."""
        return self._chip

    @property
    def block_hook(self) -> int:
        """Native function called before each block."""
        return hooks.address_of(native.on_block)

    def _ready_times(self) -> NDArray[np.int64]:
        return self.map.latencies[:, layout.READY]

    def _steady_tables(self) -> Sequence[NDArray[np.int64]]:
        return self._code_tags, self._data_tags, self._btac

    # Set-up

    def _prepare(self, engine: Engine) -> None:
        chip = self._chip
        self.map = MemoryMap(chip.memories)
        self._pipeline = Pipeline(chip.ecc)
        self._code_tags = np.zeros(chip.code_cache.sets * chip.code_cache.ways, np.int64)
        self._data_tags = np.zeros(chip.data_cache.sets * chip.data_cache.ways, np.int64)
        self._btac = np.full((chip.btac_entries, 2), -1, np.int64)  # two ways beside each other
        self._fill_slots(
            (layout.CODE_TAGS, self._code_tags.ctypes.data),
            (layout.CODE_SETS, chip.code_cache.sets - 1),
            (layout.CODE_WAYS, chip.code_cache.ways),
            (layout.DATA_TAGS, self._data_tags.ctypes.data),
            (layout.DATA_SETS, chip.data_cache.sets - 1),
            (layout.DATA_WAYS, chip.data_cache.ways),
            (layout.LAST_CODE_LINE, -1),
            (layout.FILL_LINE, -1),
            (layout.WRITE_LINE, -2),
            (layout.RANDOM, 0x2545F491),
            (layout.BTAC, self._btac.ctypes.data),
            (layout.BTAC_MASK, chip.btac_entries // 2 - 1),
            (layout.REDIRECT, chip.redirect),
            (layout.RETURN_DEPTH, chip.return_stack),
            (layout.LEAST_RECENT, chip.replacement == "lru"),
        )
        super()._prepare(engine)

    def attach_core(self, core: CoreSettings) -> None:
        """Follow the core's cache and MPU settings, and its cache maintenance."""
        if self._board is not None:
            function = hooks.address_of(maintenance.on_maintenance)
            self._board.engine.state[shared.FN_CLOCK_MAINTENANCE] = function
        super().attach_core(core)

    def _take_chip(self) -> None:
        board = self._board
        assert board is not None
        if self._wanted is None:
            best = max(available(), key=lambda name: (likeness(load_chip(name), board), name == DEFAULT))
            if best != self._chip.name:
                self._chip = load_chip(best)
                self._prepare(board.engine)
        self.clocks = board.follow_clocks(self._chip, self.retime)

    def retime(self, chip: Chip) -> None:
        """Firmware has programmed other clocks or wait states."""
        self._chip = chip
        self.map.retime(chip.memories)
        self._latencies_changed()

    def _empty(self) -> None:
        self._code_tags[:] = 0
        self._data_tags[:] = 0
        self._btac[:] = -1
        self._slots[layout.LAST_CODE_LINE] = self._slots[layout.FILL_LINE] = -1

    # Cache maintenance

    def maintained(self, operation: str, value: int) -> None:
        """Software writes a maintenance register that native code (``m7_maintenance``) has left to Python."""
        if operation == "ICIALLU":
            self._code_tags[:] = 0
            self._slots[layout.LAST_CODE_LINE] = -1
        elif operation == "ICIMVAU":
            maintenance.take(self._code_tags, self._chip.code_cache, value)
            self._slots[layout.LAST_CODE_LINE] = -1
        elif operation in maintenance.DATA:
            line = maintenance.maintain(self._data_tags, self._chip.data_cache, operation, value)
            if line is not None:
                self._write_back(line)
        elif operation == "BPIALL":
            self._btac[:] = -1

    def _write_back(self, line: int) -> None:
        """A dirty line goes out: the bus is busy for as long as a fill."""
        self.map.written_back(line << layout.LINE_SHIFT)
        board = self._board
        assert board is not None
        fill = int(self.map.latencies[1, layout.FILL])
        self._slots[layout.BUS_FREE] = max(self._slots[layout.BUS_FREE], board.clock.now) + fill

    # What reports ask

    def frame_cycles(self, address: int, size: int, write: bool) -> int:
        """The frame's accesses beyond a hit (ARMv7-M B1.5.6: ordinary ones), and floating-point words, two a cycle.

        The eight words of a basic frame in memory without wait states are in ``entry_cycles`` and ``return_cycles``.
        """
        words = size // BYTES_A_CYCLE
        board = self._board
        assert board is not None
        now = board.engine.state[shared.NOW]
        clock = int(self.clock.ctypes.data)
        surplus = words if write else 0
        stall = int(native.access.ctypes(clock, address, size, size // 4, int(write), now, words - 1, surplus))
        return stall + max(0, size - BASIC_FRAME) // BYTES_A_CYCLE
