"""What Renode calls a LED tester: states of a LED over virtual time."""

from __future__ import annotations

import itertools
from fractions import Fraction
from typing import TYPE_CHECKING

from sim.engine.devices.parts.led import Led
from sim.engine.wording import LED_FAILED
from sim.errors import CrosscamError
from sim.robot.waiting import run_until_seen

if TYPE_CHECKING:
    from sim.engine.machine import Machine


RUNS_ON = 0.01
"""Seconds a state may still come in that is asserted at once: Renode's machine runs on between two keywords, so there a
LED that firmware switches right after the line waited for is seen."""


class LedTester:
    """Watches one LED.

    Args:
        machine: the machine that runs while waiting.
        led: Renode path of the LED, for example ``sysbus.gpioPortB.led1``.
        timeout: default limit of a wait, in seconds of virtual time.

    Raises:
        CrosscamError: no such device, or it is no LED.
    """

    def __init__(self, machine: Machine, led: str, timeout: float) -> None:
        device = machine[led]
        if not isinstance(device, Led):
            raise CrosscamError(f"{led} is a {type(device).__name__}: expected a Miscellaneous.LED")
        self.led = device
        self.timeout = timeout
        self._machine = machine
        self._changes: list[tuple[Fraction, bool]] = []
        self._pausing = False
        device.state_changed += self._note

    def _note(self, _led: Led, lit: bool) -> None:
        self._changes.append((self._machine.clock.exact_seconds, lit))
        if self._pausing:
            self._machine.pause()

    def _run_until(self, lit: bool, seconds: float) -> bool:
        self._pausing = True
        try:
            return run_until_seen(self._machine, lambda: self.led.state == lit, seconds)
        finally:
            self._pausing = False

    def _record(self, seconds: float) -> tuple[list[tuple[Fraction, bool]], Fraction, Fraction]:
        """Run for ``seconds``: the changes, begin and end, in seconds."""
        begin = self._machine.clock.exact_seconds
        self._changes.clear()
        run_until_seen(self._machine, lambda: False, seconds)
        return list(self._changes), begin, self._machine.clock.exact_seconds

    def assert_state(self, lit: bool, timeout: float | None) -> None:
        """AssertionError unless the LED is or gets ``lit`` in time, for which there is at least ``RUNS_ON``."""
        limit = max(self.timeout if timeout is None else timeout, RUNS_ON)
        if not self._run_until(lit, limit):
            raise AssertionError(
                f"{LED_FAILED} {self.led.name} is {_word(self.led.state)} after {limit} s: expected {_word(lit)}"
            )

    def assert_and_hold(self, lit: bool, timeout_assert: float, timeout_hold: float) -> None:
        """AssertionError unless it gets ``lit`` within one time and stays so for the other."""
        self.assert_state(lit, timeout_assert)
        if self._run_until(not lit, timeout_hold):
            raise AssertionError(f"{LED_FAILED} {self.led.name} did not stay {_word(lit)} for {timeout_hold} s")

    def assert_duty_cycle(self, duration: float, expected: float, tolerance: float) -> None:
        """AssertionError unless it is lit for ``expected`` (0 to 1) of ``duration``, within the share ``tolerance``."""
        lit = self.led.state
        changes, at, end = self._record(duration)
        total, on = end - at, Fraction(0)
        for moment, now_lit in [*changes, (end, lit)]:
            on += (moment - at) * lit
            at, lit = moment, now_lit
        share = float(on / total) if total else 0.0
        if not expected * (1 - tolerance) <= share <= expected * (1 + tolerance):
            raise AssertionError(
                f"{LED_FAILED} {self.led.name}: duty cycle {share:.4f}: expected {expected} within {tolerance:.0%}"
            )

    def assert_blinking(self, duration: float, on: float, off: float, tolerance: float) -> None:
        """AssertionError unless each full phase within ``duration`` lasts ``on`` or ``off`` seconds, within the share
        ``tolerance``, and there is a change at all."""
        changes, _, end = self._record(duration)
        if not changes:
            raise AssertionError(f"{LED_FAILED} {self.led.name} did not change within {duration} s")
        for (begin, lit), (stop, _) in itertools.pairwise(changes):
            wanted, lasted = on if lit else off, float(stop - begin)
            if not wanted * (1 - tolerance) <= lasted <= wanted * (1 + tolerance):
                raise AssertionError(
                    f"{LED_FAILED} {self.led.name} was {_word(lit)} for {lasted:.6f} s: expected {wanted} s"
                )
        since, lit = changes[-1]
        if float(end - since) > (on if lit else off) * (1 + tolerance):
            raise AssertionError(f"{LED_FAILED} {self.led.name} stayed {_word(lit)} for {float(end - since):.6f} s")


def _word(lit: bool) -> str:
    return "on" if lit else "off"
