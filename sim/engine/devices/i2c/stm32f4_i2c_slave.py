"""The slave side of I2C version 1: own addresses, and what another master does to the controller (RM0090 27.3.2).

Each address and byte takes its SCL periods; the bus waits (stretches) while ADDR is set, while DR and the shift
register are full, and while a byte to send is missing. NOSTRETCH is not modelled.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from sim.engine.devices.i2c.i2c_controller import OtherTransfer
from sim.engine.devices.registers import Field, RegisterBank

BYTE = 9  # SCL periods: eight bits and the acknowledge


class SlavePort(Protocol):
    """What the slave side needs of its controller."""

    @property
    def slave_allowed(self) -> bool:
        """The controller is on and masters no transfer itself."""

    @property
    def acknowledges(self) -> bool:
        """CR1.ACK."""

    @property
    def general_call(self) -> bool:
        """CR1.ENGC."""

    def after(self, periods: int, action: Callable[[], None]) -> None:
        """Something takes so many SCL periods."""

    def slave_addressed(self, sending: bool) -> None:
        """Set ADDR."""

    def slave_received(self, value: int) -> bool:
        """A byte came in; whether there is room for another."""

    def slave_take(self, first: bool) -> int | None:
        """The byte to send, where DR holds one; ``first`` of the transfer."""

    def slave_stopped(self) -> None:
        """STOP after an acknowledged byte."""

    def slave_refused(self) -> None:
        """The other master did not acknowledge: AF."""


class SlaveSide:
    """The transfer of another master, step by step."""

    def __init__(self, port: SlavePort, bank: RegisterBank) -> None:
        self._port = port
        first = bank.register(0x08, "OAR1")
        self._address1: Field = first.field(0, 10, "ADD")
        self._ten_bits = first.flag(15, "ADDMODE")
        first.storage(0xC3FF)
        second = bank.register(0x0C, "OAR2")
        self._dual = second.flag(0, "ENDUAL")
        self._address2 = second.field(1, 7, "ADD2")
        self._transfer: OtherTransfer | None = None
        self.forget()

    def forget(self) -> None:
        """PE = 0 or a reset: whatever was under way ends."""
        if self._transfer is not None:
            self._transfer.done = True
        self._transfer = None
        self._left = 0
        self._started = False
        self.busy = False
        self.dual = self.general = False  # DUALF, GENCALL

    @property
    def active(self) -> bool:
        """The controller was addressed, and the transfer is under way."""
        return self.busy and self._transfer is not None

    def begin(self, transfer: OtherTransfer) -> None:
        """START from the other master; it comes as soon as the bus is free and somebody listens."""
        self._transfer = transfer
        self._started = False
        self.poll()

    def poll(self) -> None:
        """The controller may listen now."""
        if self._transfer is not None and not self._started and (self._port.slave_allowed or self.busy):
            self._started = True
            self._port.after(1 + BYTE, self._address)

    def _address(self) -> None:
        transfer = self._transfer
        if transfer is None:
            return
        if not self._port.acknowledges or not self._matches(transfer.address):
            transfer.done, self._transfer = True, None
            self.busy = False
            return
        transfer.acknowledged = 0
        self._left = transfer.wanted or len(transfer.data)
        self.busy = True
        self._port.slave_addressed(transfer.wanted > 0)

    def _matches(self, address: int) -> bool:
        own = self._address1.value
        self.dual = bool(self._dual) and not self._ten_bits and address == self._address2.value
        self.general = address == 0 and self._port.general_call
        return address == (own if self._ten_bits else own >> 1 & 0x7F) or self.dual or self.general

    def go_on(self) -> None:
        """ADDR was cleared, DR was read or written: what the bus waited for."""
        transfer = self._transfer
        if transfer is None or transfer.acknowledged < 0:
            return
        if not transfer.wanted:
            if self._left:
                self._port.after(BYTE, self._received)
            else:
                self._port.after(1, self._stop)
        elif (value := self._port.slave_take(not transfer.received)) is not None:
            transfer.received.append(value)
            self._port.after(BYTE, self._sent)

    def _received(self) -> None:
        transfer = self._transfer
        if transfer is None:
            return
        value = transfer.data[-self._left]
        self._left -= 1
        if not self._port.acknowledges:
            self._left = 0
        else:
            transfer.acknowledged += 1
        if self._port.slave_received(value) or not self._left:
            self.go_on()

    def _sent(self) -> None:
        transfer = self._transfer
        if transfer is None:
            return
        self._left -= 1
        if self._left:
            transfer.acknowledged += 1
            self.go_on()
            return
        transfer.done, self._transfer = True, None
        self.busy = not transfer.stop
        self._port.slave_refused()

    def _stop(self) -> None:
        transfer = self._transfer
        if transfer is None:
            return
        transfer.done, self._transfer = True, None
        self.busy = not transfer.stop
        if transfer.stop:
            self._port.slave_stopped()
