# mypy: disable-error-code="no-untyped-call,call-arg,attr-defined,no-any-return"
"""Unicorn with the native hooks: memories, device windows, registers and runs, without anything of ARMv7-M's system."""

from __future__ import annotations

import ctypes
import functools
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
from numpy.typing import NDArray
from unicorn import UC_ARCH_ARM, UC_MODE_THUMB, Uc, UcError, arm_const, unicorn_const
from unicorn.unicorn_py3.unicorn import uclib

from sim.engine.native import stops as hooking
from sim.engine.native.answers import read_device
from sim.engine.native.block_clock import BlockClock
from sim.engine.native.counter import NativeCounter
from sim.engine.native.hidden_state import HiddenState
from sim.engine.native.hooks import (
    address_of,
    count_with_flags,
    on_block,
    on_edge,
    on_interrupt,
    on_private_read,
    on_private_write,
    on_unmapped,
    on_window_read,
)
from sim.engine.native.loops.host import LoopCounter
from sim.engine.native.loops.manager import NativeLoops
from sim.engine.native.recorders import Recorders
from sim.engine.native.registers_in_process import GENERAL_REGISTERS, find_flags, find_registers
from sim.engine.native.shared import (
    ANSWER_WORDS,
    ANSWERED,
    ANSWERS,
    CODE_PAGES,
    CORE_FLAGS,
    CORE_REGISTERS,
    DEADLINE,
    FLAG_HOOKED,
    FLAG_LOOP,
    FLAG_SHIFT,
    FN_EMU_STOP,
    FN_MEMCMP,
    FN_PRIVATE_READ,
    FN_PRIVATE_WRITE,
    FN_READ_DEVICE,
    FN_REG_READ,
    FN_REG_WRITE,
    HOOKED,
    HOOKED_COUNT,
    IN_RUN,
    INTERRUPT,
    LOOP_SHIFT,
    MAX_REGIONS,
    MOST_ANSWERS,
    NEVER,
    NOW,
    PAGE_SHIFT,
    PRIVATE_BUS_BASE,
    READ_PAGES,
    REGION_COUNT,
    REGIONS,
    STATE_SIZE,
    STOP_ADDRESS,
    STOP_DEADLINE,
    STOPPED,
    TABLE,
    TABLE_BITS,
    WRITE_PAGES,
)
from sim.errors import CrosscamError

DeviceRead = Callable[[int, int], int]
DeviceWrite = Callable[[int, int, int], None]


class Engine:
    """One Unicorn Cortex-M7 with the native hooks, and the state they share with Python."""

    def __init__(self, timing: BlockClock) -> None:
        self._timing = timing
        self._mapped: list[tuple[int, int]] = []
        self._sealed = False
        self._registers_address = 0
        self._flags = ctypes.c_uint32()
        self.loop_counter: LoopCounter | None = None
        self.recorders = Recorders(self)
        self._watched: NDArray[np.uint8] = np.zeros(1 << (32 - PAGE_SHIFT), np.uint8)  # who watches each page
        self._allowed: NDArray[np.uint8] = np.full(1 << (32 - PAGE_SHIFT), unicorn_const.UC_PROT_ALL, np.uint8)
        self._protected: NDArray[np.uint8] = self._allowed.copy()  # what Unicorn has been told of each page of memory
        self.array: NDArray[np.int64] = np.zeros(STATE_SIZE, np.int64)
        self.state: memoryview[int] = self.array.data
        code_pages = np.zeros(1 << (32 - PAGE_SHIFT), np.uint8)
        self.code_pages: memoryview[int] = code_pages.data
        self._table: NDArray[np.int64] = np.full(2 << TABLE_BITS, -1, np.int64)
        self._address = int(self.array.ctypes.data)
        self._keep: list[object] = []
        self._loops: NativeLoops | None = None
        self.traced = False
        self._hooked: NDArray[np.int64] = np.zeros(0, np.int64)
        self._observers: set[int] = set()  # hooks on blocks or reads
        self.set_native_loops(not os.environ.get("CROSSCAM_NO_NATIVE_LOOPS"))
        self._taken: dict[int, int] = {}  # memory sent to Python -> its hook
        self.hooking: NDArray[np.int64] = np.zeros(hooking.SLOTS, np.int64)  # what stops.py shares
        self.hooking[hooking.STATE] = self._address
        self.hooking[[hooking.SKIP, hooking.STEPS]] = -1
        state = self.state
        state[DEADLINE] = NEVER
        state[INTERRUPT] = -1
        state[ANSWERED] = -NEVER
        state[TABLE] = int(self._table.ctypes.data)
        state[CODE_PAGES] = int(code_pages.ctypes.data)
        # Where native loops may read and write: zero pages of 8 MiB each, free until touched.
        self._plain: NDArray[np.int64] = np.zeros(1 << (32 - PAGE_SHIFT), np.int64)
        self._read_pages: NDArray[np.int64] = np.zeros(1 << (32 - PAGE_SHIFT), np.int64)
        self._write_pages: NDArray[np.int64] = np.zeros(1 << (32 - PAGE_SHIFT), np.int64)
        state[READ_PAGES] = int(self._read_pages.ctypes.data)
        state[WRITE_PAGES] = int(self._write_pages.ctypes.data)
        state[FN_MEMCMP] = _address_of(ctypes.CDLL(None).memcmp)
        state[FN_READ_DEVICE] = address_of(read_device)
        state[FN_EMU_STOP] = _address_of(uclib.uc_emu_stop)
        state[FN_REG_READ] = _address_of(uclib.uc_reg_read)
        state[FN_REG_WRITE] = _address_of(uclib.uc_reg_write)
        # Not UC_MODE_MCLASS: Unicorn 2.1.4 takes it for "Cortex-M33", whatever core was asked for.
        self._uc = Uc(UC_ARCH_ARM, UC_MODE_THUMB, arm_const.UC_CPU_ARM_CORTEX_M7)
        self._uc.ctl_set_page_size(1 << PAGE_SHIFT)
        self.handle = self._uc._uch
        for kind, hook in (
            (unicorn_const.UC_HOOK_BLOCK, timing.block_hook),
            (unicorn_const.UC_HOOK_EDGE_GENERATED, address_of(on_edge)),
            (unicorn_const.UC_HOOK_INTR, address_of(on_interrupt)),
        ):
            self._add_hook(kind, hook, 1, 0)  # begin > end: everywhere
        # Watchpoints come before whatever else may be asked about an access: Unicorn's order is that of adding.
        kind = unicorn_const.UC_HOOK_MEM_READ_PROT | unicorn_const.UC_HOOK_MEM_WRITE_PROT
        self._add_hook(kind, address_of(hooking.on_guarded_access), 1, 0, int(self.hooking.ctypes.data))

    def _add_hook(self, kind: int, address: int, begin: int, end: int, user: int = 0) -> int:
        hook = ctypes.c_size_t()
        _check(
            uclib.uc_hook_add(
                self.handle,
                ctypes.byref(hook),
                kind,
                ctypes.c_void_p(address),
                ctypes.c_void_p(user or self._address),
                ctypes.c_uint64(begin),
                ctypes.c_uint64(end),
            )
        )
        return int(hook.value)

    def add_block_hook(self, hook: int) -> int:
        """Call a native hook before each block, after the clock has counted it. The answer is for ``remove_hook``."""
        return self._observe(unicorn_const.UC_HOOK_BLOCK, hook, 1, 0)

    def add_read_hook(self, hook: int, user: int, address: int) -> int:
        """Call a native hook before each read of memory at ``address``. Slows down every load of all code."""
        return self._observe(unicorn_const.UC_HOOK_MEM_READ, hook, address, address, user)

    def _observe(self, kind: int, hook: int, begin: int, end: int, user: int = 0) -> int:
        handle = self._add_hook(kind, hook, begin, end, user)
        self._observers.add(handle)
        return handle

    @property
    def observed(self) -> bool:
        """Somebody hears of blocks or reads."""
        return bool(self._observers)

    def remove_hook(self, handle: int) -> None:
        """Take back a hook."""
        self._observers.discard(handle)
        _check(uclib.uc_hook_del(self.handle, ctypes.c_size_t(handle)))

    def map_memory(self, address: int, size: int, host_address: int) -> None:
        """Show ``size`` bytes of this process's memory (whole pages) to the core at ``address``."""
        count = self.state[REGION_COUNT]
        if count == MAX_REGIONS:
            raise CrosscamError(f"more than {MAX_REGIONS} memories in one machine; merge some")
        _check(uclib.uc_mem_map_ptr(self.handle, address, size, unicorn_const.UC_PROT_ALL, host_address))
        self._mapped.append((address, size))
        self.array[REGIONS + 3 * count : REGIONS + 3 * count + 3] = (address, size, host_address)
        self.state[REGION_COUNT] = count + 1
        self._set_plain(address, size, host_address - address)

    def _set_plain(self, address: int, size: int, addend: int) -> None:
        """These pages are plain memory, a host address being the guest's plus ``addend``; 0: they are not."""
        first, end = address >> PAGE_SHIFT, (address + size) >> PAGE_SHIFT
        self._plain[first:end] = addend
        self._update_plain(first, end)

    def _update_plain(self, first: int, end: int) -> None:
        """Pages ``first`` to ``end``: native loops read plain memory, and write it where no code was run from."""
        rights = self._protected[first:end]
        self._read_pages[first:end] = np.where(rights & unicorn_const.UC_PROT_READ, self._plain[first:end], 0)
        code = np.frombuffer(self.code_pages, np.uint8)[first:end]
        written = (rights & unicorn_const.UC_PROT_WRITE != 0) & (code == 0)
        self._write_pages[first:end] = np.where(written, self._read_pages[first:end], 0)

    def _protect(self, first: int, end: int) -> None:
        """Tell Unicorn what may be done to pages ``first`` to ``end``, those that are plain memory."""
        wanted = self._allowed[first:end] & np.where(
            self._watched[first:end], unicorn_const.UC_PROT_EXEC, unicorn_const.UC_PROT_ALL
        ).astype(np.uint8)
        changed = np.flatnonzero((wanted != self._protected[first:end]) & (self._plain[first:end] != 0))
        if not len(changed):
            return
        cuts = np.flatnonzero((np.diff(changed) != 1) | (np.diff(wanted[changed]) != 0)) + 1
        for run in np.split(changed, cuts):
            start, rights = first + int(run[0]), int(wanted[run[0]])
            _check(uclib.uc_mem_protect(self.handle, start << PAGE_SHIFT, len(run) << PAGE_SHIFT, rights))
        self._protected[first:end][changed] = wanted[changed]
        self._update_plain(first, end)

    def allow(self, pages: NDArray[np.uint8], fetches: bool) -> None:
        """What the MPU lets the core do, the bits of ``protection.py`` by page; not while it runs. ``fetches``: code
        that was translated before is asked for anew."""
        self._allowed = pages
        for address, size in [(int(row[0]), int(row[1])) for row in self._memories]:
            self._protect(address >> PAGE_SHIFT, address + size >> PAGE_SHIFT)
        if fetches:
            self.forget_all_code()

    @property
    def _memories(self) -> NDArray[np.int64]:
        """A row for each memory: address, size, where it is in this process."""
        return self.array[REGIONS : REGIONS + 3 * self.state[REGION_COUNT]].reshape(-1, 3)

    def map_devices(self, address: int, size: int, read: DeviceRead, write: DeviceWrite) -> int:
        """Send the core's accesses to ``size`` bytes (whole pages) from ``address`` to Python; a hook's handle.

        ``read(absolute address, width)`` and ``write(absolute address, width, value)`` must not raise.
        """

        def read_callback(uc: int, offset: int, width: int, user: int) -> int:
            return read(address + offset, width)

        def write_callback(uc: int, offset: int, width: int, value: int, user: int) -> None:
            write(address + offset, width, value)

        c_read = _READ_CALLBACK(read_callback)
        c_write = _WRITE_CALLBACK(write_callback)
        self._keep += [c_read, c_write]
        read_address, write_address, reader = _address_of(c_read), _address_of(c_write), self._address
        if address == PRIVATE_BUS_BASE:
            self.state[FN_PRIVATE_READ], self.state[FN_PRIVATE_WRITE] = read_address, write_address
            read_address, write_address = address_of(on_private_read), address_of(on_private_write)
        else:
            window = np.array([self._address, address, read_address], np.int64)
            self._keep.append(window)
            read_address, reader = address_of(on_window_read), int(window.ctypes.data)
        _check(
            uclib.uc_mmio_map(
                self.handle,
                ctypes.c_uint64(address),
                ctypes.c_size_t(size),
                ctypes.c_void_p(read_address),
                ctypes.c_void_p(reader),
                ctypes.c_void_p(write_address),
                ctypes.c_void_p(self._address),
            )
        )
        self._mapped.append((address, size))
        # Without permissions, each access first passes the protection hook, which Unicorn gives an exact PC.
        _check(uclib.uc_mem_protect(self.handle, address, size, unicorn_const.UC_PROT_NONE))
        kind = unicorn_const.UC_HOOK_MEM_READ_PROT | unicorn_const.UC_HOOK_MEM_WRITE_PROT
        return self._add_hook(kind, self._timing.access_hook, address, address + size - 1)

    def unmap_devices(self, address: int, size: int, hook: int) -> None:
        """Undo ``map_devices``, whole, before the first run: nothing answers there any more."""
        self.remove_hook(hook)
        _check(uclib.uc_mem_unmap(self.handle, ctypes.c_uint64(address), ctypes.c_size_t(size)))
        self._mapped.remove((address, size))

    def answer_natively(self, answers: dict[tuple[int, int], int | NativeCounter], times: int) -> None:
        """Answer the core's reads of devices (address, bytes) so, ``times`` each, without Python."""
        table = np.zeros((MOST_ANSWERS, ANSWER_WORDS), np.int64)
        for row, ((address, width), answer) in zip(table, answers.items(), strict=False):
            row[:3] = address | width << 32, answer if isinstance(answer, int) else answer.start, times
            if isinstance(answer, NativeCounter):
                row[3:8] = answer.numerator, answer.denominator, answer.anchor, answer.until, answer.offset
        self.array[ANSWERS : ANSWERS + ANSWER_WORDS * MOST_ANSWERS] = table.reshape(-1)

    def take_memory(self, address: int, size: int, read: DeviceRead, write: DeviceWrite) -> None:
        """Send the core's accesses to memory mapped before to Python, as ``map_devices`` does; not while it runs."""
        _check(uclib.uc_mem_unmap(self.handle, ctypes.c_uint64(address), ctypes.c_size_t(size)))
        self._taken[address] = self.map_devices(address, size, read, write)
        self._set_plain(address, size, 0)

    def give_memory(self, address: int, size: int, host_address: int) -> None:
        """Undo ``take_memory``."""
        self.remove_hook(self._taken.pop(address))
        _check(uclib.uc_mem_unmap(self.handle, ctypes.c_uint64(address), ctypes.c_size_t(size)))
        _check(uclib.uc_mem_map_ptr(self.handle, address, size, unicorn_const.UC_PROT_ALL, host_address))
        first, end = address >> PAGE_SHIFT, (address + size) >> PAGE_SHIFT
        self._protected[first:end] = unicorn_const.UC_PROT_ALL
        self._set_plain(address, size, host_address - address)
        self._protect(first, end)

    def add_access_watch(self, first: int, end: int, hook: int, user: int) -> None:
        """Call a native hook, ``user`` its last argument, on accesses to watched pages of ``first`` to ``end``."""
        kind = unicorn_const.UC_HOOK_MEM_READ_PROT | unicorn_const.UC_HOOK_MEM_WRITE_PROT
        self._add_hook(kind, hook, first, end - 1, user)

    def set_access_watched(self, address: int, size: int, on: bool, watcher: int = 1) -> None:
        """Watched pages have no read and write permission; not while the core runs.

        ``watcher`` is a bit: a page stays watched until all who asked for it have let it go.
        """
        first = address >> PAGE_SHIFT
        pages = self._watched[first : (address + size - 1 >> PAGE_SHIFT) + 1]
        if on:
            pages |= watcher
        else:
            pages &= 0xFF ^ watcher
        self._protect(first, first + len(pages))

    def run(self, pc: int, thumb: bool = True) -> int:
        """Run from ``pc`` until a hook or the core stops it; Unicorn's error number, 0 when there was none.

        ``state[STOPPED]`` and ``state[INTERRUPT]`` tell more. Executes nothing when the deadline has passed.
        """
        if not self._sealed:
            self._seal()
        error = self._start(pc | thumb, _NOWHERE)
        if self.native_loops and self.state[STOPPED] == STOP_DEADLINE:
            self._sample(self.state[STOP_ADDRESS])
        return error

    # Native loops (loops)

    def trace_blocks(self) -> None:
        """Keep a fingerprint of every block in ``state[TRACE_HASH]`` from now on; before the first run.

        Raises:
            CrosscamError: Unicorn's registers cannot be found in this process.
        """
        from sim.engine.native.loops.trace import on_traced_block

        if not self.find_core():
            raise CrosscamError("blocks cannot be traced here: Unicorn's registers were not found in this process")
        self.traced = True
        self._add_hook(unicorn_const.UC_HOOK_BLOCK, address_of(on_traced_block), 1, 0)

    def find_core(self) -> bool:
        """Note where Unicorn keeps the core's registers and flags; False where that cannot be found out."""
        if not self.state[CORE_REGISTERS]:
            registers = self.registers_address()
            flags = find_flags(self._uc, registers) if registers else -1
            if flags < 0:
                return False
            self.state[CORE_REGISTERS], self.state[CORE_FLAGS] = registers, flags
        return True

    def set_native_loops(self, on: bool) -> None:
        """Whether hot loops are compiled and run natively; what firmware sees is the same either way."""
        self._loops_on = on and self._timing.block_hook == address_of(on_block)

    @property
    def native_loops(self) -> int:
        """FLAG_LOOP while hot loops may run natively, else 0: for WATCH. Hooks of Unicorn's see nothing of them."""
        return FLAG_LOOP if self._loops_on and not self._observers and self.recorders.allow_loops else 0

    def drop_loops(self) -> None:
        """Forget the compiled loops; those that are hot are compiled anew."""
        self._loops = None
        self.forget_blocks()

    def add_recording_hooks(self, block: int, edge: int, user: int) -> list[int]:
        """See ``Recorders``; blocks translated before are shown as well."""
        kinds = (unicorn_const.UC_HOOK_BLOCK, block), (unicorn_const.UC_HOOK_EDGE_GENERATED, edge)
        handles = [self._add_hook(kind, hook, 1, 0, user) for kind, hook in kinds]
        self.forget_all_code()
        return handles

    @property
    def loops(self) -> NativeLoops | None:
        """The compiled loops; None before the first sample."""
        return self._loops

    def _sample(self, address: int) -> None:
        if self._loops is None:
            if not self.find_core():
                self._loops_on = False
                return
            self._loops = NativeLoops(self)
        self._loops.sample(address)

    def block_size(self, address: int) -> int:
        """Bytes of the block last counted at ``address``; 0 when there is none, or another has its place."""
        slot = self._slot(address)
        key = int(self._table[slot])
        return key >> 32 if key >= 0 and key & 0xFFFFFFFF == address else 0

    def mark_loop(self, address: int, index: int) -> None:
        """Let the block hook enter native loop ``index`` at the block at ``address``."""
        if self.block_size(address):
            kept = int(self._table[self._slot(address) + 1]) & (1 << LOOP_SHIFT) - 1
            self._table[self._slot(address) + 1] = kept | FLAG_LOOP << FLAG_SHIFT | index << LOOP_SHIFT

    @staticmethod
    def _slot(address: int) -> int:
        return 2 * ((address >> 1 ^ address >> 17) & (1 << TABLE_BITS) - 1)

    def stop_before(self, addresses: NDArray[np.int64]) -> None:
        """Where WATCH has FLAG_HOOKED, stop before each block that holds one of ``addresses`` (rising), once it is
        counted. Blocks stay as Unicorn makes them."""
        self._hooked = addresses
        self.state[HOOKED], self.state[HOOKED_COUNT] = int(addresses.ctypes.data), len(addresses)
        keys, entries, bit = self._table[::2], self._table[1::2], FLAG_HOOKED << FLAG_SHIFT
        start = keys & 0xFFFFFFFF
        holds = np.searchsorted(addresses, start) < np.searchsorted(addresses, start + (keys >> 32))
        entries[:] = np.where((keys >= 0) & holds, entries | bit, entries & ~bit)

    def host_pointer(self, address: int) -> int:
        """Where a byte of memory lies in this process; 0 when no memory is there."""
        addend = int(self._plain[address >> PAGE_SHIFT])
        return addend + address if addend else 0

    def code(self, address: int, size: int) -> bytes:
        """Bytes of memory; none where there is no plain memory."""
        pointer = self.host_pointer(address)
        return ctypes.string_at(pointer, size) if pointer and self.host_pointer(address + size - 1) else b""

    def _start(self, pc: int, until: int) -> int:
        state = self.state
        state[STOPPED] = 0
        state[INTERRUPT] = -1
        state[IN_RUN] = 1
        error: int = uclib.uc_emu_start(self.handle, pc, until, 0, 0)
        state[IN_RUN] = 0
        return error

    def _seal(self) -> None:
        """Watch the holes of the memory map; hooks over mapped memory would take its writes off the fast path."""
        self._sealed = True
        kind = unicorn_const.UC_HOOK_MEM_READ_UNMAPPED | unicorn_const.UC_HOOK_MEM_WRITE_UNMAPPED
        end = 0
        for address, size in [*sorted(self._mapped), (1 << 32, 0)]:
            if address > end:
                self._add_hook(kind, address_of(on_unmapped), end, address - 1)
            end = max(end, address + size)

    def run_to(self, pc: int, until: int) -> int:
        """Run straight-line code from ``pc`` and stop before the instruction at ``until``."""
        self.forget_code(pc, until - pc + 4)
        error = self._start(pc | 1, until)
        self.forget_code(pc, until - pc + 4)
        return error

    def instruction_size(self, address: int) -> int:
        """Bytes of the instruction at ``address``."""
        return 4 if int.from_bytes(self.code(address, 2), "little") >= 0xE800 else 2

    @contextmanager
    def sink(self, address: int) -> Iterator[None]:
        """Memory that takes whatever is written at ``address``, for as long as the context lasts."""
        page = address & ~((1 << PAGE_SHIFT) - 1)
        pages = [page] if address + 8 <= page + (1 << PAGE_SHIFT) else [page, page + (1 << PAGE_SHIFT) & 0xFFFFFFFF]
        mapped = [each for each in pages if not self._is_mapped(each)]
        for each in mapped:
            _check(uclib.uc_mem_map(self.handle, ctypes.c_uint64(each), 1 << PAGE_SHIFT, unicorn_const.UC_PROT_ALL))
        try:
            yield
        finally:
            for each in mapped:
                _check(uclib.uc_mem_unmap(self.handle, ctypes.c_uint64(each), 1 << PAGE_SHIFT))

    def _is_mapped(self, address: int) -> bool:
        return any(start <= address < start + size for start, size in self._mapped)

    def forget_code(self, address: int, size: int) -> None:
        """Code was written behind the core's back: translate it again."""
        self._uc.ctl_remove_cache(address, address + size)

    def forget_all_code(self) -> None:
        """Drop every translation."""
        self._uc.ctl_flush_tb()

    def show_reads_again(self) -> None:
        """Empty the TLB: a page it holds is read without asking the hooks of watched pages. Not while the core runs."""
        self._uc.ctl(unicorn_const.UC_CTL_TLB_FLUSH, unicorn_const.UC_CTL_IO_WRITE)

    @functools.cached_property
    def hidden(self) -> HiddenState:
        """What Unicorn keeps of the core and has no name for."""
        return HiddenState(self.registers_address())

    def clear_exclusive(self) -> None:
        """The exclusive monitor is open: the next store-exclusive fails."""
        self.hidden.clear_exclusive()

    def spend(self, cycles: int) -> None:
        """Time the core takes outside of blocks: exception entry and return."""
        self.state[NOW] += cycles
        self._timing.discontinuity()

    def block_flags(self, address: int, size: int) -> int:
        """The FLAG_ bits of a block."""
        return int(count_with_flags.ctypes(self._address, address, size)) >> FLAG_SHIFT

    def forget_blocks(self) -> None:
        """Drop what is cached about every block; translations stay."""
        self._table[::2] = -1

    def registers_address(self) -> int:
        """Where Unicorn keeps r0..r15 in this process; 0 where that cannot be found out (then they are copied)."""
        if not self._registers_address:
            self._registers_address = find_registers(self._uc)
        return max(0, self._registers_address)

    def register_copies(self) -> tuple[Any, Any, Any]:
        """Room for r0..r15, and the arrays ``uc_reg_read_batch`` wants: values, identifiers, pointers."""
        values = (ctypes.c_uint32 * 18)()
        base = ctypes.addressof(values)
        identifiers = (ctypes.c_int * 16)(*GENERAL_REGISTERS)
        pointers = (ctypes.c_void_p * 16)(*[base + 4 * index for index in range(16)])
        return values, identifiers, pointers

    def read_batch_address(self) -> int:
        """Address of ``uc_reg_read_batch``."""
        return _address_of(uclib.uc_reg_read_batch)

    def count(self, address: int, size: int) -> int:
        """Cycles of the first ``size`` bytes of the block at ``address``."""
        return self._timing.cycles_until(self._address, address, size)

    def count_into(self, address: int, offset: int) -> int:
        """Cycles from the start of the block at ``address``, counted last, to its instruction at ``offset``."""
        return self._timing.cycles_into(self._address, address, offset)

    def rebuild_mode(self, xpsr: int) -> None:
        """Let translation see a changed exception number, stack selection or privilege; the flags are in ``xpsr``.

        Unicorn derives its translation mode from them only when something makes it; a write of the flags by their
        A-profile name does, and changes nothing else.
        """
        self._flags.value = xpsr & 0xF0000000
        uclib.uc_reg_write(self.handle, arm_const.UC_ARM_REG_APSR_NZCV, ctypes.byref(self._flags))


_NOWHERE = 1 << 32  # no 32-bit PC gets there: the "until" of every run
_READ_CALLBACK = ctypes.CFUNCTYPE(ctypes.c_uint64, ctypes.c_uint64, ctypes.c_uint64, ctypes.c_uint, ctypes.c_uint64)
_WRITE_CALLBACK = ctypes.CFUNCTYPE(
    None, ctypes.c_uint64, ctypes.c_uint64, ctypes.c_uint, ctypes.c_uint64, ctypes.c_uint64
)


def _address_of(function: Any) -> int:
    return ctypes.cast(function, ctypes.c_void_p).value or 0


def _check(status: int) -> None:
    if status:
        raise UcError(status)
