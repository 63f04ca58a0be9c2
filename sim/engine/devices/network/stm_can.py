"""bxCAN of STM32F4 and F7 (RM0090 section 32, RM0385 section 34): three transmit mailboxes, two FIFOs of three, 28
filter banks shared by a master and its slave (parameter ``master``).

As on the chip: initialisation, normal and sleep mode, loop back and silent mode; transmit order by identifier or by
request; abort; automatic retransmission; filters of all four kinds with match index and priority; FIFO lock or
overwrite; interrupts on outputs 0 (transmit), 1 and 2 (FIFOs), 3 (status change). A frame takes its bits' time at
the rate BTR asks for, with a peripheral clock of a quarter of the core's (42 MHz of 168, 54 of 216): the type has no
clock parameter in Renode, where frames are sent at once. Without ``BusAcknowledges`` a frame fails with
acknowledgment errors until the controller is error passive. Mode changes take no time. Not modelled: time triggered
mode (warned of), arbitration lost, errors other than a missing acknowledgment, bus off.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

from sim.engine.devices.base import Event, Services
from sim.engine.devices.network.can_bus import CanController, CanFrame
from sim.engine.devices.registers import Mode, Register
from sim.errors import CrosscamError

_MAILBOXES, _FIFO_DEPTH, _BANKS = 3, 3, 28
_RQCP, _TXOK, _TERR, _ABRQ = 1 << 0, 1 << 1, 1 << 3, 1 << 7
_FULL, _OVERRUN, _RELEASE = 1 << 3, 1 << 4, 1 << 5
_ERRI, _WKUI, _SLAKI = 1 << 2, 1 << 3, 1 << 4
_ACKNOWLEDGMENT_ERROR = 3
_PASSIVE, _WARNING = 128, 96
_CLOCK_DIVIDER = 4


@dataclass
class FilterBanks:
    """Registers that master and slave share."""

    fmr: Register
    mode: Register
    scale: Register
    assignment: Register
    active: Register
    words: list[tuple[Register, Register]]

    def matches(self, frame: CanFrame, first: int, end: int) -> tuple[int, int] | None:
        """FIFO and filter match index for ``frame`` among the banks ``first`` to ``end``, or None."""
        best: tuple[int, int, int, int] | None = None  # 16 bit?, mask?, index, fifo: lowest first
        numbers = [0, 0]
        for bank in range(first, end):
            bit = 1 << bank
            fifo = int(bool(self.assignment.raw & bit))
            wide, listed = bool(self.scale.raw & bit), bool(self.mode.raw & bit)
            filters = list(self._filters(bank, wide, listed))
            if self.active.raw & bit:
                value = _wide_value(frame) if wide else _narrow_value(frame)
                for place, (identifier, mask) in enumerate(filters):
                    if (value ^ identifier) & mask == 0:
                        found = (int(not wide), int(not listed), numbers[fifo] + place, fifo)
                        best = found if best is None else min(best, found)
            numbers[fifo] += len(filters)
        return None if best is None else (best[3], best[2])

    def _filters(self, bank: int, wide: bool, listed: bool) -> Iterator[tuple[int, int]]:
        """Identifiers and masks of a bank, in order of their numbers."""
        first, second = (register.raw for register in self.words[bank])
        if wide:
            if listed:
                yield first, 0xFFFFFFFE
                yield second, 0xFFFFFFFE
            else:
                yield first, second & 0xFFFFFFFE
            return
        for word in (first, second):
            if listed:
                yield word & 0xFFFF, 0xFFFF
                yield word >> 16, 0xFFFF
            else:
                yield word & 0xFFFF, word >> 16


def _wide_value(frame: CanFrame) -> int:
    """STID or EXID, IDE, RTR as a 32-bit filter and RIxR have them."""
    if frame.extended:
        return frame.identifier << 3 | 1 << 2 | frame.remote << 1
    return frame.identifier << 21 | frame.remote << 1


def _narrow_value(frame: CanFrame) -> int:
    """STID, RTR, IDE, EXID[17:15] as a 16-bit filter has them."""
    if frame.extended:
        identifier = frame.identifier
        return (identifier >> 18) << 5 | frame.remote << 4 | 1 << 3 | identifier >> 15 & 7
    return frame.identifier << 5 | frame.remote << 4


class Mailbox:
    """One transmit mailbox."""

    def __init__(self, can: StmCan, index: int) -> None:
        base, bank = 0x180 + 0x10 * index, can.bank
        self.identifier = bank.register(base, f"TI{index}R").storage()
        self.identifier.after_write(lambda written: can.request(self) if written & 1 else None)
        self.control = bank.register(base + 4, f"TDT{index}R").storage(0xFFFF010F)
        self._data = [bank.register(base + 8 + 4 * half, f"TD{'LH'[half]}{index}R").storage() for half in range(2)]
        self.offsets = range(base, base + 0x10)
        self.reset()

    def reset(self) -> None:
        """Empty, nothing to report."""
        self.flags = 0
        self.order = 0  # of the request

    @property
    def pending(self) -> bool:
        """TXRQ."""
        return bool(self.identifier.raw & 1)

    @property
    def frame(self) -> CanFrame:
        """What it holds."""
        word = self.identifier.raw
        extended, remote = bool(word & 4), bool(word & 2)
        length = min(self.control.raw & 0xF, 8)
        content = b"".join(register.raw.to_bytes(4, "little") for register in self._data)[:length]
        return CanFrame(
            word >> 3 if extended else word >> 21, b"" if remote else content, extended, remote, length=length
        )

    def finish(self, flags: int) -> None:
        """Free it and report."""
        self.identifier.raw &= ~1
        self.flags = flags


class StmCan(CanController):
    """One controller."""

    RENODE_TYPES = ("CAN.STMCAN",)

    def __init__(self, services: Services, name: str, *, master: StmCan | None = None) -> None:
        super().__init__(services, name)
        if master is not None and master._master is not None:
            raise CrosscamError(f"{name}: its master {master.name} is a slave itself; name the controller with filters")
        self._master: StmCan | None = master
        self._slave: StmCan | None = None
        self._lines = [self.add_output(index) for index in range(4)]
        self._fifos: list[deque[tuple[CanFrame, int]]] = [deque(), deque()]
        self._fifo_flags = [0, 0]
        self._sending: tuple[Event, Mailbox] | None = None
        self._requests = 0
        self._declare_control()
        self._mailboxes = [Mailbox(self, index) for index in range(_MAILBOXES)]
        for fifo in range(2):
            self._declare_fifo(fifo)
        if master is None:
            self._filters = self._declare_filters()
        else:
            master._slave = self
            self._filters = master._filters

    def _declare_control(self) -> None:
        bank = self.bank
        mcr = bank.register(0x00, "MCR", reset=0x00010002).after_write(self._mode_written)
        self._init_request = mcr.flag(0, "INRQ")
        self._sleep_request = mcr.flag(1, "SLEEP")
        self._by_request = mcr.flag(2, "TXFP")
        self._fifo_locked = mcr.flag(3, "RFLM")
        self._no_retry = mcr.flag(4, "NART")
        self._wakes = mcr.flag(5, "AWUM")
        mcr.flag(15, "RESET", Mode.WRITE)
        mcr.storage(0x000100C0)
        self._status_flags = 0
        self._initialising, self._asleep = False, True
        bank.register(0x04, "MSR").value_from(self._status).after_write(self._clear_status).field(
            0, 5, "MSR", Mode.WRITE
        )
        bank.register(0x08, "TSR").value_from(self._transmit_status).after_write(self._transmit_command).field(
            0, 24, "TSR", Mode.WRITE
        )
        self._enables = bank.register(0x14, "IER").storage(0x00038F7F).after_write(lambda _: self._update())
        self._error_code = bank.register(0x18, "ESR").value_from(self._errors).field(4, 3, "LEC")
        self._transmit_errors = 0
        self._timing = bank.register(0x1C, "BTR", reset=0x01230000).storage(0xC37F03FF)

    def _declare_fifo(self, fifo: int) -> None:
        bank, base = self.bank, 0x1B0 + 0x10 * fifo
        control = bank.register(0x0C + 4 * fifo, f"RF{fifo}R").value_from(lambda: self._fifo_status(fifo))
        control.after_write(lambda written: self._fifo_command(fifo, written)).field(0, 6, "RFR", Mode.WRITE)
        for place, name in enumerate(("RI", "RDT", "RDL", "RDH")):
            bank.register(base + 4 * place, f"{name}{fifo}R").value_from(partial(self._received_word, fifo, place))

    def _declare_filters(self) -> FilterBanks:
        bank = self.bank
        return FilterBanks(
            bank.register(0x200, "FMR", reset=0x2A1C0E01).storage(0x3F01),
            bank.register(0x204, "FM1R").storage(0x0FFFFFFF),
            bank.register(0x20C, "FS1R").storage(0x0FFFFFFF),
            bank.register(0x214, "FFA1R").storage(0x0FFFFFFF),
            bank.register(0x21C, "FA1R").storage(0x0FFFFFFF),
            [
                (
                    bank.register(0x240 + 8 * index, f"F{index}R1").storage(),
                    bank.register(0x244 + 8 * index, f"F{index}R2").storage(),
                )
                for index in range(_BANKS)
            ],
        )

    def reset(self) -> None:
        self._stop_sending()
        super().reset()
        self._initialising, self._asleep = False, True
        self._status_flags = self._transmit_errors = 0
        self._fifo_flags = [0, 0]
        for fifo in self._fifos:
            fifo.clear()
        for mailbox in self._mailboxes:
            mailbox.reset()
        self._update()

    # Bus

    def read(self, offset: int, width: int) -> int:
        if self._master is not None and offset >= 0x200:
            self.log.debug("filter registers are the master's (%s)", self._master.name)
            return self._master.read(offset, width)
        return self.bank.read(offset, width)

    def write(self, offset: int, width: int, value: int) -> None:
        if self._master is not None and offset >= 0x200:
            self.log.warning("write of filter register 0x%X: it is the master's (%s)", offset, self._master.name)
            return
        reason = self._locked(offset & ~3)
        if reason:
            self.log.warning("write of 0x%X at 0x%X %s: ignored", value, offset, reason)
            return
        self.bank.write(offset, width, value)

    def _locked(self, offset: int) -> str:
        if offset == 0x1C and not self._initialising:
            return "outside of initialisation mode"
        if any(offset in mailbox.offsets and mailbox.pending for mailbox in self._mailboxes):
            return "into a mailbox that waits for transmission"
        if 0x200 < offset < 0x21C and not self._filters.fmr.raw & 1:
            return "without FINIT"
        if 0x240 <= offset < 0x240 + 8 * _BANKS:
            active = self._filters.active.raw >> (offset - 0x240) // 8 & 1
            if active and not self._filters.fmr.raw & 1:
                return "while the filter bank is active"
        return ""

    # Modes (32.4)

    def _mode_written(self, written: int) -> None:
        if written & 1 << 15:
            self.reset()
            return
        if written & 1 << 7:
            self.log.warning("time triggered mode (MCR.TTCM) is not modelled")
        was_asleep = self._asleep
        self._initialising = bool(self._init_request)
        self._asleep = bool(self._sleep_request) and not self._initialising
        if self._asleep and not was_asleep:
            self._status_flags |= _SLAKI
        if self._initialising or self._asleep:
            self._stop_sending()
        else:
            self._send_next()
        self._update()

    @property
    def _running(self) -> bool:
        return not self._initialising and not self._asleep

    @property
    def _loop_back(self) -> bool:
        return bool(self._timing.raw & 1 << 30)

    @property
    def _silent(self) -> bool:
        return bool(self._timing.raw >> 31)

    def _status(self) -> int:
        sending = self._sending is not None
        return self._initialising | self._asleep << 1 | self._status_flags | sending << 8 | 0xC00

    def _clear_status(self, written: int) -> None:
        self._status_flags &= ~(written & (_ERRI | _WKUI | _SLAKI))
        self._update()

    def _errors(self) -> int:
        count = self._transmit_errors
        return (count >= _WARNING) | (count >= _PASSIVE) << 1 | self._error_code.value << 4 | min(count, 255) << 16

    # Transmission (32.7.1)

    def request(self, mailbox: Mailbox) -> None:
        """TXRQ was set."""
        self._requests += 1
        mailbox.order = self._requests
        mailbox.flags = 0
        self._send_next()
        self._update()

    def _waiting(self) -> list[Mailbox]:
        """Pending mailboxes, the next one first."""
        pending = [mailbox for mailbox in self._mailboxes if mailbox.pending]
        if self._by_request:
            return sorted(pending, key=lambda mailbox: mailbox.order)
        return sorted(pending, key=lambda mailbox: mailbox.frame.priority)

    def _send_next(self) -> None:
        waiting = self._waiting()
        if not waiting or self._sending is not None or not self._running:
            return
        if self._silent and not self._loop_back:
            self.log.warning("a frame waits while the controller is silent (BTR.SILM): it is not sent")
            return
        bits = waiting[0].frame.nominal_bits
        timing = self._timing.raw
        quanta = 3 + (timing >> 16 & 0xF) + (timing >> 20 & 7)
        cycles = bits * quanta * ((timing & 0x3FF) + 1) * _CLOCK_DIVIDER
        self._sending = self.services.clock.schedule(cycles, self._sent), waiting[0]

    def _sent(self) -> None:
        assert self._sending is not None
        _, mailbox = self._sending
        self._sending = None
        frame = mailbox.frame
        if self._loop_back or self.bus_acknowledges:
            self._transmit_errors = max(0, self._transmit_errors - 1)
            self._error_code.value = 0
            mailbox.finish(_RQCP | _TXOK)
            if self._loop_back:
                self._accept(frame)
            if not self._silent:
                self.put_on_bus(frame)
        else:
            self._count_error()
            if self._no_retry:
                mailbox.finish(_RQCP | _TERR)
            elif mailbox.flags & _ABRQ:
                mailbox.finish(_RQCP)
        self._send_next()
        self._update()

    def _count_error(self) -> None:
        """No acknowledgment: error passive at 128, never bus off by it."""
        before = self._transmit_errors
        self._transmit_errors = min(_PASSIVE, before + 8)
        self._error_code.value = _ACKNOWLEDGMENT_ERROR
        enables = self._enables.raw
        if (
            enables & 1 << 11
            or (enables & 1 << 8 and before < _WARNING <= self._transmit_errors)
            or (enables & 1 << 9 and before < _PASSIVE <= self._transmit_errors)
        ):
            self._status_flags |= _ERRI

    def _stop_sending(self) -> None:
        if self._sending is not None:
            self.services.clock.cancel(self._sending[0])
            self._sending = None

    def _transmit_status(self) -> int:
        waiting = self._waiting()
        value = 0
        for index, mailbox in enumerate(self._mailboxes):
            value |= mailbox.flags << 8 * index | (not mailbox.pending) << 26 + index
        free = [index for index, mailbox in enumerate(self._mailboxes) if not mailbox.pending]
        code = free[0] if free else self._mailboxes.index(waiting[-1])
        if len(waiting) > 1:
            value |= 1 << 29 + self._mailboxes.index(waiting[-1])
        return value | code << 24

    def _transmit_command(self, written: int) -> None:
        for index, mailbox in enumerate(self._mailboxes):
            command = written >> 8 * index
            if command & _RQCP:
                mailbox.flags = 0
            if command & _ABRQ and mailbox.pending:
                if self._sending is not None and self._sending[1] is mailbox:
                    mailbox.flags |= _ABRQ  # decided when the frame is through
                else:
                    mailbox.finish(_RQCP)
        self._update()

    # Reception (32.7.3)

    def on_frame_received(self, frame: CanFrame) -> None:
        if frame.flexible:
            self.log.warning("an FD frame (%s) on a classic controller: ignored", frame)
        elif self._asleep:
            self._status_flags |= _WKUI
            if self._wakes:
                self._sleep_request.value = 0
                self._asleep = False
                self._send_next()
        elif self._running and not self._loop_back:
            self._accept(frame)
        self._update()

    def _accept(self, frame: CanFrame) -> None:
        if self._filters.fmr.raw & 1:
            self.log.debug("%s while the filters are being set up (FINIT): not received", frame)
            return
        border = self._filters.fmr.raw >> 8 & 0x3F
        first = 0 if self._master is None else border
        end = border if self._slave is not None else _BANKS
        found = self._filters.matches(frame, first, end)
        if found is None:
            self.log.debug("no filter takes %s", frame)
            return
        number, match_index = found
        fifo = self._fifos[number]
        if len(fifo) < _FIFO_DEPTH:
            fifo.append((frame, match_index))
            return
        self._fifo_flags[number] |= _OVERRUN
        if not self._fifo_locked:
            fifo[-1] = frame, match_index

    def _fifo_status(self, number: int) -> int:
        count = len(self._fifos[number])
        return count | self._fifo_flags[number]

    def _fifo_command(self, number: int, written: int) -> None:
        self._fifo_flags[number] &= ~(written & (_FULL | _OVERRUN))
        if written & _RELEASE:
            if self._fifos[number]:
                self._fifos[number].popleft()
            self._fifo_flags[number] &= ~_FULL
        self._update()

    def _received_word(self, number: int, place: int) -> int:
        if not self._fifos[number]:
            return 0
        frame, match_index = self._fifos[number][0]
        if place == 0:
            return _wide_value(frame)
        if place == 1:
            return frame.data_length_code | match_index << 8
        data = frame.data.ljust(8, b"\0")
        return int.from_bytes(data[4 * (place - 2) :][:4], "little")

    # Interrupts (32.8)

    def _update(self) -> None:
        enables = self._enables.raw
        for fifo, flags in enumerate(self._fifo_flags):
            if len(self._fifos[fifo]) == _FIFO_DEPTH:
                self._fifo_flags[fifo] = flags | _FULL
        self._lines[0].set(bool(enables & 1 and any(mailbox.flags & _RQCP for mailbox in self._mailboxes)))
        for fifo in range(2):
            wanted = enables >> 1 + 3 * fifo & 7
            flags = self._fifo_flags[fifo]
            pending = bool(self._fifos[fifo]) | bool(flags & _FULL) << 1 | bool(flags & _OVERRUN) << 2
            self._lines[1 + fifo].set(bool(wanted & pending))
        status = self._status_flags
        self._lines[3].set(
            bool(
                (status & _ERRI and enables & 1 << 15)
                or (status & _WKUI and enables & 1 << 16)
                or (status & _SLAKI and enables & 1 << 17)
            )
        )
