"""The native half of watchpoints: what decides, at an access, whether to stop. (Hooks and steps stop before blocks that
are counted, see ``hooks.on_block``, and are then walked to with ``until``, which keeps the IT state.)

They only stop the core; Python runs the scripts while it stands still, then goes on inside the block. They share one
int64 array, laid out below, that is handed over as user data. Facts of Unicorn 2.1.4 they rest on:

* An access refused by a READ_PROT/WRITE_PROT hook that has asked for a stop has not happened: PC and IT state are those
  of the accessing instruction. In an IT block a stop is noticed only behind the block.
* On memory pages without permissions a write always comes to the hook, which has to do it itself, since Unicorn drops
  it. A read comes only while the page is not in the TLB. So reads are watched with UC_HOOK_MEM_READ, which takes the
  loads of all code off the fast path: several times slower, as long as a read of memory is watched.
"""

from __future__ import annotations

from sim.engine.native.access import host_pointer
from sim.engine.native.intrinsics import call1, call3, load64, store8, store64
from sim.engine.native.native_code import cfunc, njit
from sim.engine.native.protection import forbids
from sim.engine.native.shared import (
    CODE_PAGES,
    DEADLINE,
    FN_EMU_STOP,
    FN_REG_READ,
    FN_REG_WRITE,
    PAGE_SHIFT,
    REG_EPSR,
    SCRATCH,
    STOP_WATCHPOINT,
    STOPPED,
)

STATE = 0  # pointer to the engine's state
SKIP = 1  # the instruction whose hooks have been run: it passes once (for Python, as the next one)
STEPS = 2  # instructions left to execute, which are then run one by one; -1: not counted
WATCHES = 3  # pointer to rows of (address, widths, accesses), rising
WATCH_COUNT = 4
PASSES = 5  # watched accesses to let through before the next one stops
HIT_ADDRESS = 6  # the access that stopped
HIT_WIDTH = 7
HIT_VALUE = 8
HIT_ACCESS = 9
FN_HIT = 10  # Python's callback for a hit that cannot stop
CODE_WRITTEN = 11  # 1 + address of code that was written to a watched page, 0 when none was
SLOTS = 12

WATCH_WORDS = 3
READ, WRITE = 1, 2
_READ_PROT = 23
_REG_XPSR = 120  # UC_ARM_REG_XPSR
_IT_STATE = 0x0600FC00


@njit
def _is_watched(hooking: int, address: int, width: int, access: int) -> int:
    rows: int = load64(hooking + 8 * WATCHES)
    for _ in range(load64(hooking + 8 * WATCH_COUNT)):
        watched = load64(rows)
        if watched == address and load64(rows + 8) & width and load64(rows + 16) & access:
            return 1
        if watched > address:
            return 0
        rows += 8 * WATCH_WORDS
    return 0


@njit
def _consider(uc: int, hooking: int, address: int, size: int, value: int, access: int) -> int:
    """An access is about to happen: 1 when the core stops before it, because it is watched."""
    if not _is_watched(hooking, address, size, access):
        return 0
    passes: int = load64(hooking + 8 * PASSES)
    if passes > 0:
        store64(hooking + 8 * PASSES, passes - 1)
        return 0
    store64(hooking + 8 * HIT_ADDRESS, address)
    store64(hooking + 8 * HIT_WIDTH, size)
    store64(hooking + 8 * HIT_VALUE, value if access == WRITE else 0)
    store64(hooking + 8 * HIT_ACCESS, access)
    state: int = load64(hooking + 8 * STATE)
    scratch = state + 8 * SCRATCH
    store64(scratch, 0)
    call3(load64(state + 8 * FN_REG_READ), uc, _REG_XPSR, scratch)
    if load64(scratch) & _IT_STATE:
        call1(load64(hooking + 8 * FN_HIT), uc)
        return 0
    store64(state + 8 * STOPPED, STOP_WATCHPOINT)
    call1(load64(state + 8 * FN_EMU_STOP), uc)
    return 1


@njit
def _clear_it_state(uc: int, state: int) -> None:
    epsr = state + 8 * SCRATCH
    store64(epsr, 0x01000000)
    call3(load64(state + 8 * FN_REG_WRITE), uc, REG_EPSR, epsr)


@cfunc("boolean(int64, int32, int64, int32, int64, int64)")
def on_guarded_access(uc: int, kind: int, address: int, size: int, value: int, hooking: int) -> bool:
    """UC_HOOK_MEM_READ_PROT/WRITE_PROT, first of all hooks: accesses to devices, writes to memory."""
    if load64(hooking + 8 * WATCH_COUNT):
        address &= 0xFFFFFFFF
        if kind != _READ_PROT:
            _consider(uc, hooking, address, size, value, WRITE)
        elif host_pointer(load64(hooking + 8 * STATE), address) == 0:  # reads of memory: on_watched_read
            _consider(uc, hooking, address, size, 0, READ)
    return False


@cfunc("void(int64, int32, int64, int32, int64, int64)")
def on_watched_read(uc: int, kind: int, address: int, size: int, value: int, hooking: int) -> None:
    """UC_HOOK_MEM_READ at a watched address of memory: read once more when the core goes on."""
    if not _consider(uc, hooking, address & 0xFFFFFFFF, size, 0, READ):
        _clear_it_state(uc, load64(hooking + 8 * STATE))


@cfunc("boolean(int64, int32, int64, int32, int64, int64)")
def on_passed_access(uc: int, kind: int, address: int, size: int, value: int, hooking: int) -> bool:
    """UC_HOOK_MEM_READ_PROT/WRITE_PROT, last: memory on a page with watchpoints, or where the MPU forbids something."""
    state: int = load64(hooking + 8 * STATE)
    address &= 0xFFFFFFFF
    if forbids(state, kind, address, size):
        return False
    _clear_it_state(uc, state)
    if kind == _READ_PROT:
        return True
    host = host_pointer(state, address)
    if host == 0:
        return False
    for index in range(size):
        store8(host + index, value >> (8 * index) & 0xFF)
    if load64(load64(state + 8 * CODE_PAGES) + (address >> PAGE_SHIFT)) & 0xFF:
        store64(hooking + 8 * CODE_WRITTEN, address + 1)
        store64(state + 8 * DEADLINE, 0)
    return True
