"""Master direct memory access controller MDMA of STM32H7 (RM0433 section 15): sixteen channels, started by software.

A trigger moves what CTCR.TRGM says, without virtual time: a buffer of TLEN + 1 bytes, a block, the block and its
repetitions, or the whole linked list. Source and destination sizes and increments, packing, padding and alignment,
block repetition with its address updates, linked lists (CLAR), the mask address and data, exchange of bytes, half-words
and words, all flags and interrupts.
Hardware requests arrive as inputs by the number CTBR.TSEL selects; a channel takes one while SWRM is 0. Burst sizes,
priorities and the bus (AHB for TCMs or AXI) change nothing here.

Renode 1.16.1 has no type for it.
"""

from __future__ import annotations

from sim.engine.devices.base import Services
from sim.engine.devices.registers import Field, Mode, RegisterDevice

_CHANNELS = 16
_FIRST, _STEP = 0x40, 0x40
_TEIF, _CTCIF, _BRTIF, _BTIF, _TCIF, _CRQA = 1 << 0, 1 << 1, 1 << 2, 1 << 3, 1 << 4, 1 << 16
_INCREMENT, _DECREMENT = 2, 3  # SINC, DINC
_SIGNED, _LEFT = 1, 2  # PAM
_BUFFER, _BLOCK, _REPEATED, _LIST = range(4)
_NODE = 0x28  # bytes of a linked-list node: CTCR to CMDR
_MOST_NODES = 1 << 12  # of one trigger: a list that runs in a circle never ends


class Channel:
    """One channel: its registers, and the transfer under way."""

    def __init__(self, mdma: Stm32H7Mdma, index: int) -> None:
        self._mdma, self._index = mdma, index
        base, bank = _FIRST + _STEP * index, mdma.bank
        self.flags = 0
        bank.register(base, f"C{index}ISR").value_from(lambda: self.flags)
        bank.register(base + 0x04, f"C{index}IFCR").after_write(self._clear).field(0, 5, "IFCR", Mode.WRITE)
        bank.register(base + 0x08, f"C{index}ESR").field(0, 12, "ESR", Mode.READ)
        control = self._control = bank.register(base + 0x0C, f"C{index}CR").after_write(self._control_written)
        self._enabled = control.flag(0, "EN", on_change=self._switched)
        control.flag(16, "SWRQ", Mode.WRITE, on_write=self._software_request)
        control.storage(0x000070FF)
        configuration = self._configuration = bank.register(base + 0x10, f"C{index}TCR").storage()
        self._count_register = bank.register(base + 0x14, f"C{index}BNDTR").storage()
        self._source = bank.register(base + 0x18, f"C{index}SAR").storage()
        self._destination = bank.register(base + 0x1C, f"C{index}DAR").storage()
        self._updates = bank.register(base + 0x20, f"C{index}BRUR").storage()
        self._link = bank.register(base + 0x24, f"C{index}LAR").storage()
        self._trigger: Field = bank.register(base + 0x28, f"C{index}TBR").field(0, 6, "TSEL")
        bank[base + 0x28].storage()
        self._mask_address = bank.register(base + 0x30, f"C{index}MAR").storage()
        self._mask_data = bank.register(base + 0x34, f"C{index}MDR").storage()
        self._loaded = (
            *(configuration, self._count_register, self._source, self._destination, self._updates, self._link),
            *(bank[base + 0x28], None, self._mask_address, self._mask_data),
        )
        self.reset()

    def reset(self) -> None:
        """No transfer, no flags; the registers are reset by their bank."""
        self.flags = 0
        self._block = 0  # bytes of a block, as BNDT was when it began

    # What CxTCR says

    def _field(self, lsb: int, width: int) -> int:
        return self._configuration.raw >> lsb & (1 << width) - 1

    def _side(self, index: int) -> tuple[int, int]:
        """Size of an item and step of the address, in bytes, of the source (0) or the destination (1)."""
        size = 1 << self._field(4 + 2 * index, 2)
        offset = 1 << self._field(8 + 2 * index, 2)
        return size, {_INCREMENT: offset, _DECREMENT: -offset}.get(self._field(2 * index, 2), 0)

    # Control

    def _clear(self, written: int) -> None:
        self.flags &= ~(written & 0x1F)
        self._mdma.update()

    def _control_written(self, written: int) -> None:
        self._mdma.update()

    def _switched(self, old: int, new: int) -> None:
        if new:
            self._block = self._count_register.raw & 0x1FFFF
            self.flags &= ~_CRQA

    def _software_request(self, written: int) -> None:
        if written and self._enabled and self._field(30, 1):
            self._serve()
        elif written:
            self._mdma.log.warning("channel %d: SWRQ while EN or SWRM is 0: ignored", self._index)

    def hardware_request(self, number: int) -> None:
        """Request ``number`` has come."""
        if self._enabled and not self._field(30, 1) and self._trigger.value == number:
            self._serve()

    # Transfers

    def _serve(self) -> None:
        """One trigger: a buffer, a block, all its repetitions, or the list."""
        mode = self._field(28, 2)
        for _ in range(_MOST_NODES):
            if mode == _BUFFER:
                self._move(self._field(18, 7) + 1)
            else:
                self._move(1 << 17)
                while mode != _BLOCK and self._count_register.raw >> 20 and self._enabled:
                    self._next_repetition()
                    self._move(1 << 17)
            if not self._enabled or self._count_register.raw & 0x1FFFF:
                break
            if not self._block_over() or mode != _LIST:
                break
        else:
            self._mdma.log.warning("channel %d: the linked list does not end after %d nodes", self._index, _MOST_NODES)
            self._stop()
        self._mdma.update()

    def _block_over(self) -> bool:
        """What follows a block: a repetition, the next node, or the end; whether there is a next node."""
        if self._count_register.raw >> 20:
            self._next_repetition()
            return False
        self.flags |= _BRTIF
        link = self._link.raw
        if not link:
            self.flags |= _CTCIF
            self._stop()
            return False
        self._load(link)
        return True

    def _next_repetition(self) -> None:
        """BRC counts down, BNDT starts over, addresses move as BRUR says (15.5.8, 15.5.11)."""
        count = self._count_register
        left = (count.raw >> 20) - 1
        for register, change, down in (
            (self._source, self._updates.raw & 0xFFFF, count.raw >> 18 & 1),
            (self._destination, self._updates.raw >> 16, count.raw >> 19 & 1),
        ):
            register.raw = register.raw + (-change if down else change) & 0xFFFFFFFF
        count.raw = left << 20 | count.raw & 0xC0000 | self._block

    def _load(self, address: int) -> None:
        """A node of the linked list: CTCR to CMDR as they lie in memory."""
        words = self._mdma.services.sysbus.read_bytes(address, _NODE)
        for index, register in enumerate(self._loaded):
            if register is not None:
                register.raw = int.from_bytes(words[4 * index : 4 * index + 4], "little")
        self._block = self._count_register.raw & 0x1FFFF

    def _stop(self) -> None:
        self._enabled.value = 0

    def _move(self, most: int) -> None:
        """Up to ``most`` bytes of the block: flags BTIF after a buffer, BTIF and TCIF after the block."""
        count = self._count_register
        size = min(count.raw & 0x1FFFF, most)
        if not size:
            self._mdma.log.warning("channel %d: triggered with BNDT = 0: nothing moves", self._index)
            return
        (source_size, source_step), (destination_size, destination_step) = self._side(0), self._side(1)
        packed = source_size == destination_size or bool(self._field(25, 1))
        if size % source_size or (packed and size % destination_size):
            self._fail(f"{size} bytes are no whole items")
            return
        for side, item, step in (
            (self._source.raw, source_size, source_step),
            (self._destination.raw, destination_size, destination_step),
        ):
            first, length = _extent(side, item, step, size // source_size)
            if not self._mdma.services.sysbus.leads_to(first, length):
                self._fail(f"nothing answers somewhere in the {length} bytes from 0x{first:08X}")
                return
        data = self._exchanged(self._read(self._source.raw, size, source_size, source_step))
        if not packed:
            data = self._aligned(data, source_size, destination_size)
        self._write(self._destination.raw, data, destination_size, destination_step)
        self._source.raw = self._source.raw + source_step * (size // source_size) & 0xFFFFFFFF
        items = len(data) // destination_size
        self._destination.raw = self._destination.raw + destination_step * items & 0xFFFFFFFF
        count.raw = count.raw & ~0x1FFFF | (count.raw & 0x1FFFF) - size
        self.flags |= _TCIF
        if not count.raw & 0x1FFFF:
            self.flags |= _BTIF
        if self._mask_address.raw:
            self._mdma.services.sysbus.write(self._mask_address.raw, 4, self._mask_data.raw)

    def _fail(self, why: str) -> None:
        self._mdma.log.warning("channel %d: %s (TEIF)", self._index, why)
        self.flags |= _TEIF
        self._stop()

    def _exchanged(self, data: bytes) -> bytes:
        """BEX, HEX, WEX: halves of each two, four, eight bytes change places."""
        for half, bit in ((1, 12), (2, 13), (4, 14)):
            if self._control.raw >> bit & 1:
                pieces = (data[index : index + 2 * half] for index in range(0, len(data), 2 * half))
                data = b"".join(piece[half:] + piece[:half] for piece in pieces)
        return data

    def _aligned(self, data: bytes, source_size: int, destination_size: int) -> bytes:
        """Items one by one without packing; PAM: right-aligned with zeros or with the sign, or left-aligned."""
        mode, items = self._field(26, 2), []
        for index in range(0, len(data), source_size):
            item = data[index : index + source_size]
            missing = destination_size - source_size
            if missing < 0:
                items.append(item[-missing:] if mode == _LEFT else item[:missing])
            elif mode == _LEFT:
                items.append(bytes(missing) + item)
            else:
                items.append(item + (b"\xff" if mode == _SIGNED and item[-1] & 0x80 else b"\0") * missing)
        return b"".join(items)

    def _read(self, address: int, size: int, item: int, step: int) -> bytes:
        bus = self._mdma.services.sysbus
        if step == item:
            return bus.read_bytes(address, size)
        addresses = range(address, address + step * (size // item), step) if step else [address] * (size // item)
        return b"".join(bus.read(each & 0xFFFFFFFF, item).to_bytes(item, "little") for each in addresses)

    def _write(self, address: int, data: bytes, item: int, step: int) -> None:
        bus = self._mdma.services.sysbus
        if step == item:
            bus.write_bytes(address, data)
            return
        for index in range(0, len(data), item):
            bus.write(address & 0xFFFFFFFF, item, int.from_bytes(data[index : index + item], "little"))
            address += step

    @property
    def interrupts(self) -> bool:
        """An enabled flag is up: TEIE, CTCIE, BRTIE, BTIE, TCIE are the bits 1 to 5 of CxCR."""
        return bool(self.flags & self._control.raw >> 1 & 0x1F)


def _extent(address: int, item: int, step: int, items: int) -> tuple[int, int]:
    """First address and length of what ``items`` of ``item`` bytes cover, ``step`` apart from ``address`` on."""
    way = step * (items - 1)
    return min(address, address + way), abs(way) + item


class Stm32H7Mdma(RegisterDevice):
    """All channels share one interrupt; inputs are the hardware requests."""

    RENODE_TYPES = ("DMA.STM32H7_MDMA",)
    size = 0x1000

    def __init__(self, services: Services, name: str) -> None:
        super().__init__(services, name)
        self.irq = self.add_output("IRQ")
        self.bank.register(0x00, "GISR0").value_from(
            lambda: sum(channel.interrupts << index for index, channel in enumerate(self.channels))
        )
        self.channels = [Channel(self, index) for index in range(_CHANNELS)]

    def on_gpio(self, number: int, value: bool) -> None:
        """Hardware request ``number``."""
        if value:
            for channel in self.channels:
                channel.hardware_request(number)

    def reset(self) -> None:
        super().reset()
        for channel in self.channels:
            channel.reset()
        self.update()

    def update(self) -> None:
        """The interrupt line."""
        self.irq.set(any(channel.interrupts for channel in self.channels))
