"""Advanced, general-purpose and basic timers (RM0433 sections 38 to 42): time base, output compare, input capture.

The counter is computed from virtual time when somebody looks, so a free-running timer costs nothing; an event is
scheduled only for what can be seen: an enabled interrupt or DMA request, or an output that is wired to something.

Parameters and outputs as in Renode's ``Timers.STM32_Timer``. Deviations, all as on the chip: the period is ARR + 1
counts (Renode: ARR); UIF and CCxIF rise whether or not their interrupt is enabled; PSC, and ARR with ARPE, take
effect at the next update event, which EGR.UG makes at once; BDTR, DIER and SMCR read back. Beyond it: DMA requests,
bursts through DMAR, TRGO (``timer_requests.py``); capture, slave and encoder modes (``timer_inputs.py``).
Centre-aligned counting and break are not modelled.
"""

from __future__ import annotations

from typing import Annotated

from sim.engine.devices.base import Event, Services
from sim.engine.devices.registers import Field, Mode, RegisterDevice
from sim.engine.devices.timers import timer_requests
from sim.engine.devices.timers.timer_inputs import TimerInputs
from sim.engine.devices.timers.timer_requests import TimerRequests
from sim.engine.members import Bits, ReadOnly
from sim.engine.native.counter import NativeCounter
from sim.errors import CrosscamError

_CHANNELS = 4
_RESET_PIN = 0xFF  # no pad of the chip: Renode's way to reset the model
_UIF, _TIF = 1, 1 << 6
_ENABLES = 0x5F  # UIE, CC1IE to CC4IE, TIE; flags lie where their enables do
_CNT, _DMAR = 0x24, 0x4C
_ACTIVE, _INACTIVE, _TOGGLE, _FORCE_LOW, _FORCE_HIGH, _PWM1, _PWM2 = range(1, 8)


class Stm32Timer(RegisterDevice):
    """One timer clocked with ``frequency`` Hz; ``initial_limit`` (0xFFFF or 0xFFFFFFFF) gives its width."""

    RENODE_TYPES = ("Timers.STM32_Timer",)
    RENODE_MEMBERS = ("Frequency",)

    frequency: Annotated[int, ReadOnly(), Bits(64)]

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
        self._trigger_interrupt = self.add_output("TriggerInterrupt")
        for unused in ("BreakInterrupt", "CommutationInterrupt"):
            self.add_output(unused)
        self._channels = [self.add_output(channel) for channel in range(_CHANNELS)]
        self._event: Event | None = None
        self._declare()
        self._forget()

    def _declare(self) -> None:
        bank, width = self.bank, self._width
        cr1 = bank.register(0x00, "CR1").after_write(lambda _: self._reschedule())
        self._cen = cr1.flag(0, "CEN", on_change=self._switched)
        self._udis = cr1.flag(1, "UDIS")
        self._urs = cr1.flag(2, "URS")
        self._opm = cr1.flag(3, "OPM")
        self._dir = cr1.flag(4, "DIR", on_change=lambda old, new: self._mirror())
        cr1.field(5, 2, "CMS", on_write=self._alignment)
        self._arpe = cr1.flag(7, "ARPE")
        cr1.storage(0x0BFF)
        cr2 = bank.register(0x04, "CR2")
        self._compare_requests = cr2.flag(3, "CCDS")
        master_mode = cr2.field(4, 3, "MMS")
        cr2.storage().after_write(lambda _: self._reschedule())
        slave = bank.register(0x08, "SMCR").storage().after_write(self._slave_mode)
        dier = bank.register(0x0C, "DIER").after_write(lambda _: self._reschedule())
        self._interrupt_enables = dier.field(0, 7, "TIE COMIE CC4IE CC3IE CC2IE CC1IE UIE")
        dier.storage(0x7FFF)
        status = bank.register(0x10, "SR")
        self._flags = status.field(0, 7, "TIF COMIF CC4IF .. UIF", Mode.WRITE_ZERO_TO_CLEAR)
        self._overcaptured = status.field(9, 4, "CC4OF .. CC1OF", Mode.WRITE_ZERO_TO_CLEAR)
        status.after_write(lambda _: self._update())
        bank.register(0x14, "EGR").field(0, 8, "UG", Mode.WRITE, on_write=self._generate)
        self._modes: list[Field] = []
        mode_registers = []
        for index in range(2):
            ccmr = bank.register(0x18 + 4 * index, f"CCMR{index + 1}").after_write(lambda _: self._outputs_changed())
            mode_registers.append(ccmr)
            self._modes += [ccmr.field(4, 3, f"OC{2 * index + 1}M"), ccmr.field(12, 3, f"OC{2 * index + 2}M")]
            ccmr.storage()
        ccer = bank.register(0x20, "CCER").storage().after_write(lambda _: self._outputs_changed())
        self._output_enables = ccer
        self._count_field = bank.register(_CNT, "CNT").field(
            0, width, "CNT", read=self._synced_count, on_write=self._set_count
        )
        self._psc = bank.register(0x28, "PSC").field(0, 16, "PSC")
        self._arr = bank.register(0x2C, "ARR", self._limit).field(0, width, "ARR", on_write=self._set_limit)
        self._rcr = bank.register(0x30, "RCR").field(0, 16, "REP")
        self._compare = [
            bank.register(0x34 + 4 * index, f"CCR{index + 1}").field(0, width, "CCR", on_write=self._compare_written)
            for index in range(_CHANNELS)
        ]
        for offset, name in ((0x44, "BDTR"), (0x60, "AF1"), (0x68, "TISEL")):
            bank.register(offset, name).storage()
        burst = bank.register(0x48, "DCR")
        self._burst_base, self._burst_length = burst.field(0, 5, "DBA"), burst.field(8, 5, "DBL")
        bank.register(_DMAR, "DMAR").storage()
        self._inputs = TimerInputs(self, mode_registers, ccer, slave)
        self._requests = TimerRequests(self, dier, self._burst_length, master_mode)

    def _forget(self) -> None:
        self._cancel()
        self._counter = 0  # value at tick _ticks
        self._base = self.services.clock.now  # cycle from which ticks count
        self._phase = 0  # part of a tick gone at _base, in units of the divisor
        self._ticks = 0  # ticks since _base already accounted for
        self._part = (0, 1)  # of a tick gone when the clock was held
        self._held = False  # it stands
        self._prescaler = 1
        self._period = self._limit
        self._repetitions = 0
        self._burst_place = 0  # transfers of a burst done
        self._part_count = 0  # external counts the prescaler has kept
        self._syncing = False
        self._happened: list[int] = []  # events to tell of when the time has been accounted for
        for line in (self.irq, self.update_interrupt, self.capture_compare_interrupt, self._trigger_interrupt):
            line.set(False)
        for line in self._channels:
            line.set(False)
        self._inputs.forget()
        self._requests.forget()

    def reset(self) -> None:
        super().reset()
        self._forget()

    def on_gpio(self, number: int, value: bool) -> None:
        """Inputs 0 to 3 are the channels, 16 to 19 the internal triggers; 0xFF resets the timer."""
        if number == _RESET_PIN:
            if value:
                self.reset()
            return
        self._sync()
        self._inputs.level(number, value)
        self._tell()

    def read(self, offset: int, width: int) -> int:
        self._sync()
        value = self.bank.read(self._burst_register(offset), width)
        if 0x34 <= offset < 0x44 and self._is_capture(channel := offset - 0x34 >> 2):
            self._flags.value &= ~(2 << channel)  # reading what was captured clears CCxIF
            self._update()
        return value

    def write(self, offset: int, width: int, value: int) -> None:
        self._sync()
        self.bank.write(self._burst_register(offset), width, value)
        self._tell()

    def _burst_register(self, offset: int) -> int:
        """DMAR stands for the registers from DBA on, one after the other (38.4.22)."""
        if offset != _DMAR:
            return offset
        self._requests.burst_accessed()
        register = 4 * (self._burst_base.value + self._burst_place)
        self._burst_place = 0 if self._burst_place >= self._burst_length.value else self._burst_place + 1
        return register if register != _DMAR else 0x48

    @property
    def count_now(self) -> int:
        """CNT now."""
        self._sync()
        return self._counter

    def native_counter(self, offset: int, width: int) -> NativeCounter | None:
        """How CNT counts until it wraps, for loops that poll it; None where it does not."""
        if offset != _CNT or width != 4 or not self._counting:
            return None
        self._sync()
        if not self._counting:
            return None
        frequency, anchor = self.frequency, self._cycle_of(self._ticks)
        passed = (anchor - self._base) * frequency + self._phase - self._ticks * self._divisor
        step = -frequency if self._dir else frequency
        wrap = self._cycle_of(self._ticks + self._to_wrap())
        return NativeCounter.made(self._counter, anchor, step, self._divisor, wrap, passed)

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
        """The internal clock counts."""
        running = bool(self._cen) and self._period > 0 and not self._held
        return running and not (self._inputs.external or self._inputs.gated_shut)

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
        if not self._counting or self._syncing:
            return
        self._syncing = True
        self._count_elapsed()
        self._syncing = False
        self._tell()

    def _tell(self) -> None:
        """Pass on what has happened; whoever hears of it may use the registers."""
        while self._happened:
            self._requests.happened(self._happened.pop(0))
        self._requests.ask()

    def _count_elapsed(self) -> None:
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
        if any(self._requests.wanted(event) for event in range(1 + _CHANNELS)):
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
            self._updated()
        if self._dir:
            self._counter = self._period
        for channel in range(_CHANNELS):
            mode = self._modes[channel].value
            if mode in (_PWM1, _PWM2):
                self._drive(channel, mode == _PWM1)
            if self._compare[channel].value == self._counter:
                self._match(channel)
        self._update()

    def _updated(self) -> None:
        """An update event that is told of; with CCDS the channels' requests come with it."""
        self._happened.append(timer_requests.UPDATE)
        if self._compare_requests:
            self._happened += range(1, 1 + _CHANNELS)

    def _load_shadows(self) -> None:
        self._repetitions = self._rcr.value
        self._period = self._arr.value
        self._rescale(self._psc.value + 1)

    def _is_capture(self, channel: int) -> bool:
        """CCxS: the channel is an input."""
        return bool(self.bank[0x18 + 4 * (channel >> 1)].raw >> 8 * (channel & 1) & 3)

    def _match(self, channel: int) -> None:
        if self._is_capture(channel):
            return
        self._flags.value |= 2 << channel
        if not self._compare_requests:
            self._happened.append(1 + channel)
        mode = self._modes[channel].value
        if mode in (_ACTIVE, _PWM2):
            self._drive(channel, True)
        elif mode in (_INACTIVE, _PWM1):
            self._drive(channel, False)
        elif mode == _TOGGLE:
            self._drive(channel, not self._channels[channel].value)

    def _drive(self, channel: int, level: bool) -> None:
        self._requests.reference(channel, level)
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
                    self._updated()
            self._counter = self._period if self._dir else 0
            self._restart_base()
            self._requests.was_reset()
        self._flags.value |= written & 0x5E
        self._happened += (1 + channel for channel in range(_CHANNELS) if written >> 1 + channel & 1)
        self._reschedule()

    def _switched(self, old: int, new: int) -> None:
        """CEN has changed."""
        self._restart_base()
        self._requests.switched(bool(new))

    def _alignment(self, value: int) -> None:
        if value:
            self.log.warning("centre-aligned counting is not modelled: counts edge-aligned")

    def _slave_mode(self, written: int) -> None:
        if written & 0x10000:
            self.log.warning("combined reset and trigger mode (SMCR.SMS = 8) is not modelled")
        self._restart_base()
        self._reschedule()

    # --- what the inputs do ---

    def captured(self, channel: int, count: int) -> None:
        """CCRx gets ``count``; CCxOF when the last one had not been taken."""
        if self._flags.value >> 1 + channel & 1:
            self._overcaptured.value |= 1 << channel
        self._compare[channel].value = count
        self._flags.value |= 2 << channel
        self._happened.append(1 + channel)
        self._update()

    def restart(self) -> None:
        """Slave mode reset: an update event (UIF unless URS), the counter at its start."""
        self._generate(1)

    def trigger(self) -> None:
        """TIF, and its DMA request."""
        self._flags.value |= _TIF
        self._happened.append(timer_requests.TRIGGER)
        self._update()

    def gate(self) -> None:
        """The gate has opened or shut; what was counted before has been accounted for."""
        self._restart_base()
        self._reschedule()

    def start(self) -> None:
        """The trigger sets CEN."""
        if not self._cen:
            self._cen.value = 1
            self._switched(0, 1)
            self._reschedule()

    def count(self, up: bool) -> None:
        """One count by an external clock or an encoder, divided by the prescaler."""
        if not self._cen or not self._period:
            return
        self._part_count += 1
        if self._part_count < self._prescaler:
            return
        self._part_count = 0
        self._dir.value = not up
        if self._to_wrap() > 1:
            self._counter += 1 if up else -1
            for index in range(_CHANNELS):
                if self._compare[index].value == self._counter:
                    self._match(index)
            self._update()
        else:
            self._wrap()

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
        self._held = True

    def resume(self) -> None:
        """Go on with the part of a tick that was gone."""
        self._held = False
        gone, divisor = self._part
        self._base, self._ticks = self.services.clock.now, 0
        self._phase = gone * self._divisor // divisor
        self._reschedule()

    # --- interrupts and events ---

    def _update(self) -> None:
        active = self._flags.value & self._interrupt_enables.value & _ENABLES
        self.update_interrupt.set(bool(active & _UIF))
        self.capture_compare_interrupt.set(bool(active & ~(_UIF | _TIF)))
        self._trigger_interrupt.set(bool(active & _TIF))
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
        if enables & _UIF or any(wired) or self._requests.wanted(timer_requests.UPDATE):
            ticks.append(wrap)
        for channel in range(_CHANNELS):
            heard = enables >> 1 + channel & 1 or self._requests.wanted(1 + channel)
            if self._is_capture(channel):
                continue
            if heard or (wired[channel] and self._output_enables.raw >> 4 * channel & 1):
                ticks.append(self._to_match(channel) or wrap)
        if ticks:
            due = self._cycle_of(self._ticks + min(ticks))
            clock = self.services.clock
            self._event = clock.schedule(max(0, due - clock.now), self._due)

    def _due(self) -> None:
        self._event = None
        self._sync()
        self._reschedule()
