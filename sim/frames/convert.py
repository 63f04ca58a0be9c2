"""A photograph to a camera frame, and back to a picture for the eye.

The rule is the one the training pipeline uses, so that labels and scores fit: upright by EXIF, scaled to fill 320 x 240
(Pillow's bilinear, which averages when it shrinks), cropped around the centre, each channel cut to its top 5, 6, 5 bits
without rounding, as the OV7670's output stage does.
"""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from sim.errors import CrosscamError

WIDTH, HEIGHT = 320, 240
FORMATS = ("BMP", "GIF", "JPEG", "MPO", "PNG", "PPM", "TIFF", "WEBP")
"""Of those Pillow knows: photographs. Others start programs (EPS) or hold no pixels."""


def open_photo(path: Path) -> Image.Image:
    """A photograph, upright, in RGB (transparent parts on white).

    Raises:
        CrosscamError: no such file, or not a picture Pillow can read.
    """
    try:
        if path.exists() and not path.is_file():
            raise CrosscamError(f"{path}: not a plain file; expected a picture")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what a decoder thinks of a large or odd picture
            return _opened(path)
    except FileNotFoundError:
        raise CrosscamError(f"{path}: no such picture") from None
    except CrosscamError:
        raise
    except Exception as error:  # a decoder may raise anything at damaged data
        reason = str(error).replace(str(path), "it") or type(error).__name__
        raise CrosscamError(f"{path}: not a picture that can be read ({reason})") from error


def _opened(path: Path) -> Image.Image:
    Image.init()
    with Image.open(path, formats=[each for each in FORMATS if each in Image.OPEN]) as image:
        upright = ImageOps.exif_transpose(image)
        if upright.mode in ("RGBA", "LA", "PA") or "transparency" in upright.info:
            coloured = upright.convert("RGBA")
            white = Image.new("RGBA", coloured.size, "white")
            return Image.alpha_composite(white, coloured).convert("RGB")
        return upright.convert("RGB")


def to_frame(photo: Image.Image) -> NDArray[np.uint16]:
    """RGB565 values ``uint16[240, 320]`` of a photograph of any size and shape."""
    fitted = ImageOps.fit(photo.convert("RGB"), (WIDTH, HEIGHT), Image.Resampling.BILINEAR)
    wide = np.asarray(fitted).astype(np.uint16)
    return (wide[..., 0] >> 3 << 11 | wide[..., 1] >> 2 << 5 | wide[..., 2] >> 3).astype(np.uint16)


def to_picture(frame: NDArray[np.uint16]) -> Image.Image:
    """RGB565 values ``uint16[H, W]`` as a picture: 5 and 6 bits spread over 0..255 as the firmware spreads them."""
    wide = frame.astype(np.uint32)
    channels = ((wide >> 11) * 255 // 31, (wide >> 5 & 63) * 255 // 63, (wide & 31) * 255 // 31)
    return Image.fromarray(np.stack(channels, axis=-1).astype(np.uint8))
