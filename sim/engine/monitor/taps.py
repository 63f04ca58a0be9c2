"""``emulation CreateTap``: a network interface of the host (Linux) as one more port of a switch.

As in Renode it is named ``host.NAME``, takes part after ``Start``, and where the host gives no interface (it has no
/dev/net/tun, or does not allow it) there is a warning and nothing happens to frames. What the host sends is looked for
while the machine runs, every ``POLL_SECONDS`` of virtual time.
"""

from __future__ import annotations

import contextlib
import logging
import os
import struct
from collections.abc import Callable
from pathlib import Path

from sim.engine.devices.base import ClockService
from sim.engine.devices.event import EventHandlers
from sim.engine.monitor.kinds import External
from sim.errors import CrosscamError, shown

LOG = logging.getLogger("sim.host")
POLL_SECONDS = 0.001
_TUN = Path("/dev/net/tun")
_IFF_TAP, _IFF_NO_PI = 0x0002, 0x1000  # Linux, if_tun.h
_TUNSETIFF, _TUNSETPERSIST = 0x400454CA, 0x400454CB
_LONGEST_NAME = 15
_LONGEST_FRAME = 9018
_MOST_AT_ONCE = 64
"""Frames taken from the host at one look, so that a flood cannot stop virtual time."""


def open_interface(name: str, persistent: bool) -> int | None:
    """A descriptor that reads and writes frames of the host's interface ``name``; None, with a warning, without one.

    Raises:
        CrosscamError: no interface can have that name.
    """
    if not 1 <= len(name.encode()) <= _LONGEST_NAME or not name.isascii() or not name.isprintable() or "/" in name:
        raise CrosscamError(f"emulation CreateTap {shown(name)}: expected a name of 1 to {_LONGEST_NAME} characters")
    descriptor = None
    try:
        import fcntl

        descriptor = os.open(_TUN, os.O_RDWR | os.O_NONBLOCK)
        fcntl.ioctl(descriptor, _TUNSETIFF, struct.pack("16sH22x", name.encode(), _IFF_TAP | _IFF_NO_PI))
        fcntl.ioctl(descriptor, _TUNSETPERSIST, int(persistent))
    except (ImportError, OSError) as error:
        if descriptor is not None:
            os.close(descriptor)
        LOG.warning("no interface %s on this host (%s): frames for it go nowhere", name, error)
        return None
    return descriptor


class HostTap(External):
    """One interface. ``frame_sent`` tells what the host sends, ``on_frame_received`` gives it a frame.

    Args:
        descriptor: what ``open_interface`` gave.
        clock: virtual time; None while there is no machine.
    """

    RENODE_MEMBERS = ("Start", "Pause", "Resume")

    def __init__(self, descriptor: int | None, clock: Callable[[], ClockService | None]) -> None:
        self._descriptor, self._clock = descriptor, clock
        self._passes = self._looking = False
        self.frame_sent: EventHandlers[[bytes]] = EventHandlers()

    def start(self) -> None:
        """Frames pass from now on."""
        self._passes = True
        if not self._looking and self._descriptor is not None:
            self._look()

    def time_began(self) -> None:
        """Whatever looked at the host before went with the machine it belonged to."""
        self._look()

    def resume(self) -> None:
        """As ``Start``."""
        self.start()

    def pause(self) -> None:
        """No frame of the host's passes."""
        self._passes = False

    def on_frame_received(self, frame: bytes) -> None:
        """The switch has a frame for the host."""
        if self._descriptor is not None:
            with contextlib.suppress(OSError):  # the interface is down, or its queue full
                os.write(self._descriptor, frame)

    def _look(self) -> None:
        clock = self._clock()
        self._looking = self._passes and self._descriptor is not None and clock is not None
        if self._descriptor is None or clock is None or not self._looking:
            return
        for _ in range(_MOST_AT_ONCE):
            try:
                frame = os.read(self._descriptor, _LONGEST_FRAME)
            except OSError:
                break
            self.frame_sent(frame)
        clock.schedule(int(POLL_SECONDS * clock.frequency) or 1, self._look)

    def close(self) -> None:
        """Give the interface back."""
        self._passes = False
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None
