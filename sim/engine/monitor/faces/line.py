"""Members of an output: ``usart3 IRQ Set true``."""

from __future__ import annotations

from collections.abc import Callable

from sim.engine.devices.base import Device, Line
from sim.engine.members import Pin
from sim.engine.monitor.session import ObjectSession
from sim.engine.observe.scripts import device_script
from sim.errors import CrosscamError


class LineFace:
    """One output of a device."""

    RENODE_MEMBERS = (
        "State", "IsSet", "IsConnected", "Set", "Unset", "Toggle", "Blink", "Connect", "Disconnect",
        "AddStateChangedHook",
    )  # fmt: skip

    def __init__(self, monitor: ObjectSession, device: Device, line: Line) -> None:
        self._monitor, self._device, self._line = monitor, device, line

    @property
    def state(self) -> str:
        """The level in words."""
        return f"GPIO: {'set' if self._line.value else 'unset'}"

    @property
    def is_set(self) -> bool:
        """The level."""
        return self._line.value

    @property
    def is_connected(self) -> bool:
        """It drives something."""
        return bool(self._line.targets)

    def set(self, value: bool = True) -> None:
        """Drive it."""
        self._line.set(value)

    def unset(self) -> None:
        """Drive it low."""
        self._line.set(False)

    def toggle(self) -> None:
        """Drive it to the other level."""
        self._line.set(not self._line.value)

    def blink(self) -> None:
        """High, then low."""
        self._line.pulse()

    def connect(self, destination: Device, destination_number: Pin) -> None:
        """Let it drive an input of another device too."""
        if type(destination).on_gpio is Device.on_gpio:
            raise CrosscamError(f"{destination.name} ({type(destination).__name__}) has no inputs: expected some")
        self._line.connect(destination, destination_number)

    def disconnect(self) -> None:
        """Let it drive nothing."""
        self._line.disconnect_all()

    def add_state_changed_hook(self, python_script: str) -> None:
        """Run ``python_script`` at each change; it sees ``state``."""
        run = device_script(
            self._monitor.machine, self._device, python_script, f"{self._line.name} AddStateChangedHook"
        )
        self._line.connect(_Listener(lambda value: run(state=value)), 0)


class _Listener:
    """Hears a line; what it was connected at is no change."""

    def __init__(self, hook: Callable[[bool], object]) -> None:
        self._hook = hook
        self._connected = False

    def on_gpio(self, number: int, value: bool) -> None:
        """The line has changed, or has just been connected."""
        if self._connected:
            self._hook(value)
        self._connected = True
