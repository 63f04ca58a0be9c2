"""Bosch M_CAN, the FDCAN of STM32H7 (RM0433 section 56): classic and FD frames, everything in a message RAM.

Dedicated transmit buffers, transmit FIFO or queue and their mixture, cancellation, transmit events, two receive
FIFOs (blocking or overwriting), dedicated receive buffers, standard and extended filters, high priority messages,
timestamps, initialisation, restricted, bus monitoring, internal and external loop back mode, two interrupt lines. A
frame takes its bits' time at the rates of NBTP and DBTP, with a kernel clock of a sixth of the core's (80 MHz of
480); the type has no clock parameter in Renode, where frames are sent at once and only to a CAN hub. Without
``BusAcknowledges`` frames fail until the controller is error passive.

IR.TC and IR.TCF follow TXBTIE and TXBCIE as on the chip (Renode sets them always). The loop back modes are those of
TEST and CCCR; in Renode a looping hub stands for them. Not modelled: timeout counter and debug messages (warned of),
bit errors, bus off, transmitter delay, the clock calibration unit (``Calibration`` is never driven) and FDCAN1's
time triggered registers.
"""

from __future__ import annotations

from sim.engine.devices.base import Device, Event, Services
from sim.engine.devices.network.can_bus import CanController, CanFrame
from sim.engine.devices.network.mcan_elements import (
    DATA_SIZES,
    HEADER,
    Action,
    Filter,
    TransmitElement,
    receive_element,
)
from sim.engine.devices.network.mcan_queues import Ring, RingOffsets
from sim.engine.devices.registers import Mode

_HPM, _TC, _TCF, _TFE, _TEFN = 1 << 8, 1 << 9, 1 << 10, 1 << 11, 1 << 12
_MRAF, _DRX, _EP, _EW, _PEA = 1 << 17, 1 << 19, 1 << 23, 1 << 24, 1 << 27
_RF0L, _RF1L, _TEFL = 1 << 3, 1 << 7, 1 << 15
_WARNING, _PASSIVE = 96, 128
_ACKNOWLEDGMENT_ERROR, _NO_CHANGE = 3, 7
_EVENT_BYTES = 8
_CLOCK_DIVIDER = 6
_PROTECTED = frozenset(
    (0x0C, 0x10, 0x14, 0x1C, 0x20, 0x28, 0x48, 0x80, 0x84, 0x88, 0x90, 0xA0, 0xAC, 0xB0, 0xBC, 0xC0, 0xC8, 0xF0)
)


class MCan(CanController):
    """One controller. ``message_ram``: memory it may share with others; elements lie at word addresses in it."""

    RENODE_TYPES = ("CAN.MCAN",)
    HAS_DEFAULT_OUTPUT = False

    def __init__(self, services: Services, name: str, *, message_ram: Device) -> None:
        super().__init__(services, name)
        self._ram = message_ram
        self._lines = self.add_output("Line0"), self.add_output("Line1")
        self.add_output("Calibration")
        self._sending: tuple[Event, int, TransmitElement] | None = None
        self._get = self._put = self._queued = 0  # transmit FIFO: indices from its start, elements in it
        self._clock_start = 0
        self._declare_control()
        self._declare_interrupts()
        self._declare_reception()
        self._declare_transmission()

    def _declare_control(self) -> None:
        bank = self.bank
        bank.register(0x00, "CREL", reset=0x32141218).field(0, 32, "CREL", Mode.READ)
        bank.register(0x04, "ENDN", reset=0x87654321).field(0, 32, "ETV", Mode.READ)
        self._data_timing = bank.register(0x0C, "DBTP", reset=0x00000A33).storage(0x009F1FFF)
        test = bank.register(0x10, "TEST")
        self._loop_back = test.flag(4, "LBCK")
        test.storage(0x60)
        bank.register(0x14, "RWD").storage(0xFF)
        control = bank.register(0x18, "CCCR", reset=1).after_write(self._control_written)
        self._initialising = control.flag(0, "INIT", on_change=lambda old, new: self._init_changed(bool(new)))
        self._configurable = control.flag(1, "CCE", on_change=lambda old, new: self._configuration_changed(bool(new)))
        self._restricted = control.flag(2, "ASM")
        self._clock_stopped = control.flag(3, "CSA", Mode.READ)
        self._clock_stop = control.flag(4, "CSR")
        self._monitoring = control.flag(5, "MON")
        self._no_retry = control.flag(6, "DAR")
        self._test_enable = control.flag(7, "TEST")
        self._flexible = control.flag(8, "FDOE")
        self._switching = control.flag(9, "BRSE")
        control.storage(0xF000)
        self._nominal_timing = bank.register(0x1C, "NBTP", reset=0x06000A03).storage(0xFFFFFF7F)
        self._time_source = bank.register(0x20, "TSCC").field(0, 2, "TSS")
        self._time_prescaler = bank[0x20].field(16, 4, "TCP")
        bank.register(0x24, "TSCV").value_from(self.timestamp).after_write(self._restart_clock).field(
            0, 16, "TSC", Mode.WRITE
        )
        bank.register(0x28, "TOCC", reset=0xFFFF0000).storage(0xFFFF0007).after_write(self._timeout_written)
        bank.register(0x2C, "TOCV", reset=0xFFFF).storage(0xFFFF)
        self._errors = bank.register(0x40, "ECR").field(0, 8, "TEC", Mode.READ)
        status = bank.register(0x44, "PSR", reset=0x707)
        self._last_error = status.field(0, 3, "LEC", Mode.READ)
        status.field(3, 2, "ACT", Mode.READ, read=lambda: 3 if self._sending else 0 if self._initialising else 1)
        status.flag(5, "EP", Mode.READ, read=lambda: int(self._errors.value >= _PASSIVE))
        status.flag(6, "EW", Mode.READ, read=lambda: int(self._errors.value >= _WARNING))
        status.field(8, 3, "DLEC", Mode.READ)
        self._received_fast = status.flag(12, "RBRS", Mode.READ_TO_CLEAR)
        self._received_flexible = status.flag(13, "REDL", Mode.READ_TO_CLEAR)
        bank.register(0x48, "TDCR").storage(0x7F7F)
        bank.register(0x108, "TTOCF", reset=0x00010000).storage(0x07FFFFFB).after_write(self._time_trigger_written)

    def _declare_interrupts(self) -> None:
        bank = self.bank
        self._flags = bank.register(0x50, "IR").after_write(self._flags_cleared)
        self._flags.field(0, 30, "IR", Mode.WRITE_ONE_TO_CLEAR)
        self._enables = bank.register(0x54, "IE").storage(0x3FFFFFFF).after_write(lambda _: self._update())
        self._select = bank.register(0x58, "ILS").storage(0x3FFFFFFF).after_write(lambda _: self._update())
        self._line_enables = bank.register(0x5C, "ILE").storage(0x3).after_write(lambda _: self._update())

    def _declare_reception(self) -> None:
        bank = self.bank
        general = bank.register(0x80, "GFC")
        self._reject_remote = {True: general.flag(0, "RRFE"), False: general.flag(1, "RRFS")}
        self._unmatched = {True: general.field(2, 2, "ANFE"), False: general.field(4, 2, "ANFS")}
        standard, extended = bank.register(0x84, "SIDFC"), bank.register(0x88, "XIDFC")
        self._filter_lists = {
            False: (standard.field(2, 14, "FLSSA"), standard.field(16, 8, "LSS")),
            True: (extended.field(2, 14, "FLESA"), extended.field(16, 7, "LSE")),
        }
        self._and_mask = bank.register(0x90, "XIDAM", reset=0x1FFFFFFF).field(0, 29, "EIDM")
        self._priority_status = bank.register(0x94, "HPMS").field(0, 16, "HPMS", Mode.READ)
        self._new_data = [
            bank.register(0x98 + 4 * half, f"NDAT{half + 1}").field(0, 32, "ND", Mode.WRITE_ONE_TO_CLEAR)
            for half in range(2)
        ]
        self._fifos = [
            Ring(bank, "RXF0", RingOffsets(0xA0, 0xA4, 0xA8), 1 << 0, self._raise),
            Ring(bank, "RXF1", RingOffsets(0xB0, 0xB4, 0xB8), 1 << 4, self._raise),
        ]
        self._buffers = bank.register(0xAC, "RXBC").field(2, 14, "RBSA")
        sizes = bank.register(0xBC, "RXESC")
        self._fifo_sizes = sizes.field(0, 3, "F0DS"), sizes.field(4, 3, "F1DS")
        self._buffer_size = sizes.field(8, 3, "RBDS")

    def _declare_transmission(self) -> None:
        bank = self.bank
        layout = bank.register(0xC0, "TXBC")
        self._transmit_address = layout.field(2, 14, "TBSA")
        self._dedicated = layout.field(16, 6, "NDTB")
        self._queue_size = layout.field(24, 6, "TFQS")
        self._is_queue = layout.flag(30, "TFQM")
        bank.register(0xC4, "TXFQS").value_from(self._queue_status)
        self._transmit_size = bank.register(0xC8, "TXESC").field(0, 3, "TBDS")
        self._pending = bank.register(0xCC, "TXBRP").field(0, 32, "TRP", Mode.READ)
        bank.register(0xD0, "TXBAR").field(0, 32, "AR", Mode.WRITE, on_write=self._add_requests)
        bank.register(0xD4, "TXBCR").field(0, 32, "CR", Mode.WRITE, on_write=self._cancel_requests)
        self._occurred = bank.register(0xD8, "TXBTO").field(0, 32, "TO", Mode.READ)
        self._cancelled = bank.register(0xDC, "TXBCF").field(0, 32, "CF", Mode.READ)
        self._sent_enables = bank.register(0xE0, "TXBTIE").field(0, 32, "TIE")
        self._cancel_enables = bank.register(0xE4, "TXBCIE").field(0, 32, "CFIE")
        self._events = Ring(bank, "TXEF", RingOffsets(0xF0, 0xF4, 0xF8), _TEFN, self._raise)

    def reset(self) -> None:
        self._stop_sending()
        super().reset()
        self._forget_messages()
        self._clock_start = self.services.clock.now
        self._update()

    def write(self, offset: int, width: int, value: int) -> None:
        if offset & ~3 in _PROTECTED and not (self._configurable and self._initialising):
            self.log.warning("write of 0x%X at 0x%X without CCCR.CCE: ignored", value, offset)
            return
        if offset & ~3 == 0x10 and not self._test_enable and value:
            self.log.warning("write of 0x%X to TEST without CCCR.TEST: ignored", value)
            return
        self.bank.write(offset, width, value)

    # Modes (56.3.2)

    def _init_changed(self, on: bool) -> None:
        if on:
            self._stop_sending()
        else:
            self._configurable.value = 0

    def _configuration_changed(self, on: bool) -> None:
        if on and not self._initialising:
            self.log.warning("CCCR.CCE without INIT: ignored")
            self._configurable.value = 0
        elif on:
            self._forget_messages()

    def _control_written(self, written: int) -> None:
        if not self._test_enable:
            self._loop_back.value = 0
        if self._clock_stop and not self._clock_stopped:
            self._initialising.value = 1
            self._stop_sending()
        self._clock_stopped.value = self._clock_stop.value
        self._send_next()

    def _forget_messages(self) -> None:
        """What setting CCE resets."""
        for field in (self._priority_status, self._pending, self._occurred, self._cancelled):
            field.value = 0
        for ring in (*self._fifos, self._events):
            ring.clear()
        self._get = self._put = self._queued = 0

    def _time_trigger_written(self, written: int) -> None:
        if written & 3:
            self.log.warning("time triggered operation (TTOCF.OM) is not modelled")

    def _timeout_written(self, written: int) -> None:
        if written & 1:
            self.log.warning("the timeout counter (TOCC.ETOC) is not modelled")

    # Time (56.3.12)

    def _nominal_bit(self) -> int:
        """Core cycles of a nominal bit."""
        timing = self._nominal_timing.raw
        quanta = 3 + (timing & 0x7F) + (timing >> 8 & 0xFF)
        return quanta * ((timing >> 16 & 0x1FF) + 1) * _CLOCK_DIVIDER

    def _data_bit(self) -> int:
        timing = self._data_timing.raw
        quanta = 3 + (timing >> 4 & 0xF) + (timing >> 8 & 0x1F)
        return quanta * ((timing >> 16 & 0x1F) + 1) * _CLOCK_DIVIDER

    def timestamp(self) -> int:
        """TSCV: nominal bit times over the prescaler, while TSS is 1."""
        if self._time_source.value != 1:
            return 0
        passed = self.services.clock.now - self._clock_start
        return passed // (self._nominal_bit() * (self._time_prescaler.value + 1)) & 0xFFFF

    def _restart_clock(self, written: int) -> None:
        self._clock_start = self.services.clock.now

    # Message RAM

    def _load(self, address: int, count: int) -> bytes:
        if address + count > self._ram.size:
            self.log.warning("message RAM read at 0x%X, past its end (MRAF)", address)
            self._raise(_MRAF)
            return bytes(count)
        words = (self._ram.read(address + place, 4) for place in range(0, count, 4))
        return b"".join(word.to_bytes(4, "little") for word in words)

    def _store(self, address: int, data: bytes) -> None:
        data += bytes(-len(data) % 4)
        if address + len(data) > self._ram.size:
            self.log.warning("message RAM write at 0x%X, past its end (MRAF)", address)
            self._raise(_MRAF)
            return
        for place in range(0, len(data), 4):
            self._ram.write(address + place, 4, int.from_bytes(data[place : place + 4], "little"))

    # Transmission (56.3.8)

    @property
    def _buffer_count(self) -> int:
        return min(32, self._dedicated.value + self._queue_size.value)

    def _element(self, index: int) -> TransmitElement:
        size = HEADER + DATA_SIZES[self._transmit_size.value]
        data = self._load(self._transmit_address.value * 4 + index * size, size)
        return TransmitElement.parse(data, bool(self._flexible), bool(self._switching))

    def _add_requests(self, written: int) -> None:
        if self._configurable:
            self.log.warning("TXBAR written while CCCR.CCE is 1: ignored")
            return
        for index in range(self._buffer_count):
            bit = 1 << index
            if not written & bit or self._pending.value & bit:
                continue
            self._pending.value |= bit
            self._occurred.value &= ~bit
            self._cancelled.value &= ~bit
            if index >= self._dedicated.value and not self._is_queue:
                self._put = (self._put + 1) % self._queue_size.value
                self._queued += 1
        if written >> self._buffer_count:
            self.log.warning("TXBAR 0x%X asks for buffers beyond the %d there are", written, self._buffer_count)
        self._send_next()

    def _candidates(self) -> list[int]:
        pending = self._pending.value
        found = [index for index in range(self._buffer_count) if pending >> index & 1]
        if self._is_queue:
            return found
        first = self._dedicated.value + self._get
        return [index for index in found if index < self._dedicated.value or index == first]

    def _send_next(self) -> None:
        if self._sending is not None or self._initialising or not self._pending.value:
            return
        if self._restricted or (self._monitoring and not self._loop_back):
            self.log.warning("frames wait while the controller may not send (CCCR.ASM or MON)")
            return
        found = [(self._element(index), index) for index in self._candidates()]
        if not found:
            return
        element, index = min(found, key=lambda pair: pair[0].frame.priority)
        frame = element.frame
        cycles = frame.nominal_bits * self._nominal_bit()
        if frame.fast:
            cycles += frame.fast_bits * self._data_bit()
        self._sending = self.services.clock.schedule(cycles, self._sent), index, element

    def _sent(self) -> None:
        assert self._sending is not None
        _, index, element = self._sending
        self._sending = None
        bit = 1 << index
        if not self.bus_acknowledges and not self._loop_back:
            self._fail(index)
        else:
            self._errors.value = max(0, self._errors.value - 1)
            self._last_error.value = 0
            self._release(index)
            self._occurred.value |= bit
            if self._sent_enables.value & bit:
                self._raise(_TC)
            if element.wants_event:
                address = self._events.place(_EVENT_BYTES)
                if address is not None:
                    self._store(address, element.event(self.timestamp()))
            if self._loop_back:
                self._receive(element.frame)
            if not self._monitoring:
                self.put_on_bus(element.frame)
        self._send_next()

    def _fail(self, index: int) -> None:
        """No acknowledgment: error passive at 128, never bus off by it."""
        before = self._errors.value
        self._errors.value = min(_PASSIVE, before + 8)
        self._last_error.value = _ACKNOWLEDGMENT_ERROR
        flags = _PEA
        flags |= _EW if before < _WARNING <= self._errors.value else 0
        flags |= _EP if before < _PASSIVE <= self._errors.value else 0
        self._raise(flags)
        if self._no_retry:
            self._release(index)
            self._finish_cancellation(1 << index)

    def _release(self, index: int) -> None:
        self._pending.value &= ~(1 << index)
        if index < self._dedicated.value or self._is_queue:
            return
        first = self._dedicated.value
        while self._queued and not self._pending.value >> first + self._get & 1:
            self._get = (self._get + 1) % self._queue_size.value
            self._queued -= 1
        if not self._queued:
            self._raise(_TFE)

    def _cancel_requests(self, written: int) -> None:
        sending = 1 << self._sending[1] if self._sending is not None else 0
        if written & sending & self._pending.value:
            self.log.debug("cancellation of a buffer that is being sent: it is finished first")
        done = written & self._pending.value & ~sending
        for index in range(self._buffer_count):
            if done >> index & 1:
                self._release(index)
        self._finish_cancellation(done | written & sending)
        self._send_next()

    def _finish_cancellation(self, bits: int) -> None:
        self._cancelled.value |= bits
        if bits & self._cancel_enables.value:
            self._raise(_TCF)

    def _stop_sending(self) -> None:
        if self._sending is not None:
            self.services.clock.cancel(self._sending[0])
            self._sending = None

    def _queue_status(self) -> int:
        size, first = self._queue_size.value, self._dedicated.value
        if self._is_queue:
            free = [index for index in range(first, first + size) if not self._pending.value >> index & 1]
            return (free[0] if free else 0) << 16 | (not free) << 21
        full = size > 0 and self._queued == size
        return size - self._queued | first + self._get << 8 | first + self._put << 16 | full << 21

    # Reception (56.3.7)

    def on_frame_received(self, frame: CanFrame) -> None:
        if self._initialising or self._loop_back:
            return
        if frame.flexible and not self._flexible:
            self.log.warning("an FD frame (%s) while CCCR.FDOE is 0: a form error on the bus, ignored", frame)
            return
        self._receive(frame)

    def _receive(self, frame: CanFrame) -> None:
        if frame.flexible:
            self._received_flexible.value = 1
            self._received_fast.value = int(frame.fast)
        if frame.remote and self._reject_remote[frame.extended]:
            return
        start, count = self._filter_lists[frame.extended]
        limit = min(count.value, 64 if frame.extended else 128)
        for index in range(limit):
            found = self._filter(start.value * 4, index, frame.extended)
            if found.matches(frame.identifier, self._and_mask.value):
                if found.action is Action.BUFFER:
                    if self._into_buffer(frame, found, index):
                        return
                    continue
                self._act(frame, found.action, index)
                return
        target = self._unmatched[frame.extended].value
        if target < 2:
            self._into_fifo(target, frame, None)

    def _filter(self, start: int, index: int, extended: bool) -> Filter:
        if not extended:
            return Filter.standard(int.from_bytes(self._load(start + 4 * index, 4), "little"))
        data = self._load(start + 8 * index, 8)
        return Filter.for_extended(int.from_bytes(data[:4], "little"), int.from_bytes(data[4:], "little"))

    def _act(self, frame: CanFrame, action: Action, index: int) -> None:
        if action is Action.REJECT:
            return
        storage, buffer_index = 0, 0
        if action is not Action.PRIORITY:
            fifo = 0 if action in (Action.FIFO_0, Action.PRIORITY_FIFO_0) else 1
            buffer_index = self._fifos[fifo].put_index
            storage = 2 + fifo if self._into_fifo(fifo, frame, index) else 1
        if action >= Action.PRIORITY:
            self._priority_status.value = buffer_index | storage << 6 | index << 8 | frame.extended << 15
            self._raise(_HPM)

    def _into_fifo(self, number: int, frame: CanFrame, filter_index: int | None) -> bool:
        size = DATA_SIZES[self._fifo_sizes[number].value]
        address = self._fifos[number].place(HEADER + size)
        if address is None:
            return False
        self._store(address, receive_element(frame, filter_index, self.timestamp(), size))
        return True

    def _into_buffer(self, frame: CanFrame, found: Filter, index: int) -> bool:
        """A dedicated buffer takes a frame only while its last one has been read."""
        if found.second >> 9 & 3:
            self.log.warning("filter %d is for debug messages, which are not modelled", index)
            return False
        number = found.second & 0x3F
        flags = self._new_data[number // 32]
        if flags.value >> number % 32 & 1:
            return False
        size = DATA_SIZES[self._buffer_size.value]
        address = self._buffers.value * 4 + number * (HEADER + size)
        self._store(address, receive_element(frame, index, self.timestamp(), size))
        flags.value |= 1 << number % 32
        self._raise(_DRX)
        return True

    def read(self, offset: int, width: int) -> int:
        value = self.bank.read(offset, width)
        if offset == 0x44:
            self._last_error.value = _NO_CHANGE
        return value

    # Interrupts

    def _raise(self, flags: int) -> None:
        self._flags.raw |= flags
        self._update()

    def _flags_cleared(self, written: int) -> None:
        for flag, ring in ((_RF0L, self._fifos[0]), (_RF1L, self._fifos[1]), (_TEFL, self._events)):
            if written & flag:
                ring.forget_lost()
        self._update()

    def _update(self) -> None:
        pending = self._flags.raw & self._enables.raw
        enabled = self._line_enables.raw
        self._lines[0].set(bool(pending & ~self._select.raw and enabled & 1))
        self._lines[1].set(bool(pending & self._select.raw and enabled & 2))
