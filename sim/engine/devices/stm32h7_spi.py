"""SPI version 2 of STM32H7, master mode (RM0433 section 50).

As in Renode's ``SPI.STM32H7_SPI``: a packet is exchanged the moment it can be (SPE, CSTART and something in the
transmit FIFO), so TXP is always 1; with RXDMAEN each received packet pulses ``DMARecieve`` (sic); EOT comes with the
TSIZE-th packet, and the target is told ``finish_transmission`` then or at suspension.

Beyond Renode, as on the chip: a TXDR or RXDR access wider than the packet carries several packets (data packing,
50.4.11); TXTF and CTSIZE; RXPLVL and RXWNE; IFCR clears one flag each; CFG1 and CFG2 are locked while SPE is 1; all
configuration bits read back. CRC, slave mode, I2S, TSER reload and bus speed are not modelled.
"""

from __future__ import annotations

from collections import deque

from sim.engine.devices.base import Services
from sim.engine.devices.registers import Mode
from sim.engine.devices.spi_controller import SpiController


class Stm32H7Spi(SpiController):
    """One SPI controller; its target is the child at point 0."""

    RENODE_TYPES = ("SPI.STM32H7_SPI",)

    def __init__(self, services: Services, name: str) -> None:
        super().__init__(services, name)
        self.irq = self.add_output("IRQ")
        self.dma_receive = self.add_output("DMARecieve")
        self._transmit: deque[int] = deque()
        self._received: deque[int] = deque()
        self._done = 0  # packets of the transfer under way
        self._end = self._suspended = self._filled = False
        self._declare()

    def _declare(self) -> None:
        bank = self.bank
        cr1 = bank.register(0x00, "CR1")
        self._enabled = cr1.flag(0, "SPE", on_change=self._enable_changed)
        self._started = cr1.flag(9, "CSTART", Mode.WRITE_ONE_TO_SET, on_change=self._start_changed)
        cr1.flag(10, "CSUSP", Mode.WRITE, on_write=self._suspend)
        cr1.storage(0x0001F900)
        cr2 = bank.register(0x04, "CR2")
        self._tsize = cr2.field(0, 16, "TSIZE")
        cr2.storage()
        cfg1 = bank.register(0x08, "CFG1", reset=0x00070007)
        self._dsize = cfg1.field(0, 5, "DSIZE")
        self._rxdmaen = cfg1.flag(14, "RXDMAEN")
        cfg1.storage(0x705FDFFF)
        cfg2 = bank.register(0x0C, "CFG2")
        self._master = cfg2.flag(22, "MASTER", on_change=self._master_changed)
        self._lsb_first = cfg2.flag(23, "LSBFRST")
        cfg2.storage(0xF7FE80FF)
        ier = bank.register(0x10, "IER").after_write(lambda _: self._update())
        self._rxpie = ier.flag(0, "RXPIE")
        self._txpie = ier.flag(1, "TXPIE")
        self._dxpie = ier.flag(2, "DXPIE")
        self._eotie = ier.flag(3, "EOTIE")
        self._txtfie = ier.flag(4, "TXTFIE")
        ier.storage(0x7FF)
        bank.register(0x14, "SR", reset=0x00001002).value_from(self._status)
        bank.register(0x18, "IFCR").after_write(self._clear).field(0, 12, "IFCR", Mode.WRITE)
        bank.register(0x40, "CRCPOLY", reset=0x107).storage()
        bank.register(0x44, "TXCRC").field(0, 32, "TXCRC", Mode.READ)
        bank.register(0x48, "RXCRC").field(0, 32, "RXCRC", Mode.READ)
        bank.register(0x4C, "UDRDR").storage()
        bank.register(0x50, "I2SCFGR").storage(0x03FF7FBF)

    def read(self, offset: int, width: int) -> int:
        if 0x30 <= offset < 0x34:
            return self._read_data(width)
        return self.bank.read(offset, width)

    def write(self, offset: int, width: int, value: int) -> None:
        if 0x20 <= offset < 0x24:
            self._write_data(width, value)
        elif self._enabled and offset & ~3 in (0x08, 0x0C, 0x40, 0x4C):
            self.log.warning("register 0x%X written (0x%X) while SPE is 1: ignored", offset, value)
        else:
            self.bank.write(offset, width, value)

    def reset(self) -> None:
        super().reset()
        self._transmit.clear()
        self._received.clear()
        self._done = 0
        self._end = self._suspended = self._filled = False
        self.dma_receive.set(False)
        self._update()

    @property
    def _packet_bytes(self) -> int:
        """Bytes a packet takes in the FIFO: 1, 2 or 4."""
        bits = self._dsize.value + 1
        return 1 if bits <= 8 else 2 if bits <= 16 else 4

    def _status(self) -> int:
        packet, waiting = self._packet_bytes, len(self._received)
        size = self._tsize.value
        complete = self._end if size else not self._transmit
        word = waiting * packet >= 4
        level = min(3, waiting % (4 // packet)) if packet < 4 else 0
        return (
            (waiting > 0)
            | 1 << 1
            | (waiting > 0) << 2
            | self._end << 3
            | self._filled << 4
            | self._suspended << 11
            | complete << 12
            | level << 13
            | word << 15
            | max(0, size - self._done) << 16
        )

    def _write_data(self, width: int, value: int) -> None:
        packet = self._packet_bytes
        mask = (1 << self._dsize.value + 1) - 1
        for shift in range(0, 8 * max(width, packet), 8 * packet):
            self._transmit.append(value >> shift & mask)
        self._exchange()

    def _read_data(self, width: int) -> int:
        packet = self._packet_bytes
        value = 0
        for shift in range(0, 8 * max(width, packet), 8 * packet):
            if not self._received:
                self.log.warning("RXDR read with nothing received")
                break
            value |= self._received.popleft() << shift
        self._update()
        return value

    def _exchange(self) -> None:
        if not (self._enabled and self._started and self._transmit):
            return
        size = self._tsize.value
        bits, lsb_first = self._dsize.value + 1, bool(self._lsb_first)
        while self._transmit and not (size and self._done >= size):
            self._received.append(self.exchange_frame(self._transmit.popleft(), bits, lsb_first))
            self._done += 1
            if self._rxdmaen:
                self.dma_receive.pulse()
        if size and self._done >= size:
            self._filled = True
            self._txpie.value = 0  # TXTF clears it, so that the request for more packets ends
            self._finish()
        self._update()

    def _finish(self) -> None:
        self.release_target()
        self._end = True
        self._started.value = 0

    def _enable_changed(self, old: int, new: int) -> None:
        if new:
            self._exchange()
            return
        self._transmit.clear()
        self._received.clear()
        self._started.value = 0
        self._done = 0
        self._end = self._filled = False
        self._update()

    def _start_changed(self, old: int, new: int) -> None:
        if not self._enabled:
            self.log.warning("CSTART while SPE is 0: ignored")
            self._started.value = 0
            return
        self._done = 0
        self._end = False
        self._exchange()

    def _suspend(self, written: int) -> None:
        if written and self._started:
            self.release_target()
            self._started.value = 0
            self._suspended = True
            self._update()

    def _master_changed(self, old: int, new: int) -> None:
        if not new:
            self.log.error("slave mode (CFG2.MASTER = 0) is not modelled")

    def _clear(self, written: int) -> None:
        if written & 1 << 3:
            self._end = False
        if written & 1 << 4:
            self._filled = False
        if written & 1 << 11:
            self._suspended = False
        self._update()

    def _update(self) -> None:
        waiting = bool(self._received)
        self.irq.set(
            bool(self._txpie)
            or ((bool(self._rxpie) or bool(self._dxpie)) and waiting)
            or (bool(self._eotie) and (self._end or self._suspended))
            or (bool(self._txtfie) and self._filled)
        )
