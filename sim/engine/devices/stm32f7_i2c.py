"""I2C version 2 of STM32F7 and H7, master mode (RM0433 section 47).

As in Renode's ``I2C.STM32F7_I2C``: a transfer takes no virtual time; the slave gets the bytes of a write in one
piece when NBYTES of them are in TXDR, and is asked for NBYTES at once when a read starts; TC, TCR or STOPF come
with the last byte (of a read: when RXDR gives it out).

Beyond Renode, as the chip does: no answer at the address sets NACKF and STOPF (Renode sets nothing and the
firmware waits for ever); NBYTES = 0 completes at once, so a bus scan works; BUSY is high from START to STOP; TXE is
high between bytes; STOP in the middle of a write hands the slave the bytes sent so far. Slave mode, SMBus, 10-bit
addressing details, DMA requests and bus errors are not modelled.
"""

from __future__ import annotations

from collections import deque

from sim.engine.devices.base import Services
from sim.engine.devices.i2c_controller import I2cController
from sim.engine.devices.registers import Mode


class Stm32F7I2c(I2cController):
    """One I2C controller; slaves are children at their 7-bit addresses."""

    RENODE_TYPES = ("I2C.STM32F7_I2C",)

    def __init__(self, services: Services, name: str) -> None:
        super().__init__(services, name)
        self._receive: deque[int] = deque()
        self._forget_transfer()
        self._declare()

    def _declare(self) -> None:
        bank = self.bank
        cr1 = bank.register(0x00, "CR1").after_write(lambda _: self._update())
        self._enabled = cr1.flag(0, "PE", on_change=self._enable_changed)
        self._txie = cr1.flag(1, "TXIE")
        self._rxie = cr1.flag(2, "RXIE")
        self._nackie = cr1.flag(4, "NACKIE")
        self._stopie = cr1.flag(5, "STOPIE")
        self._tcie = cr1.flag(6, "TCIE")
        cr1.storage(0x00FFDFFF)
        cr2 = bank.register(0x04, "CR2").after_write(lambda _: self._command())
        self._sadd = cr2.field(0, 10, "SADD")
        self._read_transfer = cr2.flag(10, "RD_WRN")
        self._add10 = cr2.flag(11, "ADD10")
        self._start = cr2.flag(13, "START")
        self._stop = cr2.flag(14, "STOP")
        self._nbytes = cr2.field(16, 8, "NBYTES")
        self._reload = cr2.flag(24, "RELOAD")
        self._autoend = cr2.flag(25, "AUTOEND")
        cr2.storage(0x07FFFFFF)
        bank.register(0x08, "OAR1").storage(0x87FF)
        bank.register(0x0C, "OAR2").storage(0x87FE)
        bank.register(0x10, "TIMINGR").storage(0xF0FFFFFF)
        bank.register(0x14, "TIMEOUTR").storage(0x8FFF9FFF)
        bank.register(0x18, "ISR", reset=1).value_from(self._status).storage(0x3)  # a written TXE only flushes TXDR
        bank.register(0x1C, "ICR").after_write(self._clear).field(0, 32, "ICR", Mode.WRITE)
        bank.register(0x20, "PECR").field(0, 8, "PEC", Mode.READ)
        bank.register(0x24, "RXDR").field(0, 8, "RXDATA", Mode.READ, read=self._pop)
        bank.register(0x28, "TXDR").field(0, 8, "TXDATA", on_write=self._push)

    def reset(self) -> None:
        super().reset()
        self._forget_transfer()
        self._update()

    def _forget_transfer(self) -> None:
        self._target = None
        self._busy = False
        self._writing = False  # TXIS: the transfer wants a byte in TXDR
        self._complete = self._complete_reload = self._stopped = self._nacked = False
        self._receive.clear()
        self._transmit.clear()

    def _status(self) -> int:
        return (
            1  # TXE: a byte leaves TXDR at once
            | self._writing << 1
            | bool(self._receive) << 2
            | self._nacked << 4
            | self._stopped << 5
            | self._complete << 6
            | self._complete_reload << 7
            | self._busy << 15
        )

    def _enable_changed(self, old: int, new: int) -> None:
        """PE = 0 is the software reset: transfer forgotten, flags cleared, configuration kept (47.4.6)."""
        if not new:
            self._forget_transfer()

    def _command(self) -> None:
        start, stop = bool(self._start), bool(self._stop)
        self._start.value = self._stop.value = 0
        if (start or stop) and not self._enabled:
            self.log.warning("START or STOP while the peripheral is off (PE = 0): ignored")
        elif start and stop:
            self.log.warning("START and STOP in one write: transfer ignored")
        elif start:
            self._begin()
        elif stop:
            self._end()
        elif self._complete_reload and self._nbytes.value:
            self._complete_reload = False
            self._next_chunk()
        self._update()

    def _begin(self) -> None:
        self._flush()
        self._receive.clear()
        self._complete = self._complete_reload = self._writing = False
        self._busy = True
        address = self._sadd.value if self._add10 else self._sadd.value >> 1 & 0x7F
        if not self._select(address):
            self._nacked = True
            self._busy = False
            self._stopped = True
            return
        self._next_chunk()

    def _next_chunk(self) -> None:
        """NBYTES more bytes of the transfer under way."""
        count = self._nbytes.value
        if not count:
            self._chunk_done()
        elif not self._read_transfer:
            self._writing = True
        elif self._target is not None:
            self._receive.extend(self._target.read(count))

    def _chunk_done(self) -> None:
        self._writing = False
        if self._reload:
            self._complete_reload = True
        elif self._autoend:
            self._end()
        else:
            self._complete = True
        self._update()

    def _end(self) -> None:
        """STOP condition."""
        self._flush()
        if not self._busy:
            self.log.warning("STOP without a transfer: ignored")
            return
        self._busy = self._writing = self._complete = self._complete_reload = False
        self._stopped = True
        if self._target is not None:
            self._target.finish_transmission()

    def _push(self, value: int) -> None:
        if not self._writing:
            self.log.warning("TXDR written (0x%02X) while no write transfer wants a byte", value)
            return
        self._transmit.append(value)
        if len(self._transmit) == self._nbytes.value:
            self._flush()
            self._chunk_done()

    def _pop(self) -> int:
        if not self._receive:
            self.log.warning("RXDR read while nothing has been received")
            return 0
        value = self._receive.popleft()
        if not self._receive:
            self._chunk_done()
        return value

    def _clear(self, written: int) -> None:
        if written & 1 << 4:
            self._nacked = False
        if written & 1 << 5:
            self._stopped = False
        self._update()

    def _update(self) -> None:
        self.event_interrupt.set(
            (bool(self._tcie) and (self._complete or self._complete_reload))
            or (bool(self._txie) and self._writing)
            or (bool(self._rxie) and bool(self._receive))
            or (bool(self._stopie) and self._stopped)
            or (bool(self._nackie) and self._nacked)
        )
