"""What a monitor command may talk to: ``name Member arguments``.

``sysbus``, ``machine``, ``emulation`` have tables of members; a device offers its public attributes and methods under
their C# names, and plain bus accesses.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sim.engine.bus import MappedMemory
from sim.engine.cpu import CortexM
from sim.engine.devices.base import Device
from sim.engine.devices.sd_card import card_for
from sim.engine.hooking.registers import RegisterValue
from sim.engine.monitor.hook_commands import bus_hook_members
from sim.engine.monitor.library import NumberMode
from sim.engine.monitor.tokens import Equals, PathText, Span, Token, Word
from sim.engine.platform import load_repl, load_repl_string
from sim.engine.platform.registry import near_names
from sim.engine.scripting import TimeInterval
from sim.engine.scripting.names import snake_case
from sim.engine.scripting.peripheral import PythonPeripheral
from sim.engine.truth import BoardTruth
from sim.engine.wording import NO_SUCH_SIGNATURE, UnknownCommandError
from sim.errors import CrosscamError

if TYPE_CHECKING:
    from sim.engine.bus import Bus
    from sim.engine.machine import Machine
    from sim.engine.monitor.monitor import Monitor

Member = Callable[..., object]
_ROW = 10  # items of a list in a row, as Renode prints them: a Python list can be read from it
WIDTHS = {"Byte": 1, "Word": 2, "DoubleWord": 4, "QuadWord": 8}


class Digits(int):
    """A number read, shown with as many hexadecimal digits as it has."""

    digits: int

    def __new__(cls, value: int, digits: int) -> Digits:
        made = super().__new__(cls, value)
        made.digits = digits
        return made


def invoke(name: str, members: Mapping[str, Member], arguments: Sequence[Token]) -> object:
    """Call the member that ``arguments`` begin with.

    Raises:
        CrosscamError: no such member (near names given), too few or too many arguments.
    """
    if not arguments:
        return ", ".join(sorted(members))
    member = str(arguments[0])
    if member not in members:
        near = near_names(member, members) or f"it has {', '.join(sorted(members))}"
        raise UnknownCommandError(f"{name} has no {member}: {near}")
    return call(f"{name} {member}", members[member], arguments[1:])


def call(what: str, function: Member, arguments: Sequence[Token]) -> object:
    """Call ``function`` with positional and ``key=value`` arguments of a command."""
    positional: list[Any] = []
    named: dict[str, Any] = {}
    rest = list(arguments)
    while rest:
        if len(rest) >= 3 and isinstance(rest[0], Word) and isinstance(rest[1], Equals):
            named[snake_case(rest[0])] = rest[2]
            del rest[:3]
        else:
            positional.append(rest.pop(0))
    try:
        inspect.signature(function).bind(*positional, **named)
    except TypeError as error:
        names = [str(parameter) for parameter in inspect.signature(function).parameters.values()]
        expected = ", ".join(name.partition(":")[0] for name in names) or "no arguments"
        raise CrosscamError(f"{what}: {NO_SUCH_SIGNATURE}: {error}: expected {expected}") from None
    return function(*positional, **named)


def device_command(device: Device, arguments: Sequence[Token]) -> object:
    """``device Property``, ``device Property value`` or ``device Method arguments``."""
    members = bus_members(device.read, device.write)
    if not arguments:
        return ", ".join([*_attributes(device), *members])
    member = str(arguments[0])
    if member in members:
        return call(f"{device.name} {member}", members[member], arguments[1:])
    name = snake_case(member)
    if name.startswith("_") or not hasattr(device, name):
        names = [_pascal_case(each) for each in _attributes(device)]
        near = near_names(member, [*names, *members])
        text = f"{device.name} ({type(device).__name__}) has no {member}: {near or 'no name is similar'}"
        raise UnknownCommandError(text)
    found = getattr(device, name)
    if callable(found):
        return call(f"{device.name} {member}", found, arguments[1:])
    if isinstance(found, Device) and len(arguments) > 1:
        return device_command(found, arguments[1:])
    if len(arguments) == 1:
        return found
    if len(arguments) > 2:
        raise CrosscamError(f"{device.name} {member}: expected one value, found {len(arguments) - 1}")
    _set_property(device, member, name, found, arguments[1])
    return None


def _set_property(device: Device, member: str, name: str, old: object, value: Token) -> None:
    wrong_kind = (isinstance(old, bool) and not isinstance(value, bool)) or (
        isinstance(old, int) and not isinstance(value, int | float)
    )
    if wrong_kind:
        kind = "true or false" if isinstance(old, bool) else "a number"
        raise CrosscamError(f"{device.name} {member}: expected {kind}, found {value}")
    try:
        setattr(device, name, value)
    except AttributeError:
        raise CrosscamError(f"{device.name} {member} can only be read") from None


def _attributes(device: Device) -> list[str]:
    return [name for name in dir(device) if not name.startswith("_") and not name.isupper()]


def _pascal_case(name: str) -> str:
    return "".join(part[:1].upper() + part[1:] for part in name.split("_"))


def bus_members(read: Callable[[int, int], int], write: Callable[[int, int, int], None]) -> dict[str, Member]:
    """``ReadDoubleWord address`` and its kin; a value read is shown with as many digits as it has."""

    def reader(width: int) -> Member:
        return lambda address, context=None: Digits(read(address, width), 2 * width)

    def writer(width: int) -> Member:
        return lambda address, value, context=None: write(address, width, value)

    found: dict[str, Member] = {}
    for suffix, width in WIDTHS.items():
        found["Read" + suffix] = reader(width)
        found["Write" + suffix] = writer(width)
    return found


def system_bus(monitor: Monitor) -> dict[str, Member]:
    """Members of ``sysbus``."""
    machine = monitor.machine
    bus = machine.sysbus

    def tag(
        span: Span | int, name: str, value: int = 0, pausing: bool = False, override_peripheral_accesses: bool = False
    ) -> None:
        where = span if isinstance(span, Span) else Span(span, span + 3)
        bus.add_tag(where.begin, where.size, name, value, override=override_peripheral_accesses)

    def silence(span: Span) -> None:
        bus.add_tag(span.begin, span.size, "silenced")

    def load_elf(path: str, use_virtual_address: bool = False, allow_loads_only_to_memory: bool = True) -> None:
        machine.load_elf(monitor.existing(path))

    def load_binary(path: str, address: int) -> None:
        machine.load_binary(monitor.existing(path), address)

    def apply_svd(path: str) -> None:
        """Renode names registers in its log by it; nothing depends on it, so a file that is not here does not hurt."""
        machine.log.info("ApplySVD %s: register names are not read", path)

    def symbol_address(name: str, index: int | str = 0, context: object = None) -> str:
        address = machine.symbols.address_of(name)
        if address is None:
            raise CrosscamError(f"no symbol {name} in the loaded ELF: expected the name of a function or variable")
        return f"0x{address:08X}"

    return {
        **bus_members(bus.read, bus.write),
        **bus_hook_members(monitor),
        "ReadBytes": lambda address, count: bus.read_bytes(address, count),
        "LoadELF": load_elf,
        "LoadBinary": load_binary,
        "Tag": tag,
        "RemoveTag": lambda address: bus.remove_tag(address),
        "Endianess": lambda: "LittleEndian",
        "WhatIsAt": lambda address: _show_place(bus, address),
        "WhatPeripheralIsAt": lambda address: _peripheral_type(bus, address),
        "SilenceRange": silence,
        "ApplySVD": apply_svd,
        "GetSymbolAddress": symbol_address,
        "FindSymbolAt": lambda address: machine.symbols.describe(address),
    }


def _device_at(bus: Bus, address: int) -> tuple[Device, int, int] | None:
    """What answers at ``address`` with its first address and the one after its last."""
    window = bus.window_at(address)
    if window is not None:
        return window.device, window.start, window.end
    return next(((memory, start, end) for start, end, memory in bus.memories if start <= address < end), None)


def _show_place(bus: Bus, address: int) -> str:
    found = _device_at(bus, address)
    return f"{found[0].name} <0x{found[1]:08X}, 0x{found[2] - 1:08X}>" if found else ""


def _peripheral_type(bus: Bus, address: int) -> str:
    found = _device_at(bus, address)
    return f"Antmicro.Renode.Peripherals.{found[0].RENODE_TYPES[0]}" if found and found[0].RENODE_TYPES else ""


def machine_members(monitor: Monitor) -> dict[str, Member]:
    """Members of ``machine``."""
    machine = monitor.machine

    def devices_changed() -> None:
        BoardTruth.attach(machine)
        monitor.environments.devices_changed(machine)

    def unregister(name: str) -> None:
        device = monitor.device(name)
        if isinstance(device, MappedMemory | CortexM) or device.children:
            kind = type(device).__name__
            raise CrosscamError(f"machine UnregisterFromParent {name}: {kind}: expected a device without children")
        for path in [path for path, each in machine.devices.items() if each is device]:
            del machine.devices[path]
        for parent in machine.devices.values():
            parent.unregister_child(device)
        machine.sysbus.remove_windows(device)
        devices_changed()

    def load(path: str) -> None:
        load_repl(
            machine,
            monitor.existing(path),
            execute=monitor.execute,
            search=monitor.search_path,
            registry=monitor.registry,
        )
        devices_changed()

    def load_text(text: str) -> None:
        load_repl_string(machine, text, execute=monitor.execute, search=monitor.search_path, registry=monitor.registry)
        devices_changed()

    def python_device(
        script: dict[str, Any], address: int, size: int, initable: bool, name: str | None, offset: int
    ) -> None:
        label = name or f"python_0x{address:X}"
        device = PythonPeripheral(machine, label, size=size, initable=initable, **script)
        device.base_address = address
        machine.register(f"sysbus.{label}", device, address, size)

    def from_file(
        path: str, address: int, size: int, initable: bool = False, name: str | None = None, offset: int = 0
    ) -> None:
        python_device({"filename": monitor.existing(path)}, address, size, initable, name, offset)

    def from_string(
        script: str, address: int, size: int, initable: bool = False, name: str | None = None, offset: int = 0
    ) -> None:
        python_device({"script": script}, address, size, initable, name, offset)

    def sd_card(file: str, attach_to: str, *rest: str | int, persistent: bool = True, name: str = "sdCard") -> None:
        """``SdCardFromFile file host [port] size [persistent] [name]``."""
        numbers = [each for each in rest if isinstance(each, int) and not isinstance(each, bool)]
        if not 1 <= len(numbers) <= 2:
            raise CrosscamError("machine SdCardFromFile: expected a file, a controller, a port (SPI only) and a size")
        for each in rest:
            if isinstance(each, bool):
                persistent = each
            elif isinstance(each, str):
                name = each
        host = machine.device(attach_to)
        file = str(monitor.locate(file)) if file else ""
        card = card_for(machine, host, name, file, numbers[-1], persistent=persistent)
        path = next(path for path, device in machine.devices.items() if device is host)
        machine.register(f"{path}.{name}", card, parent=host, point=numbers[0] if len(numbers) == 2 else 0)

    return {
        "SdCardFromFile": sd_card,
        "SetEnvironment": lambda name: monitor.environments.put_machine(str(name), machine),
        "UnregisterFromParent": unregister,
        "LoadPlatformDescription": load,
        "LoadPlatformDescriptionFromString": load_text,
        "PyDevFromFile": from_file,
        "PyDevFromString": from_string,
        "Reset": machine.reset,
        "Pause": lambda: monitor.set_started(False),
        "Start": lambda: monitor.set_started(True),
        "ElapsedVirtualTime": lambda: TimeInterval.from_seconds(machine.clock.exact_seconds),
    }


def emulation_members(monitor: Monitor) -> dict[str, Member]:
    """Members of ``emulation``. What only concerns how Renode uses the host's cores and clock is accepted: this
    engine always runs one machine, at full speed and the same way every time."""

    def run_for(span: str | float) -> None:
        monitor.machine.run_for(seconds(span))

    def host_only(*_: object) -> None:
        """Nothing to choose here."""

    def remove_machine(name: str) -> None:
        if not monitor.has_machine or monitor.machine.name != name:
            raise CrosscamError(f"emulation RemoveMachine {name}: there is no such machine")
        monitor.forget_machine()

    def single_step_blocking(value: bool | None = None) -> bool | None:
        if value is None:
            return monitor.machine.single_step_blocking
        monitor.machine.single_step_blocking = bool(value)
        return None

    return {
        "RunFor": run_for,
        "SingleStepBlocking": single_step_blocking,
        "CreateEnvironment": lambda name: monitor.environments.create(str(name)),
        "CreateCANHub": lambda name, loopback=False, use_network_byte_order_for_logging=True: monitor.hubs.create(
            "CAN", str(name), loopback
        ),
        "CreateSwitch": lambda name: monitor.hubs.create("Ethernet", str(name)),
        "RemoveMachine": remove_machine,
        "SetGlobalQuantum": host_only,
        "SetGlobalSerialExecution": host_only,
        "SetGlobalAdvanceImmediately": host_only,
        "SetSeed": host_only,
        "SetAdvanceImmediately": host_only,
    }


def seconds(span: str | float) -> Fraction:
    """A span of time: ``"0.1"``, ``"00:00:01.5"`` or a number of seconds.

    Raises:
        CrosscamError: it is none of these.
    """
    if isinstance(span, bool) or not isinstance(span, str | int | float):
        raise CrosscamError(f'expected a time such as "0.5" or "00:01:30", found {span}')
    if not isinstance(span, str):
        return Fraction(span).limit_denominator(TimeInterval.TicksPerSecond)
    interval = TimeInterval.parse(span)
    if interval is None:
        raise CrosscamError(f'expected a time such as "0.5" or "00:01:30", found "{span}"')
    return Fraction(interval.Ticks, TimeInterval.TicksPerSecond)


def peripherals(machine: Machine) -> str:
    """A tree of the machine's devices."""
    windows: dict[str, list[str]] = {}
    for window in machine.sysbus.windows:
        windows.setdefault(window.device.name, []).append(f"<0x{window.start:08X}, 0x{window.end - 1:08X}>")
    for start, end, memory in machine.sysbus.memories:
        windows.setdefault(memory.name, []).append(f"<0x{start:08X}, 0x{end - 1:08X}>")
    lines = ["sysbus (SystemBus)"]
    for path in sorted(path for path in machine.devices if path.startswith("sysbus.")):
        device = machine.devices[path]
        depth = path.count(".")
        where = " ".join(windows.get(device.name, []))
        name = device.RENODE_TYPES[0].rpartition(".")[2] if device.RENODE_TYPES else type(device).__name__
        lines.append(f"{'    ' * depth}{path.rpartition('.')[2]} ({name}) {where}".rstrip())
    return "\n".join(lines)


def show(value: object, numbers: NumberMode = NumberMode.Hexadecimal) -> str:
    """A result as the monitor prints it."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value)
    if isinstance(value, RegisterValue):
        return str(value)
    if isinstance(value, int):
        if numbers is NumberMode.Decimal or value < 0:
            return f"{value:d}"
        text = f"0x{value:0{getattr(value, 'digits', 8)}X}"
        return f"{text} ({value:d})" if numbers is NumberMode.Both else text
    if isinstance(value, bytes | list | tuple):
        items = [f"0x{item:02X}" if isinstance(item, int) else str(item) for item in value]
        rows = [
            "".join(f"{item}, " for item in row)
            for row in (items[start : start + _ROW] for start in range(0, len(items), _ROW))
        ]
        return "\n".join(["[", *rows, "]"])
    if isinstance(value, Device):
        return f"{value.name} ({type(value).__name__})"
    return str(value)


def as_path(text: str) -> Path:
    """A path a user typed."""
    return Path(PathText(text)).expanduser()
