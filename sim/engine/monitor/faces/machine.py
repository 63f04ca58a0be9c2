"""Members of ``machine``."""

from __future__ import annotations

from fractions import Fraction
from typing import Annotated, Any

from sim.engine.devices.base import Device
from sim.engine.devices.storage.sd_card import card_for
from sim.engine.members import Between, Int
from sim.engine.monitor.environments import Environment
from sim.engine.monitor.faces.core import Address
from sim.engine.monitor.session import ObjectSession
from sim.engine.observe.gdb.attached import AttachedServer
from sim.engine.platform import load_repl, load_repl_string
from sim.engine.platform.limits import LARGEST_WINDOW
from sim.engine.scripting import TimeInterval
from sim.engine.scripting.peripheral import PythonPeripheral
from sim.errors import CrosscamError, shown

Port = Annotated[int, Between(0, 65535)]
WindowSize = Annotated[int, Between(1, LARGEST_WINDOW)]


class MachineFace:
    """The one machine. What only concerns how Renode uses the host's cores and clock is accepted."""

    RENODE_MEMBERS = (
        "LoadPlatformDescription", "LoadPlatformDescriptionFromString", "PyDevFromFile", "PyDevFromString", "Reset",
        "RequestReset", "Pause", "Start", "IsPaused", "ElapsedVirtualTime", "UnregisterFromParent", "SdCardFromFile",
        "SetEnvironment", "StartGdbServer", "StopGdbServer", "SetSerialExecution", "SetQuantum",
        "SetAdvanceImmediately", "GetTimeSourceInfo", "GetAllNames", "InfoLog", "WarningLog", "ErrorLog",
    )  # fmt: skip

    def __init__(self, monitor: ObjectSession) -> None:
        self._monitor = monitor
        self._machine = monitor.machine

    def load_platform_description(self, platform_description_file: str) -> None:
        """Build what a .repl file describes."""
        monitor = self._monitor
        load_repl(
            self._machine,
            monitor.existing(platform_description_file),
            execute=monitor.execute,
            search=monitor.folders,
            registry=monitor.registry,
        )
        monitor.devices_changed()

    def load_platform_description_from_string(self, platform_description: str) -> None:
        """Build what a text in the language of .repl files describes."""
        monitor = self._monitor
        load_repl_string(
            self._machine,
            platform_description,
            execute=monitor.execute,
            search=monitor.folders,
            registry=monitor.registry,
        )
        monitor.devices_changed()

    def py_dev_from_file(
        self,
        path: str,
        address: Address,
        size: WindowSize,
        initable: bool = False,
        name: str | None = None,
        offset: int = 0,
    ) -> None:
        """A scripted device on the bus, from a file."""
        self._python_device({"filename": self._monitor.existing(path)}, address, size, initable, name)

    def py_dev_from_string(
        self,
        script: str,
        address: Address,
        size: WindowSize,
        initable: bool = False,
        name: str | None = None,
        offset: int = 0,
    ) -> None:
        """A scripted device on the bus, from a text."""
        self._python_device({"script": script}, address, size, initable, name)

    def _python_device(self, script: dict[str, Any], address: int, size: int, initable: bool, name: str | None) -> None:
        label = name or f"python_0x{address:X}"
        device = PythonPeripheral(self._machine, label, size=size, initable=initable, **script)
        device.base_address = address
        self._machine.register(f"sysbus.{label}", device, address, size)

    def reset(self) -> None:
        """Devices and core as after power-on."""
        self._machine.reset()

    def request_reset(self) -> None:
        """As ``Reset``, before the next instruction."""
        self._machine.request_reset("machine RequestReset")

    def pause(self) -> None:
        """End the present run."""
        self._monitor.set_started(False)

    def start(self) -> None:
        """Let the machine run."""
        self._monitor.set_started(True)

    @property
    def is_paused(self) -> bool:
        """Nothing runs between two commands."""
        return not self._monitor.started

    @property
    def elapsed_virtual_time(self) -> str:
        """Time since the machine started."""
        return str(TimeInterval.from_seconds(self._machine.clock.exact_seconds))

    def unregister_from_parent(self, peripheral: Device) -> None:
        """Take a device away."""
        self._monitor.unregister(peripheral)

    def sd_card_from_file(
        self, file: str, attach_to: Device, *rest: Int | bool | str, persistent: bool = True, name: str = "sdCard"
    ) -> None:
        """``SdCardFromFile file host [port] size [persistent] [name]``."""
        numbers = [each for each in rest if isinstance(each, int) and not isinstance(each, bool)]
        if not 1 <= len(numbers) <= 2:
            raise CrosscamError("machine SdCardFromFile: expected a file, a controller, a port (SPI only) and a size")
        for each in rest:
            if isinstance(each, bool):
                persistent = each
            elif isinstance(each, str):
                name = each
        machine = self._machine
        file = str(self._monitor.locate(file)) if file else ""
        card = card_for(machine, attach_to, name, file, numbers[-1], persistent=persistent)
        path = self._monitor.path_of(attach_to)
        machine.register(f"{path}.{name}", card, parent=attach_to, point=numbers[0] if len(numbers) == 2 else 0)

    def set_environment(self, target_environment: Environment) -> None:
        """All sensors, present and future, measure what is there."""
        self._monitor.environments.put_machine(target_environment, self._machine)

    # Renode's host side

    def start_gdb_server(self, port: Port, autostart_emulation: bool = True, cpu_cluster: str = "") -> None:
        """Serve GDB on this computer while the machine runs, which waits for no client; port 0 picks one."""
        if self._machine.attached is not None:
            raise CrosscamError(f"machine StartGdbServer {port}: there is one already: expected StopGdbServer before")
        server = AttachedServer(self._machine, port, self._monitor.execute)
        self._machine.attached = server
        self._monitor.note(f"GDB server with all CPUs started on port :{server.port}")

    def stop_gdb_server(self, port: Port | None = None) -> None:
        """Serve it no more."""
        if self._machine.attached is not None:
            self._machine.attached.close()

    def set_serial_execution(self, val: bool) -> None:
        """Accepted: there is one core, and it always runs the same way."""

    def set_quantum(self, interval: Fraction) -> None:
        """Accepted: there is nothing to synchronise."""

    def set_advance_immediately(self, val: bool) -> None:
        """Accepted: virtual time never waits for the host."""

    def get_time_source_info(self) -> str:
        """Virtual and host time."""
        return self._monitor.time_source_info()

    def get_all_names(self) -> list[str]:
        """Paths of all devices."""
        return ["sysbus", *self._machine.devices]

    def info_log(self, message: str) -> None:
        """An entry of level info in the machine's name."""
        self._machine.log.info("%s", message)

    def warning_log(self, message: str) -> None:
        """An entry of level warning in the machine's name."""
        self._machine.log.warning("%s", message)

    def error_log(self, message: str) -> None:
        """An entry of level error in the machine's name."""
        self._machine.log.error("%s", shown(message, 1000))
