"""Packets of the GDB remote protocol: bytes of a stream, and what they ask of a board."""

from __future__ import annotations

import random

from sim.engine.monitor import Monitor
from sim.engine.observe.gdb.local import LocalDebuggee
from sim.engine.observe.gdb.packets import Packet, PacketReader, framed
from sim.engine.observe.gdb.stub import Stub
from sim.fuzz.mutation import NUMBERS
from sim.fuzz.platform_targets import BOARD
from sim.fuzz.target import Target

_PACKETS = (
    "?", "g", "G00", "p0", "p19", "P0=00000000", "Pf=01000008", "P19=ffffffff", "P1f=03000000", "m20000000,40",
    "m40000000,4", "me000ed00,4", "M20000000,2:0102", "X20000000,0:", "c", "c8000000", "s", "vCont?", "vCont;c",
    "vCont;s:1", "vCont;r8000000,8000010:1", "Z0,8000000,2", "z0,8000000,2", "Z2,20000000,4", "Z3,20000000,4",
    "Z4,20000000,4", "Hg0", "Hg1", "Hc-1", "T1", "qC", "qfThreadInfo", "qsThreadInfo", "qThreadExtraInfo,1",
    "qAttached", "qSymbol::", "qSupported:swbreak+;hwbreak+;xmlRegisters=arm", "qXfer:features:read:target.xml:0,fff",
    "qXfer:memory-map:read::0,fff", "qCRC:8000000,100", "qRcmd,6370752050430a", "qRcmd,7265736574", "QStartNoAckMode",
    "vFlashErase:8000000,1000", "vFlashWrite:8000000:abc", "vFlashDone", "vMustReplyEmpty", "bs", "bc", "D", "k", "!",
)  # fmt: skip
_CYCLES = 3000
"""Of one run, at most."""


class GdbPackets(Target):
    """One to four packets of a session, through reader and stub."""

    NAME = "gdb"
    RENEW_EVERY = 400
    WORDS = (*_PACKETS, "$", "#", "}", "*", "\x03", "+", "-", ",", ":", ";", "=", "xxxxxxxx", "ffffffff")

    def __init__(self) -> None:
        self.renew()

    def corpus(self) -> list[bytes]:
        """Each packet of a session, and some together."""
        return [
            *(framed(each.encode()) for each in _PACKETS),
            b"".join(framed(each.encode()) for each in _PACKETS[:20]),
        ]

    def generate(self, source: random.Random) -> bytes:
        """Packets whose numbers are others."""
        found = []
        for _ in range(source.choice((1, 1, 2, 4))):
            packet = source.choice(_PACKETS).encode()
            for _ in range(source.randrange(3)):
                place = source.randrange(len(packet) + 1)
                packet = packet[:place] + source.choice((*NUMBERS, b"", b",", b";", b":")) + packet[place:]
            found.append(framed(packet))
        return b"".join(found)

    def renew(self) -> None:
        """A new board, with a loop to run."""
        old: Monitor | None = getattr(self, "_monitor", None)
        if old is not None:
            old.close()
        self._monitor = Monitor()
        self._monitor.execute("mach create")
        self._monitor.execute(f'machine LoadPlatformDescriptionFromString """{BOARD}"""')
        self._monitor.execute("sysbus WriteDoubleWord 0x08000000 0x20001000")
        self._monitor.execute("sysbus WriteDoubleWord 0x08000004 0x08000009")
        self._monitor.execute("sysbus WriteDoubleWord 0x08000008 0xE7FD3001")  # adds r0, #1; b .-2
        self._monitor.execute("cpu VectorTableOffset 0x08000000")
        machine = self._monitor.machine
        machine.engine.set_native_loops(False)  # nothing here is worth compiling
        clock, debuggee = machine.clock, LocalDebuggee(machine, str)
        debuggee.limit = lambda: self._end
        self._clock, self._end = clock, 0
        self._stub = Stub(debuggee, lambda: clock.now >= self._end, lambda text: None)

    def run(self, data: bytes) -> None:
        """Answer whatever packets are in it."""
        for each in PacketReader().feed(data):
            if isinstance(each, Packet):
                self._end = self._clock.now + _CYCLES
                framed(self._stub.answer(each.data))
