"""Issue of a block's micro-ops on the Cortex-M7's two slots, from the state the code before it left behind.

In order, two a cycle. ``Pipeline.run`` maps (state, block, variant) to cycles and the next state; a caller may
remember the answer, since nothing else enters. Caches, bus and mispredictions are not its business.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Generic, NamedTuple, TypeVar

from sim.engine.timing import microops as m
from sim.engine.timing.microops import DISTANCE, Ending, MicroOp, Reader, Writer

CHUNK_SHIFT = 3  # code is fetched 8 bytes a cycle
FETCH_AHEAD = 4  # chunks in the prefetch queue
MULTIPLY_ADD_SHADOW = 3  # cycles after a multiply-accumulate that some FP instructions have to wait
FIFTH = 5  # store buffer time is counted in fifths of a cycle
STORE_BACKLOG = 4 * 12  # fifths: four byte stores wait in the buffer before one stalls
PENALTY_LATE_FLAGS = 8
PENALTY_EARLY_FLAGS = 6
PENALTY_LOADED = 14  # the target comes out of memory: ldr pc, ldm and pop {.., pc}
EARLY_FLAGS = 3  # flags set this many cycles before the branch resolve it early
UNALIGNED_OLDER = 3
UNALIGNED_YOUNGER = 4
UNALIGNED_STORE = 4 * FIFTH

_CLOSED = -1
_LAST_NEED = tuple(max(row) for row in DISTANCE)  # cycles after which nobody waits for such a result any more
_EXCLUSIVE = m.STORE | m.MULTIPLY | m.BITS | m.BRANCH | m.FLOAT | m.FLOAT_IMMEDIATE | m.IT
_NEVER_ADDED = 99


class State(NamedTuple):
    """What code leaves behind, relative to the cycle of its last issue.

    ``results``: (register, cycles since its writer issued as a negative number or, for later parts of a multiple
    load, positive; writer). ``open_units``: units of a lone older instruction, else -1. ``fetch``: when the next
    chunk of code can arrive. ``within_chunk``: what follows lies in a chunk that has arrived.
    ``backlog``: work of the store buffer in fifths. ``since_float``: cycles since the last FP multiply-accumulate.
    """

    results: tuple[tuple[int, int, int], ...]
    open_units: int
    fetch: int
    within_chunk: bool
    backlog: int
    since_float: int


CLEAN = State((), _CLOSED, 1, False, 0, _NEVER_ADDED)


AnyState = TypeVar("AnyState")


@dataclass(slots=True)
class Passage(Generic[AnyState]):
    """A block run once: cycles, of which stalls by cause; the next state; issue cycle of each op; what a
    misprediction of its last branch costs."""

    cycles: int
    state: AnyState
    issued: list[int]
    interlock: int
    fetch: int
    stores: int
    penalty: int


class Pipeline:
    """``narrow_store_fifths``: what a byte or halfword store occupies the store buffer's drain at least (5 without
    ECC; with ECC a read-modify-write, see ``MicroOp.narrow_store``)."""

    def __init__(self, ecc: bool = True) -> None:
        self._ecc = ecc
        self.kind = "cortex-m7-ecc" if ecc else "cortex-m7"

    def state_of(self, fields: list[Any]) -> State:
        """The state of these fields."""
        results, *others = fields
        return State(tuple(tuple(each) for each in results), *others)

    def run(self, state: State, ops: Sequence[MicroOp], variant: int = 0, taken: bool = False) -> Passage[State]:
        """Issue ``ops``; ``variant``: bits of bank conflicts and unaligned accesses; ``taken``: entered by a branch."""
        ready = {register: (when, writer) for register, when, writer in state.results}
        now, opened, fetch, backlog = 0, state.open_units, state.fetch, state.backlog
        backlog_at = 0
        float_at = -state.since_float
        chunk = ops[0].address >> CHUNK_SHIFT if ops and state.within_chunk and not taken else -1
        issued: list[int] = []
        interlock = fetch_stall = store_stall = 0
        flags_at = -_NEVER_ADDED
        for op in ops:
            last_chunk = (op.address + op.size - 1) >> CHUNK_SHIFT
            arrival = fetch - 1
            if last_chunk != chunk:
                first = op.address >> CHUNK_SHIFT
                for _ in range(2 if chunk != first and first != last_chunk else 1):
                    arrival = max(fetch, now - FETCH_AHEAD)
                    fetch = arrival + 1
                chunk = last_chunk
            operands = _operands_ready(ready, op)
            younger = False
            if opened >= 0 and operands <= now and arrival <= now and self._pairs(opened, op, variant, now, float_at):
                younger = True
                when = now
            else:
                earliest = now + 1
                when = earliest
                if arrival > when:
                    fetch_stall += arrival - when
                    when = arrival
                if op.units & m.FLOAT_LATE and float_at + MULTIPLY_ADD_SHADOW + 1 > operands:
                    operands = float_at + MULTIPLY_ADD_SHADOW + 1
                if operands > when:
                    interlock += operands - when
                    when = operands
            if op.units & m.STORE:
                backlog = max(0, backlog - FIFTH * (when - backlog_at))
                backlog_at = when
                if backlog > STORE_BACKLOG:
                    wait = -((STORE_BACKLOG - backlog) // FIFTH)
                    store_stall += wait
                    when += wait
                    younger = False
                    backlog = max(0, backlog - FIFTH * wait)
                    backlog_at = when
                backlog += self._store_work(op, variant)
            issued.append(when)
            early = op.early != m.EARLY_NEVER and self._goes_early(ready, op, when, younger, opened)
            for register, writer, later in op.writes:
                if register == m.FLAGS:
                    flags_at = when
                elif early:
                    writer = Writer.EARLY
                ready[register] = (when + later, writer)
            if op.units & m.FLOAT_MULTIPLY_ADD:
                float_at = when
            now = when + op.cycles - 1
            opened = _CLOSED if younger or op.alone else op.units
            if op.unaligned >= 0 and variant >> op.unaligned & 1 and op.units & m.LOAD:
                now += UNALIGNED_YOUNGER if younger else UNALIGNED_OLDER
                interlock += UNALIGNED_YOUNGER if younger else UNALIGNED_OLDER
        backlog = max(0, backlog - FIFTH * (now - backlog_at))
        results = tuple(
            sorted(
                (register, when - now, writer)
                for register, (when, writer) in ready.items()
                if when + _LAST_NEED[writer] > now
            )
        )
        after = State(
            results,
            opened,
            max(fetch - now, 1 - FETCH_AHEAD),
            bool(ops) and bool((ops[-1].address + ops[-1].size) & ((1 << CHUNK_SHIFT) - 1)),
            backlog,
            now - float_at if now - float_at <= MULTIPLY_ADD_SHADOW else _NEVER_ADDED,
        )
        penalty = PENALTY_LATE_FLAGS
        if ops and ops[-1].ending is Ending.CONDITIONAL and issued[-1] - flags_at >= EARLY_FLAGS:
            penalty = PENALTY_EARLY_FLAGS
        elif ops and ops[-1].units & m.LOAD and ops[-1].units & m.BRANCH:
            penalty = PENALTY_LOADED
        return Passage(now, after, issued, interlock, fetch_stall, store_stall, penalty)

    def _pairs(self, older: int, op: MicroOp, variant: int, now: int, float_at: int) -> bool:
        """May ``op`` issue beside a lone instruction with the units ``older``?"""
        units = op.units
        if op.alone or op.older_only or older & units & _EXCLUSIVE:
            return False
        if older & units & m.LOAD and (op.bank == -2 or (op.bank >= 0 and variant >> op.bank & 1)):
            return False
        both = older | units
        if both & m.MULTIPLY and both & m.STORE:
            return False
        if units & m.SHIFTED and older & (m.SHIFTED | m.SHIFTER | m.PLAIN_SHIFT):
            return False
        if units & m.SHIFTER and older & m.SHIFTED:
            return False
        if older & m.SHIFTER and units & m.SHIFTED:
            return False
        if both & m.FLOAT_MULTIPLY_ADD and both & m.FLOAT_MOVE:
            return False
        if units & (m.FLOAT_MOVE | m.FLOAT_LATE) and now - float_at <= MULTIPLY_ADD_SHADOW:
            return False
        return not (op.unaligned >= 0 and variant >> op.unaligned & 1 and units & m.STORE)

    def _goes_early(self, ready: dict[int, tuple[int, int]], op: MicroOp, when: int, younger: bool, older: int) -> bool:
        """Does an add, move or shift find its operands in time for the early ALU, and a way into it?"""
        if younger and (op.early == m.EARLY_OLDER or older & (m.SHIFTED | m.SHIFTER)):
            return False
        for register, _ in op.reads:
            found = ready.get(register)
            if found is not None and found[0] + DISTANCE[found[1]][Reader.EARLY] > when:
                return False
        return True

    def _store_work(self, op: MicroOp, variant: int) -> int:
        if op.unaligned >= 0 and variant >> op.unaligned & 1:
            return UNALIGNED_STORE
        return op.store_work if self._ecc and op.narrow_store else FIFTH * op.cycles


def _operands_ready(ready: dict[int, tuple[int, int]], op: MicroOp) -> int:
    """First cycle in which ``op`` can issue for its operands' sake."""
    first = -_NEVER_ADDED
    for register, reader in op.reads:
        found = ready.get(register)
        if found is not None:
            when = found[0] + DISTANCE[found[1]][reader]
            if when > first:
                first = when
    return first
