"""Serial NOR flash behind an SPI or Quad-SPI controller: read, program, erase and register commands of the JEDEC
kind.

The content is the memory ``underlyingMemory``, which may itself be on the bus (memory-mapped mode). Command set and
identification are those of Renode's ``SPI.GenericSpiFlash``, ``SPI.Macronix_MX25R`` (data sheet MX25R6435F) and
``SPI.Micron_MT25Q`` (MT25QL128). As a NOR flash does, beyond Renode: programming only clears bits and wraps within
its page of 256 bytes, an erase without the write enable latch does nothing, reads go round at the end.

Programming and erasing take no time. A single-line fast read has one dummy byte, reads over more lines none: a
Quad-SPI controller does not hand their dummy cycles on. Not modelled: power-down and reset commands (accepted), XIP,
passwords.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass

from sim.engine.bus import MappedMemory
from sim.engine.devices.base import Device, Services
from sim.engine.members import Byte
from sim.errors import CrosscamError

_PAGE = 256
_KIB = 1024
_WRITE_ENABLED = 1 << 1


class Kind(enum.Enum):
    """What a command is about."""

    READ = enum.auto()
    PROGRAM = enum.auto()
    ERASE = enum.auto()
    ERASE_ALL = enum.auto()
    IDENTITY = enum.auto()
    PARAMETERS = enum.auto()
    READ_REGISTER = enum.auto()
    WRITE_REGISTER = enum.auto()
    SIMPLE = enum.auto()


class FlashRegister(enum.Enum):
    """Registers of all the chips; each has some of them."""

    STATUS = enum.auto()
    CONFIGURATION = enum.auto()
    SECURITY = enum.auto()
    FLAGS = enum.auto()
    VOLATILE = enum.auto()
    NON_VOLATILE = enum.auto()
    ENHANCED = enum.auto()
    EXTENDED_ADDRESS = enum.auto()


@dataclass(frozen=True, slots=True)
class Command:
    """``address`` bytes follow the opcode (None: 3, or 4 in four-byte mode), then ``dummy`` bytes.

    ``size``: bytes an erase clears, 0 for the sector size.
    """

    kind: Kind
    address: int | None = 0
    dummy: int = 0
    size: int = 0
    register: FlashRegister | None = None


def _commands() -> dict[int, Command]:
    found = {
        0x9F: Command(Kind.IDENTITY),
        0xAF: Command(Kind.IDENTITY),
        0x5A: Command(Kind.PARAMETERS, 3, 1),
        0x0B: Command(Kind.READ, None, 1),
        0x0C: Command(Kind.READ, 4, 1),
        0x20: Command(Kind.ERASE, None, size=4 * _KIB),
        0x52: Command(Kind.ERASE, None, size=32 * _KIB),
        0xD8: Command(Kind.ERASE, None),
        0x21: Command(Kind.ERASE, 4, size=4 * _KIB),
        0xDC: Command(Kind.ERASE, 4),
        0xC7: Command(Kind.ERASE_ALL),
        0x60: Command(Kind.ERASE_ALL),
    }
    found.update(dict.fromkeys((0x03, 0x3B, 0x6B, 0xBB, 0xEB), Command(Kind.READ, None)))
    found.update(dict.fromkeys((0x13, 0x3C, 0x6C, 0xBC, 0xEC), Command(Kind.READ, 4)))
    found.update(dict.fromkeys((0x02, 0xA2, 0x32, 0xD2, 0x38), Command(Kind.PROGRAM, None)))
    found.update(dict.fromkeys((0x12, 0x34, 0x3E), Command(Kind.PROGRAM, 4)))
    for opcode, register in {
        0x05: FlashRegister.STATUS,
        0x15: FlashRegister.CONFIGURATION,
        0x2B: FlashRegister.SECURITY,
        0x70: FlashRegister.FLAGS,
        0x85: FlashRegister.VOLATILE,
        0xB5: FlashRegister.NON_VOLATILE,
        0x65: FlashRegister.ENHANCED,
        0xC8: FlashRegister.EXTENDED_ADDRESS,
    }.items():
        found[opcode] = Command(Kind.READ_REGISTER, register=register)
    for opcode, register in {
        0x01: FlashRegister.STATUS,
        0x81: FlashRegister.VOLATILE,
        0xB1: FlashRegister.NON_VOLATILE,
        0x61: FlashRegister.ENHANCED,
        0xC5: FlashRegister.EXTENDED_ADDRESS,
    }.items():
        found[opcode] = Command(Kind.WRITE_REGISTER, register=register)
    # Write enable, disable; four bytes on, off; reset; power down, up; quad protocol on, off; clear flags.
    for opcode in (0x06, 0x04, 0xB7, 0xE9, 0x66, 0x99, 0xB9, 0xAB, 0x35, 0xF5, 0x50):
        found[opcode] = Command(Kind.SIMPLE)
    return found


COMMANDS = _commands()
_WIDTHS = {FlashRegister.CONFIGURATION: 2, FlashRegister.NON_VOLATILE: 2}
_INITIAL = {
    FlashRegister.FLAGS: 0x80,
    FlashRegister.VOLATILE: 0xFB,
    FlashRegister.NON_VOLATILE: 0xFFFF,
    FlashRegister.ENHANCED: 0xFF,
}


class GenericSpiFlash(Device):
    """A chip of whatever maker; ``capacityCode`` follows from the memory's size unless given."""

    RENODE_TYPES = ("SPI.GenericSpiFlash",)
    RENODE_MEMBERS = ("Transmit", "FinishTransmission")
    SCRIPT_MEMBERS = ("SFDPSignature",)

    def __init__(
        self,
        services: Services,
        name: str,
        *,
        underlying_memory: MappedMemory,
        manufacturer_id: int,
        memory_type: int,
        capacity_code: int | None = None,
        write_status_can_set_write_enable: bool = True,
        extended_device_id: int = 0x40,
        device_configuration: int = 0,
        remaining_id_bytes: int = 0x10,
        sector_size_kb: int = 64,
    ) -> None:
        super().__init__(services, name)
        size = underlying_memory.size
        if size & (size - 1):
            raise CrosscamError(f"{name}: its memory has {size} bytes; expected a power of two")
        self._memory = underlying_memory
        self._memory.array[:] = 0xFF  # erased
        code = capacity_code
        if code is None:
            exponent = size.bit_length() - 1
            code = exponent if exponent <= 25 else exponent - 26 + 0x20
        header = (manufacturer_id, memory_type, code, remaining_id_bytes, extended_device_id, device_configuration)
        self._identity = bytes(header).ljust(20, b"\0")
        self._status_sets_enable = write_status_can_set_write_enable
        self._sector = sector_size_kb * _KIB
        self.sfdp_signature = list(discoverable_parameters(size))
        self._start()

    def _start(self) -> None:
        self._registers = {register: _INITIAL.get(register, 0) for register in FlashRegister}
        self._four_byte = self._enabled = False
        self._forget_command()

    def _forget_command(self) -> None:
        self._command: Command | None = None
        self._opcode = 0
        self._header = bytearray()
        self._data = bytearray()
        self._sent = 0

    def reset(self) -> None:
        """Registers as after power-on; the content stays."""
        self._start()

    def on_gpio(self, number: int, value: bool) -> None:
        """Input 0 is the chip select: high ends the command."""
        if number == 0 and value:
            self.finish_transmission()

    # Bytes

    def transmit(self, byte: Byte) -> Byte:
        """One byte each way; 0 while there is nothing to say."""
        if self._command is None:
            self._begin(byte)
            return 0
        command = self._command
        if len(self._header) < self._address_bytes + command.dummy:
            self._header.append(byte)
            return 0
        if command.kind in (Kind.PROGRAM, Kind.WRITE_REGISTER):
            self._data.append(byte)
            return 0
        value = self._output(command, self._sent)
        self._sent += 1
        return value

    def _begin(self, opcode: int) -> None:
        self._opcode = opcode
        found = COMMANDS.get(opcode)
        if found is None:
            self.log.warning("command 0x%02X is not supported: ignored", opcode)
        self._command = found or Command(Kind.SIMPLE)

    @property
    def _address_bytes(self) -> int:
        assert self._command is not None
        count = self._command.address
        return count if count is not None else 4 if self._four_byte else 3

    @property
    def _address(self) -> int:
        count = self._address_bytes
        address = int.from_bytes(self._header[:count], "big")
        if count == 3:
            address |= self._registers[FlashRegister.EXTENDED_ADDRESS] << 24
        return address % self._memory.size

    def _output(self, command: Command, place: int) -> int:
        if command.kind is Kind.READ:
            return self._memory.view[(self._address + place) % self._memory.size]
        if command.kind is Kind.IDENTITY:
            return self._identity[place] if place < len(self._identity) else 0
        if command.kind is Kind.PARAMETERS:
            place += int.from_bytes(self._header[:3], "big")
            return self.sfdp_signature[place] if place < len(self.sfdp_signature) else 0xFF
        if command.kind is Kind.READ_REGISTER and command.register is not None:
            return self.register_value(command.register) >> 8 * (place % _WIDTHS.get(command.register, 1)) & 0xFF
        return 0

    def finish_transmission(self) -> None:
        """Chip select goes inactive: programming, erasing and register writes happen now."""
        command = self._command
        if command is not None and len(self._header) < self._address_bytes:
            self.log.warning("command 0x%02X ended before its address: ignored", self._opcode)
        elif command is not None:
            self._execute(command)
        self._forget_command()

    # Commands

    def _execute(self, command: Command) -> None:
        if command.kind is Kind.SIMPLE:
            self._simple(self._opcode)
            return
        if command.kind not in (Kind.PROGRAM, Kind.ERASE, Kind.ERASE_ALL, Kind.WRITE_REGISTER):
            return
        if not self._enabled:
            self.log.warning("command 0x%02X without write enable: ignored", self._opcode)
            return
        self._enabled = False
        if command.kind is Kind.PROGRAM:
            self._program(self._address, bytes(self._data))
        elif command.kind is Kind.ERASE:
            size = command.size or self._sector
            self._erase(self._address // size * size, size)
        elif command.kind is Kind.ERASE_ALL:
            self._erase(0, self._memory.size)
        elif command.register is not None and self._data:
            self.write_register(command.register, bytes(self._data))

    def _simple(self, opcode: int) -> None:
        if opcode in (0x06, 0x04):
            self._enabled = opcode == 0x06
        elif opcode in (0xB7, 0xE9):
            self._four_byte = opcode == 0xB7
        elif opcode == 0x99:
            self._enabled = self._four_byte = False

    def is_locked(self, address: int, count: int) -> bool:
        """Whether any of ``count`` bytes from ``address`` is write-protected."""
        return False

    def _program(self, address: int, data: bytes) -> None:
        page = address // _PAGE * _PAGE
        if self.is_locked(page, _PAGE):
            self.log.warning("program at 0x%X, which is protected: ignored", address)
            return
        for index, byte in enumerate(data):
            place = page + (address - page + index) % _PAGE
            self._memory.array[place] &= byte

    def _erase(self, address: int, size: int) -> None:
        if self.is_locked(address, size):
            self.log.warning("erase of 0x%X bytes at 0x%X, some of them protected: ignored", size, address)
            return
        self._memory.array[address : address + size] = 0xFF

    # Registers

    def register_value(self, register: FlashRegister) -> int:
        """What a read command gives."""
        value = self._registers[register]
        if register is FlashRegister.STATUS:
            return value & ~3 | (_WRITE_ENABLED if self._enabled else 0)
        if register is FlashRegister.FLAGS:
            return value | self._four_byte
        return value

    def write_register(self, register: FlashRegister, data: bytes) -> None:
        """What a write command stores; a status write goes on into the configuration."""
        if register is FlashRegister.STATUS:
            self._registers[register] = data[0] & ~3
            if self._status_sets_enable:
                self._enabled = bool(data[0] & _WRITE_ENABLED)
            register, data = FlashRegister.CONFIGURATION, data[1:]
        width = _WIDTHS.get(register, 1)
        if len(data) > width:
            self.log.warning("%d bytes for register %s, which has %d", len(data), register.name, width)
        if data:
            kept = self._registers[register] >> 8 * len(data) << 8 * len(data)
            self._registers[register] = kept | int.from_bytes(data[:width], "little")
        if register is FlashRegister.NON_VOLATILE and data:
            self._four_byte = not self._registers[register] & 1


class MacronixMx25r(GenericSpiFlash):
    """Block protection: BP0 to BP3 of the status register, TB of the configuration register."""

    RENODE_TYPES = ("SPI.Macronix_MX25R",)

    def __init__(self, services: Services, name: str, *, underlying_memory: MappedMemory) -> None:
        super().__init__(
            services,
            name,
            underlying_memory=underlying_memory,
            manufacturer_id=0xC2,
            memory_type=0x28,
            write_status_can_set_write_enable=False,
        )

    def is_locked(self, address: int, count: int) -> bool:
        level = self._registers[FlashRegister.STATUS] >> 2 & 0xF
        if not level:
            return False
        size = min(self._sector << level - 1, self._memory.size)
        bottom = bool(self._registers[FlashRegister.CONFIGURATION] & 1 << 3)
        start = 0 if bottom else self._memory.size - size
        return address < start + size and start < address + count


class MicronMt25q(GenericSpiFlash):
    """64 KiB to 256 MiB."""

    RENODE_TYPES = ("SPI.Micron_MT25Q",)

    def __init__(
        self, services: Services, name: str, *, underlying_memory: MappedMemory, extended_device_id: int = 0
    ) -> None:
        if not 64 * _KIB <= underlying_memory.size <= 256 * _KIB * _KIB:
            raise CrosscamError(f"{name}: its memory has {underlying_memory.size} bytes; expected 64 KiB to 256 MiB")
        super().__init__(
            services,
            name,
            underlying_memory=underlying_memory,
            manufacturer_id=0x20,
            memory_type=0xBB,
            extended_device_id=extended_device_id,
        )


def discoverable_parameters(size: int) -> bytes:
    """SFDP: its header and the basic flash parameter table's first nine words (JEDEC JESD216)."""
    header = b"SFDP" + bytes([0, 1, 0, 0xFF]) + bytes([0, 0, 1, 9, 0x18, 0, 0, 0xFF])
    bits = 8 * size
    density = bits - 1 if bits <= 1 << 31 else 1 << 31 | (bits.bit_length() - 1)
    words = (
        0xFF0120E5 | 1 << 21 | 1 << 22,  # 4 KiB erase by 0x20; 1-1-4 and 1-4-4 reads
        density,
        0x6B00EB00,  # opcodes of these, no dummy cycles
        0,
        0xFFFFFFEE,
        0xFFFFFFFF,
        0xFFFFFFFF,
        0x520F200C,  # erase types: 4 KiB by 0x20, 32 KiB by 0x52
        0x0000D810,  # 64 KiB by 0xD8
    )
    return header.ljust(0x18, b"\xff") + b"".join(word.to_bytes(4, "little") for word in words)
