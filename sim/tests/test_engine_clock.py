"""Cycles and seconds are exact, however they are worked out."""

from __future__ import annotations

from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from sim.engine.machine import Machine

MACHINE = Machine()


@given(
    st.fractions(0, 10**6) | st.floats(0, 1000) | st.integers(0, 1000).map(lambda half: Fraction(half, 2)),
    st.integers(1, 10**9),
)
def test_a_span_is_rounded_to_the_nearest_cycle_and_halves_to_even(seconds: Fraction | float, hertz: int) -> None:
    MACHINE.clock.frequency = hertz
    assert MACHINE.clock.cycles(seconds) == round(Fraction(seconds) * hertz)


def test_time_is_the_sum_of_what_passed_at_each_frequency() -> None:
    machine = Machine()
    expected = Fraction(0)
    for hertz, seconds in ((3_000_000, Fraction(1, 7)), (7, Fraction(5)), (480_000_000, Fraction(1, 3))):
        machine.clock.frequency = hertz
        before = machine.clock.now
        machine.run_for(seconds)
        expected += Fraction(machine.clock.now - before, hertz)
        assert machine.clock.exact_seconds == expected
