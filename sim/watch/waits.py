"""What a loop waits for, in words, and how long that may take before it is given up."""

from __future__ import annotations

import enum
import re
from dataclasses import dataclass, replace

from sim.engine.cortex_m import exceptions as exc
from sim.engine.cortex_m.dwt import Dwt
from sim.engine.cortex_m.nvic import Nvic
from sim.engine.devices.base import Device
from sim.engine.machine import Machine
from sim.engine.scripting.peripheral import PythonPeripheral
from sim.watch.places import Places, register_name
from sim.watch.trace import Access, Loop

_SYSTICK = range(0x10, 0x20)  # in the system control space
_CONTROL = re.compile(r"CR\d?|BRR|GTPR|RTOR|PRESC")
_SHOWN = 2  # variables a text names


class Kind(enum.Enum):
    """What a loop looks at."""

    NOTHING = "endless loop"
    VARIABLE = "variable"
    REGISTER = "register"
    TIME = "time"  # a register that changes as time passes
    INPUT = "input"  # a register that changes when somebody types


@dataclass(frozen=True)
class Wait:
    """``text``: "polls 0x58024818 (pwr.D3CR)"; ``address``: of what is looked at, None for ``NOTHING``.

    ``certain``: seconds of board time after which nothing but an event can change it; ``hopeless``: no event can.
    """

    kind: Kind
    text: str
    address: int | None
    certain: float
    hopeless: bool = False


def wait_of(machine: Machine, loop: Loop, places: Places) -> Wait:
    """What ``loop`` waits for."""
    reads = [access for access in loop.accesses if not access.write]
    bus = machine.sysbus
    variables = _variables(machine, loop, places)
    polled = [access for access in reads if bus.memory_at(access.address) is None]
    if polled:
        found = _register(machine, polled, places)
        return replace(found, hopeless=False) if variables else found
    if variables:
        names = " and ".join(places.data(access.address) for access in variables[:_SHOWN])
        return Wait(Kind.VARIABLE, f"waits for {names} to change", variables[0].address, 0.0)
    return Wait(Kind.NOTHING, "endless loop", None, 0.0)


def _register(machine: Machine, polled: list[Access], places: Places) -> Wait:
    devices = [_device_at(machine, access.address) for access in polled]
    for access, device in zip(polled, devices, strict=True):
        if device is not None and _tells_time(machine, device, access.address):
            return Wait(Kind.TIME, f"polls {places.data(access.address)}", access.address, 1.0)
    access, device = polled[0], devices[0]
    text = f"polls {places.data(access.address)}"
    if device is not None and _takes_characters(device) and not _is_set_by_software(machine, device, access.address):
        return Wait(Kind.INPUT, text, access.address, 0.01)
    hopeless = not any(devices)
    certain = 0.05 if isinstance(device, PythonPeripheral) else 0.001 if hopeless else 0.01
    return Wait(Kind.REGISTER, text, access.address, certain, hopeless)


def _variables(machine: Machine, loop: Loop, places: Places) -> list[Access]:
    """Reads of memory the loop does not write itself: variables with a name, else what does not lie beside the code."""
    bus = machine.sysbus
    written = {access.address for access in loop.accesses if access.write}
    code = bus.memory_at(loop.start)
    named, others = [], []
    for access in loop.accesses:
        memory = bus.memory_at(access.address)
        if access.write or access.address in written or memory is None:
            continue
        if places.variable(access.address):
            named.append(access)
        elif code is None or memory[0] is not code[0]:
            others.append(access)
    return named or others


def _device_at(machine: Machine, address: int) -> Device | None:
    window = machine.sysbus.window_at(address)
    return window.device if window is not None else None


def _tells_time(machine: Machine, device: Device, address: int) -> bool:
    """Timers, real-time clocks, watchdogs, the cycle counter, SysTick."""
    if isinstance(device, Nvic):
        return (address & 0xFFF) in _SYSTICK
    return isinstance(device, Dwt) or any(name.startswith("Timers.") or "RTC" in name for name in device.RENODE_TYPES)


def _is_set_by_software(machine: Machine, device: Device, address: int) -> bool:
    """A control register of a UART, which nothing that arrives changes; by its name, where it has one."""
    window = machine.sysbus.window_at(address)
    return window is not None and _CONTROL.fullmatch(register_name(device, address - window.start)) is not None


def _takes_characters(device: Device) -> bool:
    return hasattr(device, "on_char") and hasattr(device, "write_char")


def host_may_interrupt(machine: Machine) -> bool:
    """An interrupt is enabled that somebody outside can raise: by typing, a button, a frame on a bus or network."""
    nvic, has_buttons = machine.nvic, any(_is_a(device, "Miscellaneous.Button") for device in machine.devices.values())
    for device in machine.devices.values():
        if not (_takes_characters(device) or _is_a(device, "CAN.", "Network.") or (has_buttons and _is_exti(device))):
            continue
        for line in device.outputs.values():
            for receiver, number in line.targets:
                if receiver is nvic and nvic.exceptions.enabled >> (exc.EXTERNAL + number) & 1:
                    return True
    return False


def _is_a(device: Device, *kinds: str) -> bool:
    return any(name.startswith(kinds) for name in device.RENODE_TYPES)


def _is_exti(device: Device) -> bool:
    return any(name.endswith("_EXTI") for name in device.RENODE_TYPES)


def is_watchdog(device: Device) -> bool:
    """Writing to it is no sign of progress."""
    return any("Watchdog" in name or "WWDG" in name for name in device.RENODE_TYPES)


def interrupts_masked(machine: Machine) -> bool:
    """PRIMASK or FAULTMASK keeps all but NMI away."""
    masks = machine.cpu.masks()
    return bool(masks.primask or masks.faultmask)
