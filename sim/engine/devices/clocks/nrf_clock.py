"""CLOCK and POWER of nRF52840 (PS 5.4, 5.3): oscillators that start, causes of resets, retained registers.

As Renode's ``Miscellaneous.NRF_CLOCK``: the oscillators run as soon as they are started, USB power is there. Beyond it,
RESETREAS, GPREGRET, the copies of what was selected at the start, and the calibration timer.
"""

from __future__ import annotations

from sim.engine.devices.base import Event, Services
from sim.engine.devices.nrf_tasks import NrfPeripheral
from sim.engine.devices.registers import Mode

_HF_STARTED, _LF_STARTED, _CALIBRATED, _TIMED_OUT, _CT_STARTED, _CT_STOPPED = (
    *(0x100, 0x104, 0x10C, 0x110, 0x128, 0x12C),
)
_USB_DETECTED, _USB_READY = 0x11C, 0x124
_RUNNING = 1 << 16
_CAUSES = {"button": 1 << 0, "watchdog": 1 << 1, "SYSRESETREQ": 1 << 2}
_KEPT = (0x51C, 0x520)  # GPREGRET, GPREGRET2


class NrfClock(NrfPeripheral):
    """HFCLK and LFCLK by their tasks, events and status."""

    RENODE_TYPES = ("Miscellaneous.NRF_CLOCK",)

    def __init__(self, services: Services, name: str) -> None:
        super().__init__(services, name)
        self._high = self._low = False
        self._cause = 0
        self._calibration: Event | None = None
        bank = self.bank
        for offset, event in (
            (_HF_STARTED, "HFCLKSTARTED"),
            (_LF_STARTED, "LFCLKSTARTED"),
            (0x108, "POFWARN"),
            (_CALIBRATED, "DONE"),
            (_TIMED_OUT, "CTTO"),
            (0x114, "SLEEPENTER"),
            (0x118, "SLEEPEXIT"),
            (_USB_DETECTED, "USBDETECTED"),
            (0x120, "USBREMOVED"),
            (_USB_READY, "USBPWRRDY"),
            (_CT_STARTED, "CTSTARTED"),
            (_CT_STOPPED, "CTSTOPPED"),
        ):
            self.event(offset, event)
        for offset, task, action in (
            (0x00, "HFCLKSTART", self._start_high),
            (0x04, "HFCLKSTOP", self._stop_high),
            (0x08, "LFCLKSTART", self._start_low),
            (0x0C, "LFCLKSTOP", self._stop_low),
            (0x10, "CAL", lambda: self.happen(_CALIBRATED)),
            (0x14, "CTSTART", self._start_calibration_timer),
            (0x18, "CTSTOP", self._stop_calibration_timer),
            (0x78, "CONSTLAT", lambda: None),
            (0x7C, "LOWPWR", lambda: None),
        ):
            self.task(offset, task, action)
        reasons = bank.register(0x400, "RESETREAS").value_from(lambda: self._cause)
        reasons.field(0, 20, "RESETREAS", Mode.WRITE)
        reasons.after_write(self._forget_causes)
        bank.register(0x408, "HFCLKRUN").value_from(lambda: int(self._high))
        bank.register(0x40C, "HFCLKSTAT").value_from(lambda: self._high * (_RUNNING | 1))
        bank.register(0x414, "LFCLKRUN").value_from(lambda: int(self._low))
        bank.register(0x418, "LFCLKSTAT").value_from(lambda: self._low * _RUNNING | self._copy)
        bank.register(0x41C, "LFCLKSRCCOPY").value_from(lambda: self._copy)
        bank.register(0x438, "USBREGSTATUS", 3).field(0, 2, "VBUSDETECT OUTPUTRDY", Mode.READ)
        bank.register(0x500, "SYSTEMOFF").field(0, 1, "SYSTEMOFF", Mode.WRITE)
        bank.register(0x510, "POFCON").storage(0xF1F)
        bank.register(0x51C, "GPREGRET").storage(0xFF)
        bank.register(0x520, "GPREGRET2").storage(0xFF)
        self._source = bank.register(0x518, "LFCLKSRC").field(0, 2, "SRC")
        bank[0x518].storage(0x30000)
        bank.register(0x528, "HFXODEBOUNCE", 0x10).storage(0xFF)
        self._interval = bank.register(0x538, "CTIV").field(0, 7, "CTIV")
        bank.register(0x55C, "TRACECONFIG").storage(0x30003)
        bank.register(0x578, "DCDCEN").storage(1)
        bank.register(0x580, "DCDCEN0").storage(1)
        bank.register(0x5B4, "LFRCMODE").storage(0x1)
        bank.register(0x640, "MAINREGSTATUS", 1).field(0, 1, "MAINREGSTATUS", Mode.READ)
        for part in range(9):
            bank.register(0x900 + 0x10 * part, f"RAM[{part}].POWER", 0xFFFF).storage()
        self._copy = 0
        self._usb()

    def reset(self) -> None:
        kept = {offset: self.bank[offset].raw for offset in _KEPT}
        super().reset()
        cause = str(getattr(self.services, "last_reset", "power-on"))
        if cause != "power-on":
            for offset, value in kept.items():
                self.bank[offset].raw = value
            self._cause |= next((flag for name, flag in _CAUSES.items() if name in cause), 0)
        self._high = self._low = False
        self._stop_timer()
        self._usb()

    def _usb(self) -> None:
        """There is power on VBUS."""
        for event in (_USB_DETECTED, _USB_READY):
            self.bank[event].raw = 1
        self.update_interrupt()

    def _forget_causes(self, written: int) -> None:
        self._cause &= ~written

    def _start_high(self) -> None:
        self._high = True
        self.happen(_HF_STARTED)

    def _stop_high(self) -> None:
        self._high = False

    def _start_low(self) -> None:
        self._low, self._copy = True, self._source.value
        self.happen(_LF_STARTED)

    def _stop_low(self) -> None:
        self._low = False

    def _start_calibration_timer(self) -> None:
        clock = self.services.clock
        self._stop_timer()
        self._calibration = clock.schedule(self._interval.value * clock.frequency // 4, self._calibration_due)
        self.happen(_CT_STARTED)

    def _stop_calibration_timer(self) -> None:
        self._stop_timer()
        self.happen(_CT_STOPPED)

    def _stop_timer(self) -> None:
        if self._calibration is not None:
            self.services.clock.cancel(self._calibration)
            self._calibration = None

    def _calibration_due(self) -> None:
        self._calibration = None
        self.happen(_TIMED_OUT)
