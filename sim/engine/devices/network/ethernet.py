"""What Ethernet controllers have in common: frames out and in, the PHYs, the address filter.

Frames sent are kept (``sent_frames``, ``SavePcap @file`` for Wireshark) and told to ``frame_sent``; ``ReceiveFrame "ff
ff ..."`` lets one arrive. Only a switch reaches a network of the host (``sim/engine/monitor/taps.py``). Frames have no
FCS here.
"""

from __future__ import annotations

import struct
import zlib
from collections import deque
from collections.abc import Callable
from pathlib import Path

from sim.engine.devices.base import Device, Event, Services
from sim.engine.devices.event import EventHandlers
from sim.engine.devices.network.ethernet_phy import EthernetPhysicalLayer
from sim.engine.devices.registers import Field, Register, RegisterBank, RegisterDevice
from sim.errors import CrosscamError
from sim.files import write_bytes

_KEPT = 1024
_SHORTEST, _LONGEST = 14, 9018
_PCAP_HEADER = struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 0x40000, 1)
FIRST_TYPE = 0x600
"""Values of the length/type field from here on are types."""
DESCRIPTOR_BYTES = 16
_LOOP_BACK, _FAST = 1 << 12, 1 << 14
"""LM and FES of MACCR, where both kinds of MAC have them."""
_GAP = 24  # bytes' time of preamble, FCS and the space between frames
_MINIMUM_PAYLOAD = 60


def frame_check_sequence(frame: bytes) -> bytes:
    """The four bytes after ``frame`` on the wire."""
    return zlib.crc32(frame).to_bytes(4, "little")


def padded(frame: bytes) -> bytes:
    """``frame`` at least 60 bytes long, as it must be on the wire."""
    return frame.ljust(_MINIMUM_PAYLOAD, b"\0")


class AddressFilter:
    """Perfect and hash filters of a Synopsys MAC (RM0090 section 33.5.3, RM0433 section 58.5.1).

    ``control``: MACFFR, in the newer core MACPFR, which has the same bits; ``hash_table``: its two halves, low first;
    ``addresses``: pairs of high and low register.
    """

    def __init__(
        self, control: Register, hash_table: tuple[Register, Register], addresses: list[tuple[Register, Register]]
    ) -> None:
        self._control, self._hash_table, self._addresses = control, hash_table, addresses

    def accepts(self, frame: bytes) -> bool:
        """Whether ``frame`` passes to the application."""
        control = self._control.raw
        if control & (1 << 0 | 1 << 31):  # promiscuous, receive all
            return True
        return self._destination(frame[:6], control) and self._source(frame[6:12], control)

    def _destination(self, address: bytes, control: int) -> bool:
        if address == b"\xff" * 6:
            return not control & 1 << 5
        multicast = bool(address[0] & 1)
        if multicast and control & 1 << 4:
            return True
        hashed = bool(control & (1 << 2 if multicast else 1 << 1))
        inverse = bool(control & 1 << 3)
        perfect = self._perfect(address, source=False) != inverse
        if not hashed:
            return perfect
        in_table = self._in_table(address) != inverse
        return in_table or (bool(control & 1 << 10) and perfect)

    def _source(self, address: bytes, control: int) -> bool:
        if not control & 1 << 9:
            return True
        return self._perfect(address, source=True) != bool(control & 1 << 8)

    def _perfect(self, address: bytes, *, source: bool) -> bool:
        for index, (high, low) in enumerate(self._addresses):
            word = high.raw
            if index and not word >> 31:
                continue
            if bool(index and word & 1 << 30) != source:
                continue
            wanted = low.raw.to_bytes(4, "little") + (word & 0xFFFF).to_bytes(2, "little")
            ignored = word >> 24 & 0x3F if index else 0
            if all(wanted[place] == address[place] or ignored >> place & 1 for place in range(6)):
                return True
        return False

    def _in_table(self, address: bytes) -> bool:
        place = int(f"{zlib.crc32(address):032b}"[::-1], 2) >> 26
        return bool(self._hash_table[place // 32].raw >> place % 32 & 1)


def stored_frame(frame: bytes, *, strip_typed: bool, strip_padding: bool) -> bytes:
    """What a receiver puts into memory: the frame with its FCS, unless asked to strip it from frames with a type, or
    with the padding from frames with a length."""
    kind = int.from_bytes(frame[12:14], "big")
    if kind >= FIRST_TYPE:
        return frame if strip_typed else frame + frame_check_sequence(frame)
    return frame[: _SHORTEST + kind] if strip_padding else frame + frame_check_sequence(frame)


class EthernetController(RegisterDevice):
    """Base of the MACs; PHYs are children at their management addresses."""

    RENODE_MEMBERS = ("MAC", "ReceiveFrame", "SavePcap")
    SCRIPT_MEMBERS = ("FrameSent",)

    addresses: list[tuple[Register, Register]]
    """High and low registers of the station's addresses."""
    SUMMARIES: tuple[tuple[int, int], ...]
    """Flags of the DMA's status register and the bit that sums them up; an interrupt wants that bit enabled too.

    RM0090 33.6.6, RM0433 58.9.6."""
    MOST_MISSED: int
    """Where the counter of missed frames stays."""
    _status: Field
    _enables: Register
    _control: Register
    """MACCR."""
    _management_data: Field
    _good_sent: Field
    _good_received: Field

    def __init__(self, services: Services, name: str) -> None:
        super().__init__(services, name)
        self.irq = self.add_output("IRQ")
        self.frame_sent: EventHandlers[[bytes]] = EventHandlers()
        self.sent_frames: deque[bytes] = deque(maxlen=_KEPT)
        self._sent_at: deque[int] = deque(maxlen=_KEPT)
        self._transmitting: Event | None = None
        self._transmit_at = self._receive_at = 0  # descriptors
        self._missed = 0

    def reset(self) -> None:
        if self._transmitting is not None:
            self.services.clock.cancel(self._transmitting)
            self._transmitting = None
        super().reset()
        self._transmit_at = self._receive_at = self._missed = 0

    def _raise(self, flags: int) -> None:
        self._status.value |= flags
        self._update()

    def _update(self) -> None:
        flags, enables = self._status.value, self._enables.raw
        for members, summary in self.SUMMARIES:
            if flags & enables & members:
                flags |= summary
        self._status.value = flags
        self.irq.set(any(flags & enables & summary for _, summary in self.SUMMARIES))

    def register_child(self, child: Device, point: int) -> None:
        """Attach a PHY at management address ``point``."""
        if not isinstance(child, EthernetPhysicalLayer):
            raise CrosscamError(f"{self.name}: {child.name} is no PHY; expected a Network.EthernetPhysicalLayer")
        if not 0 <= point < 32:
            raise CrosscamError(f"{self.name}: {child.name} at address {point}; expected 0 to 31")
        super().register_child(child, point)

    def address(self, index: int = 0) -> bytes:
        """The station's address ``index``."""
        high, low = self.addresses[index]
        return low.raw.to_bytes(4, "little") + (high.raw & 0xFFFF).to_bytes(2, "little")

    @property
    def mac(self) -> str:
        """The station's first address: ``02:00:00:00:00:01``."""
        return self.address().hex(":")

    @mac.setter
    def mac(self, text: str) -> None:
        try:
            value = bytes.fromhex(text.replace(":", " ").replace("-", " "))
        except ValueError:
            value = b""
        if len(value) != 6:
            raise CrosscamError(f'{self.name}: MAC is {text!r}; expected six bytes such as "02:00:00:00:00:01"')
        high, low = self.addresses[0]
        high.raw = high.raw & ~0xFFFF | int.from_bytes(value[4:], "little")
        low.raw = int.from_bytes(value[:4], "little")

    def phy(self, address: int) -> EthernetPhysicalLayer | None:
        """The PHY at ``address``; None, with a warning, where there is none."""
        found = self.children.get(address)
        if isinstance(found, EthernetPhysicalLayer):
            return found
        self.log.warning("no PHY at management address %d", address)
        return None

    def _access_phy(self, address: int, number: int, write: bool) -> None:
        """Move the management data to or from register ``number`` of the PHY at ``address``; where none is, all ones
        are read."""
        phy = self.phy(address)
        if not write:
            self._management_data.value = 0xFFFF if phy is None else phy.read_register(number)
        elif phy is not None:
            phy.write_register(number, self._management_data.value)

    def _clear_counters(self, value: int) -> None:
        if value:
            self._good_sent.value = self._good_received.value = 0

    def _take_missed(self) -> int:
        """The counter is cleared by reading it."""
        missed, self._missed = self._missed, 0
        return min(missed, self.MOST_MISSED)

    def _descriptor_words(self, address: int) -> list[int]:
        data = self.services.sysbus.read_bytes(address, DESCRIPTOR_BYTES)
        return [int.from_bytes(data[place : place + 4], "little") for place in range(0, DESCRIPTOR_BYTES, 4)]

    @property
    def _phys(self) -> list[EthernetPhysicalLayer]:
        return [child for child in self.children.values() if isinstance(child, EthernetPhysicalLayer)]

    def wire_cycles(self, frame: bytes, megabits: int) -> int:
        """Core cycles that ``frame`` takes on the wire."""
        bits = 8 * (len(padded(frame)) + _GAP)
        return max(1, bits * self.services.clock.frequency // (megabits * 1_000_000))

    def _transmit_for(self, frame: bytes, then: Callable[[], None]) -> None:
        """``frame`` is on the wire at the speed MACCR says, ``then`` is called when it is through."""
        cycles = self.wire_cycles(frame, 100 if self._control.raw & _FAST else 10)
        self._transmitting = self.services.clock.schedule(cycles, then)

    def _let_out(self, frame: bytes) -> None:
        """``frame`` leaves the MAC: to the wire, or back, as MACCR says."""
        if self._control.raw & _LOOP_BACK:
            self.on_frame_received(padded(frame))
        else:
            self.put_on_wire(frame)

    def put_on_wire(self, frame: bytes) -> None:
        """``frame`` is through: keep it and tell whoever listens; a PHY in loop back sends it back instead."""
        if any(phy.loops_back for phy in self._phys):
            self.on_frame_received(padded(frame))
            return
        if self._phys and not any(phy.link_up for phy in self._phys):
            self.log.warning("a frame of %d bytes sent without a link: lost", len(frame))
            return
        self.log.debug("sent %d bytes: %s", len(frame), frame.hex(" "))
        self.sent_frames.append(frame)
        self._sent_at.append(self.services.clock.now)
        self.frame_sent(frame)

    def on_frame_received(self, frame: bytes) -> None:
        """``frame`` has arrived from the wire."""
        raise NotImplementedError

    def receive_frame(self, data: str) -> None:
        """Let a frame arrive: hexadecimal digits, from the destination address on, without FCS.

        Raises:
            CrosscamError: they are no frame.
        """
        try:
            frame = bytes.fromhex(data.replace(":", " "))
        except ValueError:
            frame = b""
        if not _SHORTEST <= len(frame) <= _LONGEST:
            raise CrosscamError(
                f"{self.name}: expected a frame of {_SHORTEST} to {_LONGEST} bytes in hexadecimal digits, found"
                f" {len(frame)} bytes"
            )
        self.on_frame_received(padded(frame))

    def save_pcap(self, path: Path) -> None:
        """Write the kept frames to ``path`` as a capture file, times in microseconds of virtual time.

        Raises:
            CrosscamError: the file cannot be written.
        """
        content = bytearray(_PCAP_HEADER)
        for frame, cycle in zip(self.sent_frames, self._sent_at, strict=True):
            seconds, rest = divmod(cycle * 1_000_000 // self.services.clock.frequency, 1_000_000)
            content += struct.pack("<IIII", seconds, rest, len(frame), len(frame)) + frame
        write_bytes(path, content)


def declare_addresses(
    bank: RegisterBank, first: int, count: int, first_high: int = 0x8000FFFF
) -> list[tuple[Register, Register]]:
    """``count`` address register pairs from offset ``first`` on."""
    found = []
    for index in range(count):
        high = bank.register(first + 8 * index, f"MACA{index}HR", reset=0xFFFF if index else first_high)
        low = bank.register(first + 8 * index + 4, f"MACA{index}LR", reset=0xFFFFFFFF)
        found.append((high.storage(0xFF00FFFF if index else 0xFFFF), low.storage()))
    return found
