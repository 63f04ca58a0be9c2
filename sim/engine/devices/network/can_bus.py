"""CAN frames, and what controllers have in common: frames out, frames in, a bus between controllers."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

from sim.engine.devices.base import Services
from sim.engine.devices.event import EventHandlers
from sim.engine.devices.registers import RegisterDevice
from sim.engine.members import UInt
from sim.errors import CrosscamError

FD_LENGTHS = (0, 1, 2, 3, 4, 5, 6, 7, 8, 12, 16, 20, 24, 32, 48, 64)
"""Bytes that a data length code stands for (ISO 11898-1); classic frames end at 8."""
_KEPT = 256


@dataclass(frozen=True, slots=True)
class CanFrame:
    """One frame on the bus. A remote frame carries ``length`` without data.

    Attributes:
        identifier: 11 bits, or 29 when ``extended``.
        flexible: a CAN FD frame; ``fast`` is its bit rate switch.
    """

    identifier: int
    data: bytes = b""
    extended: bool = False
    remote: bool = False
    flexible: bool = False
    fast: bool = False
    length: int = 0

    @property
    def data_length_code(self) -> int:
        """DLC."""
        return next(code for code, count in enumerate(FD_LENGTHS) if count >= (self.length or len(self.data)))

    @property
    def priority(self) -> int:
        """Lower wins arbitration: standard before extended with the same upper bits, data before remote."""
        if self.extended:
            return (self.identifier >> 18) << 21 | 1 << 20 | 1 << 19 | (self.identifier & 0x3FFFF) << 1 | self.remote
        return self.identifier << 21 | self.remote << 20

    @property
    def nominal_bits(self) -> int:
        """Bits sent at the nominal rate, stuff bits left out, the space between frames counted."""
        header = 39 if self.extended else 19
        if self.flexible and self.fast:
            return header + 15
        return header + 28 + self.fast_bits * self.flexible + 8 * len(self.data) * (not self.flexible)

    @property
    def fast_bits(self) -> int:
        """Bits of a flexible frame sent at the data rate when it switches."""
        return 8 * len(self.data) + (21 if len(self.data) > 16 else 17) + 5

    def __str__(self) -> str:
        kind = "remote" if self.remote else self.data.hex(" ")
        return f"{self.identifier:0{8 if self.extended else 3}X}{' FD' if self.flexible else ''} [{kind}]"


class CanController(RegisterDevice):
    """Frames leave by ``frame_sent`` and are kept in ``sent_frames`` (the last 256); others arrive at
    ``on_frame_received``. A controller on no hub is on a bus of its own."""

    RENODE_MEMBERS = ("ReceiveFrame", "BusAcknowledges")
    SCRIPT_MEMBERS = ("FrameSent",)

    def __init__(self, services: Services, name: str) -> None:
        super().__init__(services, name)
        self.frame_sent: EventHandlers[[CanFrame]] = EventHandlers()
        self.sent_frames: deque[CanFrame] = deque(maxlen=_KEPT)
        self.bus_acknowledges = True
        """Whether another node on the bus acknowledges frames (``BusAcknowledges``); false: a board without a bus."""

    def put_on_bus(self, frame: CanFrame) -> None:
        """The frame is through: keep it, tell the bus."""
        self.log.debug("sent %s", frame)
        self.sent_frames.append(frame)
        self.frame_sent(frame)

    def on_frame_received(self, frame: CanFrame) -> None:
        """A frame of another node."""
        raise NotImplementedError

    def receive_frame(self, identifier: UInt, data: str = "", extended: bool = False, remote: bool = False) -> None:
        """Let another node send a frame: ``can1 ReceiveFrame 0x123 "01 02 03"``; data as hexadecimal digits.

        Raises:
            CrosscamError: the identifier or the data do not fit.
        """
        try:
            content = bytes.fromhex(data)
        except ValueError:
            raise CrosscamError(f'{self.name}: data is {data!r}; expected hexadecimal digits such as "01 02"') from None
        limit = 1 << (29 if extended else 11)
        if not 0 <= identifier < limit or len(content) not in FD_LENGTHS:
            raise CrosscamError(
                f"{self.name}: identifier 0x{identifier:X} with {len(content)} bytes; expected an identifier below"
                f" 0x{limit:X} and 0 to 8 bytes (12, 16 ... 64 as an FD frame)"
            )
        self.on_frame_received(CanFrame(identifier, content, extended, remote, flexible=len(content) > 8))
