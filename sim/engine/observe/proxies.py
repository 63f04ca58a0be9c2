"""What scripts of hooks see beyond what scripts of peripherals do: the core, the bus with its watchpoints, pausing."""

# ruff: noqa: N802 - the names are Renode's

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from sim.engine.cortex_m.cpu import CortexM
from sim.engine.cortex_m.register_file import NAMES, RegisterGroup
from sim.engine.devices.base import Device
from sim.engine.observe.symbols import symbol_at
from sim.engine.scripting.proxies import _LEVELS, BusProxy, DeviceProxy, MachineProxy, Report
from sim.engine.scripting.world import format_message
from sim.engine.wording import MACHINE_PAUSED

if TYPE_CHECKING:
    from sim.engine.machine import Machine

UNLIMITED = {"unlimited": True}
"""For log entries that ``RateLimit`` lets through: somebody wrote a script to see each of them."""


def _writer(log: logging.Logger, name: str) -> Callable[..., None]:
    """``InfoLog`` and its kin, or ``Log``, writing to ``log``."""
    if name == "Log":
        return lambda level, message, *args: log.log(
            int(level), "%s", format_message(message, args), extra=dict(UNLIMITED)
        )
    level = _LEVELS[name]
    return lambda message, *args: log.log(level, "%s", format_message(message, args), extra=dict(UNLIMITED))


class ScriptFunction:
    """A script's function as a hook: gets proxies, never raises, equal to itself for removal."""

    def __init__(self, function: Callable[..., object], world: MachineOfScripts) -> None:
        self._function, self._world = function, world

    def __call__(self, cpu: Device, *arguments: object) -> None:
        try:
            self._function(self._world.wrap(cpu), *arguments)
        except Exception as error:
            self._world.report(error)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ScriptFunction) and self._function == other._function

    def __hash__(self) -> int:
        return hash(self._function)


class LoggingProxy(DeviceProxy):
    """A device whose log entries come from a script, so all of them are wanted."""

    def _find(self, name: str) -> Any:
        if name == "Log" or name in _LEVELS:
            return _writer(self.__dict__["_device"].log, name)
        if name == "GetName":
            return lambda: self.__dict__["_device"].name
        return super()._find(name)


class CoreProxy(LoggingProxy):
    """The core: ``self.PC``, ``cpu.GetRegister(0)``, ``cpu.R[3]``, ``cpu.AddHook(address, function)``."""

    def _core(self) -> CortexM:
        core: CortexM = self.__dict__["_device"]
        return core

    def __getattr__(self, name: str) -> Any:
        if name in ("R", "S", "D"):
            return RegisterGroup(self._core().register_file, name.lower())
        if name.lower().replace("_", "") in NAMES or name == "CPSR":
            return self._core().register_file.read(name)
        return super().__getattr__(name)

    def __setattr__(self, name: str, value: Any) -> None:
        if name.lower().replace("_", "") in NAMES:
            self._core().register_file.write(name, int(value))
        else:
            super().__setattr__(name, value)

    def _find(self, name: str) -> Any:
        core, world = self._core(), self.__dict__["_machine"]
        if name == "AddHook":
            return lambda address, function: core.hooking.add(int(address), ScriptFunction(function, world))
        if name == "RemoveHook":
            return lambda address, function: core.hooking.remove(int(address), ScriptFunction(function, world))
        if name == "RemoveHooks":
            return lambda function: core.hooking.remove_everywhere(ScriptFunction(function, world))
        if name in ("GetRegister", "GetRegisterUnsafe"):
            return core.register_file.read
        if name in ("SetRegister", "SetRegisterUnsafe", "SetRegisterUlong"):
            return lambda which, value: core.register_file.write(which, int(value))
        if name == "Pause":
            return world.Pause
        return super()._find(name)


class BusOfScripts(BusProxy):
    """``machine.SystemBus``, and ``self`` of a watchpoint."""

    def __init__(self, machine: Machine, world: MachineOfScripts) -> None:
        super().__init__(machine.sysbus, world.wrap)
        self._machine, self._world = machine, world
        for name in (*_LEVELS, "Log"):
            setattr(self, name, _writer(logging.getLogger("sim.sysbus"), name))

    def GetMachine(self) -> MachineProxy:
        return self._world

    def GetCPUs(self) -> list[DeviceProxy]:
        """The cores: the one there is."""
        return [self._world.wrap(self._machine.cpu)]

    def GetSymbolAddress(self, name: str, index: int = 0, context: object = None) -> int:
        """Address of a symbol; CrosscamError when there is none."""
        return self._machine.symbols.address_of(name)

    def TryGetAllSymbolAddresses(self, name: str, context: object = None) -> tuple[bool, list[int]]:
        """Whether there are symbols of that name, and their addresses."""
        found = [symbol.address for symbol in self._machine.symbols.symbols if symbol.name == name]
        return bool(found), found

    def FindSymbolAt(self, address: int, context: object = None) -> str:
        """The function that holds ``address``; empty when none does."""
        symbol = self._machine.symbols.function_at(int(address))
        return symbol_at(symbol, int(address)) if symbol is not None else ""

    def AddWatchpointHook(self, address: int, width: int, access: int, hook: Callable[..., object]) -> None:
        """Call ``hook(cpu, address, width, value)`` before each such access of the core."""
        self._machine.cpu.hooking.watch(int(address), int(width), int(access), ScriptFunction(hook, self._world))

    def RemoveWatchpointHook(self, address: int, hook: Callable[..., object]) -> None:
        self._machine.cpu.hooking.unwatch(int(address), ScriptFunction(hook, self._world))

    def RemoveAllWatchpointHooks(self, address: int) -> None:
        self._machine.cpu.hooking.unwatch(int(address))


class MachineOfScripts(MachineProxy):
    """``machine`` of a hook's script."""

    def __init__(self, machine: Machine, report: Report) -> None:
        super().__init__(machine, report)
        self._machine = machine
        self.report = report
        self.SystemBus: BusOfScripts = BusOfScripts(machine, self)

    def wrap(self, device: Device) -> DeviceProxy:
        """The one proxy of ``device`` for this script."""
        if device not in self._proxies:
            kind = CoreProxy if isinstance(device, CortexM) else LoggingProxy
            self._proxies[device] = kind(device, self._report, self)
        return self._proxies[device]

    @property
    def Name(self) -> str:
        return self._machine.name

    def Pause(self) -> None:
        """The run ends: at once in a hook or at a watchpoint, else after the block."""
        self._machine.pause()
        self._machine.log.info(MACHINE_PAUSED)

    def PauseAndRequestEmulationPause(self, precise: bool = False) -> None:
        """As ``Pause``."""
        self.Pause()

    def Reset(self) -> None:
        self.RequestReset()


__all__ = ["UNLIMITED", "BusOfScripts", "CoreProxy", "MachineOfScripts"]
