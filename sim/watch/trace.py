"""Whether the core goes round in a loop whose every turn is the last one again, and what that loop looks at.

The core is stepped, which leaves no trace in what it does nor in its time. A loop that counts, or that reads something
that changes, has other register values in each turn; so the same registers at the same instruction twice mean that the
core will go round until something from outside is different.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass, field
from typing import Any

import capstone  # type: ignore[import-untyped]
from capstone import arm as thumb

from sim.engine.cortex_m import conditions
from sim.engine.machine import Machine

LONGEST = 1500
"""Instructions a turn may take to be noticed."""
_FLOATS = 0xEC00
_WIDTHS = {"b": 1, "h": 2, "d": 8}


@dataclass(frozen=True)
class Access:
    """A load or store: ``width`` in bytes."""

    address: int
    width: int
    write: bool


@dataclass(frozen=True)
class Loop:
    """``states``: program counter and registers at each instruction of a turn; equal loops are the same loop.

    ``accesses``: its loads and stores but those of constants beside the code, each once, in order; ``where``: the
    instruction that first makes each; ``exception``: the handler it runs in, 0: none.
    """

    states: frozenset[tuple[int, ...]]
    code: frozenset[int]
    accesses: tuple[Access, ...]
    exception: int
    where: tuple[int, ...] = field(default=(), compare=False)

    @property
    def start(self) -> int:
        """The first of its addresses."""
        return min(self.code)

    def reader_of(self, address: int | None) -> int:
        """The instruction that reads ``address``; ``start`` where none does."""
        found = zip(self.accesses, self.where, strict=True)
        return next((pc for access, pc in found if access.address == address and not access.write), self.start)


@dataclass(frozen=True)
class _Operand:
    """Where an instruction reaches memory: base and index by register name, ``count`` words of ``width`` bytes."""

    base: str
    index: str
    scale: int
    offset: int
    width: int
    write: bool


def trace(machine: Machine) -> Loop | None:
    """The loop the core is in; None when it goes on, sleeps, or computes with floating point."""
    cpu = machine.cpu
    order: dict[tuple[int, ...], int] = {}
    steps: list[tuple[int, list[Access]]] = []
    decoder = _Decoder(machine)
    stepping = cpu.hooking.stepping
    try:
        for number in range(LONGEST):
            if cpu.idle:
                return None
            registers = cpu.registers
            state = tuple(registers.values())
            if state in order:
                return _loop(order, steps, order[state], registers["xpsr"] & 0x1FF)
            order[state] = number
            operands = decoder.at(registers["pc"])
            if operands is None:
                return None
            runs = conditions.holds_next(registers["xpsr"])
            steps.append((registers["pc"], [_access(each, registers) for each in operands] if runs else []))
            machine.step()
        return None
    finally:
        cpu.hooking.stepping = stepping


def _loop(order: dict[tuple[int, ...], int], steps: list[tuple[int, list[Access]]], first: int, exception: int) -> Loop:
    turn = steps[first:]
    accesses: dict[Access, int] = {}
    for pc, each in turn:
        for access in each:
            accesses.setdefault(access, pc)
    states = frozenset(state for state, number in order.items() if number >= first)
    return Loop(states, frozenset(pc for pc, _ in turn), tuple(accesses), exception, tuple(accesses.values()))


def _access(operand: _Operand, registers: dict[str, int]) -> Access:
    address = registers[operand.base] + operand.offset
    if operand.index:
        address += operand.scale * registers[operand.index]
    return Access(address & 0xFFFFFFFF, operand.width, operand.write)


class _Decoder:
    """Memory operands of instructions; each address is decoded once."""

    def __init__(self, machine: Machine) -> None:
        self._bus = machine.sysbus
        self._known: dict[int, tuple[_Operand, ...] | None] = {}

    def at(self, pc: int) -> tuple[_Operand, ...] | None:
        """None for floating point, and for what is no instruction."""
        if pc not in self._known:
            self._known[pc] = _decode(self._bus.read(pc, 2) | self._bus.read(pc + 2, 2) << 16)
        return self._known[pc]


@functools.cache
def _disassembler() -> Any:
    made = capstone.Cs(capstone.CS_ARCH_ARM, capstone.CS_MODE_THUMB | capstone.CS_MODE_MCLASS)
    made.detail = True
    return made


def _decode(word: int) -> tuple[_Operand, ...] | None:
    if word & 0xFFFF >= 0xE800 and word & _FLOATS == _FLOATS and word >> 16 & 0x0E00 == 0x0A00:
        return None
    instruction = next(_disassembler().disasm(word.to_bytes(4, "little"), 0, 1), None)
    if instruction is None:
        return None
    name = instruction.mnemonic
    if name.startswith(("ldm", "pop")):
        return _multiple(instruction, write=False)
    if name.startswith(("stm", "push")):
        return _multiple(instruction, write=True)
    if not name.startswith(("ldr", "str", "tbb", "tbh")):
        return ()
    register = instruction.reg_name
    found = []
    for operand in instruction.operands:
        if operand.type != thumb.ARM_OP_MEM or register(operand.mem.base) == "pc":
            continue
        before = not instruction.post_index
        found.append(
            _Operand(
                _plain(register(operand.mem.base)),
                _plain(register(operand.mem.index)) if operand.mem.index and before else "",
                (1 << operand.shift.value) if operand.shift.type == thumb.ARM_SFT_LSL else 1,
                operand.mem.disp if before else 0,
                _width(name),
                name.startswith("str"),
            )
        )
    return tuple(found)


def _multiple(instruction: Any, write: bool) -> tuple[_Operand, ...]:
    """LDM and STM from a register; PUSH and POP only reach the stack, which is no news."""
    if instruction.mnemonic.startswith(("push", "pop")):
        return ()
    base, *rest = instruction.operands
    name = _plain(instruction.reg_name(base.reg))
    down = "db" in instruction.mnemonic[3:]
    start = -4 * len(rest) if down else 0
    return tuple(_Operand(name, "", 1, start + 4 * number, 4, write) for number in range(len(rest)))


def _width(mnemonic: str) -> int:
    """Of LDR, LDRB, LDRSH, LDREXB, STRD, ...; condition and width suffixes left out."""
    rest = mnemonic.partition(".")[0][3:].removeprefix("ex").removeprefix("s")
    return _WIDTHS.get(rest[:1], 4) if rest[:1] in _WIDTHS else 4


_ALIASES = {"sb": "r9", "sl": "r10", "fp": "r11", "ip": "r12", "r13": "sp", "r14": "lr", "r15": "pc"}


def _plain(name: str) -> str:
    return _ALIASES.get(name, name)
