"""What tests of the streaming wake-word dialogue share: the stand-in on its board, and sounds with loud windows."""

from __future__ import annotations

import wave
from array import array
from pathlib import Path

from sim.mlperf_streaming import RATE
from sim.tests.firmware_bench import ROOT, build

WINDOW = 512 / RATE
CORE = 16_000_000  # Hz; the image stays on its oscillator
BOARD = f"""
include @{ROOT}/sim/board/stm32f746.resc
machine LoadPlatformDescriptionFromString "sai1: Sound.STM32_SAI @ sysbus <0x40015800, +0x400> {{ 0 -> dma2@1 }}"
"""


def build_streaming(toolchain: str, folder: Path) -> Path:
    """The stand-in's ELF file in ``folder``, with ``board.resc`` beside it."""
    (folder / "board.resc").write_text(BOARD)
    sources = ("bench/dialogue/dialogue.c", "bench/dialogue/streaming.c")
    return build(toolchain, sources, "bench/dialogue/dialogue.ld", folder / "own.elf", ("-DSTREAMING",))


def loud_at(start: int, windows: int, of: int) -> array[int]:
    """Samples of ``of`` windows, mono, the loud ones from ``start`` on."""
    return array("h", (20000 if start <= i // 512 < start + windows else 100 for i in range(512 * of)))


def write_wave(path: Path, samples: array[int], channels: int = 1, rate: int = RATE, width: int = 2) -> Path:
    """Write ``samples`` as a WAV file."""
    with wave.open(str(path), "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(width)
        file.setframerate(rate)
        file.writeframes(samples.tobytes())
    return path
