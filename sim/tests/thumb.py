"""A few Thumb-2 encodings and labels: enough to write test programs where no toolchain is installed.

``test_engine_thumb.py`` holds every encoding against Capstone.
"""

from __future__ import annotations

NOP, WFI, WFE, SEV, BX_LR = 0xBF00, 0xBF30, 0xBF20, 0xBF40, 0x4770
CPSID_I, CPSIE_I, CPSID_F, CPSIE_F = 0xB672, 0xB662, 0xB671, 0xB661
UDF = 0xDE00
MSP, PSP, PRIMASK, BASEPRI, FAULTMASK, CONTROL = 8, 9, 16, 17, 19, 20
EQ, NE = 0, 1


def movs(rd: int, value: int) -> int:
    """``movs rd, #value`` (r0-r7, 0-255)."""
    return 0x2000 | rd << 8 | value


def adds(rd: int, value: int) -> int:
    """``adds rd, #value`` (r0-r7, 0-255)."""
    return 0x3000 | rd << 8 | value


def subs(rd: int, value: int) -> int:
    """``subs rd, #value`` (r0-r7, 0-255)."""
    return 0x3800 | rd << 8 | value


def cmp(rn: int, value: int) -> int:
    """``cmp rn, #value`` (r0-r7, 0-255)."""
    return 0x2800 | rn << 8 | value


def mov(rd: int, rm: int) -> int:
    """``mov rd, rm``."""
    return 0x4600 | (rd & 8) << 4 | rm << 3 | rd & 7


def adds3(rd: int, rn: int, rm: int) -> int:
    """``adds rd, rn, rm`` (r0-r7)."""
    return 0x1800 | rm << 6 | rn << 3 | rd


def ldr(rt: int, rn: int, offset: int = 0) -> int:
    """``ldr rt, [rn, #offset]`` (r0-r7, multiples of 4 up to 124)."""
    return 0x6800 | offset // 4 << 6 | rn << 3 | rt


def store(rt: int, rn: int, offset: int = 0) -> int:
    """``str rt, [rn, #offset]`` (r0-r7, multiples of 4 up to 124)."""
    return 0x6000 | offset // 4 << 6 | rn << 3 | rt


def push(*registers: int) -> int:
    """``push {..}`` of r0-r7 and lr (14)."""
    return 0xB400 | sum(0x100 if register == 14 else 1 << register for register in registers)


def pop(*registers: int) -> int:
    """``pop {..}`` of r0-r7 and pc (15)."""
    return 0xBC00 | sum(0x100 if register == 15 else 1 << register for register in registers)


def svc(number: int) -> int:
    """``svc #number``."""
    return 0xDF00 | number


def bkpt(number: int) -> int:
    """``bkpt #number``."""
    return 0xBE00 | number


def blx(rm: int) -> int:
    """``blx rm``."""
    return 0x4780 | rm << 3


def bx(rm: int) -> int:
    """``bx rm``."""
    return 0x4700 | rm << 3


def it(condition: int, pattern: str = "") -> int:
    """``it``, ``itt``, ``ite`` ...: ``pattern`` holds the letters behind ``it``."""
    mask = 0
    for letter in pattern:
        mask = mask << 1 | (condition & 1 if letter == "t" else ~condition & 1)
    mask = (mask << 1 | 1) << (3 - len(pattern))
    return 0xBF00 | condition << 4 | mask


def msr(special: int, rn: int) -> tuple[int, int]:
    """``msr special, rn``."""
    return 0xF380 | rn, 0x8800 | special


def mrs(rd: int, special: int) -> tuple[int, int]:
    """``mrs rd, special``."""
    return 0xF3EF, 0x8000 | rd << 8 | special


def isb() -> tuple[int, int]:
    """``isb sy``."""
    return 0xF3BF, 0x8F6F


def vmov_to_s(sn: int, rt: int) -> tuple[int, int]:
    """``vmov sN, rt`` (even sn)."""
    return 0xEE00 | sn >> 1, 0x0A10 | rt << 12


def vmov_from_s(rt: int, sn: int) -> tuple[int, int]:
    """``vmov rt, sN`` (even sn)."""
    return 0xEE10 | sn >> 1, 0x0A10 | rt << 12


def vmsr(rt: int) -> tuple[int, int]:
    """``vmsr fpscr, rt``."""
    return 0xEEE1, 0x0A10 | rt << 12


def vmrs(rt: int) -> tuple[int, int]:
    """``vmrs rt, fpscr``."""
    return 0xEEF1, 0x0A10 | rt << 12


def _immediate16(opcode: int, rd: int, value: int) -> tuple[int, int]:
    return (
        opcode | value >> 12 | (value >> 11 & 1) << 10,
        (value >> 8 & 7) << 12 | rd << 8 | value & 0xFF,
    )


def mov32(rd: int, value: int) -> tuple[int, int, int, int]:
    """``movw rd, #low`` and ``movt rd, #high``: two instructions, any register."""
    return *_immediate16(0xF240, rd, value & 0xFFFF), *_immediate16(0xF2C0, rd, value >> 16)


class Program:
    """Halfwords at ``base``, with labels. ``vectors`` names the label of an exception number."""

    def __init__(self, base: int = 0x08000000, stack: int = 0x20010000, vectors: dict[int, str] | None = None) -> None:
        self.base = base
        self.labels: dict[str, int] = {}
        self._vectors = vectors or {}
        self._code: list[int] = []
        self._branches: list[tuple[int, str, int]] = []
        self._stack = stack
        count = max([1, *self._vectors]) + 1
        self._code += [0] * (2 * count)
        self._vector_count = count

    @property
    def here(self) -> int:
        """Address of the next instruction."""
        return self.base + 2 * len(self._code)

    def label(self, name: str) -> Program:
        """Name the next instruction."""
        self.labels[name] = self.here
        return self

    def emit(self, *code: int | tuple[int, ...]) -> Program:
        """Append instructions: halfwords or tuples of them."""
        for item in code:
            self._code += [item] if isinstance(item, int) else item
        return self

    def branch(self, label: str, condition: int | None = None) -> Program:
        """``b label`` or ``b<condition> label``, 16 bits wide."""
        self._branches.append((len(self._code), label, 0xE000 if condition is None else 0xD000 | condition << 8))
        return self.emit(0)

    def build(self) -> bytes:
        """The program with its vector table; execution starts at the label ``start``."""
        code = list(self._code)
        for index, label, opcode in self._branches:
            offset = (self.labels[label] - (self.base + 2 * index + 4)) >> 1
            code[index] = opcode | offset & (0x7FF if opcode == 0xE000 else 0xFF)
        vectors = {1: "start", **self._vectors}
        words = [self._stack, *[0] * (self._vector_count - 1)]
        for number, name in vectors.items():
            words[number] = self.labels[name] | 1
        for index, word in enumerate(words):
            code[2 * index : 2 * index + 2] = [word & 0xFFFF, word >> 16]
        return b"".join(half.to_bytes(2, "little") for half in code)
