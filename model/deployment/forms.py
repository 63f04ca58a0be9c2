"""The forms of one model that an evaluation compares: float on plain pictures, float and int8 on camera-path ones.

The fourth form, the board, is the caller's: ``model`` knows no simulator.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from model.dataset.frames import FrameSet
from model.preprocessing import INPUT_SCALE, to_float
from model.run_config import TrainingConfig
from model.training.trained import load_run


def plain_pictures(frames: FrameSet, size: int) -> NDArray[np.float32]:
    """What the network would read without the camera: smooth scaling, eight bits a channel.

    Returns:
        ``float32[n, size, size, 3]``, -1 to 127/128.
    """
    out = np.empty((len(frames), size, size, 3), np.float32)
    for index, image in enumerate(frames.images):
        scaled = Image.fromarray(image).resize((size, size), Image.Resampling.BILINEAR)
        out[index] = (np.asarray(scaled, np.float32) - 128.0) * np.float32(INPUT_SCALE)
    return out


def float_scores(config: TrainingConfig, run: Path, frames: FrameSet) -> dict[str, NDArray[np.float32]]:
    """Scores ``float32[n, outputs]`` of a run's float network: ``float`` and ``float, camera path``."""
    model = load_run(config, run)
    pictures = {
        "float": plain_pictures(frames, config.size),
        "float, camera path": to_float(frames.camera_pictures(config.size)),
    }
    return {form: np.asarray(model.predict(given, batch_size=64, verbose=0)) for form, given in pictures.items()}
