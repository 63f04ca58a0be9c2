"""The traps of one core: programs for the native half, and what happens when one of them stops the core."""

from __future__ import annotations

import ctypes
from collections import Counter
from typing import Generic

import numpy as np
from numpy.typing import NDArray

from sim.engine.cortex_m import conditions, scb
from sim.engine.cortex_m import exceptions as exc
from sim.engine.cortex_m.core import Core
from sim.engine.cortex_m.core_hooks import AnyCore, CoreHooks
from sim.engine.cortex_m.faults import Faults
from sim.engine.native import hooks, shared
from sim.engine.native.traps import layout, native, sites
from sim.engine.native.traps.sites import Kind, Raw, Wanted

FALSE_ALARMS = 64
"""How often a block's program may be mistaken before the block is left alone."""
_PROGRAM = ctypes.CFUNCTYPE(ctypes.c_int64, ctypes.c_int64, ctypes.c_int64, ctypes.c_int64)


class TrapUnit(Generic[AnyCore]):
    """Watches the blocks of ``core``; idle where Unicorn's registers cannot be found in this process."""

    def __init__(self, core: AnyCore, faults: Faults, hooking: CoreHooks[AnyCore]) -> None:
        self._core, self._faults, self._hooking = core, faults, hooking
        self._suspects: dict[int, Raw] = {}
        self._wanted = Wanted()
        self.watch = 0
        """The block flags that matter to it."""
        self.traps_any_access = False
        """CCR.UNALIGN_TRP: native loops, which do not look, must not run."""
        self._alarms: Counter[int] = Counter()
        self._keep: dict[int, tuple[NDArray[np.int64], object]] = {}
        self._programs: NDArray[np.int64] = np.zeros(1 << shared.TABLE_BITS, np.int64)
        self._callback = _PROGRAM(self._program)
        self.active = core.engine.find_core()
        self._follow(self._wanted)
        state = core.state
        state[shared.TRAP_PROGRAMS] = int(self._programs.ctypes.data)
        state[shared.FN_TRAP_PROGRAM] = ctypes.cast(self._callback, ctypes.c_void_p).value or 0
        state[shared.FN_TRAPS] = hooks.address_of(native.check)

    def configure(self, ccr: int) -> None:
        """CCR has changed."""
        wanted = Wanted(bool(ccr & scb.CCR_UNALIGN_TRP), bool(ccr & scb.CCR_DIV_0_TRP))
        if wanted != self._wanted:
            self._wanted = wanted
            self._programs[:] = 0
            self._alarms.clear()
            self._follow(wanted)
            self._core.core_services.clock.stop_core()

    def _follow(self, wanted: Wanted) -> None:
        self.traps_any_access = wanted.unaligned
        self.watch = 0
        if self.active:
            self.watch = shared.FLAG_MULTIPLE
            self.watch |= shared.FLAG_ACCESSES if wanted.unaligned else 0
            self.watch |= shared.FLAG_DIVIDES if wanted.division else 0

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
        """The core has stopped before a block, which is counted: judge each instruction in question when its turn
        comes, by the registers it finds."""
        state = self._core.state
        start, size = state[shared.BLOCK_ADDRESS], state[shared.BLOCK_SIZE]
        first = start + state[shared.TRAP_OFFSET]
        self._hooking.inside.enter()
        self._alarms[start] += 1
        if self._alarms[start] == FALSE_ALARMS:
            self._programs[:] = 0
        for raw in sites.read(self._core.core_services.sysbus.read_bytes(start, size), start):
            if raw.address >= first and sites.site_of(raw, self._wanted) is not None:
                self._suspects[raw.address] = raw
                self._hooking.add(raw.address, self._judge)
        if start in self._suspects:  # a hook there would let the block begin twice
            self._judge(self._core, start)

    def settle(self) -> None:
        """A run has ended: what is still suspected is so no longer, unless the core stands inside the block."""
        if self._suspects and not self._hooking.inside.active:
            self._acquit()

    def _acquit(self) -> None:
        for address in self._suspects:
            self._hooking.remove(address, self._judge)
        self._suspects.clear()

    def _judge(self, core: Core, address: int) -> None:
        """The instruction at ``address`` is about to run: it faults, or was a false alarm."""
        raw = self._suspects.pop(address)
        self._hooking.remove(address, self._judge)
        kind = self._problem(raw)
        if kind is None:
            return
        self._alarms[core.state[shared.BLOCK_ADDRESS]] -= 1
        self._acquit()
        self._faults.fault(exc.USAGE_FAULT, scb.UNALIGNED if kind is Kind.ALIGNMENT else scb.DIVBYZERO)

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
