"""A timer's inputs: capture, and the slave modes that its trigger controls (RM0433 38.3.7, 38.3.25, 38.4.3).

Inputs 0 to 3 are the channels TI1 to TI4, 16 to 19 the internal triggers ITR0 to ITR3. Filters take no time. Not
modelled: ETR, the XOR of TI1 to TI3, break.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from sim.engine.devices.registers import Register

CHANNELS, FIRST_INTERNAL = 4, 16
_ENCODER_MODES, _RESET, _GATED, _TRIGGER, _CLOCK = (1, 2, 3), 4, 5, 6, 7
_DIRECT, _INDIRECT = 1, 2  # CCxS
_TI1_EDGES, _TI1, _TI2 = 4, 5, 6  # TS


class InputPort(Protocol):
    """What the inputs do to the counter."""

    @property
    def count_now(self) -> int:
        """CNT now."""

    def captured(self, channel: int, count: int) -> None:
        """CCRx gets ``count``."""

    def restart(self) -> None:
        """An update event: back to the start."""

    def trigger(self) -> None:
        """TIF."""

    def gate(self) -> None:
        """The gate has opened or shut."""

    def start(self) -> None:
        """CEN by the trigger."""

    def count(self, up: bool) -> None:
        """One count by an external clock or an encoder."""


class TimerInputs:
    """``modes`` are CCMR1 and CCMR2, ``polarities`` CCER, ``slave`` SMCR."""

    def __init__(self, port: InputPort, modes: list[Register], polarities: Register, slave: Register) -> None:
        self._port, self._modes, self._polarities, self._slave = port, modes, polarities, slave
        self._levels: dict[int, bool] = {}
        self._skipped = [0] * CHANNELS  # events the prescaler has let pass by

    def forget(self) -> None:
        """Reset: levels belong to whoever drives them."""
        self._skipped = [0] * CHANNELS

    def level(self, number: int, value: bool) -> None:
        """Input ``number`` has changed."""
        if self._levels.get(number, False) == value:
            return
        self._levels[number] = value
        if number < CHANNELS:
            for channel in (number, number ^ 1):
                self._capture(channel, direct=channel == number, rising=value)
        self._slave_mode(number, value)

    def _half(self, channel: int) -> int:
        """The eight bits of CCMRx for a channel."""
        return self._modes[channel >> 1].raw >> 8 * (channel & 1) & 0xFF

    def _edges(self, channel: int) -> tuple[bool, bool]:
        """Whether a rising and a falling edge count: CCxP and CCxNP."""
        bits = self._polarities.raw >> 4 * channel
        falling, both = bool(bits & 2), bool(bits & 8)
        return (not falling) or both, falling or both

    def _capture(self, channel: int, direct: bool, rising: bool) -> None:
        half = self._half(channel)
        if half & 3 != (_DIRECT if direct else _INDIRECT) or not self._polarities.raw >> 4 * channel & 1:
            return
        if not self._edges(channel)[not rising]:
            return
        self._skipped[channel] += 1
        if self._skipped[channel] >> (half >> 2 & 3):
            self._skipped[channel] = 0
            self._port.captured(channel, self._port.count_now)

    # Slave modes

    @property
    def _mode(self) -> int:
        return self._slave.raw & 7

    @property
    def external(self) -> bool:
        """The internal clock does not count: external clock mode 1, or an encoder does."""
        return self._mode == _CLOCK or self._mode in _ENCODER_MODES

    @property
    def gated_shut(self) -> bool:
        """Gated mode, and the trigger is low."""
        return self._mode == _GATED and not self._trigger_level()

    @property
    def _selected(self) -> int:
        """TS: bits 6..4, and 21..20 above."""
        return self._slave.raw >> 4 & 7 | (self._slave.raw >> 20 & 3) << 3

    def _source(self) -> int | None:
        """Which input is the trigger TRGI."""
        selected = self._selected
        if selected < 4:
            return FIRST_INTERNAL + selected
        return {_TI1_EDGES: 0, _TI1: 0, _TI2: 1}.get(selected)

    def _trigger_level(self) -> bool:
        source = self._source()
        if source is None:
            return False
        level = self._levels.get(source, False)
        inverted = source < CHANNELS and self._edges(source) == (False, True)
        return level != inverted

    def _slave_mode(self, number: int, rising: bool) -> None:
        mode = self._mode
        if not mode:
            return
        if mode in _ENCODER_MODES:
            self._encoder(mode, number, rising)
            return
        if number != self._source():
            return
        if mode == _GATED:
            self._port.gate()
            self._port.trigger()
            return
        wanted = (True, True) if self._selected == _TI1_EDGES else (True, False)
        if number < CHANNELS and self._selected != _TI1_EDGES:
            wanted = self._edges(number)
        if not wanted[not rising]:
            return
        actions: dict[int, Callable[[], None]] = {
            _RESET: self._port.restart,
            _TRIGGER: self._port.start,
            _CLOCK: lambda: self._port.count(True),
        }
        actions.get(mode, lambda: None)()
        self._port.trigger()

    def _encoder(self, mode: int, number: int, rising: bool) -> None:
        """Quadrature: mode 1 counts edges of TI1 alone, 2 those of TI2, 3 both (38.3.23)."""
        if number > 1 or (mode == 1 and number == 1) or (mode == 2 and number == 0):
            return
        other = self._levels.get(number ^ 1, False)
        up = (rising != other) if number == 0 else (rising == other)
        inverted = (self._polarities.raw >> 1 & 1) ^ (self._polarities.raw >> 5 & 1)
        self._port.count(up != bool(inverted))
