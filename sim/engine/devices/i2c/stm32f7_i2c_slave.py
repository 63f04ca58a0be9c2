"""The slave side of I2C version 2: own addresses, and what another master does to the controller (RM0433 47.4.8).

The bus waits for the firmware wherever the chip stretches the clock: at the address until ADDRCF, while RXDR is full,
while TXDR is empty. NOSTRETCH changes nothing therefore: here the firmware is always in time.
"""

from __future__ import annotations

from typing import Protocol

from sim.engine.devices.i2c.i2c_controller import OtherTransfer
from sim.engine.devices.registers import Field, RegisterBank

_GENERAL_CALL = 0


class SlavePort(Protocol):
    """What the slave side needs of its controller."""

    txdr: int | None
    rxdr: int | None
    nacked: bool
    stopped: bool

    @property
    def slave_allowed(self) -> bool:
        """The controller is on and masters no transfer itself."""

    @property
    def general_call(self) -> bool:
        """Address 0 is answered."""

    def take_nack(self) -> bool:
        """Whether the next byte is not to be acknowledged; clears the wish."""


class SlaveSide:
    """``addressed`` is the flag ADDR; the transfer goes on when the firmware clears it."""

    def __init__(self, port: SlavePort, bank: RegisterBank) -> None:
        self._port = port
        first = bank.register(0x08, "OAR1")
        self._address1: Field = first.field(0, 10, "OA1")
        self._ten_bits = first.flag(10, "OA1MODE")
        self._enabled1 = first.flag(15, "OA1EN")
        second = bank.register(0x0C, "OAR2")
        self._address2 = second.field(1, 7, "OA2")
        self._mask2 = second.field(8, 3, "OA2MSK")
        self._enabled2 = second.flag(15, "OA2EN")
        self.forget()

    def forget(self) -> None:
        """PE = 0 or a reset: whatever was under way ends."""
        transfer = getattr(self, "_transfer", None)
        if transfer is not None:
            transfer.done = True
        self._transfer: OtherTransfer | None = None
        self._left = 0
        self.addressed = False
        self.busy = False
        self.sending = False  # DIR: the other master reads
        self.matched = 0  # ADDCODE

    @property
    def wants_byte(self) -> bool:
        """The other master waits for a byte in TXDR."""
        return self._transfer is not None and not self.addressed and self.sending and self._left > 0

    def begin(self, transfer: OtherTransfer) -> None:
        """START from the other master; it comes as soon as the bus is free and somebody listens."""
        self._transfer = transfer
        self.advance()

    def acknowledge(self) -> None:
        """ADDRCF."""
        self.addressed = False

    def advance(self) -> None:
        """Whatever can happen on the bus now."""
        transfer = self._transfer
        if transfer is None or self.addressed:
            return
        if transfer.acknowledged < 0:
            if self._port.slave_allowed:
                self._address(transfer)
            return
        if self.sending:
            self._send(transfer)
        else:
            self._receive(transfer)

    def _address(self, transfer: OtherTransfer) -> None:
        if not self._matches(transfer.address):
            transfer.done, self._transfer = True, None
            return
        transfer.acknowledged = 0
        self._port.take_nack()
        self.sending = transfer.wanted > 0
        self._left = transfer.wanted or len(transfer.data)
        self.addressed = self.busy = True

    def _matches(self, address: int) -> bool:
        """OAR1, OAR2 with its mask, the general call; sets ADDCODE (RM0433 47.4.7)."""
        if self._enabled1:
            own = self._address1.value
            if address == (own if self._ten_bits else own >> 1 & 0x7F):
                # Of a 10-bit address the header 11110xx is shown.
                self.matched = 0x78 | address >> 8 if self._ten_bits else address
                return True
        if address < 1 << 7:
            ignored = (1 << self._mask2.value) - 1
            reserved = address >> 3 in (0, 0xF)
            everything = self._mask2.value == 7 and not reserved
            same = self._mask2.value < 7 and not (address ^ self._address2.value) & ~ignored & 0x7F
            if self._enabled2 and (everything or same):
                self.matched = address
                return True
            if address == _GENERAL_CALL and self._port.general_call:
                self.matched = address
                return True
        return False

    def _receive(self, transfer: OtherTransfer) -> None:
        while self._left and self._port.rxdr is None:
            self._port.rxdr = transfer.data[-self._left]
            if self._port.take_nack():
                self._left = 0
                break
            transfer.acknowledged += 1
            self._left -= 1
        if not self._left:
            self._end(transfer)

    def _send(self, transfer: OtherTransfer) -> None:
        while self._left and self._port.txdr is not None:
            transfer.received.append(self._port.txdr)
            self._port.txdr = None
            transfer.acknowledged += 1
            self._left -= 1
        if not self._left:
            self._port.nacked = True  # the master does not acknowledge the last byte it wants
            self._end(transfer)

    def _end(self, transfer: OtherTransfer) -> None:
        transfer.done, self._transfer = True, None
        if transfer.stop:
            self._port.take_nack()
            self.busy = False
            self._port.stopped = True
