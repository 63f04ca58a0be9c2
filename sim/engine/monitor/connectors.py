"""Externals that join devices of the one machine: hubs of CAN controllers, Ethernet controllers, UARTs; a wire."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

from sim.engine.devices.base import Device, GpioReceiver, Line
from sim.engine.devices.network.frame_hub import FrameHub
from sim.engine.members import Pin
from sim.engine.monitor.faces.uart import is_uart
from sim.engine.monitor.kinds import External
from sim.engine.monitor.taps import HostTap
from sim.errors import CrosscamError


class FrameHubs(External):
    """``emulation CreateCANHub`` and the base of ``CreateSwitch``."""

    RENODE_MEMBERS: ClassVar[tuple[str, ...]] = ("Start", "Pause", "Resume")

    def __init__(self, kind: str, loopback: bool = False) -> None:
        self._hub = FrameHub(kind, loopback)

    def attach(self, device: Device) -> None:
        """Connect a controller."""
        self._hub.attach(device)

    def detach(self, device: Device) -> None:
        """Disconnect a controller."""
        self._hub.detach(device)

    def start(self) -> None:
        """Accepted: frames always pass."""

    def pause(self) -> None:
        """Accepted: nothing moves between two commands anyway."""

    def resume(self) -> None:
        """Accepted: frames always pass."""


class Switch(FrameHubs):
    """``emulation CreateSwitch``: Ethernet controllers of the machine and interfaces of the host."""

    RENODE_MEMBERS = ("EnablePromiscuousMode", "DisablePromiscuousMode")

    def __init__(self) -> None:
        super().__init__("Ethernet")

    def join(self, external: External) -> None:
        """Connect an interface of the host."""
        if not isinstance(external, HostTap):
            super().join(external)
            return
        self._hub.leave(external)
        self._hub.join(external)

    def leave(self, external: External) -> None:
        """Disconnect it."""
        if not self._hub.leave(external):
            super().leave(external)

    def enable_promiscuous_mode(self, iface: Device | External) -> None:
        """Accepted: every port is told every frame anyway."""

    def disable_promiscuous_mode(self, iface: Device | External) -> None:
        """Accepted: the controllers filter by address."""


class UartHub(External):
    """``emulation CreateUARTHub``: what one UART sends, all others receive; with ``loopback`` the sender too."""

    RENODE_MEMBERS = ("Start", "Pause", "Resume")

    def __init__(self, loopback: bool = False) -> None:
        self._loopback = loopback
        self._listeners: dict[Device, Callable[[int], None]] = {}

    def attach(self, device: Device) -> None:
        """Connect a UART."""
        if not is_uart(device):
            raise CrosscamError(f"{device.name} ({type(device).__name__}): expected a UART")
        if device in self._listeners:
            raise CrosscamError(f"{device.name} is connected already: connect each UART once")

        def forward(byte: int) -> None:
            for other in tuple(self._listeners):
                if other is not device or self._loopback:
                    receiver: Any = other
                    receiver.write_char(byte)

        self._listeners[device] = forward
        sender: Any = device
        sender.on_char.append(forward)

    def detach(self, device: Device) -> None:
        """Disconnect a UART."""
        if device not in self._listeners:
            raise CrosscamError(f"{device.name} is not connected: expected one that is")
        sender: Any = device
        sender.on_char.remove(self._listeners.pop(device))

    def start(self) -> None:
        """Accepted: characters always pass."""

    def pause(self) -> None:
        """Accepted: nothing moves between two commands anyway."""

    def resume(self) -> None:
        """Accepted: characters always pass."""


class GpioConnector(External):
    """``emulation CreateGPIOConnector``: one numbered output of a device drives one input of another."""

    RENODE_MEMBERS = ("SelectSourcePin", "SelectDestinationPin", "AttachTo", "DetachFrom")

    def __init__(self) -> None:
        self._devices: list[Device] = []
        self._source: Line | None = None
        self._target: tuple[GpioReceiver, int] | None = None

    def attach(self, device: Device) -> None:
        """One of the two devices."""
        if len(self._devices) == 2 and device not in self._devices:
            raise CrosscamError(f"{device.name}: expected no third device, only a source and a destination")
        if device not in self._devices:
            self._devices.append(device)

    def attach_to(self, peripheral: Device) -> None:
        """As ``connector Connect``."""
        self.attach(peripheral)

    def detach(self, device: Device) -> None:
        """Forget one of the two, and the wire."""
        if device not in self._devices:
            raise CrosscamError(f"{device.name} is not connected: expected one that is")
        self._devices.remove(device)
        self._source = self._target = None

    def detach_from(self, peripheral: Device) -> None:
        """As ``connector Disconnect``."""
        self.detach(peripheral)

    def _check(self, device: Device) -> None:
        if device not in self._devices:
            raise CrosscamError(
                f"{device.name} is not connected: expected `connector Connect {device.name} ...` before"
            )

    def select_source_pin(self, source: Device, pin_number: Pin) -> None:
        """The output that drives."""
        self._check(source)
        line = source.outputs.get(pin_number)
        if line is None:
            raise CrosscamError(f"{source.name} has no output {pin_number}: expected the number of one it has")
        self._source = line
        line.connect(_Follower(self, line), 0)

    def select_destination_pin(self, receiver: Device, pin_number: Pin) -> None:
        """The input that is driven."""
        self._check(receiver)
        if type(receiver).on_gpio is Device.on_gpio:
            raise CrosscamError(
                f"{receiver.name} ({type(receiver).__name__}) has no inputs: expected a device with some"
            )
        self._target = receiver, pin_number
        self.follow()

    def follow(self) -> None:
        """The destination has the source's level."""
        if self._source is not None and self._target is not None:
            receiver, number = self._target
            receiver.on_gpio(number, self._source.value)

    def drives(self, line: Line) -> bool:
        """Whether ``line`` is the source now."""
        return self._source is line


class _Follower:
    """Hears one output for as long as it is the source."""

    def __init__(self, connector: GpioConnector, line: Line) -> None:
        self._connector, self._line = connector, line

    def on_gpio(self, number: int, value: bool) -> None:
        """The line has changed."""
        if self._connector.drives(self._line):
            self._connector.follow()
