"""General-purpose and basic timers (RM0433 sections 38 to 42): time base and output compare.

The counter is computed from virtual time when somebody looks, so a free-running timer costs nothing; an event is
scheduled only for what can be seen: an enabled interrupt, or a channel output that is wired to something.

Parameters and outputs as in Renode's ``Timers.STM32_Timer``. Deviations, all as on the chip: the period is ARR + 1
counts (Renode: ARR); UIF and CCxIF rise whether or not their interrupt is enabled; PSC, and ARR with ARPE, take
effect at the next update event, which EGR.UG makes at once; BDTR, DIER, SMCR and the DMA registers read back.
Centre-aligned counting, input capture, slave modes, break and DMA requests are not modelled.
"""

from __future__ import annotations

from sim.engine.devices.base import Event, Services
from sim.engine.devices.registers import Field, Mode, RegisterDevice
from sim.errors import CrosscamError

_CHANNELS = 4
_RESET_PIN = 0xFF  # no pad of the chip: Renode's way to reset the model
_UIF = 1
_ACTIVE, _INACTIVE, _TOGGLE, _FORCE_LOW, _FORCE_HIGH, _PWM1, _PWM2 = range(1, 8)


class Stm32Timer(RegisterDevice):
    """One timer clocked with ``frequency`` Hz; ``initial_limit`` (0xFFFF or 0xFFFFFFFF) gives its width."""

    RENODE_TYPES = ("Timers.STM32_Timer",)

    def __init__(self, services: Services, name: str, *, frequency: int, initial_limit: int) -> None:
        super().__init__(services, name)
        if not 0 < initial_limit <= 0xFFFFFFFF:
            raise CrosscamError(f"{name}: initialLimit is {initial_limit}, expected 1 to 0xFFFFFFFF")
        self.frequency = frequency
        self._limit = initial_limit
        self._width = initial_limit.bit_length()
        self.irq = self.add_output("IRQ")
        self.update_interrupt = self.add_output("UpdateInterrupt")
        self.capture_compare_interrupt = self.add_output("CaptureCompareInterrupt")
        for unused in ("BreakInterrupt", "TriggerInterrupt", "CommutationInterrupt"):
            self.add_output(unused)
        self._channels = [self.add_output(channel) for channel in range(_CHANNELS)]
        self._event: Event | None = None
        self._declare()
        self._forget()

    def _declare(self) -> None:
        bank, width = self.bank, self._width
        cr1 = bank.register(0x00, "CR1").after_write(lambda _: self._reschedule())
        self._cen = cr1.flag(0, "CEN", on_change=lambda old, new: self._restart_base())
        self._udis = cr1.flag(1, "UDIS")
        self._urs = cr1.flag(2, "URS")
        self._opm = cr1.flag(3, "OPM")
        self._dir = cr1.flag(4, "DIR", on_change=lambda old, new: self._mirror())
        cr1.field(5, 2, "CMS", on_write=self._alignment)
        self._arpe = cr1.flag(7, "ARPE")
        cr1.storage(0x0BFF)
        bank.register(0x04, "CR2").storage()
        bank.register(0x08, "SMCR").storage().after_write(self._slave_mode)
        dier = bank.register(0x0C, "DIER").after_write(lambda _: self._reschedule())
        self._interrupt_enables = dier.field(0, 5, "CC4IE CC3IE CC2IE CC1IE UIE")
        dier.storage(0x7FFF)
        self._flags = bank.register(0x10, "SR").field(0, 5, "CC4IF .. UIF", Mode.WRITE_ZERO_TO_CLEAR)
        bank[0x10].after_write(lambda _: self._update())
        bank.register(0x14, "EGR").field(0, 8, "UG", Mode.WRITE, on_write=self._generate)
        self._modes: list[Field] = []
        for index in range(2):
            ccmr = bank.register(0x18 + 4 * index, f"CCMR{index + 1}").after_write(self._modes_written)
            self._modes += [ccmr.field(4, 3, f"OC{2 * index + 1}M"), ccmr.field(12, 3, f"OC{2 * index + 2}M")]
            ccmr.storage()
        ccer = bank.register(0x20, "CCER").storage().after_write(lambda _: self._outputs_changed())
        self._output_enables = ccer
        self._count_field = bank.register(0x24, "CNT").field(
            0, width, "CNT", read=self._synced_count, on_write=self._set_count
        )
        self._psc = bank.register(0x28, "PSC").field(0, 16, "PSC")
        self._arr = bank.register(0x2C, "ARR", self._limit).field(0, width, "ARR", on_write=self._set_limit)
        self._rcr = bank.register(0x30, "RCR").field(0, 16, "REP")
        self._compare = [
            bank.register(0x34 + 4 * index, f"CCR{index + 1}").field(0, width, "CCR", on_write=self._compare_written)
            for index in range(_CHANNELS)
        ]
        for offset, name in ((0x44, "BDTR"), (0x48, "DCR"), (0x4C, "DMAR"), (0x60, "AF1"), (0x68, "TISEL")):
            bank.register(offset, name).storage()

    def _forget(self) -> None:
        self._cancel()
        self._counter = 0  # value at tick _ticks
        self._base = self.services.clock.now  # cycle from which ticks count
        self._phase = 0  # part of a tick gone at _base, in units of the divisor
        self._ticks = 0  # ticks since _base already accounted for
        self._part = (0, 1)  # of a tick gone when the clock was held
        self._prescaler = 1
        self._period = self._limit
        self._repetitions = 0
        for line in self.outputs.values():
            line.set(False)

    def reset(self) -> None:
        super().reset()
        self._forget()

    def on_gpio(self, number: int, value: bool) -> None:
        """Input 0xFF resets the timer; channel inputs (capture) are not modelled."""
        if value and number == _RESET_PIN:
            self.reset()

    def read(self, offset: int, width: int) -> int:
        self._sync()
        return self.bank.read(offset, width)

    def write(self, offset: int, width: int, value: int) -> None:
        self._sync()
        self.bank.write(offset, width, value)

    @property
    def counter(self) -> int:
        """CNT now."""
        self._sync()
        return self._counter

    # --- counting ---

    @property
    def _divisor(self) -> int:
        """A tick is this many of (core cycles times timer frequency)."""
        return self._prescaler * self.services.clock.frequency

    def _restart_base(self) -> None:
        self._base, self._phase, self._ticks = self.services.clock.now, 0, 0

    def _rescale(self, prescaler: int) -> None:
        """A new prescaler from this tick on."""
        if prescaler != self._prescaler:
            tick_cycle = self._cycle_of(self._ticks)
            self._phase = 0
            self._base, self._ticks = tick_cycle, 0
            self._prescaler = prescaler

    def _cycle_of(self, tick: int) -> int:
        """The cycle at which ``tick`` (counted from _base) has passed."""
        return self._base - (-(tick * self._divisor - self._phase) // self.frequency)

    @property
    def _counting(self) -> bool:
        return bool(self._cen) and self._period > 0

    def _to_wrap(self) -> int:
        """Ticks until the counter overflows (down: underflows)."""
        if self._dir:
            return self._counter + 1
        if self._counter > self._period:  # ARR moved below CNT: all the way round
            return (1 << self._width) - self._counter
        return self._period - self._counter + 1

    def _to_match(self, channel: int) -> int | None:
        """Ticks until CNT equals CCRx, if that comes before the wrap (at the wrap CNT restarts: looked at then)."""
        wanted = self._compare[channel].value
        distance = self._counter - wanted if self._dir else wanted - self._counter
        return distance if 0 < distance < self._to_wrap() else None

    def _sync(self) -> None:
        """Account for the time gone by: counter, flags, outputs."""
        if not self._counting:
            return
        elapsed = ((self.services.clock.now - self._base) * self.frequency + self._phase) // self._divisor
        left = elapsed - self._ticks
        while left > 0 and self._counting:
            wrap = self._to_wrap()
            if left < wrap:
                self._advance(left)
                return
            left -= wrap
            self._advance(wrap - 1)
            self._ticks += 1
            prescaler = self._prescaler
            self._wrap()
            if self._prescaler != prescaler:  # the rest of the time runs at the new rate
                now = self.services.clock.now
                left = ((now - self._base) * self.frequency + self._phase) // self._divisor - self._ticks
            elif self._counting and self._steady and left > self._period:
                whole = left // (self._period + 1)  # full periods in which nothing new happens
                self._ticks += whole * (self._period + 1)
                left -= whole * (self._period + 1)

    @property
    def _steady(self) -> bool:
        """Another full period would change no flag, no output and no shadow register."""
        if any(line.targets for line in self._channels) or not self._flags.value & _UIF or self._rcr.value:
            return False
        matched = all(
            self._flags.value >> 1 + channel & 1 or self._compare[channel].value > self._period
            for channel in range(_CHANNELS)
        )
        return matched and self._psc.value + 1 == self._prescaler and self._arr.value == self._period

    def _advance(self, ticks: int) -> None:
        """Count without wrapping, with the compare matches on the way."""
        for channel in range(_CHANNELS):
            distance = self._to_match(channel)
            if distance is not None and distance <= ticks:
                self._match(channel)
        self._counter += -ticks if self._dir else ticks
        self._ticks += ticks

    def _wrap(self) -> None:
        self._counter = self._period if self._dir else 0
        if self._opm:
            self._cen.value = 0
        if self._repetitions:
            self._repetitions -= 1
        elif not self._udis:
            self._flags.value |= _UIF
            self._load_shadows()
        if self._dir:
            self._counter = self._period
        for channel in range(_CHANNELS):
            mode = self._modes[channel].value
            if mode in (_PWM1, _PWM2):
                self._drive(channel, mode == _PWM1)
            if self._compare[channel].value == self._counter:
                self._match(channel)
        self._update()

    def _load_shadows(self) -> None:
        self._repetitions = self._rcr.value
        self._period = self._arr.value
        self._rescale(self._psc.value + 1)

    def _match(self, channel: int) -> None:
        self._flags.value |= 2 << channel
        mode = self._modes[channel].value
        if mode in (_ACTIVE, _PWM2):
            self._drive(channel, True)
        elif mode in (_INACTIVE, _PWM1):
            self._drive(channel, False)
        elif mode == _TOGGLE:
            self._drive(channel, not self._channels[channel].value)

    def _drive(self, channel: int, level: bool) -> None:
        if self._output_enables.raw >> 4 * channel & 1:
            self._channels[channel].set(level)

    # --- registers ---

    def _synced_count(self) -> int:
        return self._counter

    def _set_count(self, value: int) -> None:
        self._counter = value
        self._restart_base()
        self._reschedule()

    def _set_limit(self, value: int) -> None:
        if not self._arpe:
            if not self._period and value:  # the counter stood still
                self._restart_base()
            self._period = value
        self._reschedule()

    def _mirror(self) -> None:
        self._counter = min(self._counter, self._period)

    def _generate(self, written: int) -> None:
        """EGR: UG starts a new period and loads the shadows; CCxG set the compare flags."""
        if written & 1:
            if not self._udis:
                self._load_shadows()
                if not self._urs:
                    self._flags.value |= _UIF
            self._counter = self._period if self._dir else 0
            self._restart_base()
        self._flags.value |= written & 0x1E
        self._reschedule()

    def _alignment(self, value: int) -> None:
        if value:
            self.log.warning("centre-aligned counting is not modelled: counts edge-aligned")

    def _slave_mode(self, written: int) -> None:
        if written & 0x10007:
            self.log.warning("slave mode (SMCR.SMS) is not modelled: the internal clock counts")

    def _modes_written(self, written: int) -> None:
        if written & 0x0303:
            self.log.warning("input capture (CCxS) is not modelled")
        self._outputs_changed()

    def _outputs_changed(self) -> None:
        for channel, line in enumerate(self._channels):
            mode, compare = self._modes[channel].value, self._compare[channel].value
            if not self._output_enables.raw >> 4 * channel & 1 or mode in (_FORCE_LOW, _ACTIVE, _TOGGLE):
                line.set(False)
            elif mode in (_FORCE_HIGH, _INACTIVE):
                line.set(True)
            elif mode in (_PWM1, _PWM2):
                line.set((self._counter < compare) == (mode == _PWM1))
        self._reschedule()

    def _compare_written(self, value: int) -> None:
        for channel, line in enumerate(self._channels):
            mode = self._modes[channel].value
            if mode in (_PWM1, _PWM2) and self._output_enables.raw >> 4 * channel & 1:
                line.set((self._counter < self._compare[channel].value) == (mode == _PWM1))
        self._reschedule()

    # --- another clock ---

    def hold(self) -> None:
        """Account for the time so far, before the core's clock or this timer's ``frequency`` changes."""
        self._sync()
        self._cancel()
        gone = (self.services.clock.now - self._base) * self.frequency + self._phase - self._ticks * self._divisor
        self._part = (gone, self._divisor) if self._counting else (0, 1)

    def resume(self) -> None:
        """Go on with the part of a tick that was gone."""
        gone, divisor = self._part
        self._base, self._ticks = self.services.clock.now, 0
        self._phase = gone * self._divisor // divisor
        self._reschedule()

    # --- interrupts and events ---

    def _update(self) -> None:
        active = self._flags.value & self._interrupt_enables.value
        self.update_interrupt.set(bool(active & _UIF))
        self.capture_compare_interrupt.set(bool(active & ~_UIF))
        self.irq.set(bool(active))

    def _cancel(self) -> None:
        if self._event is not None:
            self.services.clock.cancel(self._event)
            self._event = None

    def _reschedule(self) -> None:
        """Interrupt lines now, and an event for the next thing somebody would notice."""
        self._update()
        self._cancel()
        if not self._counting:
            return
        wrap = self._to_wrap()
        enables = self._interrupt_enables.value
        wired = [bool(line.targets) for line in self._channels]
        ticks: list[int] = []
        if enables & _UIF or any(wired):
            ticks.append(wrap)
        for channel in range(_CHANNELS):
            if enables >> 1 + channel & 1 or (wired[channel] and self._output_enables.raw >> 4 * channel & 1):
                ticks.append(self._to_match(channel) or wrap)
        if ticks:
            due = self._cycle_of(self._ticks + min(ticks))
            clock = self.services.clock
            self._event = clock.schedule(max(0, due - clock.now), self._due)

    def _due(self) -> None:
        self._event = None
        self._sync()
        self._reschedule()
