"""How a script sees the machine: C# names over our Python objects.

``machine["sysbus.dmamux1"].OnGPIO(75, True)`` finds ``on_gpio`` of the device, ``slave.DataReceived += f`` its event,
``machine.SystemBus.ReadDoubleWord(a)`` the bus. Callbacks a script hands over are guarded: what they raise is logged
in the script's name and goes no further.
"""

# ruff: noqa: N802 - the names are Renode's

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from sim.engine.devices.base import BusService, Device, Line, Services
from sim.engine.devices.event import EventHandlers
from sim.engine.devices.spi.spi_controller import SpiController
from sim.engine.members import script_members_of
from sim.engine.scripting.spi_target import ScriptedSpiTarget
from sim.engine.scripting.timeinterval import TimeInterval, TimeStamp
from sim.engine.scripting.world import NOISY, ByteArray, LogLevel, format_message

Report = Callable[[Exception], None]
"""Told of an exception that a script's callback raised."""

_WIDTHS = {"Byte": 1, "Word": 2, "DoubleWord": 4, "QuadWord": 8}
_LEVELS = {"NoisyLog": NOISY, "DebugLog": 10, "InfoLog": 20, "WarningLog": 30, "ErrorLog": 40}


class Guarded:
    """A script's function whose exceptions are reported; equal to itself for ``-=``."""

    def __init__(self, function: Callable[..., object], report: Report) -> None:
        self._function, self._report = function, report

    def __call__(self, *args: object) -> None:
        try:
            self._function(*(ByteArray(item) if isinstance(item, bytes) else item for item in args))
        except Exception as error:
            self._report(error)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Guarded) and self._function == other._function

    def __hash__(self) -> int:
        return hash(self._function)


class _EventProxy:
    """``device.Event += handler`` and ``-= handler``."""

    def __init__(self, handlers: EventHandlers[...], report: Report) -> None:
        self._handlers, self._report = handlers, report

    def __iadd__(self, handler: Callable[..., object]) -> _EventProxy:
        self._handlers += Guarded(handler, self._report)
        return self

    def __isub__(self, handler: Callable[..., object]) -> _EventProxy:
        self._handlers -= Guarded(handler, self._report)
        return self


class _Characters:
    """``uart.CharReceived += handler`` and ``-= handler``."""

    def __init__(self, listeners: list[Callable[[int], object]], report: Report) -> None:
        self._listeners, self._report = listeners, report

    def __iadd__(self, handler: Callable[..., object]) -> _Characters:
        self._listeners.append(Guarded(handler, self._report))
        return self

    def __isub__(self, handler: Callable[..., object]) -> _Characters:
        guarded = Guarded(handler, self._report)
        if guarded in self._listeners:
            self._listeners.remove(guarded)
        return self


class _StateHook:
    """A script's function behind an output pin, from ``armed`` on."""

    def __init__(self, hook: Guarded) -> None:
        self._hook, self.armed = hook, False

    def on_gpio(self, number: int, value: bool) -> None:
        if self.armed:
            self._hook(value)


class LineProxy:
    """A C# ``GPIO``: one output pin."""

    def __init__(self, line: Line, report: Report) -> None:
        self._line, self._report = line, report

    def AddStateChangedHook(self, hook: Callable[[bool], object]) -> None:
        """Call ``hook`` with the level at each change."""
        state_hook = _StateHook(Guarded(hook, self._report))
        self._line.connect(state_hook, 0)
        state_hook.armed = True

    def Set(self, value: bool = True) -> None:
        self._line.set(bool(value))

    def Unset(self) -> None:
        self._line.set(False)

    def Toggle(self) -> None:
        self._line.set(not self._line.value)

    def Blink(self) -> None:
        self._line.pulse()

    @property
    def IsSet(self) -> bool:
        return self._line.value


class DeviceProxy:
    """A peripheral as C# shows it; methods are looked up once and kept."""

    def __init__(self, device: Device, report: Report, machine: MachineProxy) -> None:
        self.__dict__.update(_device=device, _report=report, _machine=machine)

    def __getattr__(self, name: str) -> Any:
        found = self._find(name)
        if callable(found) and not isinstance(found, EventHandlers):
            self.__dict__[name] = found
            return found
        if isinstance(found, EventHandlers):
            return _EventProxy(found, self.__dict__["_report"])
        if isinstance(found, Line):
            return LineProxy(found, self.__dict__["_report"])
        return self.__dict__["_machine"].wrap(found) if isinstance(found, Device) else found

    def _find(self, name: str) -> Any:
        device: Device = self.__dict__["_device"]
        if name in _LEVELS:
            level = _LEVELS[name]
            return lambda message, *args: device.log.log(level, "%s", format_message(message, args))
        if name == "Log":
            return lambda level, message, *args: device.log.log(int(level), "%s", format_message(message, args))
        if name == "Register" and isinstance(device, SpiController):
            return lambda face, point: device.register_child(
                ScriptedSpiTarget(device, face, self.__dict__["_report"]), 0
            )
        if name == "GetMachine":
            return lambda: self.__dict__["_machine"]
        if name.startswith("Read") and name[4:] in _WIDTHS:
            width = _WIDTHS[name[4:]]
            return lambda offset: device.read(int(offset), width)
        if name.startswith("Write") and name[5:] in _WIDTHS:
            width = _WIDTHS[name[5:]]
            return lambda offset, value: device.write(int(offset), width, int(value))
        member = script_members_of(type(device)).get(name)
        if member is not None:
            return getattr(device, member.attribute)
        if name in device.outputs:
            return device.outputs[name]
        if name == "Connections":
            lines = device.outputs.items()
            return {
                number: LineProxy(line, self.__dict__["_report"]) for number, line in lines if isinstance(number, int)
            }
        if name == "CharReceived" and hasattr(device, "on_char"):
            return _Characters(device.on_char, self.__dict__["_report"])
        raise AttributeError(f"{device.name} ({type(device).__name__}) has no {name} here")

    def __setattr__(self, name: str, value: Any) -> None:
        if isinstance(value, _EventProxy | _Characters):
            return  # the second half of ``device.Event += handler``
        device = self.__dict__["_device"]
        member = script_members_of(type(device)).get(name)
        if member is None or not member.settable:
            raise AttributeError(f"{device.name} ({type(device).__name__}) has no property {name} that can be set here")
        setattr(device, member.attribute, value)

    def __str__(self) -> str:
        return str(self.__dict__["_device"].name)


class BusProxy:
    """``machine.SystemBus``."""

    def __init__(self, bus: BusService, wrap: Callable[[Device], DeviceProxy]) -> None:
        self._bus, self._wrap = bus, wrap
        for suffix, width in _WIDTHS.items():
            setattr(self, "Read" + suffix, self._reader(width))
            setattr(self, "Write" + suffix, self._writer(width))

    def _reader(self, width: int) -> Callable[..., int]:
        read = self._bus.read
        return lambda address, context=None: read(address, width)

    def _writer(self, width: int) -> Callable[..., None]:
        write = self._bus.write
        return lambda address, value, context=None: write(address, width, value)

    def __getattr__(self, name: str) -> Any:
        raise AttributeError(f"the system bus has no {name} for scripts here")

    def WhatPeripheralIsAt(self, address: int, context: object = None) -> DeviceProxy | None:
        """The device or memory that answers ``address``."""
        window = self._bus.window_at(address)
        if window is not None:
            return self._wrap(window.device)
        memory = self._bus.memory_at(address)
        return None if memory is None else self._wrap(memory[0])

    def ReadBytes(self, address: int, count: int, onlyMemory: bool = False, context: object = None) -> ByteArray:  # noqa: N803
        return ByteArray(self._bus.read_bytes(address, count))

    def WriteBytes(self, data: Iterable[int], address: int, *count_or_flags: object) -> None:
        """``count_or_flags`` may start with the number of bytes to write."""
        payload = bytes(data)
        if count_or_flags and not isinstance(count_or_flags[0], bool) and isinstance(count_or_flags[0], int):
            payload = payload[: count_or_flags[0]]
        self._bus.write_bytes(address, payload)


class MachineProxy:
    """``self.GetMachine()``."""

    def __init__(self, services: Services, report: Report) -> None:
        self._services, self._report = services, report
        self._proxies: dict[Device, DeviceProxy] = {}
        self._found: dict[str, DeviceProxy] = {}
        self.SystemBus = BusProxy(services.sysbus, self.wrap)

    def wrap(self, device: Device) -> DeviceProxy:
        """The one proxy of ``device`` for this script."""
        if device not in self._proxies:
            self._proxies[device] = DeviceProxy(device, self._report, self)
        return self._proxies[device]

    def __getitem__(self, path: str) -> Any:
        if path == "sysbus":
            return self.SystemBus
        self._services.clock.consulted = True  # what the device will be asked is not known
        proxy = self._found.get(path)
        if proxy is None:
            proxy = self._found[path] = self.wrap(self._services.device(path))
        return proxy

    @property
    def ElapsedVirtualTime(self) -> TimeStamp:
        return TimeStamp(TimeInterval.from_seconds(self._services.clock.exact_seconds))

    def ScheduleAction(self, delay: TimeInterval, action: Callable[[TimeInterval], object], name: str = "") -> None:
        """Run ``action(time)`` ``delay`` of virtual time from now."""
        clock = self._services.clock
        guarded = Guarded(action, self._report)
        clock.schedule(delay.to_cycles(clock.frequency), lambda: guarded(self.ElapsedVirtualTime.TimeElapsed))

    @property
    def LastReset(self) -> str:
        """What caused the last reset: not in Renode, so scripts ask with ``getattr`` and a default."""
        return str(getattr(self._services, "last_reset", "power-on"))

    def RequestReset(self) -> None:
        """Reset the whole machine, as a watchdog does."""
        self._services.request_reset("a script asked for it")

    def __str__(self) -> str:
        return str(getattr(self._services, "name", "machine"))


__all__ = ["BusProxy", "DeviceProxy", "Guarded", "LineProxy", "LogLevel", "MachineProxy", "Report"]
