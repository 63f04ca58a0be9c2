"""Low-power timer of STM32L0, L4, F7 and H7 (RM0433 section 43): prescaler, auto-reload, compare, interrupts.

The counter is computed from virtual time when somebody looks; an event is scheduled only for an enabled interrupt.

Parameters, registers and the interrupt as in Renode's ``Timers.STM32L0_LpTimer``: CMPOK and ARROK come with the write.
Deviations, all as on the chip: the period is ARR + 1 counts (Renode: ARR); CMPM comes in every period, CMP = 0
included; with PRELOAD, ARR and CMP take effect at the end of the period; CFGR and IER can be written only while the
timer is disabled, ARR and CMP only while it is enabled; COUNTRST. External clocks, triggers, waveform output and the
encoder are not modelled; nor are the repetition counter and DIEROK of newer chips.
"""

from __future__ import annotations

from sim.engine.devices.base import Event, Services
from sim.engine.devices.registers import Mode, RegisterDevice
from sim.engine.devices.ticks import Ticks
from sim.errors import CrosscamError

_CMPM, _ARRM, _CMPOK, _ARROK = 1 << 0, 1 << 1, 1 << 3, 1 << 4
_IER, _CFGR, _CMP, _ARR = 0x08, 0x0C, 0x14, 0x18


class Stm32LpTim(RegisterDevice):
    """One timer whose kernel clock has ``frequency`` Hz."""

    RENODE_TYPES = ("Timers.STM32L0_LpTimer",)

    def __init__(self, services: Services, name: str, *, frequency: int) -> None:
        super().__init__(services, name)
        if frequency <= 0:
            raise CrosscamError(f"{name}: frequency is {frequency} Hz, expected more than 0")
        self.irq = self.add_output("IRQ")
        self._ticks = Ticks(services.clock, frequency)
        self._event: Event | None = None
        bank = self.bank
        self._flags = bank.register(0x00, "ISR").field(0, 7, "ISR", Mode.READ)
        bank.register(0x04, "ICR").after_write(self._clear).field(0, 7, "ICR", Mode.WRITE)
        self._enables = bank.register(_IER, "IER").field(0, 7, "IER")
        cfgr = bank.register(_CFGR, "CFGR").after_write(self._configured)
        self._presc = cfgr.field(9, 3, "PRESC")
        self._preload = cfgr.flag(22, "PRELOAD")
        cfgr.storage(0x01FEEEDF)
        cr = bank.register(0x10, "CR").after_write(self._control)
        self._enabled = cr.flag(0, "ENABLE")
        cr.field(1, 2, "CNTSTRT SNGSTRT", Mode.WRITE)
        cr.flag(3, "COUNTRST", Mode.WRITE)
        cr.storage(1 << 4)
        self._cmp = bank.register(_CMP, "CMP").field(0, 16, "CMP", on_write=self._compare_written)
        self._arr = bank.register(_ARR, "ARR", reset=1).field(0, 16, "ARR", on_write=self._reload_written)
        bank.register(0x1C, "CNT").field(0, 16, "CNT", Mode.READ, read=self._count)
        bank.register(0x24, "CFGR2").storage(0x33)
        self._forget()

    def _forget(self) -> None:
        self._cancel()
        self._running = self._one_shot = False
        self._seen = 0  # ticks already looked at
        self._zero = 0  # tick at which the present period began
        self._compare, self._limit = self._cmp.value, self._arr.value  # in use

    def reset(self) -> None:
        super().reset()
        self._forget()
        self._update()

    def set_clock(self, hertz: int) -> None:
        """The kernel clock runs at so many Hz (more than 0) from now on; counting goes on."""
        if hertz != self._ticks.frequency:
            self._sync()
            self._ticks.retune(hertz)
            self._zero -= self._seen
            self._seen = 0
            self._update()

    def read(self, offset: int, width: int) -> int:
        self._sync()
        return self.bank.read(offset, width)

    def write(self, offset: int, width: int, value: int) -> None:
        self._sync()
        register = offset & ~3
        if register in (_IER, _CFGR) and self._enabled:
            self.log.warning("register 0x%X written (0x%X) while ENABLE is 1: ignored", offset, value)
        elif register in (_CMP, _ARR) and not self._enabled:
            self.log.warning("register 0x%X written (0x%X) while ENABLE is 0: ignored", offset, value)
        else:
            self.bank.write(offset, width, value)
        self._update()

    @property
    def counter(self) -> int:
        """CNT now."""
        self._sync()
        return self._count()

    def _count(self) -> int:
        """CNT when last looked at; ``read`` and ``write`` look first."""
        return self._seen - self._zero if self._running else 0

    # Counting

    def _sync(self) -> None:
        """Look at the ticks gone by: flags, ends of periods."""
        if not self._running:
            return
        now = self._ticks.passed
        while self._running and self._seen < now:
            period = self._limit + 1
            if self._settled and now - self._zero >= 2 * period:  # whole periods in which nothing new happens
                self._zero += (now - self._zero) // period * period
                self._seen = max(self._seen, self._zero)
            end = min(now, self._zero + period)
            for value, flag in ((self._compare, _CMPM), (self._limit, _ARRM)):
                if self._seen < self._zero + value <= end:
                    self._flags.value |= flag
            self._seen = end
            if end == self._zero + period:
                self._period_over()

    @property
    def _settled(self) -> bool:
        """Another period would change nothing."""
        seen = _ARRM | (_CMPM if self._compare <= self._limit else 0)
        return (
            not self._one_shot
            and self._flags.value & seen == seen
            and (self._compare, self._limit) == (self._cmp.value, self._arr.value)
        )

    def _period_over(self) -> None:
        self._zero = self._seen
        self._compare, self._limit = self._cmp.value, self._arr.value
        if self._one_shot:
            self._running = False
        elif not self._compare:
            self._flags.value |= _CMPM

    def _start(self, one_shot: bool) -> None:
        if self._running:
            self._one_shot = one_shot
            return
        self._running, self._one_shot = True, one_shot
        self._compare, self._limit = self._cmp.value, self._arr.value
        self._restart()

    def _restart(self) -> None:
        self._seen = self._zero = 0
        self._ticks.restart()

    # Registers

    def _control(self, written: int) -> None:
        if not self._enabled:
            self._running = False
            return
        single, continuous = bool(written & 2), bool(written & 4)
        if single and continuous:
            self.log.warning("SNGSTRT and CNTSTRT in one write: neither starts the timer")
        elif single or continuous:
            self._start(one_shot=single)
        if written & 8:
            self._restart()

    def _configured(self, written: int) -> None:
        self._ticks.restart(1 << self._presc.value)
        if written & 0x01860001:
            self.log.warning("CFGR 0x%X: external clock, trigger, counter and encoder modes are not modelled", written)

    def _compare_written(self, value: int) -> None:
        if not (self._preload and self._running):
            self._compare = value
        self._flags.value |= _CMPOK

    def _reload_written(self, value: int) -> None:
        if not (self._preload and self._running):
            self._limit = value
            if self._running and self._seen - self._zero > value:  # passed already: a new period
                self._zero = self._seen
        self._flags.value |= _ARROK

    def _clear(self, written: int) -> None:
        self._flags.value &= ~written

    # Interrupts

    def _cancel(self) -> None:
        if self._event is not None:
            self.services.clock.cancel(self._event)
            self._event = None

    def _update(self) -> None:
        """The interrupt line now, and an event for the next flag that would raise it."""
        self.irq.set(bool(self._flags.value & self._enables.value))
        self._cancel()
        wanted = self._enables.value & ~self._flags.value
        if not self._running or not wanted & (_CMPM | _ARRM):
            return
        ticks = [self._zero + self._limit + 1]
        for value, flag in ((self._compare, _CMPM), (self._limit, _ARRM)):
            if wanted & flag and self._zero + value > self._seen and value <= self._limit:
                ticks.append(self._zero + value)
        self._event = self.services.clock.schedule(self._ticks.cycles_until(min(ticks)), self._due)

    def _due(self) -> None:
        self._event = None
        self._sync()
        self._update()
