# mypy: disable-error-code="no-untyped-call,attr-defined,call-arg"
"""Native loops against Unicorn: whatever LLVM makes of an instruction, registers, flags and memory are the same.

Blocks of random instructions are run by both, over the same registers and memory. A block that native code leaves to
Unicorn must be as if it had not been begun.
"""

from __future__ import annotations

import ctypes
import functools
import itertools
import random
from dataclasses import dataclass

import numpy as np
import unicorn
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from unicorn import arm_const as reg

from sim.engine import hooks
from sim.engine.loops import cache
from sim.engine.loops.blocks import Block, read_block
from sim.engine.loops.compiler import can_lift

FLASH, RAM, SIZE = 0x08000000, 0x20000000, 0x4000
FLASH_SIZE = 0x2000
EVERY = (*range(13), 14)
TELLING = (0, 1, 2, 31, 32, 33, 0xFF, 0x7FFF, 0x8000, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0x80008000, 0xFFFFFFFF)
MIDDLE = RAM + SIZE // 2
REGISTERS = (*range(reg.UC_ARM_REG_R0, reg.UC_ARM_REG_R12 + 1), reg.UC_ARM_REG_SP, reg.UC_ARM_REG_LR)
FUNCTION = ctypes.CFUNCTYPE(ctypes.c_int64, *[ctypes.c_void_p] * 3, ctypes.c_int64)
NUMBER = itertools.count()

# Encodings as ARM DDI 0403E prints them. d n m a l h: registers, s: one bit, other letters: any bits.
ARITHMETIC = """
00000iiiiimmmddd 00001iiiiimmmddd 00010iiiiimmmddd 0001100mmmnnnddd 0001101mmmnnnddd 0001110iiinnnddd 0001111iiinnnddd
00100dddiiiiiiii 00101dddiiiiiiii 00110dddiiiiiiii 00111dddiiiiiiii 010000oooommmddd 01000100immmmddd 01000101immmmddd
01000110immmmddd 10110010oommmddd 10100dddiiiiiiii 10101dddiiiiiiii 1011111100000000
11110i00000snnnn0iiiddddiiiiiiii 11110i00001snnnn0iiiddddiiiiiiii 11110i00010snnnn0iiiddddiiiiiiii
11110i00011snnnn0iiiddddiiiiiiii 11110i00100snnnn0iiiddddiiiiiiii 11110i01000snnnn0iiiddddiiiiiiii
11110i01010snnnn0iiiddddiiiiiiii 11110i01011snnnn0iiiddddiiiiiiii 11110i01101snnnn0iiiddddiiiiiiii
11110i01110snnnn0iiiddddiiiiiiii 11110i00010s11110iiiddddiiiiiiii 11110i00011s11110iiiddddiiiiiiii
11110i000001nnnn0iii1111iiiiiiii 11110i001001nnnn0iii1111iiiiiiii 11110i010001nnnn0iii1111iiiiiiii
11110i011011nnnn0iii1111iiiiiiii 11110i100000nnnn0iiiddddiiiiiiii 11110i101010nnnn0iiiddddiiiiiiii
11110i100100iiii0iiiddddiiiiiiii 11110i101100iiii0iiiddddiiiiiiii 111100110110nnnn0iiiddddii0bbbbb
111100110110111100iiddddii0bbbbb 111100110100nnnn0iiiddddii0bbbbb 111100111100nnnn0iiiddddii0bbbbb
111100110000nnnn0iiiddddii0bbbbb 111100110010nnnn0iiiddddii0bbbbb 111100111000nnnn0iiiddddii0bbbbb
11101010000snnnn0iiiddddiittmmmm 11101010001snnnn0iiiddddiittmmmm 11101010010snnnn0iiiddddiittmmmm
11101010011snnnn0iiiddddiittmmmm 11101010100snnnn0iiiddddiittmmmm 11101011000snnnn0iiiddddiittmmmm
11101011010snnnn0iiiddddiittmmmm 11101011011snnnn0iiiddddiittmmmm 11101011101snnnn0iiiddddiittmmmm
11101011110snnnn0iiiddddiittmmmm 11101010010s11110iiiddddiittmmmm 11101010011s11110iiiddddiittmmmm
111010101100nnnn0iiiddddiit0mmmm 111010111011nnnn0iii1111iittmmmm 111010100001nnnn0iii1111iittmmmm
111010101001nnnn0iii1111iittmmmm 111110100ttsnnnn1111dddd0000mmmm 1111101000oonnnn1111dddd10rrmmmm
1111101001oonnnn1111dddd10rrmmmm 1111101000oo11111111dddd10rrmmmm 1111101001oo11111111dddd10rrmmmm
111110110000nnnnaaaadddd0000mmmm 111110110000nnnn1111dddd0000mmmm 111110110000nnnnaaaadddd0001mmmm
111110110001nnnnaaaadddd00iimmmm 111110110001nnnn1111dddd00iimmmm 111110110010nnnnaaaadddd000immmm
111110110010nnnn1111dddd000immmm 111110110100nnnnaaaadddd000immmm 111110110100nnnn1111dddd000immmm
111110111000nnnnllllhhhh0000mmmm
111110111010nnnnllllhhhh0000mmmm 111110111100nnnnllllhhhh0000mmmm 111110111110nnnnllllhhhh0000mmmm
111110111001nnnn1111dddd1111mmmm 111110111011nnnn1111dddd1111mmmm
""".split()  # noqa: SIM905
# B: a base that points into memory (r6, r7, sp), R: one of r6 and r7, x: a small index (r5).
MEMORY = """
01100iiiiiRRRddd 01101iiiiiRRRddd 01110iiiiiRRRddd 01111iiiiiRRRddd 10000iiiiiRRRddd 10001iiiiiRRRddd 10010dddiiiiiiii
10011dddiiiiiiii 0101000xxxRRRddd 0101001xxxRRRddd 0101010xxxRRRddd 0101011xxxRRRddd 0101100xxxRRRddd 0101101xxxRRRddd
0101110xxxRRRddd 0101111xxxRRRddd 01001dddiiiiiiii 1011010idddddddd 1011110000000ddd 11000RRRiiii0000 11001RRRiiii0000
111110001000BBBBddddiiiiiiiiiiii 111110001001BBBBddddiiiiiiiiiiii 111110001010BBBBddddiiiiiiiiiiii
111110001011BBBBddddiiiiiiiiiiii 111110001100BBBBddddiiiiiiiiiiii 111110001101BBBBddddiiiiiiiiiiii
111110011001BBBBddddiiiiiiiiiiii 111110011011BBBBddddiiiiiiiiiiii 111110000000BBBBdddd1puwiiiiiiii
111110000001BBBBdddd1puwiiiiiiii 111110000010BBBBdddd1puwiiiiiiii 111110000011BBBBdddd1puwiiiiiiii
111110000100BBBBdddd1puwiiiiiiii 111110000101BBBBdddd1puwiiiiiiii 111110010001BBBBdddd1puwiiiiiiii
111110010011BBBBdddd1puwiiiiiiii 111110000101BBBBdddd000000iixxxx 111110000100BBBBdddd000000iixxxx
111110010001BBBBdddd000000iixxxx 1110100pu1w0BBBBddddddddiiiiiiii 1110100pu1w1BBBBddddddddiiiiiiii
0011010100000iii 00110110iiiiiiii 00111110iiiiiiii 1011000ssiiiiiii
""".split()  # noqa: SIM905


def encode(rng: random.Random, template: str, changed: tuple[int, ...]) -> bytes:
    """A template with its letters filled in; ``changed``: the registers it may name."""
    bits = list(template)
    for letter in sorted(set(template) - set("01")):
        places = [place for place, bit in enumerate(template) if bit == letter]
        width = len(places)
        if letter in "dnmalh" and width in (3, 4):
            value = rng.choice([which for which in changed if which < 8] if width == 3 else changed)
        elif letter == "B":
            value = rng.choice((6, 7, 13))
        elif letter == "R":
            value = rng.choice((6, 7))
        else:
            value = 5 if letter == "x" else rng.getrandbits(width)
        for place, bit in zip(places, f"{value:0{width}b}", strict=True):
            bits[place] = bit
    word = int("".join(bits), 2)
    if len(template) == 16:
        return word.to_bytes(2, "little")
    return (word >> 16).to_bytes(2, "little") + (word & 0xFFFF).to_bytes(2, "little")


@functools.lru_cache(1 << 16)
def lifts(code: bytes) -> bool:
    """One instruction, not a jump, that native code can do."""
    block = read_block(code, FLASH)
    return block is not None and len(block.instructions) == 1 and not block.indirect and can_lift(block)


def instruction(rng: random.Random, template: str, changed: tuple[int, ...]) -> bytes:
    """A random one of a form; empty when none was found."""
    for _ in range(20):
        code = encode(rng, template, changed)
        if lifts(code):
            return code
    return b""


def program(rng: random.Random, templates: list[str], changed: tuple[int, ...]) -> bytes:
    """Up to ten instructions, some of them in an IT block."""
    code = b""
    for _ in range(rng.randrange(1, 6)):
        if rng.randrange(3):
            code += instruction(rng, rng.choice(templates), changed)
            continue
        inside = [
            found for _ in range(rng.randrange(1, 5)) if (found := instruction(rng, rng.choice(templates), changed))
        ]
        condition = rng.randrange(14)
        mask = 8 >> len(inside) - 1  # the lowest one set says how many; above it, "then" or "else"
        for place in range(1, len(inside)):
            mask |= (condition & 1 ^ rng.randrange(2)) << 4 - place
        if inside:
            code += (0xBF00 | condition << 4 | mask & 15).to_bytes(2, "little") + b"".join(inside)
    return code


@dataclass(frozen=True)
class Outcome:
    """Registers r0 to r14, flags as in xPSR, where it goes on, memory."""

    registers: tuple[int, ...]
    flags: int
    following: int
    memory: bytes


class Native:
    """Blocks as one native function, over memory of its own."""

    def __init__(self, blocks: list[Block]) -> None:
        self.ram = np.zeros(SIZE + 0x1000, np.uint8)
        self.flash = np.zeros(FLASH_SIZE, np.uint8)
        for block in blocks:
            content = np.frombuffer(block_code(block), np.uint8)
            self.flash[block.address - FLASH : block.end - FLASH] = content
        self._pages = [np.zeros(1 << 20, np.int64) for _ in range(2)]
        for pages in self._pages:
            pages[RAM >> 12 : (RAM + SIZE) >> 12] = int(self.ram.ctypes.data) - RAM
        self._pages[0][FLASH >> 12 : (FLASH + FLASH_SIZE) >> 12] = int(self.flash.ctypes.data) - FLASH
        self.state = np.zeros(hooks.STATE_SIZE, np.int64)
        self.state[hooks.READ_PAGES], self.state[hooks.WRITE_PAGES] = (int(p.ctypes.data) for p in self._pages)
        name = f"test_{next(NUMBER)}"
        self._function = FUNCTION(cache.function(name, {block.address: block for block in blocks}, keep=False))

    def run(self, place: int, registers: tuple[int, ...], flags: int, memory: bytes) -> Outcome:
        """One run of a block."""
        self.ram[:SIZE] = np.frombuffer(memory, np.uint8)
        values = (ctypes.c_uint32 * 16)(*registers)
        words = (ctypes.c_uint32 * 5)(
            flags >> 29 & 1, (flags >> 28 & 1) << 31, flags & 1 << 31, ~flags & 1 << 30, flags >> 27 & 1
        )
        self.state[hooks.NOW], self.state[hooks.DEADLINE] = 0, 1
        following = self._function(
            ctypes.addressof(values), ctypes.addressof(words), int(self.state.ctypes.data), place
        )
        c, v, n, z, q = words
        after = n & 1 << 31 | (z == 0) << 30 | c << 29 | v >> 31 << 28 | q << 27
        return Outcome(tuple(values)[:15], after, following, self.ram[:SIZE].tobytes())


def block_code(block: Block) -> bytes:
    return b"".join(bytes(each.bytes) for each in block.instructions)


def by_unicorn(block: Block, flash: bytes, registers: tuple[int, ...], flags: int, memory: bytes) -> Outcome | None:
    """The same by Unicorn; None when the core does not know an instruction."""
    engine = unicorn.Uc(unicorn.UC_ARCH_ARM, unicorn.UC_MODE_THUMB, reg.UC_CPU_ARM_CORTEX_M7)
    engine.mem_map(FLASH, FLASH_SIZE)
    engine.mem_map(RAM, SIZE)
    engine.mem_write(FLASH, flash)
    engine.mem_write(RAM, memory)
    for which, value in zip(REGISTERS, registers, strict=True):
        engine.reg_write(which, value)
    engine.reg_write(reg.UC_ARM_REG_APSR, flags)
    try:
        engine.emu_start(block.address | 1, block.end, count=len(block.instructions))
    except unicorn.UcError:
        return None
    after = tuple(engine.reg_read(which) for which in REGISTERS)
    pc, xpsr = engine.reg_read(reg.UC_ARM_REG_PC), engine.reg_read(reg.UC_ARM_REG_XPSR)
    return Outcome(after, xpsr & 0xF8000000, pc, bytes(engine.mem_read(RAM, SIZE)))


def compare(codes: list[bytes], rng: random.Random, memory: bytes, pointers: bool) -> int:
    """Run each code both ways; how many native code did itself."""
    blocks = []
    for place, code in enumerate(codes):
        block = read_block(code, FLASH + 64 * place)
        if block is not None and can_lift(block):
            blocks.append(block)
    native, done = Native(blocks), 0
    for place, block in enumerate(blocks):
        registers = [rng.choice(TELLING) if rng.randrange(2) else rng.getrandbits(32) for _ in range(15)]
        if pointers:
            registers[5] = rng.randrange(65)
            for which in (6, 7, 13):
                registers[which] = MIDDLE + rng.randrange(-0x400, 0x400)
            registers[13] &= ~3
        flags = rng.getrandbits(5) << 27
        outcome = native.run(place, tuple(registers), flags, memory)
        shown = [f"{each.mnemonic} {each.op_str}" for each in block.instructions]
        if outcome.following == block.address and native.state[hooks.NOW] == 0:
            assert outcome == Outcome(tuple(registers), flags, block.address, memory), shown
            continue
        assert native.state[hooks.NOW] == len(block.instructions)
        assert outcome == by_unicorn(block, native.flash.tobytes(), tuple(registers), flags, memory), shown
        done += 1
    return done


SETTINGS = settings(
    max_examples=25, deadline=None, derandomize=True, phases=[Phase.explicit, Phase.generate]
)  # a failing seed says nothing when it is made smaller


def test_every_form_does_as_unicorn_does() -> None:
    rng = random.Random(1)
    for template in ARITHMETIC:
        found = [code for _ in range(6) if (code := instruction(rng, template, EVERY))]
        assert found, f"{template} is never lifted: nothing is tested"
        assert compare(found, rng, bytes(SIZE), False) == len(found), template


@SETTINGS
@given(seed=st.integers(0, 1 << 32))
def test_arithmetic_is_unicorns(seed: int) -> None:
    rng = random.Random(seed)
    codes = [program(rng, ARITHMETIC, EVERY) for _ in range(12)]
    assert compare([code for code in codes if code], rng, bytes(SIZE), False)


@SETTINGS
@given(seed=st.integers(0, 1 << 32))
def test_memory_is_unicorns(seed: int) -> None:
    rng = random.Random(seed)
    codes = [program(rng, MEMORY, (0, 1, 2, 3)) for _ in range(12)]
    compare([code for code in codes if code], rng, rng.randbytes(SIZE), True)


def test_most_of_what_reaches_memory_is_done_natively() -> None:
    """Else the test above would compare nothing."""
    rng = random.Random(2)
    codes = [instruction(rng, template, (0, 1, 2, 3)) for template in MEMORY]
    assert compare([code for code in codes if code], rng, rng.randbytes(SIZE), True) > len(MEMORY) // 2
