# mypy: disable-error-code="no-untyped-call,attr-defined,call-arg,name-defined"
"""Instructions of every form native loops take, run by native code and by Unicorn over the same registers and memory.

What is generated comes from the table the lifter reads (``sim/engine/native/loops/table.py``), so a form cannot be
added without being tried: every register a field may name, immediates at both ends and between, every condition, inside
IT blocks and outside. Both must leave the same registers, flags, memory and next address; a block that native code
leaves to Unicorn must be as if it had not been begun.
"""

from __future__ import annotations

import ctypes
import itertools
import random
from dataclasses import dataclass, field

import numpy as np
import unicorn
from unicorn import arm_const as reg

from sim.engine.native import hooks, shared
from sim.engine.native.answers import read_device
from sim.engine.native.loops import cache
from sim.engine.native.loops.blocks import Block, read_block
from sim.engine.native.loops.compiler import compile_regions
from sim.engine.native.loops.forms import FORMS, GENERAL, PC, SP, WITH_SP, Form, InIt
from sim.engine.native.loops.kind import Kind

FLASH, RAM = 0x08000000, 0x20000000
FIRST_BLOCK, BLOCK_ROOM = FLASH + 0x2000, 128
LITERAL_ROOM = 0x2000  # behind the last block: literals are read up to 4 KiB away
RAM_SIZE = 0x4000
MIDDLE = RAM + RAM_SIZE // 2
TELLING = (0, 1, 2, 31, 32, 33, 0xFF, 0x7FFF, 0x8000, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0x80008000, 0xFFFFFFFF)
REGISTERS = (*range(reg.UC_ARM_REG_R0, reg.UC_ARM_REG_R12 + 1), reg.UC_ARM_REG_SP, reg.UC_ARM_REG_LR)
FUNCTION = ctypes.CFUNCTYPE(ctypes.c_int64, *[ctypes.c_void_p] * 3, ctypes.c_int64)
STAYS_IN_MEMORY = (6, 7, SP)
"""Base registers of random programs; their other instructions change only CHANGED."""
CHANGED = (0, 1, 2, 3)
INDEX = 5
NEED_OTHERS = ("cmp.reg.T2", "mov.reg.T3")
"""Forms for high registers or SP only."""
_NUMBER = itertools.count()

MEMORY_OPERATIONS = (
    "load", "store", "load_pair", "store_pair", "load_many", "store_many", "jump_by_load", "jump_by_pop",
)  # fmt: skip


def reaches_memory(form: Form) -> bool:
    """It loads or stores."""
    return form.operation in MEMORY_OPERATIONS


# Making instructions


def encode(rng: random.Random, form: Form, registers: dict[str, tuple[int, ...]] | None = None) -> int:
    """A random instruction of a form; ``registers`` limits what letters may stand for.

    Raises:
        ValueError: the form has none of those.
    """
    for _ in range(1000):
        code = form.value
        for letter, places in form.letters.items():
            value = _field_value(rng, letter, len(places), (registers or {}).get(letter.lower()))
            for place, bit in zip(places, f"{value:0{len(places)}b}", strict=True):
                code |= int(bit) << place
        if form.fields(code) is not None:
            return code
    raise ValueError(form.name)


def _field_value(rng: random.Random, letter: str, width: int, allowed: tuple[int, ...] | None) -> int:
    if letter in GENERAL + WITH_SP:
        return rng.choice([which for which in allowed or range(16) if which < 1 << width])
    if letter == "r" and allowed:
        return sum(1 << which for which in allowed if rng.randrange(3))
    return rng.choice((0, (1 << width) - 1, 1, 1 << width - 1, rng.getrandbits(width), rng.getrandbits(width)))


def to_bytes(code: int, size: int) -> bytes:
    """An instruction as memory has it."""
    low = (code & 0xFFFF).to_bytes(2, "little")
    return low if size == 2 else (code >> 16).to_bytes(2, "little") + low


def one_instruction(rng: random.Random, form: Form) -> bytes:
    """An instruction of a form, in half of the cases in an IT block of its own."""
    code = to_bytes(encode(rng, form), form.size)
    if form.in_it is InIt.NEVER or rng.randrange(2):
        return code
    return (0xBF08 | rng.randrange(15) << 4).to_bytes(2, "little") + code


def program(rng: random.Random, memory: bool) -> bytes:
    """Up to ten instructions, some of them in IT blocks, sometimes with a jump at the end."""
    plain = [form for form in FORMS if form.in_it is not InIt.NEVER and reaches_memory(form) == memory]
    plain = [form for form in plain if form.operation != "branch" and form.name not in NEED_OTHERS]
    code = b""
    for _ in range(rng.randrange(1, 6)):
        if rng.randrange(3):
            code += _limited(rng, rng.choice(plain))
            continue
        count = rng.randrange(1, 5)
        condition = rng.randrange(14)
        mask = 8 >> count - 1  # the lowest one set says how many; above it, "then" or "else"
        for place in range(1, count):
            mask |= (condition & 1 ^ rng.randrange(2)) << 4 - place
        code += (0xBF00 | condition << 4 | mask & 15).to_bytes(2, "little")
        code += b"".join(_limited(rng, rng.choice(plain)) for _ in range(count))
    jumps = [form for form in FORMS if "jump" in form.operation or "branch" in form.operation]
    if not rng.randrange(3):
        code += _limited(rng, rng.choice([form for form in jumps if not reaches_memory(form) or memory]))
    return code


def _limited(rng: random.Random, form: Form) -> bytes:
    """An instruction of a program: it leaves the registers alone that others use as addresses."""
    registers: dict[str, tuple[int, ...]] = dict.fromkeys("datehm", CHANGED)
    registers["n"] = CHANGED
    if reaches_memory(form):
        registers |= {"n": STAYS_IN_MEMORY, "m": (INDEX,)}
        low = STAYS_IN_MEMORY[:2]
        if all(len(places) == 3 for letter, places in form.letters.items() if letter == "n"):
            registers["n"] = low
        if "load" in form.operation or "pop" in form.operation:
            registers["r"] = CHANGED
    return to_bytes(encode(rng, form, registers), form.size)


# Running them


@dataclass(frozen=True)
class State:
    """What a block starts from, or leaves: r0 to r14, flags as in xPSR, memory, and where it goes on."""

    registers: tuple[int, ...]
    flags: int
    memory: bytes
    following: int = 0


@dataclass
class Case:
    """A block, and what it is run from."""

    block: Block
    start: State

    def __str__(self) -> str:
        registers = " ".join(f"{value:08X}" for value in self.start.registers)
        return "; ".join(map(str, self.block.instructions)) + f" from {registers}, flags {self.start.flags:08X}"


def start_for(rng: random.Random, block: Block, memory: bytes) -> State:
    """Registers and flags at random, but so that most accesses reach memory."""
    registers = [rng.choice(TELLING) if rng.randrange(2) else rng.getrandbits(32) for _ in range(15)]
    registers[SP] = MIDDLE + 4 * rng.randrange(-0x100, 0x100)
    if len(block.instructions) <= 2:
        _aim(rng, block, registers)
    else:
        registers[INDEX] = rng.randrange(65)
        for which in STAYS_IN_MEMORY[:2]:
            registers[which] = MIDDLE + rng.randrange(-0x400, 0x400)
    if rng.randrange(2):
        registers[14] |= 1
    return State(tuple(registers), rng.getrandbits(5) << 27, memory)


def _aim(rng: random.Random, block: Block, registers: list[int]) -> None:
    """Point the base of the last instruction where its access lies in memory, mostly at a multiple of 4."""
    instruction = block.instructions[-1]
    fields = instruction.fields
    if not reaches_memory(instruction.form) or fields["n"] == PC or not rng.randrange(8):
        return
    goal = MIDDLE + 4 * rng.randrange(-0x200, 0x200) + (0 if rng.randrange(5) else rng.randrange(4))
    base = fields["n"]
    if "m" in fields:
        shift = fields.get("i", 0)
        if fields["m"] == base:
            registers[base] = goal // (1 + (1 << shift))
            return
        registers[fields["m"]] = rng.randrange(0x100)
        goal -= registers[fields["m"]] << shift
    elif "i" in fields and fields.get("p", 1):
        offset = fields["i"] * int(instruction.form.options["scale"])
        goal -= offset if fields.get("u", 1) else -offset
    registers[base] = goal & (0xFFFFFFFC if base == SP else 0xFFFFFFFF)


class Native:
    """Blocks as native functions, over memory of their own."""

    def __init__(self, blocks: list[Block], kind: Kind) -> None:
        self.ram = np.zeros(RAM_SIZE + 0x1000, np.uint8)
        self.flash = flash_of(blocks)
        self._pages = [np.zeros(1 << 20, np.int64) for _ in range(2)]
        for pages in self._pages:
            pages[RAM >> 12 : (RAM + RAM_SIZE) >> 12] = int(self.ram.ctypes.data) - RAM
        self._pages[0][FLASH >> 12 : (FLASH + len(self.flash)) >> 12] = int(self.flash.ctypes.data) - FLASH
        self.state = np.zeros(shared.STATE_SIZE, np.int64)
        self.state[shared.READ_PAGES], self.state[shared.WRITE_PAGES] = (int(p.ctypes.data) for p in self._pages)
        self.state[shared.FN_READ_DEVICE] = hooks.address_of(read_device)
        names = {f"case_{next(_NUMBER)}": {block.address: block} for block in blocks}
        self._functions = [FUNCTION(address) for address in cache.load(compile_regions(names, kind), list(names))]

    def run(self, place: int, start: State) -> State:
        """One run of a block."""
        self.ram[:RAM_SIZE] = np.frombuffer(start.memory, np.uint8)
        values = (ctypes.c_uint32 * 16)(*start.registers)
        flags = start.flags
        words = (ctypes.c_uint32 * 5)(
            flags >> 29 & 1, (flags >> 28 & 1) << 31, flags & 1 << 31, ~flags & 1 << 30, flags >> 27 & 1
        )
        self.state[shared.NOW], self.state[shared.DEADLINE] = 0, 1
        following = self._functions[place](
            ctypes.addressof(values), ctypes.addressof(words), int(self.state.ctypes.data), 0
        )
        c, v, n, z, q = words
        after = n & 1 << 31 | (z == 0) << 30 | c << 29 | v >> 31 << 28 | q << 27
        return State(tuple(values)[:15], after, self.ram[:RAM_SIZE].tobytes(), following)


def flash_of(blocks: list[Block]) -> np.ndarray[tuple[int], np.dtype[np.uint8]]:
    """Memory from FLASH on with the code of all blocks."""
    size = max(block.end for block in blocks) - FLASH + LITERAL_ROOM
    flash = np.random.default_rng(1).integers(0, 256, (size + 0xFFF) & ~0xFFF, np.uint8)
    for block in blocks:
        code = b"".join(to_bytes(each.code, each.size) for each in block.instructions)
        flash[block.address - FLASH : block.end - FLASH] = np.frombuffer(code, np.uint8)
    return flash


class ByUnicorn:
    """The same blocks on Unicorn."""

    def __init__(self, flash: np.ndarray[tuple[int], np.dtype[np.uint8]]) -> None:
        self._uc = unicorn.Uc(unicorn.UC_ARCH_ARM, unicorn.UC_MODE_THUMB, reg.UC_CPU_ARM_CORTEX_M7)
        self._uc.mem_map(FLASH, len(flash))
        self._uc.mem_map(RAM, RAM_SIZE)
        self._uc.mem_write(FLASH, flash.tobytes())
        self._begun = False
        self._uc.hook_add(unicorn.UC_HOOK_BLOCK, self._on_block)

    def _on_block(self, uc: unicorn.Uc, address: int, size: int, user: object) -> None:
        """The first is the one to be run; any other comes after it."""
        if self._begun:
            uc.emu_stop()
        self._begun = True

    def run(self, block: Block, start: State) -> State | None:
        """One run of a block; None when the core does not know an instruction, or an access fails."""
        uc = self._uc
        uc.mem_write(RAM, start.memory)
        for which, value in zip(REGISTERS, start.registers, strict=True):
            uc.reg_write(which, value)
        uc.reg_write(reg.UC_ARM_REG_APSR, start.flags)
        uc.ctl_remove_cache(block.address, block.end)  # a jump of another case may have led here, and beyond the end
        self._begun = False
        try:
            uc.emu_start(block.address | 1, block.end)
        except unicorn.UcError:  # a jump to where nothing is has been done
            if not block.jump or block.address <= uc.reg_read(reg.UC_ARM_REG_PC) < block.end:
                return None
        after = tuple(uc.reg_read(which) for which in REGISTERS)
        pc, xpsr = uc.reg_read(reg.UC_ARM_REG_PC), uc.reg_read(reg.UC_ARM_REG_XPSR)
        return State(after, xpsr & 0xF8000000, bytes(uc.mem_read(RAM, RAM_SIZE)), pc)


@dataclass
class Tally:
    """How many cases of each form native code did itself, and how many it left to Unicorn."""

    done: dict[str, int] = field(default_factory=dict)
    left: dict[str, int] = field(default_factory=dict)

    def count(self, case: Case, done: bool) -> None:
        """One more."""
        into = self.done if done else self.left
        for instruction in case.block.instructions:
            into[instruction.form.name] = into.get(instruction.form.name, 0) + 1


def compare(codes: list[bytes], rng: random.Random, memory: bytes, tally: Tally, starts: int = 1) -> None:
    """Run each code both ways from ``starts`` random states; AssertionError with the first difference."""
    blocks = []
    for place, code in enumerate(codes):
        assert len(code) <= BLOCK_ROOM
        block = read_block(code, FIRST_BLOCK + BLOCK_ROOM * place)
        assert block is not None, f"{code.hex()} is of the table's forms, but no block"
        blocks.append(block)
    native, other = Native(blocks, Kind(polls=rng.random() < 0.5)), ByUnicorn(flash_of(blocks))
    for place, block in enumerate(blocks):
        for _ in range(starts):
            case = Case(block, start_for(rng, block, memory))
            outcome = native.run(place, case.start)
            done = int(native.state[shared.NOW]) != 0
            tally.count(case, done)
            if not done:
                unchanged = State(case.start.registers, case.start.flags, memory, block.address)
                assert outcome == unchanged, f"{case}: left to Unicorn, but changed: {outcome.registers}"
                continue
            assert int(native.state[shared.NOW]) == len(block.instructions), str(case)
            expected = other.run(block, case.start)
            assert outcome == expected, f"{case}: native {shown(outcome)}, Unicorn {shown(expected)}"


def shown(state: State | None) -> str:
    """A state in one line."""
    if state is None:
        return "refuses it"
    registers = " ".join(f"{value:08X}" for value in state.registers)
    return f"{registers}, flags {state.flags:08X}, to 0x{state.following:08X}"
