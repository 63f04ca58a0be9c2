"""I2S and PDM of nRF52840 (PS 6.12, 6.15): buffers that fill and empty at the pace of the samples.

There is no sound: what comes in is silence, what goes out is dropped. As in Renode's ``Sound.NRF52840_I2S`` and
``Sound.NRF52840_PDM`` pointers are taken over when a buffer begins, and the events say so; neither reads or writes
sample files here.
"""

from __future__ import annotations

from sim.engine.devices.base import Event, Services
from sim.engine.devices.nrf_tasks import NrfPeripheral

_START, _STOP = 0x00, 0x04
_PCLK32 = 32_000_000
_RATIOS = (32, 48, 64, 96, 128, 192, 256, 384, 512)  # MCK of a sample, by CONFIG.RATIO
_PDM_RATIOS = (64, 80)  # by RATIO


class _Streaming(NrfPeripheral):
    """Something is due after each buffer while it runs."""

    def __init__(self, services: Services, name: str, stopped: int) -> None:
        super().__init__(services, name)
        self._stopped = stopped
        self._due: Event | None = None
        self.task(_START, "START", self._start)
        self.task(_STOP, "STOP", self._stop)

    def reset(self) -> None:
        super().reset()
        self._cancel()

    def _seconds(self) -> tuple[int, int]:
        """A buffer takes the first number of periods of the second, in Hz."""
        raise NotImplementedError

    def _begin(self, first: bool) -> None:
        """A buffer begins; the one before has ended unless it is the ``first``."""
        raise NotImplementedError

    def _start(self) -> None:
        if self._due is None and self.bank[0x500].raw & 1:
            self._wait()
            self._begin(first=True)

    def _wait(self) -> None:
        periods, hertz = self._seconds()
        clock = self.services.clock
        self._due = clock.schedule(max(1, periods * clock.frequency // max(1, hertz)), self._next)

    def _next(self) -> None:
        self._wait()
        self._begin(first=False)

    def _stop(self) -> None:
        self._cancel()
        self.happen(self._stopped)

    def _cancel(self) -> None:
        if self._due is not None:
            self.services.clock.cancel(self._due)
            self._due = None


class NrfI2s(_Streaming):
    """Events RXPTRUPD and TXPTRUPD for each buffer of RXTXD.MAXCNT words."""

    RENODE_TYPES = ("Sound.NRF52840_I2S",)
    _RXPTRUPD, _STOPPED, _TXPTRUPD = 0x104, 0x108, 0x114

    def __init__(self, services: Services, name: str) -> None:
        super().__init__(services, name, self._STOPPED)
        for offset, event in ((self._RXPTRUPD, "RXPTRUPD"), (self._STOPPED, "STOPPED"), (self._TXPTRUPD, "TXPTRUPD")):
            self.event(offset, event)
        bank = self.bank
        bank.register(0x500, "ENABLE").storage(1)
        bank.register(0x504, "CONFIG.MODE").storage(1)
        self._receives = bank.register(0x508, "CONFIG.RXEN").flag(0, "RXEN")
        self._transmits = bank.register(0x50C, "CONFIG.TXEN", 1).flag(0, "TXEN")
        bank.register(0x510, "CONFIG.MCKEN", 1).storage(1)
        self._clock = bank.register(0x514, "CONFIG.MCKFREQ", 0x20000000).storage()
        self._ratio = bank.register(0x518, "CONFIG.RATIO", 6).field(0, 4, "RATIO")
        self._width = bank.register(0x51C, "CONFIG.SWIDTH", 1).field(0, 2, "SWIDTH")
        bank.register(0x520, "CONFIG.ALIGN").storage(1)
        bank.register(0x524, "CONFIG.FORMAT").storage(1)
        self._channels = bank.register(0x528, "CONFIG.CHANNELS").field(0, 2, "CHANNELS")
        self._rx_pointer = bank.register(0x538, "RXD.PTR").storage()
        bank.register(0x540, "TXD.PTR").storage()
        self._words = bank.register(0x550, "RXTXD.MAXCNT").field(0, 14, "MAXCNT")
        for offset, pin in ((0x560, "MCK"), (0x564, "SCK"), (0x568, "LRCK"), (0x56C, "SDIN"), (0x570, "SDOUT")):
            bank.register(offset, f"PSEL.{pin}", 0xFFFFFFFF).storage()
        self._filling = 0

    def _seconds(self) -> tuple[int, int]:
        bits = 8 << self._width.value if self._width.value < 2 else 32
        frames = self._words.value * 32 // (bits * (1 if self._channels.value else 2))
        master_clock = _PCLK32 * (self._clock.raw >> 12) >> 20
        return max(1, frames) * _RATIOS[min(self._ratio.value, len(_RATIOS) - 1)], master_clock

    def _begin(self, first: bool) -> None:
        if self._receives:
            if not first and self._words.value:
                self.services.sysbus.write_bytes(self._filling, bytes(4 * self._words.value))
            self._filling = self._rx_pointer.raw
            self.happen(self._RXPTRUPD)
        if self._transmits:
            self.happen(self._TXPTRUPD)


class NrfPdm(_Streaming):
    """STARTED when a buffer begins, END when one of SAMPLE.MAXCNT samples is full."""

    RENODE_TYPES = ("Sound.NRF52840_PDM",)
    _STARTED, _STOPPED, _END = 0x100, 0x104, 0x108

    def __init__(self, services: Services, name: str) -> None:
        super().__init__(services, name, self._STOPPED)
        for offset, event in ((self._STARTED, "STARTED"), (self._STOPPED, "STOPPED"), (self._END, "END")):
            self.event(offset, event)
        bank = self.bank
        bank.register(0x500, "ENABLE").storage(1)
        self._clock = bank.register(0x504, "PDMCLKCTRL", 0x08400000).storage()
        bank.register(0x508, "MODE").storage(0x3)
        bank.register(0x518, "GAINL", 0x28).storage(0x7F)
        bank.register(0x51C, "GAINR", 0x28).storage(0x7F)
        self._ratio = bank.register(0x520, "RATIO").field(0, 1, "RATIO")
        bank.register(0x540, "PSEL.CLK", 0xFFFFFFFF).storage()
        bank.register(0x544, "PSEL.DIN", 0xFFFFFFFF).storage()
        self._pointer = bank.register(0x560, "SAMPLE.PTR").storage()
        self._samples = bank.register(0x564, "SAMPLE.MAXCNT").field(0, 15, "BUFFSIZE")
        self._filling = 0

    def _seconds(self) -> tuple[int, int]:
        channels = 1 if self.bank[0x508].raw & 1 else 2
        hertz = _PCLK32 * (self._clock.raw >> 12) >> 20
        return max(1, self._samples.value // channels) * _PDM_RATIOS[self._ratio.value], hertz

    def _begin(self, first: bool) -> None:
        if not first:
            if self._samples.value:
                self.services.sysbus.write_bytes(self._filling, bytes(2 * self._samples.value))
            self.happen(self._END)
        self._filling = self._pointer.raw
        self.happen(self._STARTED)
