"""A hook's Python: compiled once, its globals kept, its errors logged."""

from __future__ import annotations

import logging
import traceback
from typing import TYPE_CHECKING, Any

from sim.engine.observe.proxies import MachineOfScripts
from sim.engine.scripting import new_scope
from sim.engine.scripting.compiler import compile_script
from sim.engine.wording import PYTHON_ERROR

if TYPE_CHECKING:
    from sim.engine.devices.base import Device
    from sim.engine.machine import Machine


class HookScript:
    """Runs ``text`` with ``variables`` and what the machine gives to all scripts (``Machine.script_globals``).

    Args:
        text: the script; an empty one does nothing.
        what: what it belongs to, for messages.
        log: where its errors go.

    Raises:
        CrosscamError: it is no valid Python.
    """

    def __init__(self, machine: Machine, text: str, what: str, log: logging.Logger, variables: dict[str, Any]) -> None:
        self._file = f"<{what}>"
        self._log = log
        self._reported: set[str] = set()
        self.scope = new_scope()
        self.scope.update(machine.script_globals)
        self.scope.update(variables)
        self._run = compile_script(str(text), self._file, self.scope)

    def __call__(self, **variables: Any) -> None:
        """Run it once; whatever it raises is logged, the same thing again only for those who debug."""
        self.scope.update(variables)
        try:
            self._run()
        except (Exception, SystemExit) as error:
            self.report(error)

    def report(self, error: BaseException) -> None:
        """Log what the script raised, and where."""
        lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == self._file]
        text = f"{PYTHON_ERROR}: {error} ({type(error).__name__} in {self._file}, line {lines[-1] if lines else 1})"
        self._log.log(logging.DEBUG if text in self._reported else logging.ERROR, "%s", text)
        self._reported.add(text)


def _world(machine: Machine) -> MachineOfScripts:
    def report(error: Exception) -> None:
        machine.log.error("%s: %s (%s)", PYTHON_ERROR, error, type(error).__name__)

    return MachineOfScripts(machine, report)


def core_script(machine: Machine, cpu: Device, text: str, what: str) -> HookScript:
    """A script of the core: it sees ``self`` and ``cpu``, the core, and ``machine``."""
    world = _world(machine)
    core = world.wrap(cpu)
    return HookScript(machine, text, what, cpu.log, {"machine": world, "self": core, "cpu": core})


def watchpoint_script(machine: Machine, text: str, what: str) -> tuple[HookScript, MachineOfScripts]:
    """A script of the bus: ``self`` is the bus; ``cpu``, ``address``, ``width``, ``value`` come with each access."""
    world = _world(machine)
    return HookScript(machine, text, what, logging.getLogger("sim.sysbus"), {"self": world.SystemBus}), world


def access_script(machine: Machine, device: Device, text: str, what: str) -> HookScript:
    """A script of a device's accesses: ``self`` is the device, ``value`` what it reads and may change."""
    world = _world(machine)
    log = logging.getLogger("sim.sysbus")
    scope = {"self": world.wrap(device), "sysbus": world.SystemBus, "machine": world}
    return HookScript(machine, text, what, log, scope)


def device_script(machine: Machine, device: Device, text: str, what: str, *names: str) -> HookScript:
    """A script of something a device does: ``names`` and ``self`` are the device."""
    world = _world(machine)
    scope = dict.fromkeys(("self", *names), world.wrap(device))
    return HookScript(machine, text, what, device.log, {"machine": world, **scope})
