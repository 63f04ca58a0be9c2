"""CID, CSD and SCR of a memory card (SD Physical Layer Simplified Specification 6.00, chapter 5)."""

from __future__ import annotations

from sim.errors import CrosscamError

_CLASSES = 1 << 0 | 1 << 2 | 1 << 4 | 1 << 5  # basic, block read, block write, erase


def crc7(data: bytes) -> int:
    """CRC of commands and registers (4.5): x^7 + x^3 + 1."""
    crc = 0
    for byte in data:
        for bit in range(7, -1, -1):
            feedback = (crc >> 6 & 1) ^ (byte >> bit & 1)
            crc = crc << 1 & 0x7F ^ (0x09 if feedback else 0)
    return crc


def crc16(data: bytes) -> int:
    """CRC of data blocks (4.5): CCITT, starting at 0."""
    crc = 0
    for byte in data:
        crc ^= byte << 8
        for _ in range(8):
            crc = crc << 1 & 0xFFFF ^ (0x1021 if crc & 0x8000 else 0)
    return crc


def _sealed(fields: list[tuple[int, int]]) -> int:
    """A 128-bit register of (lowest bit, value), with CRC7 and the end bit."""
    value = sum(content << lsb for lsb, content in fields)
    return value | crc7((value >> 8).to_bytes(15, "big")) << 1 | 1


def identification() -> int:
    """CID (5.2): maker 0xAB, product "RENOD", August 2018, as Renode's card has them."""
    name = int.from_bytes(b"RENOD", "big")
    return _sealed([(120, 0xAB), (64, name), (12, 18), (8, 8)])


def card_specific_data(capacity: int, high_capacity: bool, block_size: int | None = None) -> int:
    """CSD for ``capacity`` bytes: version 2 of a high-capacity card (5.3.3), else version 1 (5.3.2).

    ``block_size``: log2 of the block length the card states, 9 to 11; None: the smallest that fits.

    Raises:
        CrosscamError: no field values state this capacity.
    """
    common = [(112, 0x0E), (96, 0x32), (84, _CLASSES), (46, 1), (39, 0x7F)]
    if high_capacity:
        return _sealed([(126, 1), *common, (80, 9), (48, capacity // (512 << 10) - 1), (26, 2), (22, 9)])
    for length in (9, 10, 11) if block_size is None else (block_size,):
        blocks = capacity >> length
        for multiplier in range(7, -1, -1):
            size = blocks >> multiplier + 2
            if 0 < size <= 1 << 12:
                return _sealed(
                    [(126, 0), *common, (80, length), (62, size - 1), (47, multiplier), (26, 2), (22, length)]
                )
    raise CrosscamError(f"no card states a capacity of {capacity} bytes: expected 2 KiB to 4 GiB or more as SDHC")


def configuration() -> bytes:
    """SCR (5.6): specification 2.00, one and four data lines, no security."""
    return bytes([0x02, 0x05, 0, 0, 0, 0, 0, 0])
