"""RADIO of nRF52840 (PS 6.20): its states, their times, packets sent into silence.

Ramp-up, packet and ramp-down take the time MODE and the packet's length ask for; shortcuts, RSSI, energy detection and
clear channel assessment find a quiet channel. There is no medium: nothing is ever received, what is sent is told to
``frame_sent`` (length byte and payload, as they lie in memory).
"""

from __future__ import annotations

from collections.abc import Callable

from sim.engine.devices.base import Event, Services
from sim.engine.devices.event import EventHandlers
from sim.engine.devices.nrf_tasks import NrfPeripheral
from sim.engine.devices.registers import Mode

(
    _TXEN,
    _RXEN,
    _START,
    _STOP,
    _DISABLE,
    _RSSISTART,
    _RSSISTOP,
    _BCSTART,
    _BCSTOP,
    _EDSTART,
    _EDSTOP,
    _CCASTART,
    _CCASTOP,
) = (4 * number for number in range(13))
_READY, _ADDRESS, _PAYLOAD, _END, _DISABLED = (0x100 + 4 * number for number in range(5))
_RSSIEND, _CRCOK, _CRCERROR, _FRAMESTART = 0x11C, 0x130, 0x134, 0x138
_EDEND, _EDSTOPPED, _CCAIDLE, _TXREADY, _RXREADY, _PHYEND = 0x13C, 0x140, 0x144, 0x154, 0x158, 0x16C
_EVENTS = {
    _READY: "READY", _ADDRESS: "ADDRESS", _PAYLOAD: "PAYLOAD", _END: "END", _DISABLED: "DISABLED",
    0x114: "DEVMATCH", 0x118: "DEVMISS", _RSSIEND: "RSSIEND", 0x128: "BCMATCH", _CRCOK: "CRCOK",
    _CRCERROR: "CRCERROR", _FRAMESTART: "FRAMESTART", _EDEND: "EDEND", _EDSTOPPED: "EDSTOPPED",
    _CCAIDLE: "CCAIDLE", 0x148: "CCABUSY", 0x14C: "CCASTOPPED", 0x150: "RATEBOOST", _TXREADY: "TXREADY",
    _RXREADY: "RXREADY", 0x160: "MHRMATCH", 0x168: "SYNC", _PHYEND: "PHYEND",
}  # fmt: skip
_SHORTCUTS = {
    0: (_READY, _START), 1: (_END, _DISABLE), 2: (_DISABLED, _TXEN), 3: (_DISABLED, _RXEN),
    4: (_ADDRESS, _RSSISTART), 5: (_END, _START), 6: (_ADDRESS, _BCSTART), 8: (_DISABLED, _RSSISTOP),
    11: (_RXREADY, _CCASTART), 12: (_CCAIDLE, _TXEN), 14: (_FRAMESTART, _BCSTART), 15: (_READY, _EDSTART),
    16: (_EDEND, _DISABLE), 17: (_CCAIDLE, _STOP), 18: (_TXREADY, _START), 19: (_RXREADY, _START),
    20: (_PHYEND, _DISABLE), 21: (_PHYEND, _START),
}  # fmt: skip
_OFF, _RX_RAMP, _RX_IDLE, _RX, _TX_RAMP, _TX_IDLE, _TX = 0, 1, 2, 3, 9, 10, 11  # STATE
_RAMP_UP, _FAST_RAMP_UP, _RAMP_DOWN = 140, 40, 6  # us
_BYTE_TIMES = {0: 8, 1: 4, 3: 8, 4: 4, 5: 64, 6: 16, 15: 32}  # us by MODE
_QUIET = 0x7F  # -dBm
_STORED = {
    0x508: "FREQUENCY", 0x50C: "TXPOWER", 0x51C: "BASE0", 0x520: "BASE1", 0x524: "PREFIX0", 0x528: "PREFIX1",
    0x52C: "TXADDRESS", 0x530: "RXADDRESSES", 0x534: "CRCCNF", 0x538: "CRCPOLY", 0x53C: "CRCINIT", 0x544: "TIFS",
    0x554: "DATAWHITEIV", 0x560: "BCC", 0x600: "DAB[0]", 0x604: "DAB[1]", 0x608: "DAB[2]", 0x60C: "DAB[3]",
    0x610: "DAB[4]", 0x614: "DAB[5]", 0x618: "DAB[6]", 0x61C: "DAB[7]", 0x620: "DAP[0]", 0x624: "DAP[1]",
    0x628: "DAP[2]", 0x62C: "DAP[3]", 0x630: "DAP[4]", 0x634: "DAP[5]", 0x638: "DAP[6]", 0x63C: "DAP[7]",
    0x640: "DACNF", 0x644: "MHRMATCHCONF", 0x648: "MHRMATCHMAS", 0x660: "SFD", 0x664: "EDCNT", 0x66C: "CCACTRL",
}  # fmt: skip


class NrfRadio(NrfPeripheral):
    """``frame_sent`` tells each packet."""

    RENODE_TYPES = ("Wireless.NRF52840_Radio",)
    SCRIPT_MEMBERS = ("FrameSent",)

    def __init__(self, services: Services, name: str) -> None:
        super().__init__(services, name)
        self.frame_sent: EventHandlers[[bytes]] = EventHandlers()
        self._state = _OFF
        self._due: Event | None = None
        for offset, event in _EVENTS.items():
            self.event(offset, event)
        for offset, task, action in (
            (_TXEN, "TXEN", lambda: self._ramp_up(_TX_RAMP)),
            (_RXEN, "RXEN", lambda: self._ramp_up(_RX_RAMP)),
            (_START, "START", self._start),
            (_STOP, "STOP", self._stop),
            (_DISABLE, "DISABLE", self._switch_off),
            (_RSSISTART, "RSSISTART", lambda: self.happen(_RSSIEND)),
            (_RSSISTOP, "RSSISTOP", lambda: None),
            (_BCSTART, "BCSTART", lambda: None),
            (_BCSTOP, "BCSTOP", lambda: None),
            (_EDSTART, "EDSTART", lambda: self.happen(_EDEND)),
            (_EDSTOP, "EDSTOP", lambda: self.happen(_EDSTOPPED)),
            (_CCASTART, "CCASTART", lambda: self.happen(_CCAIDLE)),
            (_CCASTOP, "CCASTOP", lambda: None),
        ):
            self.task(offset, task, action)
        self.shortcuts(_SHORTCUTS)
        bank = self.bank
        for offset, register in ((0x400, "CRCSTATUS"), (0x408, "RXMATCH"), (0x40C, "RXCRC"), (0x410, "DAI")):
            bank.register(offset, register).field(0, 32, register, Mode.READ)
        self._packet = bank.register(0x504, "PACKETPTR").storage()
        self._mode = bank.register(0x510, "MODE").field(0, 4, "MODE")
        self._format = bank.register(0x514, "PCNF0").storage()
        self._limits = bank.register(0x518, "PCNF1").storage()
        for offset, register in _STORED.items():
            bank.register(offset, register).storage()
        bank.register(0x548, "RSSISAMPLE", _QUIET).field(0, 7, "RSSISAMPLE", Mode.READ)
        bank.register(0x550, "STATE").value_from(lambda: self._state)
        self._fast = bank.register(0x650, "MODECNF0", 0x200).flag(0, "RU")
        bank[0x650].storage(0x300)
        bank.register(0x668, "EDSAMPLE").field(0, 8, "EDLVL", Mode.READ)
        bank.register(0xFFC, "POWER", 1).flag(0, "POWER", on_change=lambda old, new: self._powered(bool(new)))

    def reset(self) -> None:
        super().reset()
        self._cancel()
        self._state = _OFF

    def _powered(self, on: bool) -> None:
        if not on:
            self.reset()
            self.bank[0xFFC].raw = 0

    def _after(self, microseconds: int, action: Callable[[], None]) -> None:
        self._cancel()
        clock = self.services.clock
        self._due = clock.schedule(microseconds * clock.frequency // 1_000_000, action)

    def _cancel(self) -> None:
        if self._due is not None:
            self.services.clock.cancel(self._due)
            self._due = None

    def _ramp_up(self, state: int) -> None:
        self._state = state
        self._after(_FAST_RAMP_UP if self._fast else _RAMP_UP, self._ready)

    def _ready(self) -> None:
        self._due = None
        sends = self._state == _TX_RAMP
        self._state = _TX_IDLE if sends else _RX_IDLE
        self.happen(_READY)
        self.happen(_TXREADY if sends else _RXREADY)

    def _start(self) -> None:
        if self._state == _RX_IDLE:
            self._state = _RX
        elif self._state == _TX_IDLE:
            self._state = _TX
            packet = self._bytes()
            time = _BYTE_TIMES.get(self._mode.value, 8)
            self.happen(_ADDRESS)
            self.happen(_FRAMESTART)
            self._after(time * (len(packet) + 8), lambda: self._sent(packet))

    def _bytes(self) -> bytes:
        """S0, LENGTH, S1 and payload, as PCNF0 and PCNF1 say they lie in memory."""
        bus, place = self.services.sysbus, self._packet.raw
        length_bits, s0, s1 = self._format.raw & 0xF, self._format.raw >> 8 & 1, self._format.raw >> 16 & 0xF
        header = s0 + (1 if length_bits else 0) + (1 if s1 else 0)
        most, static = self._limits.raw & 0xFF, self._limits.raw >> 8 & 0xFF
        length = bus.read(place + s0, 1) & (1 << length_bits) - 1 if length_bits else 0
        return bus.read_bytes(place, header + min(most, length + static))

    def _sent(self, packet: bytes) -> None:
        self._due = None
        self._state = _TX_IDLE
        self.frame_sent(packet)
        for event in (_PAYLOAD, _CRCOK, _END, _PHYEND):
            self.happen(event)

    def _stop(self) -> None:
        self._cancel()
        self._state = {_RX: _RX_IDLE, _TX: _TX_IDLE}.get(self._state, self._state)

    def _switch_off(self) -> None:
        self._after(_RAMP_DOWN if self._state != _OFF else 0, self._disabled)

    def _disabled(self) -> None:
        self._due = None
        self._state = _OFF
        self.happen(_DISABLED)
