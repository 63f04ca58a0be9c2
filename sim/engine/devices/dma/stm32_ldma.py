"""Basic DMA with channels: BDMA of STM32H7 (RM0433 section 17); the DMA of F0, F1, L0, L1, L4 and L5 has the same
map.

Memory-to-memory transfers move when EN is set, the others an item a request (inputs 0 to 7), as our ``DMA.STM32DMA``
does; a memory-to-peripheral channel without a request to wait for moves at once. Renode's ``DMA.STM32LDMA`` has no
inputs: there every transfer moves whole and byte by byte when EN is set.

As on the chip, beyond Renode: PSIZE and MSIZE with zero extension or truncation item by item (there is no FIFO),
circular and double-buffer mode (CT, CM1AR), half-transfer and error flags, the global flag, interrupts only where
enabled, registers locked while EN is 1. EN stays set at the end of a transfer. On an H7 BDMA reaches nothing but the
D3 domain; what lies elsewhere is not refused.
"""

from __future__ import annotations

from sim.engine.devices.base import Services
from sim.engine.devices.dma_request import DmaRequest, DmaSources
from sim.engine.devices.registers import Mode, Register, RegisterDevice

_CHANNELS = 8
_GIF, _TCIF, _HTIF, _TEIF = 1, 2, 4, 8
_EN, _DIR, _CIRC, _PINC, _MINC = 1 << 0, 1 << 4, 1 << 5, 1 << 6, 1 << 7
_MEM2MEM, _DBM, _CT = 1 << 14, 1 << 15, 1 << 16
_INTERRUPTS = 0xE
_FIRST, _STEP = 0x08, 0x14


class Channel:
    """One channel: its registers and the transfer under way."""

    def __init__(self, dma: Stm32Ldma, index: int) -> None:
        self._dma, self._index = dma, index
        self._name = f"channel {index}"
        self.irq = dma.add_output(index)
        base, bank = _FIRST + _STEP * index, dma.bank
        self._ccr = bank.register(base, f"CCR{index}").storage(0x1FFFF).after_write(self._control)
        self._cndtr = bank.register(base + 0x4, f"CNDTR{index}").storage(0xFFFF)
        self._cpar = bank.register(base + 0x8, f"CPAR{index}").storage()
        self._memory: list[Register] = [
            bank.register(base + 0xC + 4 * each, f"CM{each}AR{index}").storage() for each in range(2)
        ]
        self.reset()

    def reset(self) -> None:
        """No transfer, no flags; the registers are reset by their bank."""
        self.flags = 0
        self.enabled = False
        self._configuration = 0  # CCR at the moment EN was set
        self._length = self._done = 0
        self._leads_nowhere = False  # somewhere on the transfer's way; each item looks whether it is there

    @property
    def left(self) -> int:
        """Items still to move; 0 while the channel is off."""
        return self._cndtr.raw if self.enabled else 0

    @property
    def until_flag(self) -> int:
        """Items up to HTIF or TCIF; 0 while the channel is off."""
        half = self._length // 2 - self._done
        return half if half > 0 and self.enabled else self.left

    @property
    def _sizes(self) -> tuple[int, int]:
        """Bytes of an item at the peripheral and at the memory."""
        return 1 << min(self._configuration >> 8 & 3, 2), 1 << min(self._configuration >> 10 & 3, 2)

    def _control(self, written: int) -> None:
        if self.enabled:
            changeable = _EN | _INTERRUPTS
            if (written ^ self._configuration) & ~changeable:
                self._dma.log.warning("CCR%d: configuration written while EN is set: ignored", self._index)
            self._ccr.raw = self._configuration & ~changeable | written & changeable
            self.enabled = bool(written & _EN)
            self._configuration = self._ccr.raw
        elif written & _EN:
            self._configuration = self._ccr.raw
            self.enabled = True
            self._start()
        self.update_interrupt()

    def _start(self) -> None:
        self._length, self._done = self._cndtr.raw, 0
        if not self._length:
            self._dma.log.warning("channel %d enabled with CNDTR = 0: nothing will move", self._index)
            return
        configuration = self._configuration
        self._leads_nowhere = any(self._nowhere(second, 0, self._length) is not None for second in (False, True))
        if configuration & _MEM2MEM and configuration & (_CIRC | _DBM):
            self._fail("MEM2MEM together with CIRC or DBM")
        elif configuration & _MEM2MEM or (
            configuration & _DIR and not configuration & (_CIRC | _DBM) and not self._paced
        ):
            while self.enabled and self._cndtr.raw:
                self._move_item()
        else:
            self._dma.sources.ask(self._index)

    @property
    def _paced(self) -> bool:
        return self._dma.sources.pace(self._index, to_peripheral=True)

    def request(self) -> None:
        """The peripheral asks for one item."""
        if not self.enabled:
            self._dma.log.debug("request for channel %d, which is not enabled", self._index)
        elif self._cndtr.raw and not self._configuration & _MEM2MEM:
            self._move_item()

    def serve(self, items: int) -> bool:
        """A ``DmaRequest`` asks for up to ``items``; whether any moved."""
        moved = False
        for _ in range(items):
            if not self.enabled or not self._cndtr.raw or self._configuration & _MEM2MEM:
                break
            self._move_item()
            moved = True
        return moved

    def _move_item(self) -> None:
        configuration, bus = self._configuration, self._dma.services.sysbus
        self._dma.moving = self._name
        peripheral_size, memory_size = self._sizes
        second = bool(configuration & _DBM and configuration & _CT)
        if self._leads_nowhere and (nowhere := self._nowhere(second, self._done, 1)) is not None:
            self._fail(f"nothing answers at 0x{nowhere:08X}")
            return
        peripheral = self._cpar.raw + (self._done * peripheral_size if configuration & _PINC else 0)
        memory = self._memory[second].raw + (self._done * memory_size if configuration & _MINC else 0)
        self._done += 1
        self._cndtr.raw = self._length - self._done
        if configuration & _DIR:
            bus.write(peripheral, peripheral_size, bus.read(memory, memory_size) & (1 << 8 * peripheral_size) - 1)
        else:
            bus.write(memory, memory_size, bus.read(peripheral, peripheral_size) & (1 << 8 * memory_size) - 1)
        if self._done == self._length // 2:
            self._raise(_HTIF)
        if self._done == self._length:
            self._finish()

    def _nowhere(self, second: bool, done: int, items: int) -> int | None:
        """Where ``items`` after ``done`` would go that the bus leads to nothing; ``second``: by CMxAR 1."""
        if second and not self._configuration & _DBM:
            return None
        leads_to = self._dma.services.sysbus.leads_to
        sides = ((self._cpar, _PINC), (self._memory[second], _MINC))
        for (register, increment), size in zip(sides, self._sizes, strict=True):
            moves = bool(self._configuration & increment)
            address = register.raw + done * size * moves
            if not leads_to(address, size * items if moves else size):
                return address
        return None

    def _finish(self) -> None:
        if self._configuration & (_CIRC | _DBM):
            self._done = 0
            self._cndtr.raw = self._length
            if self._configuration & _DBM:
                self._configuration ^= _CT
                self._ccr.raw ^= _CT
        self._raise(_TCIF)

    def _fail(self, why: str) -> None:
        self._dma.log.warning("channel %d: %s (TEIF)", self._index, why)
        self.enabled = False
        self._ccr.raw &= ~_EN
        self._raise(_TEIF)

    def _raise(self, flag: int) -> None:
        self.flags |= flag
        self.update_interrupt()

    def update_interrupt(self) -> None:
        """The output: an enabled flag is up."""
        self.irq.set(bool(self.flags & self._ccr.raw & _INTERRUPTS))


class Stm32Ldma(RegisterDevice):
    """Inputs 0 to 7 are requests of the channels, outputs 0 to 7 their interrupts."""

    RENODE_TYPES = ("DMA.STM32LDMA",)

    def __init__(self, services: Services, name: str) -> None:
        super().__init__(services, name)
        self.sources = DmaSources()
        self.bank.register(0x0, "ISR").value_from(self._status)
        self.bank.register(0x4, "IFCR").after_write(self._clear).field(0, 32, "IFCR", Mode.WRITE)
        self.channels = [Channel(self, index) for index in range(_CHANNELS)]

    def on_gpio(self, number: int, value: bool) -> None:
        """A request line; its rising edge is one request."""
        if not value:
            return
        if 0 <= number < _CHANNELS:
            self.channels[number].request()
        else:
            self.log.warning("request for channel %d: there are 0 to %d", number, _CHANNELS - 1)

    def request_connected(self, number: int, source: DmaRequest) -> None:
        """``source`` drives the request of channel ``number``."""
        self.sources.add(number, source)

    def dma_request(self, number: int, items: int) -> bool:
        """Channel ``number`` is asked for up to ``items`` transfers; whether anything moved."""
        return self.channels[number].serve(items) if 0 <= number < _CHANNELS else False

    def dma_remaining(self, number: int) -> int:
        """Items channel ``number`` has still to move; 0 while it is off."""
        return self.channels[number].left if 0 <= number < _CHANNELS else 0

    def dma_until_flag(self, number: int) -> int:
        """Items channel ``number`` moves up to HTIF or TCIF; 0 while it is off."""
        return self.channels[number].until_flag if 0 <= number < _CHANNELS else 0

    def write(self, offset: int, width: int, value: int) -> None:
        index, place = divmod((offset & ~3) - _FIRST, _STEP)
        if 0 <= index < _CHANNELS and place and self.channels[index].enabled:
            self.log.warning("write of 0x%X at 0x%X while the channel is enabled: ignored", value, offset)
            return
        self.bank.write(offset, width, value)

    def reset(self) -> None:
        super().reset()
        for channel in self.channels:
            channel.reset()
            channel.update_interrupt()

    def _status(self) -> int:
        return sum(
            (channel.flags | (_GIF if channel.flags else 0)) << 4 * index for index, channel in enumerate(self.channels)
        )

    def _clear(self, written: int) -> None:
        for index, channel in enumerate(self.channels):
            cleared = written >> 4 * index & 0xF
            channel.flags &= ~(0xF if cleared & _GIF else cleared)
            channel.update_interrupt()
