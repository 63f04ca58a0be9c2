"""I2C version 1 of STM32F1, F2, F4 and L1 (RM0090 section 27).

Registers, interrupts and slaves as in Renode's ``I2C.STM32F4_I2C``. That model answers at once and reads a slave once
an address; here the bus has the chip's clock: START, the address and each byte take their SCL periods, as CR2.FREQ
and CCR say (100 kHz while they say nothing). So every sequence of RM0090 figures 243 and 244 runs as drawn, those
included that need a byte still on its way: ACK, POS and STOP set while the last bytes come in, BTF with two bytes
waiting, repeated START.

A slave gets the bytes of a write in one piece at STOP or repeated START and is asked for read bytes one by one. No
answer at the address, or to a byte, sets AF. ``ReceiveDmaRequest`` and ``TransmitDmaRequest`` follow DMAEN; with LAST
the byte that ends the DMA transfer is not acknowledged. The slave side is in ``stm32f4_i2c_slave.py``;
``master_write`` and ``master_read`` play the other master. SMBus, PEC, arbitration and bus errors are not modelled.
"""

from __future__ import annotations

from collections.abc import Callable

from sim.engine.devices.base import Event, Services
from sim.engine.devices.dma_request import add_request
from sim.engine.devices.i2c.i2c_controller import I2cController, OtherTransfer
from sim.engine.devices.i2c.stm32f4_i2c_slave import BYTE, SlaveSide
from sim.engine.devices.registers import Mode

_STANDARD_MODE = 100_000  # Hz
_SB, _ADDR, _BTF, _ADD10, _STOPF = 1 << 0, 1 << 1, 1 << 2, 1 << 3, 1 << 4
_RXNE, _TXE, _AF = 1 << 6, 1 << 7, 1 << 10
_HEADER = 0b11110  # upper bits of the first byte of a 10-bit address


class Stm32F4I2c(I2cController):
    """One I2C controller; slaves are children at their 7-bit addresses."""

    RENODE_TYPES = ("I2C.STM32F4_I2C",)
    HAS_DEFAULT_OUTPUT = False

    def __init__(self, services: Services, name: str) -> None:
        super().__init__(services, name)
        self._event: Event | None = None
        self.receive_dma_request = add_request(self, "ReceiveDmaRequest", self._receive_wanted, False)
        self.transmit_dma_request = add_request(self, "TransmitDmaRequest", self._transmit_wanted, True)
        self._declare()
        self._slave = SlaveSide(self, self.bank)
        self._forget_transfer()

    def _declare(self) -> None:
        bank = self.bank
        cr1 = bank.register(0x00, "CR1").after_write(lambda _: self._control_written())
        self._enabled = cr1.flag(0, "PE")
        self._general_call = cr1.flag(6, "ENGC")
        self._start = cr1.flag(8, "START")
        self._stop = cr1.flag(9, "STOP")
        self._ack = cr1.flag(10, "ACK")
        self._pos = cr1.flag(11, "POS")
        self._software_reset = cr1.flag(15, "SWRST")
        cr1.storage(0xBFFB)
        cr2 = bank.register(0x04, "CR2").after_write(lambda _: self._update())
        self._freq = cr2.field(0, 6, "FREQ")
        self._iterren = cr2.flag(8, "ITERREN")
        self._itevten = cr2.flag(9, "ITEVTEN")
        self._itbufen = cr2.flag(10, "ITBUFEN")
        self._dma = cr2.flag(11, "DMAEN")
        self._last = cr2.flag(12, "LAST")
        cr2.storage(0x1F3F)
        bank.register(0x10, "DR").field(0, 8, "DR", read=self._take, on_write=self._put)
        sr1 = bank.register(0x14, "SR1").value_from(self._status1)
        sr1.flag(10, "AF", Mode.WRITE_ZERO_TO_CLEAR, on_write=self._clear_af)
        sr1.storage(0xDB00)  # errors that never happen: writing 0 clears them
        bank.register(0x18, "SR2").value_from(self._status2)
        ccr = bank.register(0x1C, "CCR")
        self._ccr = ccr.field(0, 12, "CCR")
        self._duty = ccr.flag(14, "DUTY")
        self._fast = ccr.flag(15, "F/S")
        bank.register(0x20, "TRISE", reset=2).storage(0x3F)
        bank.register(0x24, "FLTR").storage(0x1F)

    def reset(self) -> None:
        super().reset()
        self._forget_transfer()
        self._update()

    def _forget_transfer(self) -> None:
        self._cancel()
        self._slave.forget()
        self._target = None
        self._transmit.clear()
        self._flags = 0  # SB, ADDR, ADD10, STOPF, AF; the others follow from what is where
        self._address_seen = self._stop_seen = False  # SR1 read with ADDR, with STOPF set
        self._header: int | None = None  # first byte of a 10-bit address
        self._busy = self._sending = self._receiving = False
        self._shifting = False  # something is on the wire
        self._data: int | None = None  # DR, where it holds a byte
        self._waiting: int | None = None  # received while DR is full
        self._byte_done = False  # a sent byte is through and none follows
        self._acknowledge_next = True

    # The wire

    def _period(self) -> float:
        """Seconds of one SCL period (RM0090 27.6.8)."""
        ticks = self._ccr.value * ((25 if self._duty else 3) if self._fast else 2)
        if not ticks or not self._freq.value:
            return 1 / _STANDARD_MODE
        return ticks / (self._freq.value * 1_000_000)

    def _after(self, periods: int, action: Callable[[], None]) -> None:
        self._shifting = True
        clock = self.services.clock

        def run() -> None:
            self._event, self._shifting = None, False
            action()
            if not self._shifting:
                self._slave.poll()
            self._update()

        self._event = clock.schedule(max(1, round(periods * self._period() * clock.frequency)), run)

    def _cancel(self) -> None:
        if self._event is not None:
            self.services.clock.cancel(self._event)
            self._event = None

    def _turn(self) -> bool:
        """STOP or START, if asked for, now that the wire is free; whether one was."""
        if self._stop and self._busy:
            self._end()
            if self._start:
                self._after(1, self._started)
            return True
        if self._start:
            self._after(1, self._started)
            return True
        return False

    def _started(self) -> None:
        """START is on the bus."""
        self._flush()
        self._start.value = 0
        self._busy = True
        self._sending = self._receiving = self._byte_done = False
        self._flags |= _SB

    def _end(self) -> None:
        """STOP is on the bus."""
        self._flush()
        if self._target is not None:
            self._target.finish_transmission()
        self._target = None
        self._stop.value = 0
        self._busy = self._sending = self._receiving = self._byte_done = False
        self._flags &= ~(_SB | _ADDR)

    def _addressed(self, value: int) -> None:
        """The first byte after START is through."""
        if value >> 3 == _HEADER and not value & 1:
            if any(address >> 8 == value >> 1 & 3 for address in self.children if address > 0x7F):
                self._header = value
                self._flags |= _ADD10
            else:
                self._answered(self._select((value >> 1 & 3) << 8), reading=False)
            return
        # A header reads the slave of the write before this START.
        found = self._target is not None if value >> 3 == _HEADER else self._select(value >> 1)
        self._answered(found, reading=bool(value & 1))

    def _second_byte(self, value: int) -> None:
        """The second byte of a 10-bit address is through."""
        header, self._header = self._header or 0, None
        self._answered(self._select((header >> 1 & 3) << 8 | value), reading=False)

    def _answered(self, found: bool, reading: bool) -> None:
        if not found:
            self._flags |= _AF
            self._turn()
            return
        self._flags |= _ADDR
        self._address_seen = False
        self._sending, self._receiving = not reading, reading

    def _address_cleared(self) -> None:
        self._flags &= ~_ADDR
        if self._slave.active:
            if not self._shifting:
                self._slave.go_on()
        elif self._receiving:
            self._acknowledge_next = bool(self._ack)
            self._receive_next()
        elif not self._turn():
            self._data = None

    # Sending

    def _put(self, value: int) -> None:
        if self._flags & _SB:
            self._flags &= ~_SB
            self._after(BYTE, lambda: self._addressed(value))
        elif self._flags & _ADD10:
            self._flags &= ~_ADD10
            self._after(BYTE, lambda: self._second_byte(value))
        elif self._slave.busy and self._sending:
            self._data = value
            if not self._shifting and not self._flags & _ADDR:
                self._slave.go_on()
        elif not self._sending or self._flags & _ADDR:
            self.log.warning("DR written (0x%02X) while the controller sends nothing: ignored", value)
        elif self._shifting:
            if self._data is not None:
                self.log.warning("DR written (0x%02X) while TXE is 0: 0x%02X is lost", value, self._data)
            self._data = value
        else:
            self._shift_out(value)
        self._update()

    def _shift_out(self, value: int) -> None:
        self._byte_done = False
        self._after(BYTE, lambda: self._sent(value))

    def _sent(self, value: int) -> None:
        if not self._send_byte(value):
            self._data = None
            self._flags |= _AF
            self._turn()
        elif self._data is not None:
            value, self._data = self._data, None
            self._shift_out(value)
        elif not self._turn():
            self._byte_done = True

    # Receiving

    def _receive_next(self) -> None:
        self._after(BYTE, self._byte_received)

    def _byte_received(self) -> None:
        """The acknowledge goes out with the byte: CR1.ACK as it is now, or with POS as it was one byte ago."""
        acknowledged = self._acknowledge_next if self._pos else bool(self._ack)
        if self._dma and self._last and self.receive_dma_request.remaining == 1:
            acknowledged = False
        self._acknowledge_next = bool(self._ack)
        assert self._target is not None
        value = self._target.read(1)[0]
        if self._data is None:
            self._data = value
        else:
            self._waiting = value
        if not acknowledged:
            self._receiving = False
        if not self._turn() and self._receiving and self._waiting is None:
            self._receive_next()

    def _take(self) -> int:
        if (self._sending and not self._slave.busy) or self._data is None:
            self.log.warning("DR read while nothing has been received")
            return 0
        value, self._data = self._data, self._waiting
        stalled, self._waiting = self._waiting is not None, None
        if stalled and not self._shifting:
            if self._slave.active:
                self._slave.go_on()
            elif self._receiving:
                self._receive_next()
        self._update()
        return value

    # Registers

    def _control_written(self) -> None:
        if self._software_reset:  # holds every register in reset
            self.bank.reset()
            self._software_reset.value = 1
            self._forget_transfer()
        elif not self._enabled:
            if self._start or self._stop:
                self.log.warning("START or STOP while the peripheral is off (PE = 0): ignored")
                self._start.value = self._stop.value = 0
            self._forget_transfer()
        else:
            if self._stop_seen:
                self._stop_seen = False
                self._flags &= ~_STOPF
            if self._stop and not self._busy and not self._shifting:
                self._stop.value = 0
            elif (self._start or self._stop) and not (self._shifting or self._flags & _ADDR or self._slave.busy):
                self._turn()
            self._slave.poll()
        self._update()

    def _clear_af(self, value: int) -> None:
        if not value:
            self._flags &= ~_AF
            self._update()

    @property
    def _events(self) -> int:
        """SR1 as it is."""
        result = self._flags
        if self._sending:
            if self._data is None and not self._flags & _ADDR:
                result |= _TXE
            if self._byte_done:
                result |= _BTF
        elif self._data is not None:
            result |= _RXNE
            if self._waiting is not None:
                result |= _BTF
        return result

    def _status1(self) -> int:
        self._address_seen |= bool(self._flags & _ADDR)
        self._stop_seen |= bool(self._flags & _STOPF)
        return self._events

    def _status2(self) -> int:
        """MSL, BUSY, TRA, GENCALL, DUALF; after a read of SR1, this clears ADDR."""
        slave = self._slave
        result = self._busy | (self._busy or slave.busy) << 1 | self._sending << 2
        if slave.busy:
            result |= slave.general << 4 | slave.dual << 7
        if self._address_seen:
            self._address_seen = False
            self._address_cleared()
            self._update()
        return result

    def _update(self) -> None:
        events = self._events
        wanted = _SB | _ADDR | _BTF | _ADD10 | _STOPF | (_TXE | _RXNE if self._itbufen else 0)
        self.event_interrupt.set(bool(self._itevten) and bool(events & wanted))
        self.error_interrupt.set(bool(self._iterren) and bool(events & _AF))
        self.receive_dma_request.ask()
        self.transmit_dma_request.ask()

    def _receive_wanted(self) -> int:
        return int(bool(self._dma) and self._data is not None and not self._sending)

    def _transmit_wanted(self) -> int:
        return int(bool(self._dma) and bool(self._events & _TXE))

    # Another master

    def _other_master(self, transfer: OtherTransfer) -> None:
        self._slave.begin(transfer)

    @property
    def slave_allowed(self) -> bool:
        """The controller is on and masters no transfer itself."""
        return bool(self._enabled) and not self._busy and not self._shifting

    @property
    def acknowledges(self) -> bool:
        """CR1.ACK."""
        return bool(self._ack)

    @property
    def general_call(self) -> bool:
        """CR1.ENGC."""
        return bool(self._general_call)

    def after(self, periods: int, action: Callable[[], None]) -> None:
        """Something takes so many SCL periods."""
        self._after(periods, action)

    def slave_addressed(self, sending: bool) -> None:
        """Set ADDR."""
        self._flags |= _ADDR
        self._address_seen = False
        self._sending, self._byte_done = sending, False

    def slave_received(self, value: int) -> bool:
        """A byte came in; whether there is room for another."""
        if self._data is None:
            self._data = value
            return True
        self._waiting = value
        return False

    def slave_take(self, first: bool) -> int | None:
        """The byte to send, where DR holds one; without one the bus waits, and BTF says so but for the first."""
        value, self._data = self._data, None
        self._byte_done = value is None and not first
        return value

    def slave_stopped(self) -> None:
        """STOP after an acknowledged byte."""
        self._flags |= _STOPF
        self._slave_over()

    def slave_refused(self) -> None:
        """The other master did not acknowledge: AF, and no STOPF (27.6.6)."""
        self._flags |= _AF
        self._slave_over()

    def _slave_over(self) -> None:
        self._sending = self._byte_done = False
        if self._start:
            self._turn()
