"""I2C version 2 of STM32F7 and H7 (RM0433 section 47), as master and as slave.

By the ``instructions`` clock a transfer takes no virtual time, as in Renode's ``I2C.STM32F7_I2C``; by the others START,
the address, each byte with its acknowledge and STOP take their SCL periods: SCLL + 1 and SCLH + 1 ticks of the kernel
clock divided by PRESC + 1, and what the controller takes to see both edges, 4 kernel clocks and 50 ns an edge for the
analog filter (the least of 47.4.9; the rise time is the board's and left out). The slave is asked for NBYTES at once
when a read starts. It gets the bytes between START and STOP or a repeated START in one piece, also those of a transfer
in chunks (RELOAD), which Renode hands over one by one. What the firmware sees is the chip's:

- TXDR is a register of its own. A byte written before START is the first on the bus (47.4.9; ST's HAL preloads it);
  one written after the last stays for the next transfer, until a 1 written to TXE flushes it.
- A received byte waits in RXDR and the next one for RXNE to fall; TC, TCR or the STOP of AUTOEND come with the last
  byte's arrival, not with its being read.
- No answer at the address, or a slave that refuses a byte: NACKF, and a STOP of the controller's own (STOPF).
- START while a transfer is under way waits for its end; START after TC is a repeated one. NBYTES = 0 completes at once.
- PE = 0 resets the state machine and all flags, and keeps the configuration (47.4.6).
- ``ReceiveDmaRequest`` and ``TransmitDmaRequest`` (RXDMAEN with RXNE, TXDMAEN with TXIS).
- The slave side is in ``stm32f7_i2c_slave.py``; ``master_write`` and ``master_read`` play the other master.

Bus errors, lost arbitration, overrun, SMBus, PEC and time-outs never happen.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from sim.engine.devices.base import Services
from sim.engine.devices.dma_request import add_request
from sim.engine.devices.i2c.i2c_controller import I2cController, OtherTransfer
from sim.engine.devices.i2c.stm32f7_i2c_slave import SlaveSide
from sim.engine.devices.registers import Mode
from sim.engine.devices.wire import Wire

_TXE, _TXIS, _RXNE, _ADDR = 1 << 0, 1 << 1, 1 << 2, 1 << 3
_NACKF, _STOPF, _TC, _TCR = 1 << 4, 1 << 5, 1 << 6, 1 << 7
_BUSY, _DIR = 1 << 15, 1 << 16
_BYTE = 9  # SCL periods, the acknowledge among them
_FILTERS = 100  # nanoseconds of both edges of SCL
_SECOND = 1_000_000_000  # nanoseconds
_CORE_DIVIDER = 4  # kernel clock where the board's clocks are not followed
_EVENTS = 0x7E  # enables in CR1 lie where their flags do in ISR; TCIE is for TCR, too


class Stm32F7I2c(I2cController):
    """One I2C controller; slaves are children at their 7-bit addresses."""

    RENODE_TYPES = ("I2C.STM32F7_I2C",)
    HAS_DEFAULT_OUTPUT = False

    def __init__(self, services: Services, name: str) -> None:
        super().__init__(services, name)
        self.receive_dma_request = add_request(self, "ReceiveDmaRequest", self._receive_wanted, False)
        self.transmit_dma_request = add_request(self, "TransmitDmaRequest", self._transmit_wanted, True)
        self._incoming: deque[int] = deque()  # of a read, still on the wire
        self.frequency = 0
        """Kernel clock in Hz; 0: a quarter of the core's."""
        self._wire = Wire(services.clock)
        self._declare()
        self._slave = SlaveSide(self, self.bank)
        self._forget_transfer()

    def _declare(self) -> None:
        bank = self.bank
        cr1 = self._cr1 = bank.register(0x00, "CR1").after_write(lambda _: self._update())
        self._enabled = cr1.flag(0, "PE", on_change=self._enable_changed)
        self._transmit_dma = cr1.flag(14, "TXDMAEN")
        self._receive_dma = cr1.flag(15, "RXDMAEN")
        self._general_call = cr1.flag(19, "GCEN")
        cr1.storage(0x00FFDFFF)
        cr2 = bank.register(0x04, "CR2").after_write(lambda _: self._command())
        self._sadd = cr2.field(0, 10, "SADD")
        self._read_transfer = cr2.flag(10, "RD_WRN")
        self._add10 = cr2.flag(11, "ADD10")
        self._start = cr2.flag(13, "START", Mode.WRITE_ONE_TO_SET)
        self._stop = cr2.flag(14, "STOP", Mode.WRITE_ONE_TO_SET)
        self._nack = cr2.flag(15, "NACK", Mode.WRITE_ONE_TO_SET)
        self._nbytes = cr2.field(16, 8, "NBYTES")
        self._reload = cr2.flag(24, "RELOAD")
        self._autoend = cr2.flag(25, "AUTOEND")
        cr2.storage(0x07FFFFFF)
        timing = bank.register(0x10, "TIMINGR")
        self._low, self._high = timing.field(0, 8, "SCLL"), timing.field(8, 8, "SCLH")
        self._prescaler = timing.field(28, 4, "PRESC")
        timing.storage(0xF0FFFFFF)
        bank.register(0x14, "TIMEOUTR").storage(0x8FFF9FFF)
        isr = bank.register(0x18, "ISR", reset=_TXE).value_from(self._status).after_write(self._status_written)
        isr.field(0, 2, "TXIS TXE", Mode.WRITE)
        bank.register(0x1C, "ICR").after_write(self._clear).field(0, 32, "ICR", Mode.WRITE)
        bank.register(0x20, "PECR").field(0, 8, "PEC", Mode.READ)
        bank.register(0x24, "RXDR").field(0, 8, "RXDATA", Mode.READ, read=self._pop)
        bank.register(0x28, "TXDR").field(0, 8, "TXDATA", on_write=self._push)

    def reset(self) -> None:
        super().reset()
        self._forget_transfer()
        self._update()

    def _forget_transfer(self) -> None:
        self.txdr: int | None = None
        self.rxdr: int | None = None
        self.nacked = self.stopped = False
        self._target = None
        self._busy = False  # this controller masters the bus
        self._left = 0  # bytes of NBYTES still to move
        self._reading = False
        self._complete = self._complete_reload = False
        self._incoming.clear()
        self._transmit.clear()
        self._wire.cut()
        self._held = False  # a byte has come in, and RXDR is still full: the bus waits
        self._stop_asked = False  # after the byte that is on the wire
        self._slave.forget()

    # Flags

    @property
    def _writing(self) -> bool:
        """TXIS: the bus waits for a byte in TXDR."""
        wanted = (self._busy and not self._reading and self._left > 0) or self._slave.wants_byte
        return wanted and self.txdr is None

    def _status(self) -> int:
        slave = self._slave
        return (
            (self.txdr is None) * _TXE
            | self._writing * _TXIS
            | (self.rxdr is not None) * _RXNE
            | slave.addressed * _ADDR
            | self.nacked * _NACKF
            | self.stopped * _STOPF
            | self._complete * _TC
            | self._complete_reload * _TCR
            | (self._busy or slave.busy) * _BUSY
            | slave.sending * _DIR
            | slave.matched << 17
        )

    def _status_written(self, written: int) -> None:
        if written & _TXE:  # flushes TXDR
            self.txdr = None
            self._update()

    def _clear(self, written: int) -> None:
        if written & _ADDR:
            self._slave.acknowledge()
        if written & _NACKF:
            self.nacked = False
        if written & _STOPF:
            self.stopped = False
        self._advance()

    def _enable_changed(self, old: int, new: int) -> None:
        """PE = 0 is the software reset: transfer forgotten, flags cleared, configuration kept (47.4.6)."""
        if not new:
            self._start.value = self._stop.value = self._nack.value = 0
            self._forget_transfer()
        else:
            self._advance()

    # Master

    def _command(self) -> None:
        if (self._start or self._stop) and not self._enabled:
            self.log.warning("START or STOP while the peripheral is off (PE = 0): ignored")
            self._start.value = self._stop.value = 0
        elif self._start and self._stop:
            self.log.warning("START and STOP in one write: transfer ignored")
            self._start.value = self._stop.value = 0
        elif self._stop:
            self._stop.value = 0
            if self._busy and self._wire.busy:
                self._stop_asked = True
            elif self._busy:
                self._stop_bus()
            else:
                self.log.warning("STOP without a transfer: ignored")
        elif self._complete_reload and self._nbytes.value:
            self._complete_reload = False
            self._next_chunk()
        self._advance()

    def _begin(self) -> None:
        """START, or a repeated one, and the address."""
        self._flush()
        self._incoming.clear()
        self._complete = self._complete_reload = False
        self._busy = True
        self._reading = bool(self._read_transfer)
        header = _BYTE if self._add10 and not self._reading else 0
        self._after(1 + header + _BYTE, self._addressed)

    def _addressed(self) -> None:
        """The address is through."""
        self._start.value = 0
        address = self._sadd.value if self._add10 else self._sadd.value >> 1 & 0x7F
        if self._select(address):
            self._next_chunk()
        else:
            self._refused()

    def _refused(self) -> None:
        """No acknowledge: the controller sends STOP by itself (47.4.9)."""
        self.nacked = True
        self._stop_bus()

    def _next_chunk(self) -> None:
        """NBYTES more bytes of the transfer under way."""
        self._left = self._nbytes.value
        if not self._left:
            self._chunk_done()
        elif self._reading and self._target is not None:
            self._incoming.extend(self._target.read(self._left))

    def _chunk_done(self) -> None:
        if self._reload:
            self._complete_reload = True
        elif self._autoend:
            self._stop_bus()
        else:
            self._complete = True

    # The wire

    @property
    def _rate(self) -> int:
        """SCL periods a second."""
        kernel = self.frequency or self.services.clock.frequency // _CORE_DIVIDER
        ticks = (self._low.value + self._high.value + 2) * (self._prescaler.value + 1) + 4
        return max(1, kernel * _SECOND // (ticks * _SECOND + _FILTERS * kernel))

    def _after(self, periods: int, action: Callable[[], object]) -> None:
        """Once so many SCL periods are over, which may be at once."""
        if not self._wire.takes_time:
            action()
            return

        def through() -> None:
            action()
            if self._stop_asked and self._busy and not self._wire.busy:
                self._stop_bus()
            self._advance()

        self._wire.carry(periods, self._rate, through)

    def _stop_bus(self) -> None:
        self._stop_asked = self._held = False
        self._left = 0
        self._after(1, self._end)

    def _end(self) -> None:
        """STOP condition."""
        self._flush()
        self._incoming.clear()
        self._left = 0
        self._busy = self._complete = self._complete_reload = False
        self.stopped = True
        if self._target is not None:
            self._target.finish_transmission()
            self._target = None

    def _advance(self) -> None:
        """Whatever can move now, then the interrupt and request lines."""
        self._slave.advance()
        while self._step():
            pass
        self._slave.advance()
        self._update()

    def _step(self) -> bool:
        """One START or byte of a transfer of this master; whether there was one."""
        if self._wire.busy:
            return False
        if self._start and self._may_start:
            self._begin()
            return True
        if self._held:
            return self._take_in()
        if not self._busy or not self._left:
            return False
        if self._reading:
            return self._receive()
        if self.txdr is None:
            return False
        value, self.txdr = self.txdr, None
        self._left -= 1
        self._after(_BYTE, lambda: self._sent(value))
        return True

    def _receive(self) -> bool:
        if not self._incoming or (self.rxdr is not None and not self._wire.takes_time):
            return False
        self._after(_BYTE, self._take_in)
        return True

    def _take_in(self) -> bool:
        """A byte has come in: to RXDR, once that is free; whether it was."""
        self._held = self.rxdr is not None
        if self._held:
            return False
        self.rxdr = self._incoming.popleft()
        self._left -= 1
        if not self._left:
            self._chunk_done()
        return True

    def _sent(self, value: int) -> None:
        """A byte has gone out."""
        if not self._send_byte(value):
            self._refused()
        elif not self._left:
            self._chunk_done()

    @property
    def _may_start(self) -> bool:
        """The bus is free, or this master holds it between two transfers."""
        return not self._slave.busy and (not self._busy or not self._left)

    # Data registers

    def _push(self, value: int) -> None:
        if not self._enabled:
            self.log.warning("TXDR written (0x%02X) while the peripheral is off (PE = 0): ignored", value)
            return
        if self.txdr is not None:
            self.log.warning("TXDR written (0x%02X) while TXE is 0: 0x%02X is lost", value, self.txdr)
        self.txdr = value
        self._advance()

    def _pop(self) -> int:
        value, self.rxdr = self.rxdr, None
        if value is None:
            self.log.warning("RXDR read while nothing has been received")
            return 0
        self._advance()
        return value

    # Slave

    @property
    def slave_allowed(self) -> bool:
        """The controller is on and masters no transfer itself."""
        return bool(self._enabled) and not self._busy

    @property
    def general_call(self) -> bool:
        """CR1.GCEN."""
        return bool(self._general_call)

    def take_nack(self) -> bool:
        """CR2.NACK, which the NACK, an address match or a STOP clears (47.7.2)."""
        asked, self._nack.value = bool(self._nack), 0
        return asked

    def _other_master(self, transfer: OtherTransfer) -> None:
        self._slave.begin(transfer)
        self._update()

    # Lines

    def _receive_wanted(self) -> int:
        return int(bool(self._receive_dma) and self.rxdr is not None)

    def _transmit_wanted(self) -> int:
        return int(bool(self._transmit_dma) and self._writing)

    def _update(self) -> None:
        status, enables = self._status(), self._cr1.raw
        self.event_interrupt.set(bool(status & (enables & _EVENTS | (enables & _TC) << 1)))
        self.receive_dma_request.ask()
        self.transmit_dma_request.ask()
