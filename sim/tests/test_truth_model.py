"""The rules of the cache's truth against a literal cache that may evict at any moment: a finding is given where, and
only where, some state of that cache gives somebody other data than is meant."""

from __future__ import annotations

import ctypes

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from sim.engine.truth import layout
from sim.engine.truth.lines import LINE, PAGE, DataCache, TrackedMemory
from sim.tests.literal_cache import NOT_CACHED, SIZE, WRITE_BACK, WRITE_BACK_ALLOCATE, WRITE_THROUGH, LiteralLine

FIRST, PLACE = 0x24000000, 5 * LINE
POLICIES = {
    WRITE_BACK_ALLOCATE: layout.CACHEABLE | layout.WRITE_BACK | layout.ALLOCATE,
    WRITE_BACK: layout.CACHEABLE | layout.WRITE_BACK,
    WRITE_THROUGH: layout.CACHEABLE,
    NOT_CACHED: 0,
}
BY_ADDRESS = {"DCIMVAC": (False, True), "DCCMVAC": (True, False), "DCCMVAU": (True, False), "DCCIMVAC": (True, True)}
BY_SET = {"DCISW": (False, True), "DCCSW": (True, False), "DCCISW": (True, True)}
SETS, WAYS = 128, 4

values = st.binary(min_size=1, max_size=4).map(lambda data: bytes(byte & 1 for byte in data))
places = st.integers(0, 7)
"""Few bytes and values, so that accesses meet."""
steps = st.one_of(
    st.tuples(st.just("core reads"), places, st.integers(1, 4)),
    st.tuples(st.just("core writes"), places, values),
    st.tuples(st.just("master reads"), places, st.integers(1, 4)),
    st.tuples(st.just("master writes"), places, values),
    st.tuples(st.just("maintain"), st.sampled_from([*BY_ADDRESS, *BY_SET]), st.none()),
)


class Model:
    """One tracked memory of one page, without an engine."""

    def __init__(self, policy: int) -> None:
        self.content = np.zeros(PAGE, np.uint8)
        self.reports: list[tuple[int, int]] = []
        self.memory = TrackedMemory(FIRST, FIRST + PAGE, self.content.ctypes.data, self._report)
        self.cache = DataCache([self.memory], SETS, WAYS)
        self.memory.start()
        self.memory.set_policy(FIRST, FIRST + PAGE, POLICIES[policy])
        self.watch(True)

    def _report(self, pc: int, address: int, what: int, detail: int) -> None:
        if what == layout.REPORT_INVALIDATED:
            self.watch(True)
        else:
            self.reports.append((what, address))

    def watch(self, on: bool) -> None:
        """The page is watched, or let go unless there is something its reads may show."""
        if not on and self.memory.in_trouble(0):
            return
        self.memory.catch_up(0, 1)
        self.watched = on
        if on:
            self.memory.page_bits[0] |= layout.SEEN
        else:
            self.memory.page_bits[0] &= 0xFF ^ layout.SEEN

    def core_reads(self, place: int, size: int) -> bool:
        before = len(self.reports)
        if self.watched:
            self.memory.core_accesses(FIRST + PLACE + place, size, 0, False)
        return len(self.reports) == before

    def core_writes(self, place: int, data: bytes) -> bool:
        before = len(self.reports)
        if self.watched:
            self.memory.core_accesses(FIRST + PLACE + place, len(data), int.from_bytes(data, "little"), True)
        self._store(place, data)
        return len(self.reports) == before

    def master_reads(self, place: int, size: int) -> bool:
        return not self.memory.found(self.memory.master_reads(FIRST + PLACE + place, size))

    def master_writes(self, place: int, data: bytes) -> bool:
        bits = self.memory.master_writes(FIRST + PLACE + place, len(data), data)
        self._store(place, data)
        if bits & layout.NEW_STALE:
            self.watch(True)
        return not self.memory.found(bits)

    def maintain(self, name: str) -> None:
        if name in BY_ADDRESS:
            self.cache.maintain(name, FIRST + PLACE + 3)
            return
        for index in range(SETS):
            for way in range(WAYS):
                self.cache.maintain(name, index << 5 | way << 30)

    def _store(self, place: int, data: bytes) -> None:
        ctypes.memmove(self.content.ctypes.data + PLACE + place, data, len(data))


def agree(policy: int, script: list[tuple[str, object, object]], *, exactly: bool = True) -> None:
    """Run a script on both until the first thing goes wrong; it must on both, at the same step. Not ``exactly``: what
    is found must be wrong, but not everything that is wrong be found."""
    literal, model = LiteralLine((0,) * SIZE, policy), Model(policy)
    for step, (what, where, data) in enumerate(script):
        right = said = True
        if what == "maintain":
            literal.maintain(*(BY_ADDRESS | BY_SET)[str(where)])
            model.maintain(str(where))
        elif what == "watch":
            model.watch(bool(where))
        elif what == "core reads":
            right = literal.core_reads(where, data)  # type: ignore[arg-type]
            said = model.core_reads(where, data)  # type: ignore[arg-type]
        elif what == "master reads":
            right = literal.master_reads(where, data)  # type: ignore[arg-type]
            said = model.master_reads(where, data)  # type: ignore[arg-type]
        elif what == "core writes":
            kept = [place for place in range(SIZE) if literal.is_kept(place, 1)]
            literal.core_writes(where, data)  # type: ignore[arg-type]
            written = range(where, where + len(data))  # type: ignore[call-overload, operator, arg-type]
            right = all(literal.is_kept(place, 1) for place in kept if place not in written)
            said = model.core_writes(where, data)  # type: ignore[arg-type]
        else:
            right = literal.master_writes(where, data)  # type: ignore[arg-type]
            said = model.master_writes(where, data)  # type: ignore[arg-type]
        assert said == right or (said and not exactly), (
            f"step {step}, {what} {where} {data!r}: model says {said}, literally {right}"
        )
        if not right:
            return


@settings(max_examples=800, deadline=None)
@given(st.sampled_from(list(POLICIES)), st.lists(steps, min_size=1, max_size=14))
def test_a_finding_is_given_where_and_only_where_a_cache_may_give_other_data(
    policy: int, script: list[tuple[str, object, object]]
) -> None:
    agree(policy, script)


@settings(max_examples=800, deadline=None)
@given(
    st.sampled_from(list(POLICIES)),
    st.lists(st.one_of(steps, st.tuples(st.just("watch"), st.booleans(), st.none())), min_size=1, max_size=14),
)
def test_what_is_found_in_a_page_that_is_let_go_now_and_then_is_wrong(
    policy: int, script: list[tuple[str, object, object]]
) -> None:
    agree(policy, script, exactly=False)
