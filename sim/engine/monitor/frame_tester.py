"""``emulation CreateFrameBufferTester``: waits until a display controller shows a picture."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Annotated

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from sim.engine.devices.base import Device
from sim.engine.devices.graphics.stm32_ltdc import Stm32Ltdc
from sim.engine.members import Between
from sim.engine.monitor.kinds import External
from sim.engine.monitor.session import ObjectSession
from sim.errors import CrosscamError, shown

LARGEST_PICTURE = 16_000_000
"""Pixels of a picture to compare with."""
Seconds = Annotated[float, Between(0, 1_000_000)]
Extent = Annotated[int, Between(0, 1 << 16)]


class FrameBufferTester(External):
    """Looks at one controller, once a frame; the machine runs meanwhile.

    Args:
        timeout: seconds of virtual time a wait may take.
    """

    RENODE_MEMBERS = ("AttachTo", "DetachFrom", "WaitForFrame", "WaitForFrameROI")

    def __init__(self, monitor: ObjectSession, timeout: float) -> None:
        self._monitor, self._timeout = monitor, timeout
        self._video: Stm32Ltdc | None = None

    def attach(self, device: Device) -> None:
        """Look at this controller."""
        if not isinstance(device, Stm32Ltdc):
            raise CrosscamError(f"{device.name} ({type(device).__name__}): expected a display controller")
        if self._video is not None:
            raise CrosscamError(f"{device.name}: {self._video.name} is connected already: one tester looks at one")
        self._video = device

    def attach_to(self, obj: Device) -> None:
        """As ``connector Connect``."""
        self.attach(obj)

    def detach(self, device: Device) -> None:
        """Look at it no more."""
        if self._video is not device:
            raise CrosscamError(f"{device.name} is not connected: expected the one that is")
        self._video = None

    def detach_from(self, obj: Device) -> None:
        """As ``connector Disconnect``."""
        self.detach(obj)

    def wait_for_frame(self, file_name: str, timeout: Seconds | None = None) -> None:
        """Run until the controller shows the picture in ``file_name``."""
        self._wait(file_name, timeout, None)

    def wait_for_frame_roi(
        self,
        file_name: str,
        start_x: Extent,
        start_y: Extent,
        width: Extent,
        height: Extent,
        timeout: Seconds | None = None,
    ) -> None:
        """As ``WaitForFrame``, for a part of the picture."""
        if not width or not height:
            raise CrosscamError("WaitForFrameROI: expected a width and a height above 0")
        self._wait(file_name, timeout, (slice(start_y, start_y + height), slice(start_x, start_x + width)))

    def _wait(self, file: str, timeout: float | None, part: tuple[slice, slice] | None) -> None:
        if self._video is None:
            raise CrosscamError("no display controller is connected: expected `connector Connect ...` before")
        video = self._video
        path = self._monitor.existing(file)
        wanted = read_picture(path)
        machine = self._monitor.machine
        end = machine.clock.exact_seconds + Fraction(self._timeout if timeout is None else timeout)
        while True:
            if _shows(video, wanted, part):
                return
            if machine.clock.exact_seconds >= end:
                raise CrosscamError(f"{video.name} did not show {shown(str(path))} in time: expected that picture")
            machine.run_for(Fraction(1, video.frames_per_virtual_second))


def _shows(video: Stm32Ltdc, wanted: NDArray[np.uint8], part: tuple[slice, slice] | None) -> bool:
    try:
        frame = video.frame()
    except CrosscamError:  # it is off
        return False
    if frame.shape != wanted.shape:
        return False
    return np.array_equal(frame, wanted) if part is None else np.array_equal(frame[part], wanted[part])


def read_picture(path: Path) -> NDArray[np.uint8]:
    """The picture in ``path``: uint8, shape (height, width, 3).

    Raises:
        CrosscamError: it is none, or over ``LARGEST_PICTURE`` pixels.
    """
    try:
        with Image.open(path) as picture:
            if picture.width * picture.height > LARGEST_PICTURE:
                raise CrosscamError(f"{path}: {picture.width}x{picture.height} pixels: expected a screen's picture")
            return np.asarray(picture.convert("RGB"))
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise CrosscamError(f"{path}: no picture that can be read: {shown(error)}: expected a PNG file") from None
