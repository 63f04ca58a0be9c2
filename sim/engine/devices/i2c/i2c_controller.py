"""What I2C controllers of all STM32 families share: slaves at their addresses, another master, two interrupt lines."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable

from sim.engine.devices.base import Device, Services
from sim.engine.devices.registers import RegisterDevice
from sim.engine.members import Int, UShort
from sim.errors import CrosscamError

MOST_BYTES = 1 << 16  # of one transfer of another master


@runtime_checkable
class I2CTarget(Protocol):
    """What an I2C controller asks of a slave registered at a 7-bit address."""

    def write(self, data: bytes) -> None:
        """The bytes of one write transfer, without the address."""

    def read(self, count: int) -> bytes:
        """``count`` bytes of a read transfer."""

    def finish_transmission(self) -> None:
        """A STOP condition ended the transfer."""


@runtime_checkable
class PickyI2CTarget(Protocol):
    """A slave that may refuse a byte of a write; one without this method acknowledges all."""

    def accepts(self, data: bytes) -> bool:
        """Whether the last of ``data``, the bytes of this write so far, is acknowledged."""


@runtime_checkable
class AbsentI2CTarget(Protocol):
    """A slave that may not answer its address (no clock, busy with writing its memory)."""

    def acknowledges_address(self) -> bool:
        """Whether it does now."""


@dataclass
class OtherTransfer:
    """What another master of the bus does with this controller: one START, and STOP unless ``stop`` is False.

    ``data`` is what it writes, ``wanted`` how many bytes it reads; ``received`` are those it got, ``done`` that it has
    let go of the bus, ``acknowledged`` how many bytes (the address not counted) were acknowledged, -1: not even that.
    """

    address: int
    data: bytes = b""
    wanted: int = 0
    stop: bool = True
    received: bytearray = field(default_factory=bytearray)
    acknowledged: int = -1
    done: bool = False


class I2cController(RegisterDevice):
    """A bus master; ``_target`` is the slave of the transfer under way, ``_transmit`` the bytes for it."""

    RENODE_MEMBERS = ("MasterWrite", "MasterRead", "MasterReceived")

    def __init__(self, services: Services, name: str) -> None:
        super().__init__(services, name)
        self.event_interrupt = self.add_output("EventInterrupt")
        self.error_interrupt = self.add_output("ErrorInterrupt")
        self._target: I2CTarget | None = None
        self._transmit = bytearray()
        self.last_transfer = OtherTransfer(0, done=True)

    def register_child(self, child: Device, point: int) -> None:
        """Attach an I2C slave at 7-bit address ``point``."""
        if not isinstance(child, I2CTarget):
            raise CrosscamError(f"{self.name}: {child.name} is no I2C slave (write, read, finish_transmission)")
        super().register_child(child, point)

    def _select(self, address: int) -> bool:
        """The slave at ``address`` takes part from here on; whether there is one."""
        target = self.children.get(address)
        absent = isinstance(target, AbsentI2CTarget) and not target.acknowledges_address()
        self._target = target if isinstance(target, I2CTarget) and not absent else None
        if self._target is None:
            self.log.warning("no slave answers at address 0x%02X", address)
        return self._target is not None

    def _send_byte(self, value: int) -> bool:
        """One byte of a write goes out; whether the slave acknowledges it."""
        self._transmit.append(value)
        return not isinstance(self._target, PickyI2CTarget) or self._target.accepts(bytes(self._transmit))

    def _flush(self) -> None:
        """Hand the slave the bytes of a write in one piece."""
        data = bytes(self._transmit)
        self._transmit.clear()
        if data and self._target is not None:
            self._target.write(data)

    # Another master, played by the host

    def master_write(self, address: UShort, data: str, stop: bool = True) -> None:
        """Another master writes the bytes ``data`` (hexadecimal, such as "01 02") to this controller as a slave."""
        try:
            octets = bytes.fromhex(data)
        except ValueError:
            raise CrosscamError(f'{self.name}: "{data[:40]}": expected bytes in hexadecimal, such as "01 A2"') from None
        self._begin_other(address, OtherTransfer(address, octets, stop=stop))

    def master_read(self, address: UShort, count: Int, stop: bool = True) -> None:
        """Another master reads ``count`` bytes from this controller as a slave; ``master_received`` tells them."""
        if not 1 <= count <= MOST_BYTES:
            raise CrosscamError(f"{self.name}: {count} bytes to read: expected 1 to {MOST_BYTES}")
        self._begin_other(address, OtherTransfer(address, wanted=count, stop=stop))

    @property
    def master_received(self) -> str:
        """Bytes the other master has got in its last transfer, in hexadecimal."""
        return self.last_transfer.received.hex(" ")

    def _begin_other(self, address: int, transfer: OtherTransfer) -> None:
        if not 0 <= address < 1 << 10:
            raise CrosscamError(f"{self.name}: address {address}: expected 0 to 0x3FF")
        if not self.last_transfer.done:
            raise CrosscamError(f"{self.name}: the other master's transfer before this one has not ended")
        self.last_transfer = transfer
        self._other_master(transfer)

    def _other_master(self, transfer: OtherTransfer) -> None:
        """``transfer`` waits for the bus, or begins."""
        raise NotImplementedError
