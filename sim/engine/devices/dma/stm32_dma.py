"""DMA1 and DMA2, eight streams each (RM0433 section 16).

How a pulse on an input moves data is Renode's (``DMA.STM32DMA``), so that a scripted peripheral is served the same way
by both engines: a peripheral-to-memory request moves one item of PSIZE, or with the FIFO on (FCR.DMDIS = 1) as many as
make up the FIFO threshold; the two other directions move everything when EN is set, without requests.

Deviations from Renode, all as on the chip:

- a ``DmaRequest`` moves one item, or a peripheral burst, for each time it asks, in both directions; a
  memory-to-peripheral stream that has such a request waits for it;
- EN is cleared when a normal-mode transfer ends (Renode leaves it set: write CR afresh for each transfer);
- the last request of a transfer moves only what is left (Renode's NDTR wraps below zero);
- circular mode, double-buffer mode (CT, M1AR), half-transfer and error flags, PINCOS, FIFO status "empty";
  a circular memory-to-peripheral stream is paced by requests, one item each;
- NDT counts PSIZE items in every direction, also where MSIZE differs (the FIFO packs);
- while EN is set, NDTR, PAR, FCR and all of CR but the interrupt enables and EN are write-protected;
- clearing EN in the middle of a transfer sets TCIF (16.3.14); an impossible FIFO/burst combination sets FEIF and
  an address the bus matrix does not lead to (ITCM, DTCM) or where nothing answers TEIF, both clear EN.
"""

from __future__ import annotations

import struct
from collections.abc import Callable

from sim.engine.devices.base import Services
from sim.engine.devices.dma_request import DmaRequest, DmaSources
from sim.engine.devices.registers import Mode, Register, RegisterDevice

_STREAMS = 8
_FLAG_SHIFTS = (0, 6, 16, 22)
_FEIF, _DMEIF, _TEIF, _HTIF, _TCIF = 1 << 0, 1 << 2, 1 << 3, 1 << 4, 1 << 5
_FLAG_NAMES = {_FEIF: "FEIF", _DMEIF: "DMEIF", _TEIF: "TEIF", _HTIF: "HTIF", _TCIF: "TCIF"}

_EN, _INTERRUPT_ENABLES = 1 << 0, 0x1E  # DMEIE TEIE HTIE TCIE
_CR_WRITABLE = 0x01FFFFFF & ~(1 << 20)
_TO_MEMORY, _TO_PERIPHERAL, _MEMORY_TO_MEMORY = 0, 1, 2
_UNREACHABLE = ((0x00000000, 0x00010000, "ITCM"), (0x20000000, 0x20020000, "DTCM"))
_CODES = {1: "B", 2: "H", 4: "I"}


class Stream:
    """One stream: its registers, and the transfer under way while it is enabled."""

    def __init__(self, dma: Stm32Dma, index: int) -> None:
        self._dma, self._index = dma, index
        self._name = f"stream {index}"
        self.irq = dma.add_output(index)
        self.flags = 0
        base, bank = 0x10 + 0x18 * index, dma.bank
        self._cr: Register = bank.register(base, f"S{index}CR").storage(_CR_WRITABLE).after_write(self._control)
        self._ndtr = bank.register(base + 4, f"S{index}NDTR")
        self._ndtr.field(0, 16, "NDT", read=lambda: self.remaining)
        self._par = bank.register(base + 8, f"S{index}PAR").storage()
        self._memory = [bank.register(base + 12 + 4 * buffer, f"S{index}M{buffer}AR").storage() for buffer in range(2)]
        self._fcr = bank.register(base + 20, f"S{index}FCR", reset=0x21)
        self._fcr.storage(0x87).after_write(self._fifo_control).field(3, 3, "FS", Mode.READ)
        self._guarded = {base + 4, base + 8}
        self.reset()

    def reset(self) -> None:
        """No transfer, no flags; the registers are reset by their bank."""
        self.flags = 0
        self._enabled = False
        self._control_value = 0
        self._fifo_value = self._fcr.reset_value
        self._length = self._moved = 0  # items of PSIZE
        self._memory_offset = self._peripheral_offset = 0
        self._serving = False
        self._pending = 0
        self._per_request = self._per_acknowledge = 1
        self._leads_nowhere = False  # somewhere on the transfer's way; each move looks whether it is there
        self.irq.set(False)

    # --- registers ---

    def write_refused(self, offset: int) -> bool:
        """Whether a write at ``offset`` of the window is locked out while this stream is enabled."""
        if not self._enabled:
            return False
        if offset in self._guarded:
            return True
        for buffer, register in enumerate(self._memory):
            if offset == register.offset:
                if not self._double_buffer:
                    return True
                if buffer == self._current_buffer:
                    self._fail(_TEIF, f"M{buffer}AR written while the stream uses it")
                    return True
        return False

    def clear_flags(self, flags: int) -> None:
        """What a write to LIFCR or HIFCR clears."""
        self.flags &= ~flags
        self.update_interrupt()

    def update_interrupt(self) -> None:
        """Drive the interrupt line from flags and enables."""
        control, flags = self._cr.raw, self.flags
        active = control >> 1 & flags >> 2 & 1  # DMEIE, DMEIF
        active |= control >> 2 & flags >> 3 & 1  # TEIE, TEIF
        active |= control >> 3 & flags >> 4 & 1  # HTIE, HTIF
        active |= control >> 4 & flags >> 5 & 1  # TCIE, TCIF
        active |= self._fcr.raw >> 7 & flags & 1  # FEIE, FEIF
        self.irq.set(active != 0)

    def _control(self, written: int) -> None:
        if self._enabled:
            if written & _EN:
                kept = ~(_EN | _INTERRUPT_ENABLES)
                if (written ^ self._control_value) & kept & _CR_WRITABLE:
                    self._dma.log.warning("S%dCR: configuration written while EN is set: ignored", self._index)
            self._control_value = self._control_value & ~_INTERRUPT_ENABLES | written & _INTERRUPT_ENABLES
            self._cr.raw = self._control_value
            if not written & _EN:
                self._disable()
                self._raise(_TCIF)
        elif written & _EN:
            self._control_value = self._cr.raw
            self._enable()
        self.update_interrupt()

    def _fifo_control(self, written: int) -> None:
        """FCR: while EN is set only the interrupt enable may change (16.5.11)."""
        if self._enabled and (self._fcr.raw ^ self._fifo_value) & 0x7:
            self._dma.log.warning("S%dFCR: mode or threshold written while EN is set: ignored", self._index)
            self._fcr.raw = self._fcr.raw & ~0x7 | self._fifo_value & 0x7
        self._fifo_value = self._fcr.raw
        self.update_interrupt()

    def break_off(self, why: str) -> None:
        """The bus answers the transfer under way with an error: TEIF, and EN is cleared; nothing without a transfer."""
        if self._enabled:
            self._fail(_TEIF, why)

    # --- a transfer ---

    @property
    def _double_buffer(self) -> bool:
        return bool(self._control_value >> 18 & 1)

    @property
    def _current_buffer(self) -> int:
        return self._control_value >> 19 & 1 if self._double_buffer else 0

    def _enable(self) -> None:
        control, fifo = self._control_value, self._fcr.raw
        if self.flags:
            names = " ".join(name for flag, name in _FLAG_NAMES.items() if self.flags & flag)
            self._dma.log.warning("stream %d enabled with %s still set: clear flags first", self._index, names)
        self._enabled = True
        self._direction = control >> 6 & 3
        if self._direction == 3:
            self._fail(_TEIF, "CR.DIR = 3 is reserved")
            return
        memory_to_memory = self._direction == _MEMORY_TO_MEMORY
        direct = not fifo & 4 and not memory_to_memory
        self._item = 1 << min(control >> 11 & 3, 2)
        self._memory_item = self._item if direct else 1 << min(control >> 13 & 3, 2)
        burst = (1, 4, 8, 16)[control >> 23 & 3] * self._memory_item
        threshold = ((fifo & 3) + 1) * 4
        if not direct and threshold % burst:
            self._fail(_FEIF, f"a memory burst of {burst} bytes does not fit the FIFO threshold of {threshold}")
            return
        self._per_request = 1 if direct else max(1, threshold // self._item)
        self._per_acknowledge = (1, 4, 8, 16)[control >> 21 & 3]
        self._peripheral_step = 0
        if control >> 9 & 1:
            self._peripheral_step = 4 if control >> 15 & 1 else self._item
        self._memory_increment = bool(control >> 10 & 1)
        self._circular = bool(control >> 8 & 1) or self._double_buffer
        if self._unreachable():
            return
        self._length = self._ndtr.raw
        self._moved = self._memory_offset = self._peripheral_offset = 0
        self._leads_nowhere = self._nowhere(self._length, both=self._double_buffer) is not None
        if self._direction != _TO_PERIPHERAL:
            for address in addresses_of(self._memory, self._double_buffer):
                self._dma.on_target(address, self._length * self._item if self._memory_increment else self._memory_item)
        if not self._length:
            self._dma.log.warning("stream %d enabled with NDTR = 0: nothing will move", self._index)
        elif memory_to_memory or (self._direction == _TO_PERIPHERAL and not self._circular and not self._paced):
            self._move(self._length)
        else:
            self._dma.sources.ask(self._index)

    @property
    def _paced(self) -> bool:
        return self._dma.sources.pace(self._index, to_peripheral=True)

    def _unreachable(self) -> bool:
        addresses = addresses_of(self._memory, self._double_buffer)
        if self._direction == _MEMORY_TO_MEMORY:
            addresses.append(self._par.raw)
        for address in addresses:
            for first, end, memory in self._dma.unreachable:
                if first <= address < end:
                    self._dma.on_unreachable(self._index, address, memory)
                    self._fail(_TEIF, f"address 0x{address:08X} is in {memory}, which DMA1 and DMA2 cannot reach")
                    return True
        return False

    def request(self) -> None:
        """The peripheral asks: one item, or with the FIFO on a threshold's worth."""
        if not self._enabled:
            self._dma.log.debug("request for stream %d, which is not enabled", self._index)
            return
        if not self._length or (self._direction != _TO_MEMORY and not self._circular):
            return
        self._pending += 1
        if self._serving:  # raised by the very read that serves a request: comes after it
            return
        self._serving = True
        try:
            while self._pending and self._enabled:
                self._pending -= 1
                self._move(self._per_request if self._direction == _TO_MEMORY else 1)
        finally:
            self._serving = False
            self._pending = 0

    def serve(self, items: int) -> bool:
        """A ``DmaRequest`` asks for up to ``items``; whether any moved."""
        if not self._enabled or self._serving or not self._length or self._direction == _MEMORY_TO_MEMORY:
            return False
        self._serving = True
        try:
            self._move(min(items, 1 << 16) * self._per_acknowledge)
        finally:
            self._serving = False
        return True

    def burst(self, source: int, data: bytes | bytearray, each: int) -> int:
        """Requests from a FIFO that is read at ``source``, one for every ``each`` bytes, all at one moment.

        Answers how many words each request took. 0: nothing was moved, since it would not come out as the requests one
        by one do, or since somebody watches the bus.
        """
        sysbus, words = self._dma.services.sysbus, len(data) // 4
        memory = self._memory[0].raw + self._memory_offset
        plain = (
            self._enabled
            and not self._serving
            and not self._circular
            and self._direction == _TO_MEMORY
            and self._item == 4
            and self._par.raw == source
            and not self._peripheral_step
            and not self._leads_nowhere
            and self._memory_increment
            and each // 4 % self._per_request == 0
            and words <= self._length - self._moved
        )
        if not plain or not sysbus.is_unwatched(source) or not sysbus.is_unwatched(memory, len(data)):
            return 0
        self._dma.moving = self._name
        self._deliver(words, bytes(data))
        return self._per_request

    def _move(self, items: int) -> None:
        items = min(items, self._length - self._moved)
        self._dma.moving = self._name
        if self._leads_nowhere and (nowhere := self._nowhere(items)) is not None:
            self._fail(_TEIF, f"nothing answers at 0x{nowhere:08X}")
            return
        if self._direction == _TO_PERIPHERAL:
            memory = self._memory[self._current_buffer].raw + self._memory_offset
            self._write_peripheral(items, self._read_memory(memory, items))
            self._advance(items)
        else:
            if self._direction == _MEMORY_TO_MEMORY and self._peripheral_step == self._item:
                data = self._dma.services.sysbus.read_bytes(self._par.raw, items * self._item)
            else:
                data = self._read_peripheral(items)
            if self._enabled:  # not switched off by a side effect of the read
                self._deliver(items, data)

    def _nowhere(self, items: int, both: bool = False) -> int | None:
        """Where the next ``items`` would go that the bus leads to nothing, ``both``: in either buffer."""
        size, leads_to = items * self._item, self._dma.services.sysbus.leads_to
        peripheral = self._par.raw + self._peripheral_offset
        if not leads_to(peripheral, max(self._item, self._peripheral_step * (items - 1) + self._item)):
            return peripheral
        buffers = self._memory if both else [self._memory[self._current_buffer]]
        for address in (buffer.raw + self._memory_offset for buffer in buffers):
            if not leads_to(address, size if self._memory_increment else self._memory_item):
                return address
        return None

    def _deliver(self, items: int, data: bytes) -> None:
        self._write_memory(self._memory[self._current_buffer].raw + self._memory_offset, data)
        self._advance(items)

    def _advance(self, items: int) -> None:
        """``items`` have moved: flags, and the end."""
        if self._memory_increment:
            self._memory_offset += items * self._item
        half = self._length // 2
        crossed = self._moved < half <= self._moved + items
        self._moved += items
        if crossed and half:
            self._raise(_HTIF)
        if self._moved == self._length:
            self._finish()

    def _read_peripheral(self, items: int) -> bytes:
        read, item, step = self._dma.services.sysbus.read, self._item, self._peripheral_step
        address = self._par.raw + self._peripheral_offset
        if step:
            values = [read(address + step * index, item) for index in range(items)]
            self._peripheral_offset += step * items
        else:
            values = [read(address, item) for _ in range(items)]
        return struct.pack(f"<{items}{_CODES[item]}", *values)

    def _write_peripheral(self, items: int, data: bytes) -> None:
        sysbus, item, step = self._dma.services.sysbus, self._item, self._peripheral_step
        address = self._par.raw + self._peripheral_offset
        if items > 1 and not step and sysbus.is_unwatched(address):
            window = sysbus.window_at(address)
            if window is not None and window.device.write_block(address - window.start, item, data):
                return
        write = sysbus.write
        self._peripheral_offset += step * items
        for value in struct.unpack(f"<{items}{_CODES[item]}", data):
            write(address, item, value)
            address += step

    def _read_memory(self, address: int, items: int) -> bytes:
        sysbus, size = self._dma.services.sysbus, items * self._item
        if self._memory_increment:
            return sysbus.read_bytes(address, size)
        width = self._memory_item
        return b"".join(sysbus.read(address, width).to_bytes(width, "little") for _ in range(-(-size // width)))[:size]

    def _write_memory(self, address: int, data: bytes) -> None:
        sysbus = self._dma.services.sysbus
        if self._memory_increment:
            sysbus.write_bytes(address, data)
            return
        width = self._memory_item
        for start in range(0, len(data), width):
            chunk = data[start : start + width]
            sysbus.write(address, len(chunk), int.from_bytes(chunk, "little"))

    def _finish(self) -> None:
        if self._circular:
            self._moved = self._memory_offset = self._peripheral_offset = 0
            if self._double_buffer:
                self._control_value ^= 1 << 19
                self._cr.raw ^= 1 << 19
        else:
            self._disable()
        self._raise(_TCIF)

    def _disable(self) -> None:
        """EN to 0, by software or at the end; NDTR keeps what was left."""
        self._enabled = False
        self._control_value &= ~_EN
        self._cr.raw &= ~_EN
        self._ndtr.raw = self._length - self._moved

    def _fail(self, flag: int, why: str) -> None:
        self._dma.log.warning("stream %d: %s (%s)", self._index, why, _FLAG_NAMES[flag])
        self._enabled = False
        self._control_value &= ~_EN
        self._cr.raw &= ~_EN
        self._raise(flag)

    def _raise(self, flag: int) -> None:
        self.flags |= flag
        self.update_interrupt()

    @property
    def left(self) -> int:
        """Items still to move; 0 while the stream is off."""
        return self._length - self._moved if self._enabled else 0

    @property
    def until_flag(self) -> int:
        """Items up to HTIF or TCIF; 0 while the stream is off."""
        half = self._length // 2 - self._moved
        return half if half > 0 and self._enabled else self.left

    @property
    def remaining(self) -> int:
        """What NDTR reads."""
        return self._length - self._moved if self._enabled else self._ndtr.raw


def addresses_of(registers: list[Register], both: bool) -> list[int]:
    """What M0AR says, and M1AR too in double-buffer mode."""
    return [register.raw for register in registers[: 1 + both]]


class Stm32Dma(RegisterDevice):
    """Inputs 0..7 are requests of the streams, outputs 0..7 their interrupts.

    For whoever watches: ``on_target(address, size)`` when a stream that writes memory is enabled,
    ``on_unreachable(stream, address, memory)``. ``unreachable`` are the (first, end, name) the bus matrix keeps from
    it: an H7's; other chips differ.
    """

    RENODE_TYPES = ("DMA.STM32DMA",)
    SCRIPT_MEMBERS = ("Burst",)

    def __init__(self, services: Services, name: str) -> None:
        super().__init__(services, name)
        self.unreachable: tuple[tuple[int, int, str], ...] = _UNREACHABLE
        self.on_target: Callable[[int, int], None] = lambda address, size: None
        self.on_unreachable: Callable[[int, int, str], None] = lambda stream, address, memory: None
        self.sources = DmaSources()
        bank = self.bank
        bank.register(0x0, "LISR").value_from(lambda: self._status(0))
        bank.register(0x4, "HISR").value_from(lambda: self._status(4))
        bank.register(0x8, "LIFCR").after_write(lambda written: self._clear(0, written)).field(
            0, 32, "LIFCR", Mode.WRITE
        )
        bank.register(0xC, "HIFCR").after_write(lambda written: self._clear(4, written)).field(
            0, 32, "HIFCR", Mode.WRITE
        )
        self.streams = [Stream(self, index) for index in range(_STREAMS)]

    def on_gpio(self, number: int, value: bool) -> None:
        """A request line; its rising edge is one request."""
        if value:
            if 0 <= number < _STREAMS:
                self.streams[number].request()
            else:
                self.log.warning("request for stream %d: there are 0 to %d", number, _STREAMS - 1)

    def request_connected(self, number: int, source: DmaRequest) -> None:
        """``source`` drives the request of stream ``number``."""
        self.sources.add(number, source)

    def dma_request(self, number: int, items: int) -> bool:
        """Stream ``number`` is asked for up to ``items`` transfers; whether anything moved."""
        return self.streams[number].serve(items) if 0 <= number < _STREAMS else False

    def dma_remaining(self, number: int) -> int:
        """Items stream ``number`` has still to move; 0 while it is off."""
        return self.streams[number].left if 0 <= number < _STREAMS else 0

    def dma_until_flag(self, number: int) -> int:
        """Items stream ``number`` moves up to HTIF or TCIF; 0 while it is off."""
        return self.streams[number].until_flag if 0 <= number < _STREAMS else 0

    def burst(self, stream: int, source: int, data: bytes | bytearray, each: int) -> int:
        """Many requests of a stream at once: see ``Stream.burst``."""
        return self.streams[stream].burst(source, data, each) if 0 <= stream < _STREAMS else 0

    def write(self, offset: int, width: int, value: int) -> None:
        if 0x10 <= offset < 0xD0 and self.streams[(offset - 0x10) // 0x18].write_refused(offset & ~3):
            self.log.warning("write of 0x%X at 0x%X while the stream is enabled: ignored", value, offset)
            return
        self.bank.write(offset, width, value)

    def reset(self) -> None:
        super().reset()
        for stream in self.streams:
            stream.reset()

    def _status(self, first: int) -> int:
        flags = [stream.flags for stream in self.streams[first : first + 4]]
        return sum(flag << shift for flag, shift in zip(flags, _FLAG_SHIFTS, strict=True))

    def _clear(self, first: int, written: int) -> None:
        for stream, shift in zip(self.streams[first : first + 4], _FLAG_SHIFTS, strict=True):
            if written >> shift & 0x3D:
                stream.clear_flags(written >> shift & 0x3D)
