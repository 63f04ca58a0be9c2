"""TWI and TWIM of nRF52840 (PS 6.31, 6.32): an I2C master, byte by byte (ENABLE = 5) or by EasyDMA (ENABLE = 6).

As Renode's ``I2C.NRF52840_I2C`` for the TWI; TWIM beyond it. Bytes take no time. A write reaches its slave at STOP or
the next START. An address nobody answers is ERROR with ANACK.
"""

from __future__ import annotations

from sim.engine.devices.base import Device, Services
from sim.engine.devices.i2c.i2c_controller import I2CTarget
from sim.engine.devices.nrf_tasks import EasyDma, NrfPeripheral
from sim.engine.devices.registers import Mode
from sim.errors import CrosscamError

_STARTRX, _STARTTX, _STOP, _SUSPEND, _RESUME = 0x00, 0x08, 0x14, 0x1C, 0x20
_STOPPED, _RXDREADY, _TXDSENT, _ERROR, _BB, _SUSPENDED, _RXSTARTED, _TXSTARTED, _LASTRX, _LASTTX = (
    *(0x104, 0x108, 0x11C, 0x124, 0x138, 0x148, 0x14C, 0x150, 0x15C, 0x160),
)
_EVENTS = {
    _STOPPED: "STOPPED",
    _RXDREADY: "RXDREADY",
    _TXDSENT: "TXDSENT",
    _ERROR: "ERROR",
    _BB: "BB",
    _SUSPENDED: "SUSPENDED",
    _RXSTARTED: "RXSTARTED",
    _TXSTARTED: "TXSTARTED",
    _LASTRX: "LASTRX",
    _LASTTX: "LASTTX",
}
_TWI, _TWIM = 5, 6
_ANACK = 1 << 1


class NrfTwi(NrfPeripheral):
    """A master whose slaves are its children."""

    RENODE_TYPES = ("I2C.NRF52840_I2C",)

    def __init__(self, services: Services, name: str) -> None:
        super().__init__(services, name)
        self._target: I2CTarget | None = None
        self._to_send = bytearray()
        self._reading = False
        for offset, event in _EVENTS.items():
            self.event(offset, event)
        for offset, task, action in (
            (_STARTRX, "STARTRX", lambda: self._start(reads=True)),
            (_STARTTX, "STARTTX", lambda: self._start(reads=False)),
            (_STOP, "STOP", self._stop),
            (_SUSPEND, "SUSPEND", lambda: self.happen(_SUSPENDED)),
            (_RESUME, "RESUME", self._resume),
        ):
            self.task(offset, task, action)
        self.shortcuts(
            {
                0: (_BB, _SUSPEND),
                1: (_BB, _STOP),
                7: (_LASTTX, _STARTRX),
                8: (_LASTTX, _SUSPEND),
                9: (_LASTTX, _STOP),
                10: (_LASTRX, _STARTTX),
                12: (_LASTRX, _STOP),
            }
        )
        bank = self.bank
        self._errors = bank.register(0x4C4, "ERRORSRC")
        self._errors.field(0, 3, "OVERRUN ANACK DNACK", Mode.WRITE_ONE_TO_CLEAR)
        self._enabled = bank.register(0x500, "ENABLE").field(0, 4, "ENABLE")
        bank.register(0x508, "PSEL.SCL", 0xFFFFFFFF).storage()
        bank.register(0x50C, "PSEL.SDA", 0xFFFFFFFF).storage()
        self._received = bank.register(0x518, "RXD").field(0, 8, "RXD", Mode.READ)
        bank.register(0x51C, "TXD").field(0, 8, "TXD", Mode.WRITE, on_write=self._send)
        bank.register(0x524, "FREQUENCY", 0x04000000).storage()
        self._rx, self._tx = EasyDma(bank, 0x534, "RXD"), EasyDma(bank, 0x544, "TXD")
        self._address = bank.register(0x588, "ADDRESS").field(0, 7, "ADDRESS")

    def register_child(self, child: Device, point: int) -> None:
        """Attach an I2C slave at 7-bit address ``point``."""
        if not isinstance(child, I2CTarget):
            raise CrosscamError(f"{self.name}: {child.name} is no I2C slave (write, read, finish_transmission)")
        super().register_child(child, point)

    def reset(self) -> None:
        super().reset()
        self._target = None
        self._to_send.clear()

    def _start(self, reads: bool) -> None:
        """START or a repeated one, and the address."""
        if self._enabled.value not in (_TWI, _TWIM):
            return
        self._flush()
        self._reading = reads
        target = self.children.get(self._address.value)
        self._target = target if isinstance(target, I2CTarget) else None
        if self._target is None:
            self.log.warning("no slave answers at address 0x%02X", self._address.value)
            self._errors.raw |= _ANACK
            self.happen(_ERROR)
        elif self._enabled.value == _TWIM:
            self._transfer(self._target)
        elif reads:
            self._read_byte()

    def _flush(self) -> None:
        if self._to_send and self._target is not None:
            self._target.write(bytes(self._to_send))
        self._to_send.clear()

    def _transfer(self, target: I2CTarget) -> None:
        """All of it, by EasyDMA."""
        bus = self.services.sysbus
        if self._reading:
            self.happen(_RXSTARTED)
            count = self._rx.most
            self._rx.put(bus, target.read(count).ljust(count, b"\0")[:count] if count else b"")
            self.happen(_LASTRX)
        else:
            self.happen(_TXSTARTED)
            self._to_send += self._tx.take(bus)
            self.happen(_LASTTX)

    def _stop(self) -> None:
        self._flush()
        if self._target is not None:
            self._target.finish_transmission()
        self._target = None
        self.happen(_STOPPED)

    # Byte by byte

    def _send(self, value: int) -> None:
        if self._target is None or self._reading:
            return
        self._to_send.append(value)
        self.happen(_TXDSENT)
        self.happen(_BB)

    def _read_byte(self) -> None:
        if self._target is not None:
            self._received.value = (self._target.read(1) or b"\0")[0]
            self.happen(_BB)
            self.happen(_RXDREADY)

    def _resume(self) -> None:
        if self._reading and self._enabled.value == _TWI:
            self._read_byte()
