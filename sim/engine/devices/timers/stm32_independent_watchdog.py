"""Independent watchdog IWDG1 (RM0433 section 45): counts LSI periods down, resets the chip at zero.

As Renode's ``Timers.STM32_IndependentWatchdog``, with its update flags in SR always 0. As on the chip and unlike
Renode: the period is RL + 1 prescaled LSI periods (the manual's 512 ms for RL = 0xFFF at /4 and 32 kHz), locked
writes leave PR, RLR and WINR as they were, and a watchdog started before any reload counts from 0xFFF.
"""

from __future__ import annotations

from collections.abc import Callable

from sim.engine.devices.base import Event, Services
from sim.engine.devices.registers import Field, Mode, Register, RegisterDevice

_RELOAD, _UNLOCK, _START = 0xAAAA, 0x5555, 0xCCCC
_DEFAULT = 0xFFF


def _divider(prescaler: int) -> int:
    return 4 << min(prescaler, 6)


class Stm32IndependentWatchdog(RegisterDevice):
    """``frequency`` is the LSI's in Hz (32000 on H7); ``window_option`` says whether WINR exists."""

    RENODE_TYPES = ("Timers.STM32_IndependentWatchdog",)

    def __init__(
        self,
        services: Services,
        name: str,
        *,
        frequency: int,
        window_option: bool = True,
        default_prescaler: int = 0,
    ) -> None:
        super().__init__(services, name)
        self.frequency = frequency
        self._unlocked = False
        self._started_at = 0  # cycle of the last reload; counts while _event is set
        self._loaded = _DEFAULT
        self._event: Event | None = None
        self.is_stopped = False
        """LSI does not run: nothing counts, and what is written never reaches its side."""
        bank = self.bank
        bank.register(0x00, "KR").field(0, 16, "KEY", Mode.WRITE, on_write=self._key)
        self._prescaler = self._protected(bank.register(0x04, "PR", default_prescaler), 3, self._rescale)
        self._reload = self._protected(bank.register(0x08, "RLR", _DEFAULT), 12, None)
        bank.register(0x0C, "SR").field(0, 3, "WVU RVU PVU", Mode.READ, read=lambda: 3 * self.is_stopped)
        self._window: Field | None = None
        if window_option:
            self._window = self._protected(bank.register(0x10, "WINR", _DEFAULT), 12, self._load)

    @property
    def running(self) -> bool:
        """Started by software; only a reset stops it."""
        return self._event is not None

    @property
    def count_now(self) -> int:
        """The down-counter."""
        return self._counter(self._prescaler.value)

    def _counter(self, prescaler: int) -> int:
        if self._event is None:
            return self._loaded
        clock = self.services.clock
        elapsed = (clock.now - self._started_at) * self.frequency
        return max(0, self._loaded - elapsed // (clock.frequency * _divider(prescaler)))

    def reset(self) -> None:
        super().reset()
        self._cancel()
        self._unlocked = False
        self._loaded = _DEFAULT

    def _protected(self, register: Register, width: int, changed: Callable[[int], None] | None) -> Field:
        """A field that 0x5555 in KR opens; a write while it is closed is undone. ``changed`` gets the old value."""

        def on_change(old: int, new: int) -> None:
            if self._unlocked:
                if changed is not None:
                    changed(old)
            else:
                field.value = old
                self.log.warning("%s written without the key 0x5555: ignored", register.name)

        field = register.field(0, width, register.name, on_change=on_change)
        return field

    def _key(self, key: int) -> None:
        self._unlocked = key == _UNLOCK
        if key == _START and self._event is None:
            self._run_from(self._loaded)
        elif key == _RELOAD:
            if self._event is not None and self._window is not None and self.count_now > self._window.value:
                self._expire("reloaded before its window opened")
            else:
                self._load()

    def _load(self, _old: int = 0) -> None:
        """RL into the counter: key 0xAAAA, or a write of WINR."""
        if self._event is None:
            self._loaded = self._reload.value
        else:
            self._run_from(self._reload.value)

    def _rescale(self, old_prescaler: int) -> None:
        """A new prescaler takes over with the count reached."""
        if self._event is not None:
            self._run_from(self._counter(old_prescaler))

    def hold(self) -> None:
        """Account for the time so far, before the core's clock changes."""
        self._loaded = self.count_now

    def resume(self) -> None:
        """Go on from there."""
        if self._event is not None:
            self._run_from(self._loaded)

    def _run_from(self, value: int) -> None:
        self._cancel()
        clock = self.services.clock
        self._loaded = value
        self._started_at = clock.now
        if self.is_stopped:
            return
        cycles = -(-(value + 1) * _divider(self._prescaler.value) * clock.frequency // self.frequency)
        self._event = clock.schedule(cycles, self._reached_zero)

    def stop_clock(self) -> None:
        """LSI fails: the counter stands from now on, whatever is written."""
        self._loaded = self.count_now
        self.is_stopped = True
        self._cancel()

    def _cancel(self) -> None:
        if self._event is not None:
            self.services.clock.cancel(self._event)
            self._event = None

    def _reached_zero(self) -> None:
        self._expire("not reloaded in time")

    def _expire(self, why: str) -> None:
        self._cancel()
        self.log.warning("watchdog %s: reset", why)
        self.services.request_reset(f"IWDG1: {self.name} {why}")
