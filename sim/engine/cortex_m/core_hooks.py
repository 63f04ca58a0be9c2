"""Hooks on instructions, steps and watchpoints of one core: scripts run while it stands still, without costing time.

Nothing is there while nobody asks: no hook in Unicorn, no flag that is looked at.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from typing import Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

from sim.engine.cortex_m import conditions
from sim.engine.cortex_m.core import Core
from sim.engine.cortex_m.inside import InsideBlock
from sim.engine.cortex_m.special_registers import XPSR_IT
from sim.engine.native import hooks, shared
from sim.engine.native import stops as native

AnyCore = TypeVar("AnyCore", bound=Core)
AddressHook = Callable[[AnyCore, int], object]
"""Called with the core and the address of the instruction that is about to run; must not raise."""
AccessHook = Callable[[AnyCore, int, int, int], object]
"""Called before an access with the core, its address, its width in bytes and the value written (0 for a read)."""

READ, WRITE = native.READ, native.WRITE
_WFI = (0xBF30, 0x8003F3AF)
_HIT = ctypes.CFUNCTYPE(ctypes.c_int64, ctypes.c_int64)
_WATCHPOINTS = 2  # this watcher's bit at Engine.set_access_watched


class CoreHooks(Generic[AnyCore]):
    """What a core stops for, and the run that obeys it (``execute``); ``ended`` hears of a run that something else has
    ended, as ``CortexM.ended``."""

    def __init__(self, core: AnyCore, ended: Callable[[int], None]) -> None:
        self._core = core
        self._ended = ended
        core.on_moved.append(self.moved)
        core.on_stacked.append(self.stack_written)
        self._engine = core.engine
        self._state = core.state
        self.inside = InsideBlock(core)
        self._callback = _HIT(self._hit_in_place)
        self._array = core.engine.hooking
        self.slots: memoryview[int] = memoryview(self._array)  # type: ignore[arg-type]
        self.slots[native.FN_HIT] = ctypes.cast(self._callback, ctypes.c_void_p).value or 0
        self._at: dict[int, list[AddressHook[AnyCore]]] = {}
        self._addresses: NDArray[np.int64] = np.zeros(0, np.int64)
        self._watchpoints: dict[
            int, list[tuple[int, int, AccessHook[AnyCore]]]
        ] = {}  # address -> (widths, accesses, hook)
        self._watches: NDArray[np.int64] = np.zeros(0, np.int64)
        self._watched_pages: set[int] = set()
        self._passing = False  # the hook that lets through what is not watched is there
        self._reads: dict[int, int] = {}  # watched addresses of memory that are read -> Unicorn's hook
        self._stale = False  # Unicorn's hooks do not fit what is wanted
        self._at_conditional = False  # stopped at an IT instruction, to walk its block
        self._passes: tuple[int, int] | None = None  # (pc, watched accesses already reported) of an instruction
        self._stepping = False

    @property
    def armed(self) -> bool:
        """The core has to be run by ``execute``."""
        return bool(self._at or self._watchpoints or self._stepping or self._stale or self.inside.active)

    # Hooks on instructions

    def add(self, address: int, hook: AddressHook[AnyCore]) -> None:
        """Call ``hook`` whenever the instruction at ``address`` is about to run."""
        self._at.setdefault(address & ~1, []).append(hook)
        self._stale = True

    def remove(self, address: int, hook: AddressHook[AnyCore]) -> bool:
        """Take back one hook; False when there is no such."""
        present = self._at.get(address & ~1, [])
        if hook not in present:
            return False
        present.remove(hook)
        if not present:
            del self._at[address & ~1]
        self._stale = True
        return True

    def remove_at(self, address: int) -> None:
        """Take back every hook at ``address``."""
        if self._at.pop(address & ~1, None) is not None:
            self._stale = True

    def remove_everywhere(self, hook: AddressHook[AnyCore] | None = None) -> None:
        """Take back ``hook`` wherever it is; without one, all."""
        for address in list(self._at):
            self._at[address] = [] if hook is None else [each for each in self._at[address] if each != hook]
            if not self._at[address]:
                del self._at[address]
        self._stale = True

    @property
    def addresses(self) -> list[int]:
        """Addresses that have hooks."""
        return sorted(self._at)

    # Steps

    @property
    def stepping(self) -> bool:
        """Every instruction can be stopped at."""
        return self._stepping

    @stepping.setter
    def stepping(self, value: bool) -> None:
        self._stepping = value

    @property
    def steps(self) -> int:
        """Instructions left to execute; -1 when they are not counted."""
        return self.slots[native.STEPS]

    @steps.setter
    def steps(self, value: int) -> None:
        self.slots[native.STEPS] = value

    # Watchpoints

    def watch(self, address: int, widths: int, accesses: int, hook: AccessHook[AnyCore]) -> None:
        """Call ``hook`` before each access of the core to exactly ``address``.

        ``widths``: 1, 2, 4 and 8 added up; ``accesses``: READ, WRITE or both.
        """
        self._watchpoints.setdefault(address, []).append((widths, accesses, hook))
        self._watchpoints_changed()

    def unwatch(self, address: int, hook: AccessHook[AnyCore] | None = None) -> None:
        """Take back the watchpoints at ``address``, or one of them."""
        kept = [entry for entry in self._watchpoints.pop(address, []) if hook is not None and entry[2] != hook]
        if kept:
            self._watchpoints[address] = kept
        self._watchpoints_changed()

    def _watchpoints_changed(self) -> None:
        rows = sorted((address, w, a) for address, entries in self._watchpoints.items() for w, a, _ in entries)
        self._watches = np.array(rows, np.int64).reshape(-1)
        self.slots[native.WATCHES] = int(self._watches.ctypes.data)
        self.slots[native.WATCH_COUNT] = len(rows)
        self.slots[native.PASSES] = 0  # what was to pass may have run while it was not watched
        self._stale = True

    def memories_changed(self) -> None:
        """A memory was added: it may hold watched addresses."""
        self._stale = True

    def stack_written(self, address: int, data: bytes) -> None:
        """Exception entry writes a stack frame: tell the watchpoints in it, word by word."""
        if not self._watchpoints:
            return
        for offset in range(0, len(data), 4):
            value = int.from_bytes(data[offset : offset + 4], "little")
            for widths, accesses, hook in list(self._watchpoints.get(address + offset, ())):
                if widths & 4 and accesses & WRITE:
                    hook(self._core, address + offset, 4, value)

    # Running

    def reset(self) -> None:
        """The core was reset."""
        self.inside.leave()
        self.slots[native.SKIP] = -1
        self._at_conditional = False
        self._passes = None

    def moved(self) -> None:
        """Somebody set the program counter: hooks there have not been run."""
        self.slots[native.SKIP] = -1
        self._at_conditional = False
        self._passes = None

    def execute(self) -> None:
        """As the core's own run, with scripts; the deadline is set. Returns inside a block only when it has to."""
        if self._stale:
            self._apply()
        core, state = self._core, self._state
        exceptions = core.nvic.exceptions
        if self.inside.active and exceptions.pending & exceptions.enabled:
            state[shared.DEADLINE] = 0  # to be taken at the end of the block
        while True:
            if self._walks():
                if not self._walk():
                    return
            else:
                if self.steps == 0:
                    return
                error = self._run()
                why = state[shared.STOPPED]
                if why not in _OURS:
                    self._ended(error)
                    self._code_written()
                    if state[shared.STOPPED] not in _OURS:
                        return
                if not self.inside.active:
                    self.inside.enter()
                if why == shared.STOP_WATCHPOINT:
                    self.slots[native.SKIP] = core.pc  # passed, and will be again: its hooks have been run
                    self._hit()
                elif why == shared.STOP_COUNTED and core.pc in self._at and self.slots[native.SKIP] != core.pc:
                    self._run_hooks()
            self._code_written()
            if self._stale:
                self._apply()
            if core.core_services.stopping or core.idle:
                return
            if not self.inside.holds:
                return

    def _walks(self) -> bool:
        """The next instruction has to be run alone."""
        if self.steps >= 0 and self.inside.holds:
            return True
        if self._passes is not None and self._passes[0] == self._core.pc and _accesses_once(self._core):
            # It is the first to run, and its one access passes; whatever is watched behind it stops again.
            self.slots[native.PASSES] = 1
            self._passes = None
            return False
        return self._at_conditional or self._passes is not None or bool(self._core.xpsr & XPSR_IT)

    def _walk(self) -> bool:
        """Run one instruction; False when the run has ended."""
        core, state, slots = self._core, self._state, self.slots
        pc = core.pc
        if self._passes is None:
            if slots[native.STEPS] == 0:
                return False
            if pc in self._at and slots[native.SKIP] != pc:
                self._run_hooks()
                return True
        elif self._passes[0] == pc:
            slots[native.PASSES] = self._passes[1]
        bus = core.core_services.sysbus
        opcode = bus.read(pc, 2)
        size = 4 if opcode >= 0xE800 else 2
        waits = (opcode if size == 2 else bus.read(pc, 4)) in _WFI and conditions.holds_next(core.xpsr)
        counted = self.inside.holds
        deadline = state[shared.DEADLINE]
        if not counted and state[shared.NOW] >= deadline:
            return False
        # Should the instruction branch, the next block is not to begin.
        self.inside.resume(shared.CONTINUE_PART)
        limit = min(deadline, state[shared.NOW] + (not counted))
        state[shared.NEXT_DEADLINE if counted else shared.DEADLINE] = limit
        watch, state[shared.WATCH] = state[shared.WATCH], state[shared.WATCH] & ~shared.FLAG_HOOKED
        error = self._engine.run_to(pc, pc + size)
        state[shared.WATCH], slots[native.PASSES] = watch, 0
        if state[shared.DEADLINE] == limit:  # what was scheduled meanwhile did not lower it
            state[shared.DEADLINE] = min(deadline, core.core_services.clock.next_due)
        if state[shared.STOPPED] == shared.STOP_WATCHPOINT:
            self.inside.enter()
            self._hit()
            return True
        self._at_conditional = False
        self._passes = None
        slots[native.SKIP] = -1
        if slots[native.STEPS] > 0:
            slots[native.STEPS] -= 1
        if error or state[shared.INTERRUPT] >= 0 or waits or state[shared.STOPPED]:
            self._ended(error)
            return False
        if core.pc != pc + size or self.inside.is_last(pc + size):
            return False
        self.inside.enter()
        return True

    def _run_hooks(self) -> None:
        pc = self._core.pc
        self.slots[native.SKIP] = pc
        for hook in list(self._at.get(pc, ())):
            hook(self._core, pc)

    def _run(self) -> int:
        """Run on, up to the next hook of the block the core stands in if it has one; Unicorn's error or 0."""
        core, state, inside = self._core, self._state, self.inside
        if not inside.holds:
            if self.steps >= 0:
                inside.begin()
            else:
                inside.resume(shared.CONTINUE_WHOLE)
            return self._engine.run(core.pc, core.is_thumb)
        here = core.pc
        if here in self._at and self.slots[native.SKIP] != here:  # walked to
            state[shared.STOPPED] = shared.STOP_COUNTED
            return 0
        stop = self._next_stop()
        if stop is not None:
            error = self._run_up_to(stop)
            self._at_conditional = not error and core.pc == stop and (stop == here or stop not in self._at)
            return error
        self.slots[native.SKIP] = -1
        inside.resume(shared.CONTINUE_WHOLE)
        error = self._engine.run(core.pc, core.is_thumb)
        if state[shared.STOPPED] != shared.STOP_SPLIT:
            return error
        # Unicorn ends blocks where its buffer is full, and would end the rest of this one elsewhere.
        inside.again()
        state[shared.DEADLINE] = state[shared.NEXT_DEADLINE]
        last = inside.last_instruction()
        error = self._run_up_to(last)
        self._at_conditional = not error and core.pc == last  # to be run alone
        return error

    def _next_stop(self) -> int | None:
        """The next instruction of the block with a hook or, where an IT instruction governs that, the IT instruction,
        to walk its block from there; may be where the core stands."""
        here = place = self._core.pc
        index = int(np.searchsorted(self._addresses, here, "right"))
        if index == len(self._addresses) or self.inside.ends_before(int(self._addresses[index])):
            return None
        bus, governs, left = self._core.core_services.sysbus, 0, 0
        while not self.inside.ends_before(place):
            opcode = bus.read(place, 2)
            if place in self._at and place != here:
                return governs if left > 0 else place
            if opcode & 0xFF00 == 0xBF00 and opcode & 0xF:
                governs, left = place, 6 - (opcode & -opcode & 0xF).bit_length()
            left -= 1
            place += 4 if opcode >= 0xE800 else 2
        return None

    def _run_up_to(self, address: int) -> int:
        """Run straight on, within the block, to the instruction at ``address``."""
        core, state = self._core, self._state
        state[shared.STOPPED], start = shared.STOP_COUNTED, core.pc
        if start == address:
            return 0
        self.slots[native.SKIP] = -1
        deadline = state[shared.DEADLINE]
        self.inside.resume(shared.CONTINUE_PART)
        state[shared.NEXT_DEADLINE] = limit = min(deadline, state[shared.NOW])  # no other block is to begin
        error = self._engine.run_to(start, address)
        if state[shared.DEADLINE] == limit:  # what was scheduled meanwhile did not lower it
            state[shared.DEADLINE] = min(deadline, core.core_services.clock.next_due)
        if not error and state[shared.INTERRUPT] < 0 and state[shared.STOPPED] in (0, shared.STOP_DEADLINE):
            state[shared.STOPPED] = shared.STOP_COUNTED
        return error

    def _hit(self) -> None:
        """Stopped before a watched access: tell, and let it pass next time."""
        pc, reported = self._core.pc, 0
        if self._passes is not None and self._passes[0] == pc:
            reported = self._passes[1]
        self._passes = pc, reported + 1
        self._tell()

    def _hit_in_place(self, uc: int) -> int:
        """A write in an IT block, which cannot be stopped at: tell while it happens."""
        core, state = self._core, self._state
        pc, start = core.pc_register, state[shared.BLOCK_ADDRESS]
        state[shared.ACCESS_PC] = pc
        state[shared.ACCESS_NOW] = state[shared.BLOCK_START] + self._engine.count_into(start, pc - start)
        self._tell()
        return 0

    def _tell(self) -> None:
        slots = self.slots
        address, width = slots[native.HIT_ADDRESS], slots[native.HIT_WIDTH]
        for widths, accesses, hook in list(self._watchpoints.get(address, ())):
            if widths & width and accesses & slots[native.HIT_ACCESS]:
                hook(self._core, address, width, slots[native.HIT_VALUE] & ((1 << 8 * width) - 1))

    def _code_written(self) -> None:
        written = self.slots[native.CODE_WRITTEN]
        if written:
            self.slots[native.CODE_WRITTEN] = 0
            self._engine.forget_code((written - 1) & ~(_PAGE - 1), _PAGE)

    # Unicorn's hooks

    def _apply(self) -> None:
        """Make Unicorn's hooks fit; code already translated is forgotten where they changed."""
        self._stale = False
        if self.slots[native.SKIP] not in self._at:  # nobody stops there who could notice that it has passed
            self.slots[native.SKIP] = -1
        self._addresses = np.array(sorted(self._at), np.int64)
        self._engine.stop_before(self._addresses)
        self._apply_watchpoints()

    def _apply_watchpoints(self) -> None:
        engine, user = self._engine, int(self._array.ctypes.data)
        memory_at = self._core.core_services.sysbus.memory_at
        in_memory = [entry for entry in self._watchpoints.items() if memory_at(entry[0]) is not None]
        pages = {address // _PAGE for address, entries in in_memory if any(a & WRITE for _, a, _ in entries)}
        for page in sorted(pages ^ self._watched_pages):
            engine.set_access_watched(page * _PAGE, _PAGE, page in pages, _WATCHPOINTS)
        self._watched_pages = pages
        if pages and not self._passing:
            self._passing = True
            engine.add_access_watch(0, 1 << 32, hooks.address_of(native.on_passed_access), user)
        reads = {address for address, entries in in_memory if any(a & READ for _, a, _ in entries)}
        changed = reads ^ set(self._reads)
        for address in changed - reads:
            engine.remove_hook(self._reads.pop(address))
        for address in changed & reads:
            self._reads[address] = engine.add_read_hook(hooks.address_of(native.on_watched_read), user, address)
        if changed:
            engine.forget_all_code()


def _accesses_once(core: Core) -> bool:
    """The instruction the core stands at is a load or store of one register, outside of an IT block."""
    opcode = core.core_services.sysbus.read(core.pc, 2)
    single = 0x5000 <= opcode < 0xA000 if opcode < 0xE800 else opcode & 0xFE00 == 0xF800
    return single and not core.xpsr & XPSR_IT


_PAGE = 1 << shared.PAGE_SHIFT
_OURS = (shared.STOP_COUNTED, shared.STOP_WATCHPOINT)
