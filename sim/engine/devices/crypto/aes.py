"""The AES block cipher (FIPS 197) and GCM's hash (NIST SP 800-38D), block by block: what a crypto unit is made of.

A whole library for one function would be a dependency more; test vectors of the standards hold this to them.
"""

from __future__ import annotations

from sim.errors import CrosscamError

BLOCK = 16
"""Bytes of a block."""
_GCM_POLYNOMIAL = 0xE1 << 120


def _double(value: int) -> int:
    """Times x in GF(2^8)."""
    return value << 1 & 0xFF ^ (0x1B if value & 0x80 else 0)


def _multiply(first: int, second: int) -> int:
    product = 0
    while second:
        if second & 1:
            product ^= first
        first = _double(first)
        second >>= 1
    return product


def _substitution() -> bytes:
    """The S-box: the inverse in GF(2^8), then the affine map of section 5.1.1."""
    powers = [1]  # of 3, which generates the field: the inverse of 3^n is 3^(255 - n)
    while len(powers) < 255:
        powers.append(_multiply(powers[-1], 3))
    inverses = {value: powers[-place % 255] for place, value in enumerate(powers)}
    table = bytearray(256)
    for value in range(256):
        inverse = inverses.get(value, 0)
        result = 0x63
        for turn in range(5):
            result ^= (inverse << turn | inverse >> 8 - turn) & 0xFF
        table[value] = result
    return bytes(table)


_SBOX = _substitution()
_INVERSE_SBOX = bytes(_SBOX.index(value) for value in range(256))
_TIMES = {factor: bytes(_multiply(factor, value) for value in range(256)) for factor in (1, 2, 3, 9, 11, 13, 14)}
_SHIFTED = tuple((place + 4 * (place % 4)) % BLOCK for place in range(BLOCK))  # where ShiftRows takes byte `place` from
_INVERSE_SHIFTED = tuple(_SHIFTED.index(place) for place in range(BLOCK))


class Aes:
    """One key of 16, 24 or 32 bytes."""

    def __init__(self, key: bytes) -> None:
        if len(key) not in (16, 24, 32):
            raise CrosscamError(f"an AES key of {len(key)} bytes; expected 16, 24 or 32")
        self._rounds = self._expand(key)

    @staticmethod
    def _expand(key: bytes) -> list[bytes]:
        """Round keys (5.2)."""
        length = len(key) // 4
        words = [key[place : place + 4] for place in range(0, len(key), 4)]
        constant = 1
        while len(words) < 4 * (length + 7):
            word = words[-1]
            if len(words) % length == 0:
                word = bytes(_SBOX[byte] for byte in word[1:] + word[:1])
                word = bytes([word[0] ^ constant]) + word[1:]
                constant = _double(constant)
            elif length == 8 and len(words) % length == 4:
                word = bytes(_SBOX[byte] for byte in word)
            words.append(xor(words[-length], word))
        return [b"".join(words[place : place + 4]) for place in range(0, len(words), 4)]

    def encrypt(self, block: bytes) -> bytes:
        """One block of plain text (5.1)."""
        state = xor(block, self._rounds[0])
        for number, key in enumerate(self._rounds[1:], 1):
            state = bytes(_SBOX[state[place]] for place in _SHIFTED)
            if number < len(self._rounds) - 1:
                state = _mix(state, (2, 3, 1, 1))
            state = xor(state, key)
        return state

    def decrypt(self, block: bytes) -> bytes:
        """One block of cipher text (5.3)."""
        state = xor(block, self._rounds[-1])
        for number in range(len(self._rounds) - 2, -1, -1):
            state = bytes(_INVERSE_SBOX[state[place]] for place in _INVERSE_SHIFTED)
            state = xor(state, self._rounds[number])
            if number:
                state = _mix(state, (14, 11, 13, 9))
        return state


def xor(first: bytes, second: bytes) -> bytes:
    """Byte by byte; both of one length."""
    return bytes(one ^ other for one, other in zip(first, second, strict=True))


def _mix(state: bytes, factors: tuple[int, int, int, int]) -> bytes:
    """MixColumns with the circulant matrix whose first row is ``factors``."""
    tables = [_TIMES[factor] for factor in factors]
    found = bytearray(BLOCK)
    for column in range(0, BLOCK, 4):
        for row in range(4):
            value = 0
            for other in range(4):
                value ^= tables[(other - row) % 4][state[column + other]]
            found[column + row] = value
    return bytes(found)


def galois_product(first: int, second: int) -> int:
    """The product of two blocks in GCM's field (SP 800-38D 6.3), bit 0 of the standard being the highest."""
    product = 0
    for place in range(127, -1, -1):
        if first >> place & 1:
            product ^= second
        second = second >> 1 ^ (_GCM_POLYNOMIAL if second & 1 else 0)
    return product
