"""What this repository's firmware needs of a network: a picture in, scores it can print, and room in the chip.

A network without these compiles; it is only not for this application.
"""

from __future__ import annotations

from pathlib import Path

from model.compiler.ir import Graph
from model.compiler.memory import MemoryPlan
from model.compiler.stand_in import MOST_LABELS
from model.errors import CrosscamError

FRAME_BYTES = 320 * 240 * 2
AXI_BYTES = 512 * 1024
"""AXI SRAM of the STM32H743 (RM0433 2.3), where the arena and the two frame buffers are (stm32h743.ld)."""
ARENA_BYTES = AXI_BYTES - FRAME_BYTES - 64
"""Beside one frame buffer, the least there is; another one lies in SRAM1-3."""
FLASH_BYTES = 2048 * 1024 - 64 * 1024
"""Flash less what the application itself takes, about 40 KB by gcc, with some room."""


def frame_buffers(plan: MemoryPlan) -> int:
    """How many frame buffers there is room for: three, or two beside an arena that is too large for another."""
    return 3 if plan.arena_bytes <= ARENA_BYTES - FRAME_BYTES else 2


def check_firmware_needs(path: Path, graph: Graph, plan: MemoryPlan, weight_bytes: int) -> None:
    """Raise CrosscamError, one line with figures, for a network the firmware cannot run."""
    source, output = graph.input, graph.output
    problem = None
    if len(graph.inputs) != 1:
        problem = f"has {len(graph.inputs)} inputs, the firmware gives one picture"
    elif source.dtype != "int8" or len(source.shape) != 4 or source.shape[0] != 1 or source.shape[3] not in (1, 3):
        problem = f"takes {source.dtype} {list(source.shape)}, the firmware gives int8 [1, height, width, 1 or 3]"
    elif output.dtype != "int8" or output.size > MOST_LABELS:
        problem = f"gives {output.size} values of {output.dtype}, the firmware prints up to {MOST_LABELS} of int8"
    elif plan.states:
        problem = f"keeps {len(plan.states)} states from run to run, the firmware gives pictures that stand alone"
    elif plan.arena_bytes > ARENA_BYTES:
        problem = (
            f"needs an arena of {plan.arena_bytes:,} bytes, the firmware has {ARENA_BYTES:,}: {AXI_BYTES:,} of AXI "
            f"SRAM less a frame of {FRAME_BYTES:,}; give a smaller input or network"
        )
    elif weight_bytes > FLASH_BYTES:
        problem = f"has {weight_bytes:,} bytes of constants, flash has {FLASH_BYTES:,} for them"
    if problem:
        raise CrosscamError(f"{path}: {problem}")
