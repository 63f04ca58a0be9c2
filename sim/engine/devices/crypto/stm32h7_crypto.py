"""Cryptographic processor of STM32H7 (RM0433 section 35): AES in ECB, CBC, CTR, GCM, GMAC and CCM with 128, 192 and
256 bits.

It works block by block as the unit does, so that the sequences of ST's drivers give what the chip gives: key
preparation, the four phases of GCM and CCM, NPBLB for a short last block, and the way round it of older silicon (CTR
for the last block, then the final phase twice), for which CSGCMCCM7R reads as the next counter plus one. Data
swapping by DATATYPE. A block takes no time.

As in Renode's ``Miscellaneous.Crypto.STM32H7_CRYPTO`` the input FIFO takes more than its eight words, since a
memory-to-peripheral DMA stream is not paced by requests here; ``OutDMA`` asks for each word of output. Renode has ECB
and GCM only. Not modelled, refused with a warning: DES and TDES; saving the context of GCM and CCM (the other CSGCM
registers are undeclared, which is logged); the way round a short last block in CCM decryption without NPBLB.
"""

from __future__ import annotations

import functools
from collections import deque

from sim.engine.devices.base import Services
from sim.engine.devices.crypto.aes import BLOCK, Aes, galois_product, xor
from sim.engine.devices.registers import Mode, RegisterDevice

_ECB, _CBC, _CTR, _PREPARE, _GCM, _CCM = 4, 5, 6, 7, 8, 9
_INITIALISATION, _HEADER, _PAYLOAD, _FINAL = range(4)
_WORDS = 4
_FIFO_WORDS = 8
_SERVICE_WORDS = 4  # the input FIFO wants service below


@functools.lru_cache(maxsize=8)
def _expanded(key: bytes) -> Aes:
    """Expanding a key takes as long as a block: drivers send many blocks with one key."""
    return Aes(key)


class Stm32H7Crypto(RegisterDevice):
    """One processor."""

    RENODE_TYPES = ("Miscellaneous.Crypto.STM32H7_CRYPTO",)

    def __init__(self, services: Services, name: str) -> None:
        super().__init__(services, name)
        self.irq = self.add_output("IRQ")
        self.out_dma = self.add_output("OutDMA")
        self._input: deque[int] = deque()
        self._output: deque[int] = deque()
        self._serving = False
        self._forget_context()
        bank = self.bank
        control = bank.register(0x00, "CR")
        self._decrypts = control.flag(2, "ALGODIR")
        self._mode_low = control.field(3, 3, "ALGOMODE")
        self._data_type = control.field(6, 2, "DATATYPE")
        self._key_size = control.field(8, 2, "KEYSIZE")
        control.flag(14, "FFLUSH", Mode.WRITE, on_write=self._flush)
        self._enabled = control.flag(15, "CRYPEN", on_change=lambda old, new: self._begin() if new else None)
        self._phase = control.field(16, 2, "GCM_CCMPH")
        self._mode_high = control.flag(19, "ALGOMODE3")
        self._padding = control.field(20, 4, "NPBLB")
        control.after_write(lambda _: self._work())
        bank.register(0x04, "SR", reset=3).value_from(self._status)
        bank.register(0x08, "DIN").field(0, 32, "DATAIN", Mode.WRITE, on_write=self._push)
        bank.register(0x0C, "DOUT").field(0, 32, "DATAOUT", Mode.READ, read=self._pop)
        self._dma_output = bank.register(0x10, "DMACR").storage(0x1).flag(1, "DOEN")
        bank[0x10].after_write(lambda _: self._work())
        self._mask = bank.register(0x14, "IMSCR").after_write(lambda _: self._update()).field(0, 2, "IM")
        bank.register(0x18, "RISR", reset=1).value_from(self._raw_interrupts)
        bank.register(0x1C, "MISR").value_from(self._masked_interrupts)
        self._keys = [
            bank.register(0x20 + 4 * index, f"K{index // 2}{'LR'[index % 2]}R").field(0, 32, "K", Mode.WRITE)
            for index in range(8)
        ]
        self._vectors = [
            bank.register(0x40 + 4 * index, f"IV{index // 2}{'LR'[index % 2]}R").field(0, 32, "IV")
            for index in range(4)
        ]
        bank.register(0x6C, "CSGCMCCM7R").value_from(lambda: self._counter + 1 & 0xFFFFFFFF)

    def _forget_context(self) -> None:
        self._hash_key = self._hash = 0
        self._mac = bytes(BLOCK)
        self._nonce = bytes(12)
        self._counter = self._first_counter = 0

    def reset(self) -> None:
        super().reset()
        self._input.clear()
        self._output.clear()
        self._forget_context()
        self._update()

    # FIFOs

    def _flush(self, value: int) -> None:
        if value:
            self._input.clear()
            self._output.clear()

    def _push(self, value: int) -> None:
        self._input.append(value)
        self._work()

    def _pop(self) -> int:
        if not self._output:
            self.log.warning("DOUT read while the output FIFO is empty")
            return 0
        value = self._output.popleft()
        self._work()
        return value

    def _swapped(self, value: int) -> int:
        """DATATYPE: 32-bit, 16-bit, 8-bit and 1-bit data (35.4.15)."""
        kind = self._data_type.value
        if kind == 1:
            return value >> 16 | (value & 0xFFFF) << 16
        if kind == 2:
            return int.from_bytes(value.to_bytes(4, "little"), "big")
        if kind == 3:
            return int(f"{value:032b}"[::-1], 2)
        return value

    # Work

    @property
    def _mode(self) -> int:
        return self._mode_low.value | (8 if self._mode_high else 0)

    def _cipher(self) -> Aes:
        first = {0: 4, 1: 2, 2: 0, 3: 0}[self._key_size.value]
        return _expanded(b"".join(field.value.to_bytes(4, "big") for field in self._keys[first:]))

    def _vector(self) -> bytes:
        return b"".join(field.value.to_bytes(4, "big") for field in self._vectors)

    def _set_vector(self, value: bytes) -> None:
        for place, field in enumerate(self._vectors):
            field.value = int.from_bytes(value[4 * place : 4 * place + 4], "big")

    def _begin(self) -> None:
        """CRYPEN was set."""
        mode = self._mode
        if mode < _ECB or mode > _CCM or self._key_size.value == 3:
            self.log.warning("ALGOMODE %d with KEYSIZE %d is not modelled: only AES is", mode, self._key_size.value)
            self._enabled.value = 0
        elif mode == _PREPARE:
            self._enabled.value = 0
        elif mode in (_GCM, _CCM) and self._phase.value == _INITIALISATION:
            self._start_message(mode)

    def _start_message(self, mode: int) -> None:
        vector = self._vector()
        self._nonce, self._counter = vector[:12], int.from_bytes(vector[12:], "big")
        self._first_counter = self._counter
        self._hash, self._mac = 0, bytes(BLOCK)
        if mode == _GCM:
            self._hash_key = int.from_bytes(self._cipher().encrypt(bytes(BLOCK)), "big")
            self._enabled.value = 0  # CCM goes on until B0 is in

    def _work(self) -> None:
        """Blocks from input to output while there is room, and the DMA asked to make some."""
        while self._enabled and len(self._input) >= _WORDS and len(self._output) <= _FIFO_WORDS - _WORDS:
            words = [self._swapped(self._input.popleft()) for _ in range(_WORDS)]
            result = self._process(b"".join(word.to_bytes(4, "big") for word in words))
            for place in range(0, len(result), 4):
                self._output.append(self._swapped(int.from_bytes(result[place : place + 4], "big")))
            self._ask_dma()
        self._ask_dma()
        self._update()

    def _ask_dma(self) -> None:
        if self._serving or not self._dma_output:
            return
        self._serving = True
        before = -1
        while self._output and len(self._output) != before:
            before = len(self._output)
            self.out_dma.pulse()
        self._serving = False

    def _process(self, block: bytes) -> bytes:
        """The output for an input block; empty where there is none."""
        mode, cipher = self._mode, self._cipher()
        if mode == _ECB:
            return cipher.decrypt(block) if self._decrypts else cipher.encrypt(block)
        if mode == _CBC:
            return self._chained(cipher, block)
        if mode == _CTR:
            vector = self._vector()
            counter = int.from_bytes(vector[12:], "big") + 1 & 0xFFFFFFFF
            self._set_vector(vector[:12] + counter.to_bytes(4, "big"))
            return xor(block, cipher.encrypt(vector))
        return self._gcm(cipher, block) if mode == _GCM else self._ccm(cipher, block)

    def _chained(self, cipher: Aes, block: bytes) -> bytes:
        vector = self._vector()
        if self._decrypts:
            self._set_vector(block)
            return xor(cipher.decrypt(block), vector)
        result = cipher.encrypt(xor(block, vector))
        self._set_vector(result)
        return result

    def _next_key_stream(self, cipher: Aes) -> bytes:
        stream = cipher.encrypt(self._nonce + self._counter.to_bytes(4, "big"))
        self._counter = self._counter + 1 & 0xFFFFFFFF
        return stream

    def _without_padding(self, block: bytes) -> bytes:
        """The block with its last NPBLB bytes zero: they are no part of the message."""
        count = self._padding.value
        return block[: BLOCK - count] + bytes(count)

    def _gcm(self, cipher: Aes, block: bytes) -> bytes:
        phase = self._phase.value
        if phase == _HEADER:
            self._absorb(block)
            return b""
        if phase == _PAYLOAD:
            result = xor(block, self._next_key_stream(cipher))
            self._absorb(block if self._decrypts else self._without_padding(result))
            return result
        if phase == _FINAL:
            self._absorb(block)
            start = self._nonce + (self._first_counter - 1 & 0xFFFFFFFF).to_bytes(4, "big")
            return xor(self._hash.to_bytes(BLOCK, "big"), cipher.encrypt(start))
        self.log.warning("data in the initialisation phase of GCM: ignored")
        return b""

    def _absorb(self, block: bytes) -> None:
        self._hash = galois_product(self._hash ^ int.from_bytes(block, "big"), self._hash_key)

    def _ccm(self, cipher: Aes, block: bytes) -> bytes:
        phase = self._phase.value
        if phase == _FINAL:  # the block is counter block 0
            return xor(self._mac, cipher.encrypt(block))
        if phase == _PAYLOAD:
            result = xor(block, self._next_key_stream(cipher))
            self._mac = cipher.encrypt(xor(self._mac, self._without_padding(result) if self._decrypts else block))
            return result
        self._mac = cipher.encrypt(xor(self._mac, block))
        if phase == _INITIALISATION:
            self._enabled.value = 0
        return b""

    # Status and interrupt

    def _status(self) -> int:
        waiting, ready = len(self._input), len(self._output)
        return (waiting == 0) | (waiting < _FIFO_WORDS) << 1 | (ready > 0) << 2 | (ready >= _FIFO_WORDS) << 3

    def _raw_interrupts(self) -> int:
        return (len(self._input) < _SERVICE_WORDS) | bool(self._output) << 1

    def _masked_interrupts(self) -> int:
        pending = self._raw_interrupts() & self._mask.value
        return pending if self._enabled else pending & ~1  # an idle unit wants no input (35.5)

    def _update(self) -> None:
        self.irq.set(bool(self._masked_interrupts()))
