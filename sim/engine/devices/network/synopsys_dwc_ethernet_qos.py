"""Ethernet MAC of STM32H7: Synopsys DWC Ethernet Quality-of-Service (RM0433 section 58), with one DMA channel.

Its three register blocks are windows of their own: the MAC where the description puts the device, ``mtl`` and
``dma`` as regions. Management interface (clause 22), normal descriptors in rings with tail pointers, one frame over
several buffers, checksum and source address insertion, checksum status, perfect and hash address filters, MAC and
PHY loop back, a receive queue of ``rxQueueSize`` bytes that holds frames until there are descriptors, counters of
good frames, per-channel interrupts with their summaries. A frame takes its time on the wire at 10 or 100 Mbit/s
(MACCR.FES).

Parameters as Renode's; ``systemClockFrequency``, ``ptpClockFrequency`` and ``txQueueSize`` change nothing here:
there is no PTP (its registers are undeclared, which is logged). ``dmaChannelCount`` must be 1. Not modelled, warned
of where firmware asks for it: segmentation, context descriptors (skipped), clause 45
management. VLAN handling, layer 3 and 4 filters, ARP offload, power management, flow control and the receive
watchdog are not modelled.
"""

from __future__ import annotations

import enum
from collections import deque

from sim.engine.devices.base import Device, Services
from sim.engine.devices.network import ethernet_checksums as checksums
from sim.engine.devices.network.ethernet import (
    DESCRIPTOR_BYTES,
    FIRST_TYPE,
    AddressFilter,
    EthernetController,
    declare_addresses,
    stored_frame,
)
from sim.engine.devices.registers import Mode, RegisterDevice
from sim.errors import CrosscamError

_TI, _TPS, _TBU, _RI, _RBU, _RPS, _AIS, _NIS = 1 << 0, 1 << 1, 1 << 2, 1 << 6, 1 << 7, 1 << 8, 1 << 14, 1 << 15
_NORMAL, _ABNORMAL = 1 << 0 | 1 << 2 | 1 << 6 | 1 << 11, 1 << 1 | 1 << 7 | 1 << 8 | 1 << 9 | 1 << 10 | 1 << 12
_OWN, _CONTEXT, _FIRST, _LAST = 1 << 31, 1 << 30, 1 << 29, 1 << 28
_STRIP_PADDING, _STRIP_TYPED, _CHECK = 1 << 20, 1 << 21, 1 << 27
_RUNNING_TRANSMITTER, _SUSPENDED_TRANSMITTER, _WAITING_RECEIVER, _SUSPENDED_RECEIVER = 2, 6, 3, 4


class BusWidth(enum.Enum):
    """Bytes of the DMA's bus: what a descriptor skip length counts."""

    BITS32 = 4
    BITS64 = 8
    BITS128 = 16


class _Block(RegisterDevice):
    """A region: registers in a window of their own."""

    size = 0x200


class SynopsysDwcEthernetQualityOfService(EthernetController):
    """One controller."""

    RENODE_TYPES = ("Network.SynopsysDWCEthernetQualityOfService",)
    size = 0xC00
    SUMMARIES = ((_NORMAL, _NIS), (_ABNORMAL, _AIS))
    MOST_MISSED = 0x7FF

    def __init__(
        self,
        services: Services,
        name: str,
        *,
        system_clock_frequency: int,
        dma_bus_width: BusWidth = BusWidth.BITS32,
        ptp_clock_frequency: int = 0,
        rx_queue_size: int = 8192,
        tx_queue_size: int = 8192,
        dma_channel_count: int = 1,
        cpu_context: Device | None = None,
    ) -> None:
        super().__init__(services, name)
        if cpu_context is not None:
            self.log.warning("cpuContext has no effect, as in Renode")
        if dma_channel_count != 1:
            raise CrosscamError(f"{name}: dmaChannelCount is {dma_channel_count}; expected 1, more are not modelled")
        for what, queue_size in (("rxQueueSize", rx_queue_size), ("txQueueSize", tx_queue_size)):
            if queue_size < 128 or queue_size & (queue_size - 1):
                raise CrosscamError(f"{name}: {what} is {queue_size}; expected a power of two, at least 128")
        self._bus_width = dma_bus_width.value
        self._queue_size = rx_queue_size
        self._mtl, self._dma = _Block(services, f"{name}.mtl"), _Block(services, f"{name}.dma")
        self._waiting: deque[bytes] = deque()
        self._transmit_suspended = self._receive_suspended = False
        self._declare_mac()
        self._declare_counters()
        self._declare_mtl()
        self._declare_dma()

    def region(self, name: str) -> Device:
        """The register blocks ``mtl`` and ``dma``."""
        found = {"mtl": self._mtl, "dma": self._dma}.get(name)
        if found is None:
            raise CrosscamError(f"{self.name}: no region {name}; expected mtl or dma")
        return found

    # Registers

    def _declare_mac(self) -> None:
        bank = self.bank
        control = bank.register(0x00, "MACCR", reset=0x8000)
        self._receiver = control.flag(0, "RE", on_change=lambda old, new: self._receive_waiting())
        self._transmitter = control.flag(1, "TE", on_change=lambda old, new: self._transmit())
        self._control = control.storage().after_write(self._control_written)
        bank.register(0x04, "MACECR").storage(0x3F1F3FFF)
        frame_filter = bank.register(0x08, "MACPFR").storage(0x803107FF)
        bank.register(0x0C, "MACWTR").storage(0x10F)
        low, high = bank.register(0x10, "MACHT0R").storage(), bank.register(0x14, "MACHT1R").storage()
        for offset, name in ((0x50, "MACVTR"), (0x58, "MACVHTR"), (0x60, "MACVIR"), (0x64, "MACIVIR")):
            bank.register(offset, name).storage()
        bank.register(0x70, "MACQTxFCR").storage(0xFFFF00F3)
        bank.register(0x90, "MACRxFCR").storage(0x3)
        bank.register(0xB0, "MACISR").field(0, 32, "ISR", Mode.READ)
        bank.register(0xB4, "MACIER").storage(0x7039)
        bank.register(0xB8, "MACRxTxSR").field(0, 32, "RxTxSR", Mode.READ)
        bank.register(0xC0, "MACPCSR").storage(0x1F000707)
        bank.register(0xDC, "MAC1USTCR").storage(0xFFF)
        bank.register(0x110, "MACVR", reset=0x3142).field(0, 32, "VR", Mode.READ)
        bank.register(0x114, "MACDR").field(0, 32, "DR", Mode.READ)
        bank.register(0x120, "MACHWF1R", reset=0x11841904).field(0, 32, "HWF1R", Mode.READ)
        bank.register(0x124, "MACHWF2R", reset=0x41000000).field(0, 32, "HWF2R", Mode.READ)
        management = bank.register(0x200, "MACMDIOAR").after_write(self._manage)
        management.flag(0, "MB", Mode.WRITE)
        management.storage(0x0FFF7F1E)
        self._management_data = bank.register(0x204, "MACMDIODR").field(0, 16, "MD")
        bank[0x204].storage()
        self.addresses = declare_addresses(bank, 0x300, 4)
        self._filter = AddressFilter(frame_filter, (low, high), self.addresses)

    def _declare_counters(self) -> None:
        bank = self.bank
        bank.register(0x700, "MMC_CONTROL").storage(0x3E).flag(0, "CNTRST", Mode.WRITE, on_write=self._clear_counters)
        for offset, name in ((0x704, "MMC_RX_INTERRUPT"), (0x708, "MMC_TX_INTERRUPT")):
            bank.register(offset, name).field(0, 32, "flags", Mode.READ)
        for offset, name in ((0x70C, "MMC_RX_INTERRUPT_MASK"), (0x710, "MMC_TX_INTERRUPT_MASK")):
            bank.register(offset, name).storage()
        self._good_sent = bank.register(0x768, "TX_PACKET_COUNT_GOOD").field(0, 32, "count", Mode.READ)
        for offset, name in (
            (0x74C, "TX_SINGLE_COLLISION_GOOD_PACKETS"),
            (0x750, "TX_MULTIPLE_COLLISION_GOOD_PACKETS"),
            (0x794, "RX_CRC_ERROR_PACKETS"),
            (0x798, "RX_ALIGNMENT_ERROR_PACKETS"),
        ):
            bank.register(offset, name).field(0, 32, "count", Mode.READ)
        self._good_received = bank.register(0x7C4, "RX_UNICAST_PACKETS_GOOD").field(0, 32, "count", Mode.READ)

    def _declare_mtl(self) -> None:
        bank = self._mtl.bank
        bank.register(0x000, "MTLOMR").storage(0x362)
        bank.register(0x020, "MTLISR").field(0, 32, "ISR", Mode.READ)
        transmit = bank.register(0x100, "MTLTxQOMR", reset=0x00070008)
        transmit.flag(0, "FTQ", Mode.WRITE)
        transmit.storage(0x01FF007E)
        bank.register(0x104, "MTLTxQUR").field(0, 32, "UR", Mode.READ)
        bank.register(0x108, "MTLTxQDR").field(0, 32, "DR", Mode.READ)
        bank.register(0x12C, "MTLQICSR").storage(0x01000100)
        self._receive_mode = bank.register(0x130, "MTLRxQOMR", reset=0x00700000).storage(0x0070007B)
        bank.register(0x134, "MTLRxQMPOCR").field(0, 32, "MPOCR", Mode.READ)
        bank.register(0x138, "MTLRxQDR").value_from(lambda: len(self._waiting) << 16 | bool(self._waiting) << 4)

    def _declare_dma(self) -> None:
        bank = self._dma.bank
        mode = bank.register(0x000, "DMAMR")
        mode.flag(0, "SWR", Mode.WRITE, on_write=lambda value: self.reset() if value else None)
        mode.storage(0x00037802)
        bank.register(0x004, "DMASBMR", reset=0x01010000).storage()
        bank.register(0x008, "DMAISR").value_from(lambda: int(self.irq.value))
        bank.register(0x00C, "DMADSR").value_from(self._states)
        self._skip = bank.register(0x100, "DMACCR").storage(0x00013FFF).field(18, 3, "DSL")
        transmit = bank.register(0x104, "DMACTxCR")
        self._transmit_started = transmit.flag(0, "ST", on_change=lambda old, new: self._start_transmission(bool(new)))
        self._segmentation = transmit.flag(12, "TSE")
        transmit.storage(0x003F0010)
        receive = bank.register(0x108, "DMACRxCR")
        self._receive_started = receive.flag(0, "SR", on_change=lambda old, new: self._start_reception(bool(new)))
        self._buffer_size = receive.field(1, 14, "RBSZ")
        receive.storage(0x803F0000)
        self._transmit_list = (
            bank.register(0x114, "DMACTxDLAR").storage(0xFFFFFFFC).after_write(self._transmit_list_set)
        )
        self._receive_list = bank.register(0x11C, "DMACRxDLAR").storage(0xFFFFFFFC).after_write(self._receive_list_set)
        self._transmit_tail = (
            bank.register(0x120, "DMACTxDTPR").storage(0xFFFFFFFC).after_write(self._resume_transmission)
        )
        self._receive_tail = bank.register(0x128, "DMACRxDTPR").storage(0xFFFFFFFC).after_write(self._resume_reception)
        self._transmit_length = bank.register(0x12C, "DMACTxRLR").field(0, 10, "TDRL")
        self._receive_length = bank.register(0x130, "DMACRxRLR").field(0, 10, "RDRL")
        self._enables = bank.register(0x134, "DMACIER").storage(0xFFC7).after_write(lambda _: self._update())
        bank.register(0x138, "DMACRxIWTR").storage(0x300FF)
        bank.register(0x144, "DMACCATxDR").value_from(lambda: self._transmit_at)
        bank.register(0x14C, "DMACCARxDR").value_from(lambda: self._receive_at)
        bank.register(0x154, "DMACCATxBR").field(0, 32, "CURTBUFAPTR", Mode.READ)
        bank.register(0x15C, "DMACCARxBR").field(0, 32, "CURRBUFAPTR", Mode.READ)
        self._status = bank.register(0x160, "DMACSR").field(0, 16, "flags", Mode.WRITE_ONE_TO_CLEAR)
        bank[0x160].after_write(lambda _: self._update())
        bank.register(0x16C, "DMACMFCR").field(0, 16, "MFC", Mode.READ, read=self._take_missed)

    def reset(self) -> None:
        super().reset()
        self._mtl.reset()
        self._dma.reset()
        self._waiting.clear()
        self._transmit_suspended = self._receive_suspended = False
        self._update()

    def _control_written(self, written: int) -> None:
        if written >> 31:
            self.log.warning("MACCR.ARPEN: ARP offload is not modelled")

    # Management interface (58.5.7)

    def _manage(self, written: int) -> None:
        if not written & 1:
            return
        if written & 2:
            self.log.warning("MACMDIOAR.C45E: clause 45 management is not modelled")
            return
        address, number, operation = written >> 21 & 0x1F, written >> 16 & 0x1F, written >> 2 & 3
        if operation in (1, 3):
            self._access_phy(address, number, operation == 1)
        else:
            self.log.warning("MACMDIOAR.GOC = %d is no operation", operation)

    # Descriptors (58.10)

    def _following(self, address: int, start: int, length: int) -> int:
        step = DESCRIPTOR_BYTES + self._skip.value * self._bus_width
        return start + (address - start + step) % ((length + 1) * step)

    def _store(self, address: int, words: list[int]) -> None:
        """The owner bit goes last."""
        for place, word in enumerate(words):
            self.services.sysbus.write(address + 4 * place, 4, word)

    # Transmission (58.9.2)

    def _transmit_list_set(self, written: int) -> None:
        self._transmit_at = self._transmit_list.raw

    def _start_transmission(self, on: bool) -> None:
        if not on:
            self._raise(_TPS)
            return
        self._transmit_suspended = self._transmit_at == self._transmit_tail.raw
        self._transmit()

    def _resume_transmission(self, written: int) -> None:
        self._transmit_suspended = self._transmit_at == self._transmit_tail.raw
        self._transmit()

    def _advance_transmission(self) -> None:
        self._transmit_at = self._following(self._transmit_at, self._transmit_list.raw, self._transmit_length.value)
        self._transmit_suspended = self._transmit_at == self._transmit_tail.raw

    def _transmit(self) -> None:
        """Gather the next frame and put it on the wire; what follows waits for that."""
        if not self._transmit_started or not self._transmitter or self._transmitting is not None:
            return
        data, first = b"", [0] * 4
        while not self._transmit_suspended:
            address, words = self._transmit_at, self._descriptor_words(self._transmit_at)
            control = words[3]
            if not control & _OWN:
                self._transmit_suspended = True
                break
            self._advance_transmission()
            if control & _CONTEXT:
                self.log.warning("transmit context descriptor at 0x%08X: skipped", address)
                self._store(address, [*words[:3], control & ~_OWN])
                continue
            if control & _FIRST:
                data, first = b"", words
            for buffer, count in ((words[0], words[2] & 0x3FFF), (words[1], words[2] >> 16 & 0x3FFF)):
                data += self.services.sysbus.read_bytes(buffer, count) if count else b""
            if control & _LAST:
                self._send(data, first[3], address, words)
                return
            self._store(address, [*words[:3], control & ~_OWN])
        if data:
            self.log.warning("the descriptors end in the middle of a frame: %d bytes are lost", len(data))
        self._raise(_TBU)

    def _send(self, data: bytes, first: int, address: int, last: list[int]) -> None:
        if first & 1 << 18 and self._segmentation:
            self.log.warning("TDES3.TSE: segmentation is not modelled, %d bytes go out as one frame", len(data))
        if first >> 26 & 3 >= 2:  # CPC: the FCS is in the buffer
            data = data[:-4]
        frame = checksums.fill(self._with_source(data, first), checksums.Insertion(first >> 16 & 3))
        self._transmit_for(frame, lambda: self._sent(frame, address, last))

    def _with_source(self, frame: bytes, control: int) -> bytes:
        """The frame with the source address that TDES3.SAIC, or else MACCR.SARC, asks for."""
        operation, second = control >> 23 & 3, control >> 25 & 1
        if not operation:
            choice = self._control.raw >> 28 & 7
            operation, second = {2: 1, 3: 2}.get(choice & 3, 0), choice >> 2
        if not operation:
            return frame
        source = self.address(second)
        return frame[:6] + source + frame[6 if operation == 1 else 12 :]

    def _sent(self, frame: bytes, address: int, words: list[int]) -> None:
        self._transmitting = None
        self._let_out(frame)
        self._good_sent.value += 1
        self._store(address, [*words[:3], words[3] & (_FIRST | _LAST)])
        if words[2] >> 31:
            self._raise(_TI)
        self._transmit()

    # Reception (58.9.3)

    def _receive_list_set(self, written: int) -> None:
        self._receive_at = self._receive_list.raw

    def _start_reception(self, on: bool) -> None:
        if not on:
            self._raise(_RPS)
            return
        self._receive_suspended = self._receive_at == self._receive_tail.raw
        self._receive_waiting()

    def _resume_reception(self, written: int) -> None:
        self._receive_suspended = self._receive_at == self._receive_tail.raw
        self._receive_waiting()

    def _advance_reception(self) -> None:
        self._receive_at = self._following(self._receive_at, self._receive_list.raw, self._receive_length.value)
        self._receive_suspended = self._receive_at == self._receive_tail.raw

    def on_frame_received(self, frame: bytes) -> None:
        if not self._receiver:
            self.log.debug("a frame of %d bytes while the receiver is off: lost", len(frame))
            return
        if not self._filter.accepts(frame):
            self.log.debug("a frame for %s: not for us", frame[:6].hex(":"))
            return
        if sum(map(len, self._waiting)) + len(frame) > self._queue_size:
            self._missed += 1
            self.log.warning("the receive queue is full: a frame of %d bytes is missed", len(frame))
            return
        self._waiting.append(frame)
        self._receive_waiting()

    def _receive_waiting(self) -> None:
        while self._waiting and self._receive_started and self._receiver:
            if not self._deliver(self._waiting[0]):
                return
            self._waiting.popleft()

    def _available(self) -> list[int] | None:
        """The next descriptor, if the DMA owns it."""
        if not self._receive_suspended:
            words = self._descriptor_words(self._receive_at)
            if words[3] & _OWN:
                return words
            self._receive_suspended = True
        return None

    def _deliver(self, frame: bytes) -> bool:
        """Frame to memory; false when there is no descriptor for it, so that it waits."""
        verdict = checksums.check(frame) if self._control.raw & _CHECK else checksums.Verdict()
        keeps = self._receive_mode.raw & (1 << 6 | 1 << 4)  # DIS_TCP_EF, FEP
        if (verdict.header_error or verdict.payload_error) and not keeps:
            self.log.debug("a frame of %d bytes with a wrong checksum: dropped", len(frame))
            return True
        control = self._control.raw
        rest = stored_frame(
            frame, strip_typed=bool(control & _STRIP_TYPED), strip_padding=bool(control & _STRIP_PADDING)
        )
        status, interrupt = _FIRST, False
        length = len(rest)
        words = self._available()
        if words is None:
            self._raise(_RBU)
            return False
        while True:
            address = self._receive_at
            for buffer, valid in ((words[0], 1 << 24), (words[2], 1 << 25)):
                count = self._buffer_size.value
                if words[3] & valid and rest:
                    self.services.sysbus.write_bytes(buffer, rest[:count])
                    rest = rest[count:]
            interrupt = interrupt or bool(words[3] & 1 << 30)
            self._advance_reception()
            following = self._available() if rest else None
            if following is None:
                break
            self._store(address, [0, 0, 0, status])
            status, words = 0, following
        cut = bool(rest)
        if cut:
            self.log.warning("no descriptor for the rest of a frame: %d bytes are cut off", len(rest))
        self._close(address, status | cut << 21 | cut << 15 | length, frame, verdict)
        if interrupt:
            self._raise(_RI)
        return True

    def _close(self, address: int, status: int, frame: bytes, verdict: checksums.Verdict) -> None:
        kind = int.from_bytes(frame[12:14], "big")
        length_type = 0 if kind < FIRST_TYPE else {0x0806: 3, 0x8100: 4, 0x88A8: 5, 0x8808: 6}.get(kind, 1)
        details = (
            verdict.payload
            | verdict.header_error << 3
            | (verdict.version == 4) << 4
            | (verdict.version == 6) << 5
            | verdict.payload_error << 7
        )
        wrong = (verdict.header_error or verdict.payload_error) << 15
        self._store(address, [0, details, 0, status | _LAST | 1 << 26 | length_type << 16 | wrong])
        self._good_received.value += not frame[0] & 1

    # Interrupt (58.9.6)

    def _states(self) -> int:
        receiver = transmitter = 0
        if self._receive_started:
            receiver = _SUSPENDED_RECEIVER if self._receive_suspended else _WAITING_RECEIVER
        if self._transmit_started:
            transmitter = _SUSPENDED_TRANSMITTER if self._transmitting is None else _RUNNING_TRANSMITTER
        return receiver << 8 | transmitter << 12
