"""Whether a compiled network fits a chip; where it does not, which layer is at the peak and what would make it fit."""

from __future__ import annotations

from math import sqrt
from pathlib import Path

from model.compiler.fast.choice import routines_of, scratch_of
from model.compiler.program import Program
from model.errors import CrosscamError, shown


def check_fit(path: Path, program: Program, ram: int | None, flash: int | None) -> None:
    """Raise CrosscamError, one line with figures, for more than ``ram`` bytes of tensors, states and scratch memory, or
    more than ``flash`` bytes of constants and generated code; None: as many as it takes."""
    if ram is not None and ram_bytes(program) > ram:
        raise CrosscamError(f"{path}: {_too_much_ram(program, ram)}")
    if flash is not None and flash_bytes(program) > flash:
        raise CrosscamError(f"{path}: {_too_much_flash(program, flash)}")


def ram_bytes(program: Program) -> int:
    """Of tensors, of states and of scratch memory, where that is not in the arena."""
    plan = program.plan
    return plan.arena_bytes + plan.state_bytes + (0 if plan.fast else scratch_of(program.calls))


def flash_bytes(program: Program) -> int:
    """Of constants and of generated code; the kernels in C come on top."""
    code = sum(routine.size for routine in routines_of(program.calls))
    return sum(call.weight_bytes for call in program.calls) + code


def _too_much_ram(program: Program, ram: int) -> str:
    plan, needed = program.plan, ram_bytes(program)
    peak = program.calls[plan.peak_layer]
    tensors = " and ".join([*(source.describe() for source in peak.inputs), peak.output.describe()])
    text = f"needs {needed:,} bytes of RAM, {ram:,} are allowed; the peak is at '{shown(peak.op.name, 40)}' ({tensors})"
    tensors_only = plan.arena_bytes + plan.state_bytes
    if not plan.fast and tensors_only <= ram:
        return f"{text}; tensors alone take {tensors_only:,}: --optimize size has no scratch memory"
    height, width, _ = program.graph.input.hwc
    if height > 1 and width > 1:
        factor = sqrt(ram / needed)
        size = f"{int(height * factor)}x{int(width * factor)}"
        return f"{text}; an input of about {size} would fit, or fewer channels there"
    return f"{text}; fewer channels there would fit"


def _too_much_flash(program: Program, flash: int) -> str:
    needed = flash_bytes(program)
    largest = max(program.calls, key=lambda call: call.weight_bytes)
    text = (
        f"needs {needed:,} bytes of flash, {flash:,} are allowed; the largest layer is '{shown(largest.op.name, 40)}' "
        f"with {largest.weight_bytes:,}"
    )
    if program.plain_bytes <= flash and program.plain_bytes < needed:
        return f"{text}; --optimize size needs {program.plain_bytes:,}"
    return f"{text}; a network with {flash / needed:.0%} of its weights would fit"
