"""Issue of a block's instructions on the Cortex-M4: one after the other, loads and stores pipelined where they may.

Sources: Arm 100166 (Cortex-M4 TRM) 3.3.1 "Cortex-M4 instructions", 3.3.2 "Load/store timings", 7.2.3 for floating
point; "silicon": the measurements on an STM32F407 in jnk0le/random, ``pipeline cycle test/doc/cortex_m3m4.md``.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from capstone import arm  # type: ignore[import-untyped]

from sim.engine.timing import microops as m
from sim.engine.timing.m4_fetch import Fetch, Queue
from sim.engine.timing.microops import Ending, MicroOp, Reader, Writer
from sim.engine.timing.pipeline import Passage

DIVIDE_LEAST, DIVIDE_MOST = 2, 12  # TRM 3.3.1: by the operands
DIVIDE_UNKNOWN = 6  # assumed, of operands the address program does not know
FLOAT_DIVIDE = 14  # VDIV, VSQRT; others go on meanwhile
FLOAT_ACCUMULATE = 3
DIRECT, BY_REGISTER, BY_LOAD = 1, 2, 3
"""P of the TRM, refilling the pipeline: a target foreseen at decode, one that execution gives, one that is loaded."""

_ACCUMULATES = ("vmla", "vmls", "vnmla", "vnmls", "vfma", "vfms", "vfnma", "vfnms")
_FLOAT_BLOCKS = ("vldm", "vstm", "vpush", "vpop")


class State(NamedTuple):
    """What code leaves behind.

    ``data_phase``: a load's data, or those of a store to the sum of two registers, are still on the bus, for a cycle
    that only a nop shares, and of a load another single load or store; ``loaded``: the registers they go to;
    ``storing``: a store's data are on the bus; ``fresh``: registers written in the last cycle, too late for an address
    in the next; ``floats``: results of the last floating-point operation; ``divider``: cycles until a floating-point
    division is done; ``narrow``: the last instruction had 16 bits; ``leaving``: P of a branch; ``queue``: code on its
    way.
    """

    data_phase: bool = False
    loaded: frozenset[int] = frozenset()
    storing: bool = False
    fresh: frozenset[int] = frozenset()
    floats: frozenset[int] = frozenset()
    divider: int = 0
    narrow: bool = False
    leaving: int = 0
    queue: Queue = Queue()


CLEAN = State()


class M4Pipeline:
    """``run`` as in ``pipeline.Pipeline``; bits of ``variant``: accesses to another memory than the load before."""

    kind = "cortex-m4"

    def state_of(self, fields: list[Any]) -> State:
        """The state of these fields."""
        data_phase, loaded, storing, fresh, floats, divider, narrow, leaving, (executed, asked, left, half) = fields
        queue = Queue(executed, asked, tuple(left), half)
        sets = frozenset(loaded), frozenset(fresh), frozenset(floats)
        return State(data_phase, sets[0], storing, *sets[1:], divider, narrow, leaving, queue)

    def run(self, state: State, ops: Sequence[MicroOp], variant: int = 0, taken: bool = False) -> Passage[State]:
        """Issue ``ops``; ``taken``: entered by a branch, whose refill counts here."""
        now = interlock = fetch = 0
        queue = Fetch(state.queue, ops[0].address if ops else 0)
        if taken and ops:
            now = fetch = state.leaving
            queue.branch(ops[0].address, now)
        issued: list[int] = []
        for op in ops:
            wait, ready = _wait(state, op, variant), queue.ready(op)
            if op.units & m.IT and state.narrow:  # folded: decoded beside the 16-bit instruction before
                state = state._replace(narrow=False)
                issued.append(now + 1)
                continue
            starved = max(0, ready - now - wait)
            cost, state = _step(state, op, wait + starved)
            interlock += wait
            fetch += starved
            now += wait + starved
            queue.executes(now)
            issued.append(now + 1)
            now += cost
        state = state._replace(queue=queue.behind(now))
        return Passage(now, state, issued, interlock, fetch, 0, 0)


def _wait(state: State, op: MicroOp, variant: int) -> int:
    """Cycles ``op`` waits for what was before it."""
    wait = 0
    addresses = {register for register, reader in op.reads if reader is Reader.ADDRESS}
    single = _is_single(op)
    if state.data_phase:
        same_memory = not (op.bank >= 0 and variant >> op.bank & 1)
        dependent = bool(addresses & state.loaded) or state.storing
        shared = single and same_memory and not dependent
        if not shared and op.text != "nop":
            wait = 1
    if addresses & (state.fresh | state.loaded):
        wait += 1
    if state.storing and op.units & m.LOAD:
        wait += 1
    if op.name.startswith("v"):
        floats = {register for register, _ in op.reads if register >= m.FLOATS}
        if floats & state.floats:
            wait = max(wait, 1)
        wait = max(wait, state.divider)
    return wait


def _step(state: State, op: MicroOp, wait: int) -> tuple[int, State]:
    """Cycles ``op`` takes, and what it leaves behind."""
    cost = _cycles(op)
    written = frozenset(register for register, writer, _ in op.writes if register < m.FLAGS)
    divider = max(0, state.divider - wait - cost)
    narrow = op.size == 2
    leaving = _leaving(op)
    if op.units & (m.LOAD | m.STORE):
        if _is_single(op) and not leaving:
            if op.units & m.LOAD:
                loaded = frozenset(register for register, writer, _ in op.writes if writer is not Writer.EARLY)
                return cost, State(True, loaded, divider=divider, narrow=narrow)
            return cost, State(_is_indexed(op), storing=True, divider=divider, narrow=narrow)
        return cost, State(fresh=written, divider=divider, narrow=narrow, leaving=leaving)
    floats: frozenset[int] = frozenset()
    if op.units & m.FLOAT:
        floats = frozenset(register for register, _, _ in op.writes if register >= m.FLOATS)
        if op.name in ("vdiv", "vsqrt"):
            divider = FLOAT_DIVIDE - 1
    return cost, State(fresh=written, floats=floats, divider=divider, narrow=narrow, leaving=leaving)


def _is_single(op: MicroOp) -> bool:
    """One integer load or store of at most a word."""
    return bool(op.units & (m.LOAD | m.STORE)) and op.name.startswith(("ldr", "str")) and op.name[3:] != "d"


def _is_indexed(op: MicroOp) -> bool:
    """Its address is the sum of two registers."""
    operands = () if op.instruction is None else op.instruction.operands
    return any(operand.type == arm.ARM_OP_MEM and operand.mem.index for operand in operands)


def _leaving(op: MicroOp) -> int:
    """P of a branch; 0 of what is none."""
    if op.ending is Ending.FALLS_THROUGH:
        return 0
    if op.units & m.LOAD or op.name in ("tbb", "tbh"):
        return BY_LOAD
    return DIRECT if op.ending in (Ending.CONDITIONAL, Ending.DIRECT, Ending.CALL) else BY_REGISTER


def _cycles(op: MicroOp) -> int:
    """Of an instruction without what it waits for and what refilling takes."""
    name = op.name
    if name.startswith("v"):
        return _float_cycles(op)
    if op.units & (m.LOAD | m.STORE):
        if _is_single(op):
            return 2 if op.ending is not Ending.FALLS_THROUGH else 1
        return 1 + _words(op)
    if name in ("udiv", "sdiv"):
        return DIVIDE_LEAST if op.measured else DIVIDE_UNKNOWN
    if name in ("tbb", "tbh"):
        return 3
    if name in ("mrs", "msr", "cps"):
        return 2
    return 1 + BY_LOAD if name == "isb" else 1


def _words(op: MicroOp) -> int:
    """Words a multiple load or store moves."""
    if op.name in ("ldrd", "strd"):
        return 2
    if op.units & m.STORE:
        return sum(reader is not Reader.ADDRESS for _, reader in op.reads)
    return sum(writer != 0 for _, writer, _ in op.writes)


def _float_cycles(op: MicroOp) -> int:
    name = op.name
    words = len({n for n, _, _ in op.writes if n >= m.FLOATS} or {n for n, _ in op.reads if n >= m.FLOATS})
    if name in ("vldr", "vstr") or name.startswith(_FLOAT_BLOCKS):
        return 1 + words
    if name in _ACCUMULATES:
        return FLOAT_ACCUMULATE
    if name == "vmov" and op.instruction is not None:
        return 2 if sum(operand.type == arm.ARM_OP_REG for operand in op.instruction.operands) > 2 else 1
    return 1
