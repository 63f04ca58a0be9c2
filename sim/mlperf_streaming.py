"""The streaming wake-word test of MLPerf Tiny 1.3: sound comes in by I2S, what the image makes of it goes out by pins.

``start`` lets the image listen; from then on it runs its network every 32 ms, holds a pin high meanwhile, and pulls
another low for a microsecond for each window that has the word. The first window pulls it whatever it hears, which
marks the beginning. ``stop`` ends it. Which pins nobody says to the runner, who has them wired; here they are told from
what they do. Source: the benchmark's public runner and reference image (mlcommons/tiny, ``benchmark/runner`` and
``reference_submissions/streaming_wakeword``).
"""

from __future__ import annotations

import array
import json
import sys
import wave
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from sim.engine.devices.sound.stm32_sai import CHANNELS, Stm32Sai
from sim.errors import CrosscamError

if TYPE_CHECKING:
    from sim.mlperf import Dialogue

RATE = 16_000
"""Frames a second of the benchmark's sound."""
LONGEST_SECONDS = 3600
BEHIND_SECONDS = 0.25
"""The runner waits this long after the sound."""
LATE_SECONDS = 2.0
"""A detection counts for a window it comes this much after."""
DEBOUNCE_SECONDS = 1.0
"""False detections within this time of the one before are the same one."""


@dataclass(frozen=True)
class Sound:
    """``samples``: signed 16 bits, left and right in turn; ``rate``: frames a second."""

    samples: Sequence[int]
    rate: int = RATE

    @property
    def seconds(self) -> float:
        """How long it is."""
        return len(self.samples) / CHANNELS / self.rate


@dataclass(frozen=True)
class Streamed:
    """What an image made of ``seconds`` of sound, in seconds throughout.

    ``processing``: how long its ``windows`` took, mean; ``period``: from the start of one to that of the next, mean;
    ``detections``: moments since the mark of the beginning.
    """

    seconds: float
    windows: int
    processing: float
    period: float
    detections: tuple[float, ...]

    @property
    def duty_cycle(self) -> float:
        """The part of the time in which the image is at work."""
        return self.processing / self.period


def read_sound(path: Path) -> Sound:
    """A WAV file of 16 bits; mono goes to both channels.

    Raises:
        CrosscamError: it cannot be read, or is another kind.
    """
    try:
        with wave.open(str(path), "rb") as file:
            channels, width, rate, frames = file.getparams()[:4]
            if width != 2 or channels not in (1, 2) or not 1000 <= rate <= 192_000 or frames > rate * LONGEST_SECONDS:
                raise CrosscamError(
                    f"{path}: {8 * width} bit, {channels} channels, {rate} Hz, {frames} frames: expected 16 bit, "
                    f"1 or 2 channels, {RATE} Hz, at most {LONGEST_SECONDS} s"
                )
            data = file.readframes(frames)
    except (OSError, EOFError, wave.Error) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise CrosscamError(f"{path}: cannot be read ({reason}); expected a WAV file of 16 bit") from error
    samples = array.array("h", data[: len(data) // (2 * channels) * 2 * channels])
    if sys.byteorder == "big":
        samples.byteswap()
    if channels == 1:
        samples = array.array("h", (sample for sample in samples for _ in range(CHANNELS)))
    return Sound(samples, rate)


def read_windows(path: Path, sound: str) -> list[tuple[float, float]]:
    """Where the wake word is in the file ``sound``, from the benchmark's JSON list of sounds.

    Raises:
        CrosscamError: it cannot be read, or has no such sound.
    """
    try:
        entries = json.loads(path.read_text(encoding="utf-8"))
        for entry in entries:
            if entry["wav_file"] == sound:
                return [(float(start), float(stop)) for start, stop in entry["detection_windows"]]
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise CrosscamError(f"{path}: {error}; expected the benchmark's list of sounds") from error
    raise CrosscamError(f"{path} has no entry for {sound}: expected one with this wav_file")


def judge(detections: Sequence[float], windows: Sequence[tuple[float, float]]) -> tuple[int, int, int]:
    """Windows with a detection, windows without, and detections outside of them, as the runner counts; in seconds."""
    left = list(detections)
    found = 0
    for start, stop in windows:
        inside = [moment for moment in left if start <= moment <= stop + LATE_SECONDS]
        found += bool(inside)
        left = [moment for moment in left if moment not in inside]
    wrong: list[float] = []
    for moment in left:
        if not wrong or moment > wrong[-1] + DEBOUNCE_SECONDS:
            wrong.append(moment)
    return found, len(windows) - found, len(wrong)


def stream(dialogue: Dialogue, sound: Sound) -> Streamed:
    """Let the image listen to ``sound``.

    Raises:
        CrosscamError: nothing on the board receives sound, or no pin tells what the image does.
    """
    machine, watch = dialogue.machine, dialogue.watch
    dialogue.command("stop")
    dialogue.command("start")
    receivers = [
        device for device in machine.devices.values()
        if isinstance(device, Stm32Sai) and any(block.receives for block in device.blocks)
    ]  # fmt: skip
    if not receivers:
        raise CrosscamError(
            "start: no serial audio interface of the board listens; expected a board description with the one that the "
            "image sets up as a slave, as sim/board/stm32l4r5.engine.repl has it"
        )
    watch.edges.clear()
    for receiver in receivers:
        receiver.play(sound.samples, sound.rate)
    machine.run_for(sound.seconds + BEHIND_SECONDS)
    windows = watch.most(high=True)
    if len(windows) < 2:
        raise CrosscamError(f"{sound.seconds:g} s of sound: expected a pin that is high while the image works")
    marks = [float(pulse.start) for pulse in watch.most(high=False)]
    dialogue.command("stop")
    busy_seconds = sum(window.end - window.start for window in windows)
    return Streamed(
        sound.seconds,
        len(windows),
        float(busy_seconds / len(windows)),
        float((windows[-1].start - windows[0].start) / (len(windows) - 1)),
        tuple(mark - marks[0] for mark in marks[1:]),
    )


def noise(seconds: float = 1.0) -> Sound:
    """A made-up sound, always the same."""
    import numpy as np

    levels = np.random.default_rng(1).integers(-3000, 3000, int(seconds * RATE))
    return Sound([int(level) for level in levels for _ in range(CHANNELS)])
