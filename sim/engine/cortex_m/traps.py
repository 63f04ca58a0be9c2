"""The traps of one core: programs for the native half, and what happens when one of them stops the core."""

from __future__ import annotations

import ctypes
from collections import Counter

import numpy as np
from numpy.typing import NDArray

from sim.engine.cortex_m import conditions, scb
from sim.engine.cortex_m import exceptions as exc
from sim.engine.cortex_m.core import Core
from sim.engine.cortex_m.faults import Faults
from sim.engine.native import hooks, shared
from sim.engine.native.traps import layout, native, sites
from sim.engine.native.traps.sites import Kind, Raw, Wanted

FALSE_ALARMS = 64
"""How often a block's program may be mistaken before the block is left alone."""
_PROGRAM = ctypes.CFUNCTYPE(ctypes.c_int64, ctypes.c_int64, ctypes.c_int64, ctypes.c_int64)


class TrapUnit:
    """Watches the blocks of ``core``; idle where Unicorn's registers cannot be found in this process."""

    def __init__(self, core: Core, faults: Faults) -> None:
        self._core, self._faults = core, faults
        self._wanted = Wanted()
        self._alarms: Counter[int] = Counter()
        self._keep: dict[int, tuple[NDArray[np.int64], object]] = {}
        self._programs: NDArray[np.int64] = np.zeros(1 << shared.TABLE_BITS, np.int64)
        self._callback = _PROGRAM(self._program)
        self.active = core.engine.find_core()
        state = core.state
        state[shared.TRAP_PROGRAMS] = int(self._programs.ctypes.data)
        state[shared.FN_TRAP_PROGRAM] = ctypes.cast(self._callback, ctypes.c_void_p).value or 0
        state[shared.FN_TRAPS] = hooks.address_of(native.check)

    @property
    def watch(self) -> int:
        """The block flags that matter to it."""
        if not self.active:
            return 0
        flags = shared.FLAG_MULTIPLE
        if self._wanted.unaligned:
            flags |= shared.FLAG_ACCESSES
        if self._wanted.division:
            flags |= shared.FLAG_DIVIDES
        return flags

    @property
    def traps_any_access(self) -> bool:
        """CCR.UNALIGN_TRP: native loops, which do not look, must not run."""
        return self._wanted.unaligned

    def configure(self, ccr: int) -> None:
        """CCR has changed."""
        wanted = Wanted(bool(ccr & scb.CCR_UNALIGN_TRP), bool(ccr & scb.CCR_DIV_0_TRP))
        if wanted != self._wanted:
            self._wanted = wanted
            self._programs[:] = 0
            self._alarms.clear()
            self._core.core_services.clock.stop_core()

    def _program(self, address: int, size: int, unused: int) -> int:
        """A block's program, for the native half; it is kept until the next one of that address."""
        core = self._core
        code, words = b"", [address | size << 32, 0, 0]
        try:
            code = core.core_services.sysbus.read_bytes(address, size)
            if self._alarms[address] < FALSE_ALARMS:
                words = sites.program(code, address, self._wanted)
        except Exception:  # must not cross Unicorn's frames
            core.log.exception("block at 0x%08X: its traps cannot be worked out", address)
        copy = ctypes.create_string_buffer(code, len(code))
        words[layout.CODE] = ctypes.addressof(copy)
        kept = np.array(words, np.int64)
        self._keep[address] = kept, copy
        return int(kept.ctypes.data)

    def stopped(self) -> None:
        """A block was stopped before it began: go up to the instruction in question, and fault if it has to."""
        core, state = self._core, self._core.state
        start = state[shared.BLOCK_ADDRESS]
        place = start + state[shared.TRAP_OFFSET]
        watch, state[shared.WATCH] = state[shared.WATCH], state[shared.WATCH] & ~(self.watch | shared.FLAG_LOOP)
        state[shared.DEADLINE] = shared.NEVER
        if place > start:
            error = core.engine.run_to(start, place)
            if error or state[shared.INTERRUPT] >= 0 or core.pc_register != place:
                # Something else happened on the way; it is met again by the next run.
                return
        (raw,) = sites.read(core.core_services.sysbus.read_bytes(place, 4), place)[:1]
        kind = self._problem(raw)
        if kind is None:
            self._alarms[start] += 1
            if self._alarms[start] == FALSE_ALARMS:
                self._programs[:] = 0
            core.engine.run_to(place, place + raw.size)
        elif kind is Kind.ALIGNMENT:
            self._faults.fault(exc.USAGE_FAULT, scb.UNALIGNED)
        else:
            self._faults.fault(exc.USAGE_FAULT, scb.DIVBYZERO)
        state[shared.WATCH] = watch

    def _problem(self, raw: Raw) -> Kind | None:
        """Why the instruction the core stands at traps; by the registers as they are."""
        core = self._core
        site = sites.site_of(raw, self._wanted)
        if site is None or not conditions.holds_next(core.xpsr):
            return None
        names = [*(f"r{number}" for number in range(13)), "sp", "lr"]
        registers = core.registers
        value = sites.looked_at(raw, [registers[name] for name in names])
        wrong = value == 0 if site.kind is Kind.DIVISION else value & (1 << site.bits) - 1
        return site.kind if wrong else None
