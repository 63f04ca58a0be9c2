"""Members of ``emulation`` and ``connector``."""

from __future__ import annotations

from fractions import Fraction
from typing import Annotated

from sim.engine.devices.base import ClockService, Device
from sim.engine.members import Between, Int
from sim.engine.monitor.connectors import FrameHubs, GpioConnector, Switch, UartHub
from sim.engine.monitor.environments import Environment
from sim.engine.monitor.faces.machine import Port
from sim.engine.monitor.frame_tester import FrameBufferTester
from sim.engine.monitor.kinds import External
from sim.engine.monitor.session import ObjectSession
from sim.engine.monitor.taps import HostTap, open_interface
from sim.engine.monitor.terminals import PtyTerminal, SocketTerminal
from sim.errors import CrosscamError, shown

WaitSeconds = Annotated[float, Between(0, 1_000_000)]


class EmulationFace:
    """What concerns the emulation as a whole. What only concerns how Renode uses the host's cores and clock is
    accepted: this engine always runs one machine, at full speed and the same way every time."""

    RENODE_MEMBERS = (
        "RunFor", "SingleStepBlocking", "StartAll", "PauseAll", "IsStarted", "CreateEnvironment", "CreateCANHub",
        "CreateSwitch", "CreateUARTHub", "CreateGPIOConnector", "CreateServerSocketTerminal", "CreateUartPtyTerminal",
        "CreateFrameBufferTester", "CreateTap", "RemoveMachine", "SetGlobalQuantum", "SetGlobalSerialExecution",
        "SetGlobalAdvanceImmediately", "SetSeed", "GetSeed", "SetAdvanceImmediately", "SetQuantum",
        "GetTimeSourceInfo", "Names",
    )  # fmt: skip

    def __init__(self, monitor: ObjectSession) -> None:
        self._monitor = monitor
        self._seed = 0

    def run_for(self, period: Fraction) -> None:
        """Run the machines for a span of virtual time; without one there is nothing to run."""
        if self._monitor.has_machine:
            self._monitor.machine.run_for(period)

    @property
    def single_step_blocking(self) -> bool:
        """Whether time stands still while the core waits for a step."""
        return self._monitor.machine.single_step_blocking

    @single_step_blocking.setter
    def single_step_blocking(self, value: bool) -> None:
        self._monitor.machine.single_step_blocking = value

    def start_all(self) -> None:
        """Let the machine run."""
        self._monitor.set_started(True)

    def pause_all(self) -> None:
        """End the present run."""
        self._monitor.set_started(False)

    @property
    def is_started(self) -> bool:
        """Whether the machine may run."""
        return self._monitor.started

    @property
    def names(self) -> list[str]:
        """Names of the machines."""
        return self._monitor.machine_names

    def remove_machine(self, name: str) -> None:
        """Forget the machine of that name."""
        if name not in self._monitor.machine_names:
            raise CrosscamError(f"emulation RemoveMachine {shown(name)}: there is no such machine")
        self._monitor.remove_machine(name)

    # Externals

    def create_environment(self, environment_name: str) -> None:
        """What a group of sensors measures."""
        self._monitor.add_external(environment_name, Environment())

    def create_can_hub(
        self, name: str, loopback: bool = False, use_network_byte_order_for_logging: bool = True
    ) -> None:
        """A bus between CAN controllers."""
        self._monitor.add_external(name, FrameHubs("CAN", loopback))

    def create_switch(self, name: str) -> None:
        """A wire between Ethernet controllers."""
        self._monitor.add_external(name, Switch())

    def create_tap(self, host_interface_name: str, name: str, persistent: bool = False) -> None:
        """``host.NAME``: an interface of this computer, for those who may make one."""
        name = f"host.{name}"
        self._monitor.refuse_taken(name)
        descriptor = open_interface(host_interface_name, persistent)
        self._monitor.add_external(name, HostTap(descriptor, self._clock))

    def _clock(self) -> ClockService | None:
        return self._monitor.machine.clock if self._monitor.has_machine else None

    def create_uart_hub(self, name: str, loopback: bool = False) -> None:
        """A wire between UARTs."""
        self._monitor.add_external(name, UartHub(loopback))

    def create_gpio_connector(self, name: str) -> None:
        """A wire from a pin of one device to a pin of another."""
        self._monitor.add_external(name, GpioConnector())

    def create_server_socket_terminal(
        self, port: Port, name: str, telnet_mode: bool = True, flush_on_connect: bool = False
    ) -> None:
        """A terminal behind a TCP port of this computer, for those on it."""
        self._monitor.refuse_taken(name)
        self._monitor.add_external(name, SocketTerminal(port, telnet_mode, flush_on_connect))

    def create_uart_pty_terminal(self, name: str, file_name: str, force_create: bool = False) -> None:
        """A terminal behind a pseudo-terminal, to which ``file_name`` becomes a link."""
        self._monitor.refuse_taken(name)
        path = self._monitor.output_path(file_name)
        self._monitor.add_external(name, PtyTerminal(path, force_create))

    def create_frame_buffer_tester(self, name: str, timeout_in_seconds: WaitSeconds) -> None:
        """Compares what a display controller shows with pictures."""
        self._monitor.add_external(name, FrameBufferTester(self._monitor, timeout_in_seconds))

    # Renode's host side

    def set_global_quantum(self, quantum: Fraction) -> None:
        """How far several machines may be ahead of each other, in seconds."""
        if not quantum > 0:
            raise CrosscamError("emulation SetGlobalQuantum: expected a time above 0")
        self._monitor.set_quantum(quantum)

    def set_quantum(self, interval: Fraction) -> None:
        """As ``SetGlobalQuantum``."""
        self.set_global_quantum(interval)

    def set_global_serial_execution(self, val: bool) -> None:
        """Accepted: there is one core."""

    def set_global_advance_immediately(self, val: bool) -> None:
        """Accepted: virtual time never waits for the host."""

    def set_advance_immediately(self, val: bool) -> None:
        """Accepted: virtual time never waits for the host."""

    def set_seed(self, seed: Int) -> None:
        """Kept: nothing here is random."""
        self._seed = seed

    def get_seed(self) -> Int:
        """What ``SetSeed`` gave."""
        return self._seed

    def get_time_source_info(self) -> str:
        """Virtual and host time."""
        return self._monitor.time_source_info()


class ConnectorFace:
    """``connector Connect device external``."""

    RENODE_MEMBERS = ("Connect", "Disconnect")

    def __init__(self, monitor: ObjectSession) -> None:
        self._monitor = monitor

    def connect(self, connectable: Device | External, external: External) -> None:
        """Connect a device, or an interface of the host, to an external."""
        if isinstance(connectable, External):
            external.join(connectable)
        else:
            external.attach(connectable)

    def disconnect(self, connectable: Device | External, external: External) -> None:
        """Disconnect them."""
        if isinstance(connectable, External):
            external.leave(connectable)
        else:
            external.detach(connectable)
