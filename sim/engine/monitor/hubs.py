"""``emulation CreateCANHub``, ``emulation CreateSwitch`` and ``connector``: controllers of one machine on one wire."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sim.engine.devices.frame_hub import FrameHub
from sim.engine.monitor.tokens import Token
from sim.engine.platform.registry import near_names
from sim.errors import CrosscamError

if TYPE_CHECKING:
    from sim.engine.monitor.monitor import Monitor


class Hubs:
    """All hubs of an emulation, by name."""

    def __init__(self) -> None:
        self._hubs: dict[str, FrameHub] = {}

    def create(self, kind: str, name: str, loopback: bool = False) -> None:
        """A hub of ``kind`` (``CAN``, ``Ethernet``); CrosscamError when the name is taken."""
        if name in self._hubs:
            raise CrosscamError(f"there is a hub {name} already: expected another name")
        self._hubs[name] = FrameHub(kind, loopback)

    def __getitem__(self, name: str) -> FrameHub:
        found = self._hubs.get(name)
        if found is None:
            near = near_names(name, self._hubs) or f'expected `emulation CreateCANHub "{name}"` or CreateSwitch before'
            raise CrosscamError(f"no hub {name}: {near}")
        return found


def connector(monitor: Monitor, arguments: list[Token]) -> object:
    """``connector Connect device hub``, ``connector Disconnect device hub``."""
    if len(arguments) != 3 or arguments[0] not in ("Connect", "Disconnect"):
        raise CrosscamError("connector: expected `connector Connect device hub` or `connector Disconnect device hub`")
    action, name, hub = (str(argument) for argument in arguments)
    device = monitor.machine.device(name)
    if action == "Connect":
        monitor.hubs[hub].attach(device)
    else:
        monitor.hubs[hub].detach(device)
    return None
