"""What a device is to the engine: a window of registers, output lines, input pins, children.

A device module holds one class per peripheral IP, named and typed as in Renode::

    class Stm32F7Usart(Device):
        RENODE_TYPES = ("UART.STM32F7_USART",)

        def __init__(self, services: Services, name: str, *, frequency: int, low_power_mode: bool = False) -> None:
            super().__init__(services, name)
            self.irq = self.add_output("IRQ")

The .repl builder finds the class by type name and passes constructor parameters by name, camelCase turned into
snake_case. Register layouts are declared (see ``registers.py``), not masked by hand.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from fractions import Fraction
from typing import Annotated, ClassVar, Protocol, runtime_checkable

from sim.engine.members import Bits, Pin, ReadOnly
from sim.engine.wording import UNHANDLED_READ, UNHANDLED_WRITE, no_region
from sim.errors import CrosscamError


@runtime_checkable
class GpioReceiver(Protocol):
    """Anything with numbered input pins: an interrupt controller, a DMA multiplexer, an EXTI."""

    def on_gpio(self, number: int, value: bool) -> None:
        """Pin ``number`` now has level ``value``. A ``Line`` calls it when its level changed."""


@runtime_checkable
class SelectiveReceiver(Protocol):
    """A receiver that can say beforehand whether a change of an input would have any effect."""

    def listens(self, number: int) -> bool:
        """Whether an edge of input ``number`` would be noticed as things are."""


def hears(receiver: GpioReceiver, number: int) -> bool:
    """Whether an edge of input ``number`` would be noticed; receivers that cannot tell do."""
    return not isinstance(receiver, SelectiveReceiver) or receiver.listens(number)


class Line:
    """One output pin. It may drive any number of receivers; a change of level tells each of them at once."""

    def __init__(self, name: str = "") -> None:
        self.name = name
        self.value = False
        self._targets: list[tuple[GpioReceiver, int]] = []

    def connect(self, receiver: GpioReceiver, number: int) -> None:
        """Drive input ``number`` of ``receiver`` and tell it the present level, as Renode does."""
        if (receiver, number) not in self._targets:
            self._targets.append((receiver, number))
            receiver.on_gpio(number, self.value)

    def disconnect_all(self) -> None:
        """Forget every receiver (a later .repl entry replaces a connection)."""
        self._targets.clear()

    @property
    def targets(self) -> tuple[tuple[GpioReceiver, int], ...]:
        """The receivers and their input numbers, in order of connection."""
        return tuple(self._targets)

    def set(self, value: bool = True) -> None:
        """Drive the line to ``value``; without a change nobody is told (edge-sensitive inputs rely on it)."""
        if value == self.value:
            return
        self.value = value
        for receiver, number in self._targets:
            receiver.on_gpio(number, value)

    def pulse(self) -> None:
        """High, then low: one request (how Renode's models ask the DMA multiplexer)."""
        self.set(True)
        self.set(False)


class Event(Protocol):
    """A scheduled action; kept only to cancel it."""

    @property
    def due(self) -> int:
        """Cycle at which it runs."""


class ClockService(Protocol):
    """Virtual time, counted in core cycles."""

    consulted: bool
    """Somebody has asked for the time, or for something to be done later, since this was set to False."""
    wires_take_time: bool
    """Whether bits on serial lines take theirs; see ``sim.engine.devices.wire``."""

    @property
    def now(self) -> int:
        """Cycles since the machine started; exact also inside a device access."""

    @property
    def frequency(self) -> int:
        """Core cycles per second of virtual time; firmware may change it."""

    @property
    def exact_seconds(self) -> Fraction:
        """Virtual time since the machine started, in seconds."""

    def schedule(self, delay_cycles: int, action: Callable[[], None]) -> Event:
        """Run ``action`` ``delay_cycles`` (>= 0) from now; same cycle: in order of scheduling."""

    def cancel(self, event: Event) -> None:
        """Forget ``event``; one already run or cancelled is ignored."""


class BusWindow(Protocol):
    """Addresses that one device answers."""

    @property
    def device(self) -> Device: ...

    @property
    def start(self) -> int: ...


class BusService(Protocol):
    """The system bus as devices see it (DMA, scripts): little-endian, physical addresses."""

    def read(self, address: int, width: int) -> int:
        """``width`` bytes (1, 2, 4, 8) at ``address``; unmapped reads give 0 and a warning."""

    def write(self, address: int, width: int, value: int) -> None:
        """``width`` bytes at ``address``; unmapped writes are dropped with a warning."""

    def read_bytes(self, address: int, count: int) -> bytes:
        """``count`` bytes from memory (fast path) or device windows (byte by byte)."""

    def write_bytes(self, address: int, data: bytes) -> None:
        """``data`` into memory or device windows."""

    def window_at(self, address: int) -> BusWindow | None:
        """The device window that holds ``address``."""

    def memory_at(self, address: int, count: int = 1) -> tuple[Device, int] | None:
        """The memory that holds ``count`` bytes from ``address``, and the offset in it."""

    def is_unwatched(self, address: int, count: int = 1) -> bool:
        """Devices may move data at ``count`` bytes from ``address`` without asking the bus for each word of it."""

    def leads_to(self, address: int, count: int = 1) -> bool:
        """Whether all of it is somewhere; a master gets an error response (a transfer error) anywhere else."""


class Services(Protocol):
    """What the machine offers to its devices."""

    @property
    def clock(self) -> ClockService: ...

    @property
    def sysbus(self) -> BusService: ...

    def device(self, path: str) -> Device:
        """The device at a Renode path such as ``sysbus.i2c1``; CrosscamError when there is none."""

    def request_reset(self, reason: str) -> None:
        """Reset the core and all devices at the next block boundary (watchdog, AIRCR.SYSRESETREQ)."""


class Device:
    """Base of every device model.

    ``size`` is the length of its register window in bytes (a .repl range overrides it); offsets handed to
    ``read`` and ``write`` are relative to the window.
    """

    RENODE_TYPES: ClassVar[tuple[str, ...]] = ()
    RENODE_MEMBERS: ClassVar[tuple[str, ...]] = ("Reset", "Size", "OnGPIO")
    """What monitor commands, descriptions and scripts may name, as Renode spells it (see ``sim.engine.members``);
    a subclass names only what it adds. ``OnGPIO`` is one of a device that has inputs."""
    HAS_DEFAULT_OUTPUT: ClassVar[bool] = True
    """Whether ``-> nvic@39`` may go without the output's name; not where Renode's model has several of equal right."""
    SCRIPT_MEMBERS: ClassVar[tuple[str, ...]] = ()
    """What only scripts may name."""
    size: Annotated[int, Bits(64), ReadOnly()] = 0x400
    moving: str = ""
    """Which part of a bus master moves data now, such as "stream 3"; for messages."""

    def __init__(self, services: Services, name: str) -> None:
        self.services = services
        self.name = name
        self.log = logging.getLogger(f"sim.{name}")
        self.outputs: dict[str | int, Line] = {}
        self.children: dict[int, Device] = {}

    def add_output(self, key: str | int) -> Line:
        """Declare the output ``key``: a name as in Renode (``IRQ``) or a number (numbered outputs)."""
        line = self.outputs[key] = Line(f"{self.name}.{key}")
        return line

    @property
    def default_output(self) -> Line | None:
        """What ``-> nvic@39`` connects: the output ``IRQ``, or the only one there is."""
        if not self.HAS_DEFAULT_OUTPUT:
            return None
        if "IRQ" in self.outputs:
            return self.outputs["IRQ"]
        return next(iter(self.outputs.values())) if len(self.outputs) == 1 else None

    def register_child(self, child: Device, point: int) -> None:
        """Attach ``child`` (an I2C slave, an SPI target) at ``point`` (address, chip select)."""
        self.children[point] = child

    def unregister_child(self, child: Device) -> None:
        """Take ``child`` away from every point it is attached to; nobody answers there any more."""
        self.children = {point: each for point, each in self.children.items() if each is not child}

    def local_receiver(self, index: int) -> GpioReceiver:
        """The inner input group ``index`` that ``-> device#index@n`` of a .repl names (a pin, a port)."""
        raise CrosscamError(f"{self.name}: no inner receiver #{index}; only GPIO ports and SYSCFG have them")

    def region(self, name: str) -> Device:
        """The part of this device that a ``Bus.BusMultiRegistration { region: "name" }`` gives a window of its own."""
        raise CrosscamError(
            f"{self.name} ({type(self).__name__}) has no region {name}", renode=no_region(name, self.RENODE_TYPES)
        )

    def read(self, offset: int, width: int) -> int:
        """Bus read of ``width`` bytes at ``offset``; the default logs, since nothing is there."""
        self.log.warning(UNHANDLED_READ, offset)
        return 0

    def write(self, offset: int, width: int, value: int) -> None:
        """Bus write of ``width`` bytes at ``offset``; the default logs, since nothing is there."""
        self.log.warning(UNHANDLED_WRITE, offset, value)

    def write_block(self, offset: int, width: int, data: bytes) -> bool:
        """All of ``data`` written at ``offset`` at one moment, ``width`` bytes a write; False: one by one, please.

        Nothing may come out differently from the writes one by one; a device says so that takes many at once.
        """
        return False

    def on_gpio(self, number: Pin, value: bool) -> None:
        """Input pin ``number`` changed; the default says that nothing listens."""
        self.log.warning("signal on input %d, which this device does not have", number)

    def reset(self) -> None:
        """Back to the state after power-on."""
