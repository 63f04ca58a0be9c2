"""Commands of the monitor for hooks, steps, watchpoints, locks and access logs, under Renode's names."""

from __future__ import annotations

import functools
import logging
from collections.abc import Callable
from typing import TYPE_CHECKING

from sim.engine.cpu import CortexM
from sim.engine.devices.base import Device, Line
from sim.engine.hooking.assembler import assemble, disassemble
from sim.engine.hooking.block_log import block_fetches, function_names
from sim.engine.hooking.bus_rules import AccessHook, BusRules
from sim.engine.hooking.core_hooks import READ, WRITE
from sim.engine.hooking.registers import RegisterValue
from sim.engine.hooking.scripts import HookScript, access_script, core_script, device_script, watchpoint_script
from sim.engine.monitor.tokens import Span
from sim.engine.wording import logging_already, patching_pc
from sim.errors import CrosscamError

if TYPE_CHECKING:
    from sim.engine.machine import Machine
    from sim.engine.monitor.monitor import Monitor

Member = Callable[..., object]

_WIDTHS = {"byte": 1, "word": 2, "doubleword": 4, "quadword": 8}
_ACCESSES = {"read": READ, "write": WRITE, "readandwrite": READ | WRITE}
# What Renode's core calls an exception (tlib's arch/arm/cpu.h): 5 for every interrupt.
_SVC, _USAGE, _DEBUG = 11, 6, 12
_RENODE_EXCEPTIONS = {_SVC: 2, _USAGE: 1, 4: 4, 5: 4, _DEBUG: 7}
_INTERRUPT = 5
_REGISTERS = (
    *(f"R{number}" for number in range(16)), "SP", "LR", "CPSR", "Control", "BasePri", "PRIMASK", "FAULTMASK", "FPSCR",
    "CurrentSP", "OtherSP", "VecBase", "CPACR",
)  # fmt: skip


def device_members(monitor: Monitor, device: Device) -> dict[str, Member]:
    """Members of ``device`` that take scripts, or are more than an attribute or method of it."""
    if isinstance(device, CortexM):
        return core_members(monitor, device)
    found: dict[str, Member] = {
        name: functools.partial(line_command, monitor, device, line)
        for name, line in device.outputs.items()
        if isinstance(name, str)
    }
    if hasattr(device, "on_char"):
        found["AddLineHook"] = functools.partial(_add_line_hook, monitor, device)
    return found


def _add_line_hook(monitor: Monitor, device: Device, contains: str, script: str) -> None:
    """Run ``script`` at each line the UART has sent that contains a text; it sees ``line`` and ``uart``."""
    run = device_script(monitor.machine, device, script, f"{device.name} AddLineHook", "uart")
    line = bytearray()

    def sent(byte: int) -> None:
        if byte not in (10, 13):
            line.append(byte)
            return
        text = line.decode("latin-1")
        line.clear()
        if contains in text:
            run(line=text)

    device.on_char.append(sent)  # type: ignore[attr-defined]  # device_members has looked


def core_members(monitor: Monitor, cpu: CortexM) -> dict[str, Member]:
    """Members of the core that are more than an attribute of it."""
    machine = monitor.machine
    follower = monitor.follower

    def add_hook(address: int, script: str) -> None:
        run = core_script(machine, cpu, script, f"{cpu.name} AddHook 0x{address:X}")
        cpu.hooking.add(address, lambda core, pc: run(pc=pc))

    def at_interrupt(hooks: list[Callable[[int], object]], what: str) -> Member:
        def add(script: str) -> None:
            run = core_script(machine, cpu, script, f"{cpu.name} {what}")
            hooks.append(
                lambda number: run(exceptionIndex=_RENODE_EXCEPTIONS.get(number, _INTERRUPT), exceptionNumber=number)
            )

        return add

    def at_sleep(script: str) -> None:
        run = core_script(machine, cpu, script, f"{cpu.name} AddHookAtWfiStateChange")
        cpu.on_sleep.append(lambda asleep: run(isInWfi=asleep))

    def log_interrupts(enable: bool) -> None:
        hooks = {True: _log_begin, False: _log_end}
        for begins, listeners in ((True, cpu.on_interrupt_begin), (False, cpu.on_interrupt_end)):
            listeners[:] = [each for each in listeners if getattr(each, "log", None) is not cpu.log]
            if enable:
                listeners.append(hooks[begins](cpu.log))

    def log_functions(enable: bool, *options: str | bool) -> None:
        """``LogFunctionNames true ["prefix prefix"] [removeDuplicates] [useFunctionSymbolsOnly]``."""
        prefixes = [word for option in options if isinstance(option, str) for word in option.split()]
        flags = [option for option in options if isinstance(option, bool)]
        hook = function_names(machine, cpu.log, prefixes, any(flags[:1]))
        follower.set("functions", hook if enable else None)

    def log_blocks(enable: bool | None = None) -> bool | None:
        if enable is None:
            return follower.has("blocks")
        follower.set("blocks", block_fetches(machine, cpu.log) if enable else None)
        return None

    def assemble_block(address: int, instructions: str, flags: int = 0) -> int:
        code = assemble(address, instructions, cpu.cpu_type)
        machine.sysbus.write_bytes(address, code)
        return len(code)

    def disassemble_block(address: int | None = None, block_size: int = 40, flags: int = 0) -> str:
        start = cpu.pc if address is None else address
        return disassemble(start, machine.sysbus.read_bytes(start, block_size))

    def program_counter(value: int | None = None) -> RegisterValue | None:
        if value is None:
            return RegisterValue(cpu.pc)
        if value % 2 == 0:
            cpu.log.info(patching_pc(value))
        cpu.pc = value
        return None

    def register(name: str) -> Member:
        def access(value: int | None = None) -> RegisterValue | None:
            if value is None:
                return cpu.get_register(name)
            cpu.set_register(name, value)
            return None

        return access

    return {
        **{name: register(name) for name in _REGISTERS},
        "PC": program_counter,
        "AddHook": add_hook,
        "RemoveHooksAt": cpu.hooking.remove_at,
        "RemoveAllHooks": lambda: cpu.hooking.remove_everywhere(),
        "AddHookAtInterruptBegin": at_interrupt(cpu.on_interrupt_begin, "AddHookAtInterruptBegin"),
        "AddHookAtInterruptEnd": at_interrupt(cpu.on_interrupt_end, "AddHookAtInterruptEnd"),
        "AddHookAtWfiStateChange": at_sleep,
        "LogCpuInterrupts": log_interrupts,
        "LogFunctionNames": log_functions,
        "LogTranslationBlockFetch": log_blocks,
        "AssembleBlock": assemble_block,
        "DisassembleBlock": disassemble_block,
        "Step": lambda count=1: RegisterValue(cpu.step(count)),
        "GetRegistersValues": lambda: "\n".join(f"{name:5} 0x{value:08X}" for name, value in cpu.registers.items()),
        "ClearTranslationCache": cpu.engine.forget_all_code,
    }


def _log_begin(log: logging.Logger) -> Callable[[int], object]:
    def begins(number: int) -> None:
        log.info("Begin of the interrupt: %s", _exception_name(number))

    begins.log = log  # type: ignore[attr-defined]  # how LogCpuInterrupts knows its own
    return begins


def _log_end(log: logging.Logger) -> Callable[[int], object]:
    def ends(number: int) -> None:
        log.info("End of the interrupt: %s", _exception_name(number))

    ends.log = log  # type: ignore[attr-defined]
    return ends


def _exception_name(number: int) -> str:
    from sim.engine.core.exceptions import name_of

    return name_of(number)


def bus_hook_members(monitor: Monitor) -> dict[str, Member]:
    """Members of ``sysbus``."""
    machine = monitor.machine
    bus, rules = machine.sysbus, machine.sysbus.rules

    def add_watchpoint(address: int, width: int | str, access: int | str, script: str) -> None:
        widths = _choice(width, _WIDTHS, 15, "AddWatchpointHook: width")
        accesses = _choice(access, _ACCESSES, 3, "AddWatchpointHook: access")
        run, world = watchpoint_script(machine, script, f"sysbus AddWatchpointHook 0x{address:X}")
        machine.cpu.hooking.watch(
            address,
            widths,
            accesses,
            lambda core, at, size, value: run(cpu=world.wrap(core), address=at, width=size, value=value),
        )

    def set_hook(kind: str, hooks: dict[Device, AccessHook]) -> Member:
        def set_(name: str, script: str, subrange: Span | None = None) -> None:
            device = monitor.device(str(name))
            run = access_script(machine, device, script, f"sysbus {kind} {name}")

            def hook(value: int, offset: int) -> int:
                run(value=value, offset=offset)
                return _number(run, value)

            hooks[device] = AccessHook(hook) if subrange is None else AccessHook(hook, subrange.begin, subrange.end)
            bus.rules_changed()

        return set_

    def clear_hook(hooks: dict[Device, AccessHook]) -> Member:
        def clear(name: str) -> None:
            hooks.pop(monitor.device(str(name)), None)
            bus.rules_changed()

        return clear

    def set_locked(span: Span, locked: bool, context: object = None) -> None:
        _lock(machine, rules, span, bool(locked))

    def log_one(name: str, enable: bool = True, silent: bool = False) -> None:
        _log_accesses(machine, monitor.device(str(name)), enable, silent)

    def log_all(enable: bool = True, silent: bool = False) -> None:
        for device in dict.fromkeys([*(w.device for w in bus.windows), *(entry[2] for entry in bus.memories)]):
            _log_accesses(machine, device, enable, silent=True)

    return {
        "AddWatchpointHook": add_watchpoint,
        "RemoveAllWatchpointHooks": lambda address: machine.cpu.hooking.unwatch(address),
        "SetHookAfterPeripheralRead": set_hook("SetHookAfterPeripheralRead", rules.after_read),
        "SetHookBeforePeripheralWrite": set_hook("SetHookBeforePeripheralWrite", rules.before_write),
        "ClearHookAfterPeripheralRead": clear_hook(rules.after_read),
        "ClearHookBeforePeripheralWrite": clear_hook(rules.before_write),
        "SetAddressRangeLocked": set_locked,
        "IsAddressRangeLocked": lambda span, context=None: rules.is_locked(span.begin, span.end),
        "LogPeripheralAccess": log_one,
        "LogAllPeripheralsAccess": log_all,
        "IsLoggingPeripheralAccessEnabled": lambda name: monitor.device(str(name)) in rules.logged,
        "SetPageAccessViaIo": lambda address: machine.send_through_bus(address, 1, True),
        "ClearPageAccessViaIo": lambda address: machine.send_through_bus(address, 1, False),
    }


def _choice(given: int | str, names: dict[str, int], limit: int, what: str) -> int:
    found = names.get(str(given).lower()) if isinstance(given, str) else given
    if found is None or isinstance(found, bool) or not 0 < found <= limit:
        raise CrosscamError(f"{what} {given}: expected 1 to {limit} or one of {', '.join(names)}")
    return found


def _number(run: HookScript, before: int) -> int:
    """What the script left in ``value``."""
    value = run.scope.get("value")
    if isinstance(value, int) and 0 <= value < 1 << 64:
        return value
    run.report(TypeError(f"value is {value!r}: expected an integer from 0 to 2**64 - 1"))
    return before


def _lock(machine: Machine, rules: BusRules, span: Span, locked: bool) -> None:
    """Lock or unlock; memory the core reaches directly only as a whole, as in Renode."""
    inside = [entry for entry in machine.sysbus.memories if entry[0] <= span.end and span.begin < entry[1]]
    if machine.has_core:
        partly = [entry for entry in inside if entry[0] < span.begin or span.end < entry[1] - 1]
        changes = not rules.is_locked(span.begin, span.end) if locked else rules.is_locked(span.begin, span.end)
        if partly and changes:
            places = "".join(
                f"\n* {machine.name}.{memory.name} registered at <0x{start:08X}, 0x{end - 1:08X}>"
                for start, end, memory in partly
            )
            text = f"<0x{span.begin:08X}, 0x{span.end:08X}>"
            raise CrosscamError(
                f"Mapped peripherals registered at the given range {text} have to be fully included:{places}"
            )
    (rules.lock if locked else rules.unlock)(span.begin, span.end)
    machine.sysbus.rules_changed()
    if machine.has_core:
        for start, end, _ in inside:
            machine.send_through_bus(start, end - start, rules.is_locked(start, end - 1))


def _log_accesses(machine: Machine, device: Device, enable: bool, silent: bool) -> None:
    logged = machine.sysbus.rules.logged
    if (device in logged) == enable:
        if not silent:
            device.log.info(logging_already(enable))
        return
    (logged.add if enable else logged.discard)(device)
    machine.sysbus.rules_changed()


def line_command(monitor: Monitor, device: Device, line: Line, *arguments: object) -> object:
    """``device IRQ``: its level; ``device IRQ Set true``, ``Unset``, ``Toggle``, ``AddStateChangedHook "script"``."""
    if not arguments:
        return f"GPIO: {'set' if line.value else 'unset'}"
    action, *rest = arguments
    if action == "Set":
        line.set(bool(rest[0]) if rest else True)
    elif action == "Unset":
        line.set(False)
    elif action == "Toggle":
        line.set(not line.value)
    elif action == "AddStateChangedHook" and rest:
        run = device_script(monitor.machine, device, str(rest[0]), f"{line.name} AddStateChangedHook")
        line.connect(_Listener(lambda value: run(state=value)), 0)
    else:
        raise CrosscamError(f'{line.name} {action}: expected Set, Unset, Toggle or AddStateChangedHook "script"')
    return None


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
