"""Ethernet MAC with its own DMA in STM32F4 and F7 (RM0090 section 33, RM0385 section 38).

Management interface, normal and enhanced descriptors in rings and chains, one frame over several buffers, transmit
and receive checksums, perfect and hash address filters, MAC and PHY loop back, poll demands, missed frame counter,
counters of good frames, interrupts with their summaries. A frame takes its time on the wire at 10 or 100 Mbit/s
(MACCR.FES). Parameter ``version`` as Renode's ``Network.SynopsysEthernetMAC``, of which only STM32F4 is modelled;
Renode sends at once, has neither filters nor loop back, and none of the buffer-unavailable and abnormal interrupts
on reception.

Frames that arrive without a descriptor are missed (there is no receive FIFO). Not modelled: PTP (its registers are
undeclared, which is logged), flow control and power management (kept), half duplex collisions, VLAN stripping, early
interrupts, the receive watchdog.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass

from sim.engine.devices.base import Services
from sim.engine.devices.network import ethernet_checksums as checksums
from sim.engine.devices.network.ethernet import (
    DESCRIPTOR_BYTES,
    FIRST_TYPE,
    AddressFilter,
    EthernetController,
    declare_addresses,
    stored_frame,
)
from sim.engine.devices.registers import Mode
from sim.errors import CrosscamError

_TS, _TPSS, _TBUS, _RS, _RBUS, _RPSS = 1 << 0, 1 << 1, 1 << 2, 1 << 6, 1 << 7, 1 << 8
_AIS, _NIS = 1 << 15, 1 << 16
_NORMAL, _ABNORMAL = 1 << 0 | 1 << 2 | 1 << 6 | 1 << 14, 1 << 1 | 0x38 | 1 << 7 | 1 << 8 | 1 << 9 | 1 << 10 | 1 << 13
_OWN = 1 << 31
_STRIP_PADDING, _STRIP_TYPED, _CHECK = 1 << 7, 1 << 25, 1 << 10
_KEEP_WRONG = 1 << 26 | 1 << 7  # DMAOMR: DTCEFD, FEF
_STOPPED, _SUSPENDED, _WAITING = 0, 6, 3
_RX_SUSPENDED = 4


class SynopsysEthernetVersion(enum.Enum):
    """Whose descriptors."""

    STM32F4 = 0
    BEAGLE_V = 1


@dataclass
class Descriptor:
    """Four words in memory; a list of them is a ring (``step`` bytes apart) or a chain."""

    address: int
    words: list[int]

    def buffers(self, chained: bool) -> list[tuple[int, int]]:
        """Addresses and lengths of its buffers."""
        sizes = self.words[1]
        found = [(self.words[2], sizes & 0x1FFF)]
        return found if chained else [*found, (self.words[3], sizes >> 16 & 0x1FFF)]


class SynopsysEthernetMac(EthernetController):
    """One controller."""

    RENODE_TYPES = ("Network.SynopsysEthernetMAC",)
    size = 0x1400
    SUMMARIES = ((_NORMAL, _NIS), (_ABNORMAL, _AIS))
    MOST_MISSED = 0xFFFF

    def __init__(
        self,
        services: Services,
        name: str,
        *,
        version: SynopsysEthernetVersion = SynopsysEthernetVersion.STM32F4,
    ) -> None:
        super().__init__(services, name)
        if version is not SynopsysEthernetVersion.STM32F4:
            raise CrosscamError(f"{name}: version {version.name} is not modelled; expected STM32F4")
        self._transmit_state, self._receive_state = _STOPPED, _STOPPED
        self._declare_mac()
        self._declare_counters()
        self._declare_dma()

    def _declare_mac(self) -> None:
        bank = self.bank
        control = bank.register(0x00, "MACCR", reset=0x8000).after_write(lambda _: self._receiver_changed())
        self._receiver, self._transmitter = control.flag(2, "RE"), control.flag(3, "TE")
        self._control = control.storage(0x02CF7FFC)
        frame_filter = bank.register(0x04, "MACFFR").storage(0x800007FF)
        high, low = bank.register(0x08, "MACHTHR").storage(), bank.register(0x0C, "MACHTLR").storage()
        management = bank.register(0x10, "MACMIIAR").after_write(self._manage)
        management.flag(0, "MB", Mode.WRITE)
        management.storage(0xFFDE)
        self._management_data = bank.register(0x14, "MACMIIDR").field(0, 16, "MD")
        bank.register(0x18, "MACFCR").storage(0xFFFF00BF)
        bank.register(0x1C, "MACVLANTR").storage(0x1FFFF)
        bank.register(0x2C, "MACPMTCSR").storage(0x00000227)
        bank.register(0x34, "MACDBGR").field(0, 32, "DBG", Mode.READ)
        bank.register(0x38, "MACSR").field(0, 32, "SR", Mode.READ)
        bank.register(0x3C, "MACIMR").storage(0x208)
        self.addresses = declare_addresses(bank, 0x40, 4)
        self._filter = AddressFilter(frame_filter, (low, high), self.addresses)

    def _declare_counters(self) -> None:
        bank = self.bank
        bank.register(0x100, "MMCCR").storage(0x3E).flag(0, "CR", Mode.WRITE, on_write=self._clear_counters)
        for offset, name in ((0x104, "MMCRIR"), (0x108, "MMCTIR")):
            bank.register(offset, name).field(0, 32, "flags", Mode.READ)
        for offset, name in ((0x10C, "MMCRIMR"), (0x110, "MMCTIMR")):
            bank.register(offset, name).storage()
        self._good_sent = bank.register(0x168, "MMCTGFCR").field(0, 32, "TGFC", Mode.READ)
        for offset, name in ((0x14C, "MMCTGFSCCR"), (0x150, "MMCTGFMSCCR"), (0x194, "MMCRFCECR"), (0x198, "MMCRFAECR")):
            bank.register(offset, name).field(0, 32, "count", Mode.READ)
        self._good_received = bank.register(0x1C4, "MMCRGUFCR").field(0, 32, "RGUFC", Mode.READ)

    def _declare_dma(self) -> None:
        bank = self.bank
        mode = bank.register(0x1000, "DMABMR", reset=0x20100)
        mode.flag(0, "SR", Mode.WRITE, on_write=lambda value: self.reset() if value else None)
        self._skip = mode.field(2, 5, "DSL")
        self._enhanced = mode.flag(7, "EDFE")
        mode.storage(0x07FFFFFE)
        bank.register(0x1004, "DMATPDR").after_write(lambda _: self._transmit()).field(0, 32, "TPD", Mode.WRITE)
        bank.register(0x1008, "DMARPDR").after_write(lambda _: self._resume_reception()).field(0, 32, "RPD", Mode.WRITE)
        self._receive_list = bank.register(0x100C, "DMARDLAR").field(2, 30, "SRL", on_write=self._set_receive_list)
        self._transmit_list = bank.register(0x1010, "DMATDLAR").field(2, 30, "STL", on_write=self._set_transmit_list)
        status = bank.register(0x1014, "DMASR")
        self._status = status.field(0, 17, "flags", Mode.WRITE_ONE_TO_CLEAR)
        status.field(17, 3, "RPS", Mode.READ, read=lambda: self._receive_state)
        status.field(20, 3, "TPS", Mode.READ, read=lambda: self._transmit_state)
        status.after_write(lambda _: self._update())
        operation = bank.register(0x1018, "DMAOMR")
        self._receive_started = operation.flag(1, "SR", on_change=lambda old, new: self._receiver_changed())
        self._transmit_started = operation.flag(13, "ST", on_change=lambda old, new: self._transmitter_changed())
        operation.flag(20, "FTF", Mode.WRITE)
        self._operation = operation.storage(0x0720E0FE)
        self._enables = bank.register(0x101C, "DMAIER").storage(0x1E7FF).after_write(lambda _: self._update())
        bank.register(0x1020, "DMAMFBOCR").field(0, 16, "MFC", Mode.READ, read=self._take_missed)
        bank.register(0x1024, "DMARSWTR").storage(0xFF)
        for offset, name, value in (
            (0x1048, "DMACHTDR", lambda: self._transmit_at),
            (0x104C, "DMACHRDR", lambda: self._receive_at),
        ):
            bank.register(offset, name).value_from(value)

    def reset(self) -> None:
        super().reset()
        self._transmit_state, self._receive_state = _STOPPED, _STOPPED
        self._update()

    # Management interface (33.4.1)

    def _manage(self, written: int) -> None:
        if not written & 1:
            return
        self._access_phy(written >> 11 & 0x1F, written >> 6 & 0x1F, bool(written & 2))

    # Descriptors (33.6.7, 33.6.8)

    def _fetch(self, address: int) -> Descriptor:
        return Descriptor(address, self._descriptor_words(address))

    def _store(self, descriptor: Descriptor, extended: int | None = None) -> None:
        write = self.services.sysbus.write
        if extended is not None and self._enhanced:
            write(descriptor.address + 16, 4, extended)
        write(descriptor.address, 4, descriptor.words[0])

    def _following(self, descriptor: Descriptor, start: int, end_of_ring: bool, chained: bool) -> int:
        if end_of_ring:
            return start
        if chained:
            return descriptor.words[3]
        return descriptor.address + (2 if self._enhanced else 1) * DESCRIPTOR_BYTES + 4 * self._skip.value

    # Transmission (33.6.3)

    def _set_transmit_list(self, value: int) -> None:
        self._transmit_at = value << 2

    def _transmitter_changed(self) -> None:
        if self._transmit_started:
            self._transmit()
        else:
            self._transmit_state = _STOPPED
            self._raise(_TPSS)

    def _transmit(self) -> None:
        """Gather the next frame and put it on the wire; what follows waits for that."""
        if not self._transmit_started or self._transmitting is not None:
            return
        data, descriptor = b"", Descriptor(0, [0] * 4)
        first = last = False
        insertion = checksums.Insertion.NONE
        while not last:
            descriptor = self._fetch(self._transmit_at)
            control = descriptor.words[0]
            if not control & _OWN:
                if first:
                    self.log.warning("descriptor 0x%08X is not owned in the middle of a frame", self._transmit_at)
                self._transmit_state = _SUSPENDED
                self._raise(_TBUS)
                return
            if control & 1 << 28:
                data, first = b"", True
                insertion = checksums.Insertion(control >> 22 & 3)
            chained = bool(control & 1 << 20)
            for address, count in descriptor.buffers(chained):
                data += self.services.sysbus.read_bytes(address, count) if count else b""
            last = bool(control & 1 << 29)
            self._transmit_at = self._following(
                descriptor, self._transmit_list.value << 2, bool(control & 1 << 21), chained
            )
            if not last:
                descriptor.words[0] &= ~_OWN
                self._store(descriptor)
        self._transmit_state = _WAITING
        frame = checksums.fill(data, insertion)
        self._transmit_for(frame, lambda: self._sent(frame, descriptor))

    def _sent(self, frame: bytes, descriptor: Descriptor) -> None:
        self._transmitting = None
        if not self._transmitter:
            self.log.warning("a frame of %d bytes waits in the FIFO while MACCR.TE is 0: lost", len(frame))
        else:
            self._let_out(frame)
        self._good_sent.value += 1
        descriptor.words[0] &= ~_OWN
        self._store(descriptor)
        if descriptor.words[0] & 1 << 30:
            self._raise(_TS)
        self._transmit()

    # Reception (33.6.4)

    def _set_receive_list(self, value: int) -> None:
        self._receive_at = value << 2

    def _receiver_changed(self) -> None:
        on = bool(self._receive_started) and bool(self._receiver)
        if not self._receive_started and self._receive_state != _STOPPED:
            self._raise(_RPSS)
        self._receive_state = _WAITING if on else _STOPPED

    def _resume_reception(self) -> None:
        if self._receive_state == _RX_SUSPENDED:
            self._receive_state = _WAITING

    def on_frame_received(self, frame: bytes) -> None:
        if not self._receiver or not self._receive_started:
            self.log.debug("a frame of %d bytes while the receiver is off: lost", len(frame))
            return
        if not self._filter.accepts(frame):
            self.log.debug("a frame for %s: not for us", frame[:6].hex(":"))
            return
        verdict = checksums.check(frame) if self._control.raw & _CHECK else checksums.Verdict()
        if (verdict.header_error or verdict.payload_error) and not self._operation.raw & _KEEP_WRONG:
            self.log.debug("a frame of %d bytes with a wrong checksum: dropped", len(frame))
            return
        control = self._control.raw
        content = stored_frame(
            frame, strip_typed=bool(control & _STRIP_TYPED), strip_padding=bool(control & _STRIP_PADDING)
        )
        self._deliver(frame, content, verdict)

    def _deliver(self, frame: bytes, content: bytes, verdict: checksums.Verdict) -> None:
        first, rest = True, content
        descriptor = self._fetch(self._receive_at)
        while True:
            if not descriptor.words[0] & _OWN:
                self._receive_state = _RX_SUSPENDED
                self._missed += 1
                self.log.warning("no descriptor for a frame of %d bytes: missed", len(frame))
                self._raise(_RBUS)
                return
            sizes = descriptor.words[1]
            chained = bool(sizes & 1 << 14)
            for address, count in descriptor.buffers(chained):
                if count and rest:
                    self.services.sysbus.write_bytes(address, rest[:count])
                    rest = rest[count:]
            self._receive_at = self._following(
                descriptor, self._receive_list.value << 2, bool(sizes & 1 << 15), chained
            )
            status = first << 9
            first = False
            if not rest:
                break
            following = self._fetch(self._receive_at)
            if not following.words[0] & _OWN:  # cut off: RDES0.DE
                status |= 1 << 14 | 1 << 15
                break
            descriptor.words[0] = status
            self._store(descriptor)
            descriptor = following
        self._close(descriptor, status | len(content) << 16, frame, verdict)

    def _close(self, descriptor: Descriptor, status: int, frame: bytes, verdict: checksums.Verdict) -> None:
        typed = int.from_bytes(frame[12:14], "big") >= FIRST_TYPE
        status |= 1 << 8 | typed << 5
        extended = 0
        if self._control.raw & _CHECK:
            if self._enhanced:
                status |= bool(verdict.version)  # the extended status says more
            else:
                status |= verdict.header_error << 7 | verdict.payload_error
            extended = (
                verdict.payload
                | verdict.header_error << 3
                | verdict.payload_error << 4
                | (verdict.version == 4) << 6
                | (verdict.version == 6) << 7
            )
            status |= (verdict.header_error or verdict.payload_error) << 15
        descriptor.words[0] = status
        self._store(descriptor, extended)
        self._receive_state = _WAITING
        self._good_received.value += not frame[0] & 1
        if not descriptor.words[1] >> 31:
            self._raise(_RS)
