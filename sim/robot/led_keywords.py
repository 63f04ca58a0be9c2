"""Keywords about LEDs."""
# ruff: noqa: N803 - argument names are Renode's, suites pass them by name

from __future__ import annotations

from sim.robot.led_tester import LedTester
from sim.robot.session import Keywords, Replay, renode_keyword


class LedKeywords(Keywords):
    """Times are seconds of virtual time."""

    _default_led_timeout = 0.0

    @renode_keyword("Set Default Led Timeout", Replay.ALWAYS)
    def set_default_led_timeout(self, timeout: float) -> None:
        """Limit of ``Assert Led State`` for testers made from now on."""
        self._default_led_timeout = timeout

    @renode_keyword("Create Led Tester", Replay.ALWAYS)
    def create_led_tester(self, led: str, defaultTimeout: float | None = None, machine: str | None = None) -> int:
        """Watch ``led``; returns the tester's number."""
        limit = self._default_led_timeout if defaultTimeout is None else defaultTimeout
        chosen = self.session.machine_named(machine)
        return self.session.leds.create(f"{chosen.name}:{led}", lambda: LedTester(chosen, led, limit))

    @renode_keyword("Assert Led State")
    def assert_led_state(
        self, state: bool, timeout: float | None = None, testerId: int | None = None, pauseEmulation: bool = False
    ) -> None:
        """Fails unless the LED is in ``state``, or gets there in time."""
        self.session.leds.get(testerId).assert_state(state, timeout)

    @renode_keyword("Assert And Hold Led State")
    def assert_and_hold_led_state(
        self,
        initialState: bool,
        timeoutAssert: float,
        timeoutHold: float,
        testerId: int | None = None,
        pauseEmulation: bool = False,
    ) -> None:
        """Fails unless the LED gets to ``initialState`` in time and stays there."""
        self.session.leds.get(testerId).assert_and_hold(initialState, timeoutAssert, timeoutHold)

    @renode_keyword("Assert Led Duty Cycle")
    def assert_led_duty_cycle(
        self,
        testDuration: float,
        expectedDutyCycle: float,
        tolerance: float = 0.05,
        testerId: int | None = None,
        pauseEmulation: bool = False,
    ) -> None:
        """Fails unless the LED is lit for that share of the time."""
        self.session.leds.get(testerId).assert_duty_cycle(testDuration, expectedDutyCycle, tolerance)

    @renode_keyword("Assert Led Is Blinking")
    def assert_led_is_blinking(
        self,
        testDuration: float,
        onDuration: float,
        offDuration: float,
        tolerance: float = 0.05,
        testerId: int | None = None,
        pauseEmulation: bool = False,
    ) -> None:
        """Fails unless the LED blinks with these phases."""
        self.session.leds.get(testerId).assert_blinking(testDuration, onDuration, offDuration, tolerance)
