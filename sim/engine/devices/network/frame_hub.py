"""What connects controllers that send frames: a CAN bus, an Ethernet switch."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sim.engine.devices.base import Device
from sim.engine.devices.network.can_bus import CanController
from sim.engine.devices.network.ethernet import EthernetController
from sim.errors import CrosscamError

_KINDS: dict[str, type[Device]] = {"CAN": CanController, "Ethernet": EthernetController}


class FrameHub:
    """What one controller sends, all others get at once; with ``loopback`` the sender too, as Renode's CAN hub.

    Args:
        kind: ``CAN`` or ``Ethernet``: whose controllers may be connected.
    """

    def __init__(self, kind: str, loopback: bool = False) -> None:
        self._kind, self._loopback = kind, loopback
        self._handlers: dict[Any, Callable[[Any], None]] = {}

    def attach(self, controller: Device) -> None:
        """Connect ``controller``.

        Raises:
            CrosscamError: it is of another kind, or connected already.
        """
        if not isinstance(controller, _KINDS[self._kind]):
            raise CrosscamError(f"{controller.name} ({type(controller).__name__}): expected a {self._kind} controller")
        if controller in self._handlers:
            raise CrosscamError(f"{controller.name} is connected already; connect each controller once")
        self.join(controller)

    def join(self, port: Any) -> None:
        """Connect whatever tells its frames to ``frame_sent`` and takes others by ``on_frame_received``."""

        def forward(frame: Any) -> None:
            for other in tuple(self._handlers):
                if other is not port or self._loopback:
                    other.on_frame_received(frame)

        self._handlers[port] = forward
        port.frame_sent += forward

    def leave(self, port: Any) -> bool:
        """Disconnect it; whether it was connected."""
        handler = self._handlers.pop(port, None)
        if handler is None:
            return False
        port.frame_sent -= handler
        return True

    def detach(self, controller: Device) -> None:
        """Disconnect ``controller``; CrosscamError when it is not connected."""
        if not self.leave(controller):
            raise CrosscamError(f"{controller.name} is not connected; expected one that is")
