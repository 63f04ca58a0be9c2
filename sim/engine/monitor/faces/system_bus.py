"""Members of ``sysbus``."""

from __future__ import annotations

import logging
from typing import Annotated

from sim.engine.bus import Bus
from sim.engine.bus.rules import AccessHook
from sim.engine.cortex_m.core_hooks import READ, WRITE
from sim.engine.devices.base import Device
from sim.engine.elf import ElfImage
from sim.engine.members import Between, Byte, Int, UInt, ULong, UShort
from sim.engine.monitor.faces.core import Address
from sim.engine.monitor.faces.device import LARGEST_READ, Count
from sim.engine.monitor.session import ObjectSession
from sim.engine.monitor.tokens import Span
from sim.engine.observe.scripts import HookScript, access_script, watchpoint_script
from sim.engine.observe.symbols import symbol_at
from sim.engine.scripting.world import Access, SysbusAccessWidth
from sim.engine.wording import logging_already, no_symbol, partly_locked, registered_at
from sim.errors import CrosscamError, shown

_LOG = logging.getLogger("sim.sysbus")
_ACCESSES = {Access.Read: READ, Access.Write: WRITE, Access.ReadAndWrite: READ | WRITE}
Widths = Annotated[int, Between(1, 15)]
"""Widths of accesses, in bytes: 1, 2, 4 and 8 added up."""


class SystemBusFace:
    """The bus of the one machine."""

    RENODE_MEMBERS = (
        "ReadByte", "ReadWord", "ReadDoubleWord", "ReadQuadWord", "ReadBytes",
        "WriteByte", "WriteWord", "WriteDoubleWord", "WriteQuadWord", "WriteBytes", "WriteASCIIString", "ZeroRange",
        "LoadELF", "LoadBinary", "LoadHEX", "LoadSRecord", "LoadSymbolsFrom", "ClearSymbols", "ApplySVD",
        "Tag", "RemoveTag", "SilenceRange", "Endianess", "WhatIsAt", "WhatPeripheralIsAt", "IsMemory",
        "Unregister", "UnregisterFromAddress", "GetSymbolAddress", "GetAllSymbolAddresses", "FindSymbolAt",
        "AddWatchpointHook", "RemoveAllWatchpointHooks",
        "SetHookAfterPeripheralRead", "SetHookBeforePeripheralWrite",
        "ClearHookAfterPeripheralRead", "ClearHookBeforePeripheralWrite",
        "SetAddressRangeLocked", "IsAddressRangeLocked", "SetPageAccessViaIo", "ClearPageAccessViaIo",
        "LogPeripheralAccess", "LogAllPeripheralsAccess", "IsLoggingPeripheralAccessEnabled",
    )  # fmt: skip

    def __init__(self, monitor: ObjectSession) -> None:
        self._monitor = monitor
        self._machine = monitor.machine
        self._bus = monitor.machine.sysbus

    # Accesses

    def read_byte(self, address: ULong, context: Device | None = None) -> Byte:
        """One byte."""
        return self._bus.read(address, 1)

    def read_word(self, address: ULong, context: Device | None = None) -> UShort:
        """Two bytes."""
        return self._bus.read(address, 2)

    def read_double_word(self, address: ULong, context: Device | None = None) -> UInt:
        """Four bytes."""
        return self._bus.read(address, 4)

    def read_quad_word(self, address: ULong, context: Device | None = None) -> ULong:
        """Eight bytes."""
        return self._bus.read(address, 8)

    def read_bytes(self, address: ULong, count: Count, only_memory: bool = False) -> list[int]:
        """``count`` bytes."""
        return list(self._bus.read_bytes(address, count))

    def write_byte(self, address: ULong, value: Byte, context: Device | None = None) -> None:
        """One byte."""
        self._bus.write(address, 1, value)

    def write_word(self, address: ULong, value: UShort, context: Device | None = None) -> None:
        """Two bytes."""
        self._bus.write(address, 2, value)

    def write_double_word(self, address: ULong, value: UInt, context: Device | None = None) -> None:
        """Four bytes."""
        self._bus.write(address, 4, value)

    def write_quad_word(self, address: ULong, value: ULong, context: Device | None = None) -> None:
        """Eight bytes."""
        self._bus.write(address, 8, value)

    def write_bytes(self, bytes: list[Byte], address: ULong, only_memory: bool = False) -> None:
        """The bytes of a list such as ``[1, 2]``."""
        self._bus.write_bytes(address, _packed(bytes))

    def write_ascii_string(self, address: ULong, string_to_load: str) -> None:
        """A text and a zero byte."""
        self._bus.write_bytes(address, string_to_load.encode("ascii", "replace") + b"\0")

    def zero_range(self, range: Span | ULong, size: ULong | None = None) -> None:
        """Zeros into memory: ``ZeroRange <0x20000000, 0x20000FFF>`` or ``ZeroRange address size``."""
        if isinstance(range, Span):
            start, count = range.begin, range.size
        elif size is not None:
            start, count = range, size
        else:
            raise CrosscamError("sysbus ZeroRange: expected `ZeroRange <begin, end>` or `ZeroRange address size`")
        if self._bus.memory_at(start, count) is None:
            raise CrosscamError(f"sysbus ZeroRange: {shown(count)} bytes at 0x{start:X}: expected them inside a memory")
        for offset in _steps(count):
            self._bus.write_bytes(start + offset, bytes(min(LARGEST_READ, count - offset)))

    # Files

    def load_elf(self, file_name: str, use_virtual_address: bool = False, cpu: Device | None = None) -> None:
        """Load an ELF file, point the core at its vector table and reset it."""
        self._machine.load_elf(self._monitor.existing(file_name))
        self._monitor.symbols_changed()

    def load_binary(
        self,
        file_name: str,
        load_point: ULong,
        cpu: Device | None = None,
        offset: ULong = 0,
        size: ULong | None = None,
    ) -> None:
        """Load the bytes of a file, or ``size`` of them from ``offset`` on."""
        path = self._monitor.existing(file_name)
        if not offset and size is None:
            self._machine.load_binary(path, load_point)
            return
        data = self._monitor.read_binary(file_name)[offset:][:size]
        if not data:
            raise CrosscamError(f"{path}: no bytes from offset {shown(offset)}: expected an offset inside the file")
        self._load(ElfImage(path=str(path), segments=[(load_point, data)]))

    def load_hex(self, file_name: str, cpu: Device | None = None) -> None:
        """Load an Intel HEX file."""
        from sim.engine.image_files import read_hex  # few do, and what it stands on brings a debugger along

        self._load(read_hex(self._monitor.existing(file_name)))

    def load_s_record(self, file_name: str, cpu: Device | None = None) -> None:
        """Load a file of Motorola S-records."""
        from sim.engine.image_files import read_s_records

        self._load(read_s_records(self._monitor.existing(file_name)))

    def _load(self, image: ElfImage) -> None:
        """Bytes without symbols: those known stay."""
        for address, data in image.segments:
            if not self._fits(address, len(data)):
                raise CrosscamError(
                    f"{image.path}: {len(data)} bytes at 0x{address:08X} do not fit any memory of the board: expected"
                    " a file made for this board"
                )
        for address, data in image.segments:
            self._bus.write_bytes(address, data)
        if self._machine.has_core:
            cpu = self._machine.cpu
            vectors = image.vector_table(lambda address: self._bus.memory_at(address) is not None)
            if vectors is not None:
                cpu.vector_table_offset = vectors
            cpu.reset()

    def _fits(self, address: int, count: int) -> bool:
        """Memories hold them, be they several that lie beside each other."""
        end = address + count
        while address < end:
            found = self._bus.memory_at(address)
            if found is None:
                return False
            address += found[0].size - found[1]
        return True

    def load_symbols_from(
        self,
        file_name: str,
        use_virtual_address: bool = False,
        text_address: ULong | None = None,
        context: Device | None = None,
    ) -> None:
        """Take the symbols of an ELF file, besides those known; nothing is loaded.

        ``text_address`` is where its section ``.text`` lies, when not where the file says.
        """
        path = self._monitor.existing(file_name)
        image = ElfImage.read(path)
        offset = 0
        if text_address is not None:
            if ".text" not in image.sections:
                raise CrosscamError(f"{path}: it has no section .text: leave textAddress out")
            offset = text_address - image.sections[".text"]
        self._machine.symbols = self._machine.symbols.with_symbols_of(image, offset)
        self._monitor.symbols_changed()

    def clear_symbols(self, context: Device | None = None) -> None:
        """Forget all symbols."""
        self._machine.symbols = ElfImage.empty()
        self._monitor.symbols_changed()

    def apply_svd(self, path: str) -> None:
        """Renode names registers in its log by it; nothing depends on it, so a file that is not here does not hurt."""
        self._machine.log.info("ApplySVD %s: register names are not read", path)

    # What is where

    def tag(
        self,
        range: Span,
        tag: str,
        default_value: ULong = 0,
        pausing: bool = False,
        silent: bool = False,
        override_peripheral_accesses: bool = False,
    ) -> None:
        """Name a hole; reads give ``default_value``."""
        self._bus.add_tag(range.begin, range.size, tag, default_value, override=override_peripheral_accesses)

    def remove_tag(self, address: ULong) -> None:
        """Forget the tags that hold ``address``."""
        self._bus.remove_tag(address)

    def silence_range(self, range: Span) -> None:
        """No warnings of accesses to this hole."""
        self._bus.add_tag(range.begin, range.size, "silenced")

    @property
    def endianess(self) -> str:
        """Order of bytes."""
        return "LittleEndian"

    def what_is_at(self, address: ULong, context: Device | None = None) -> str:
        """The device that answers there, and its addresses."""
        found = device_at(self._bus, address)
        return registered_at(self._machine.name, *found) if found else ""

    def what_peripheral_is_at(self, address: ULong, context: Device | None = None) -> str:
        """The type of the device that answers there."""
        found = device_at(self._bus, address)
        types = self._type_of(found[0]) if found else ()
        return f"Antmicro.Renode.Peripherals.{types[0]}" if types else ""

    @staticmethod
    def _type_of(device: Device) -> tuple[str, ...]:
        return device.RENODE_TYPES

    def is_memory(self, address: ULong, context: Device | None = None) -> bool:
        """Whether a memory holds ``address``."""
        return self._bus.memory_at(address) is not None

    def unregister(self, peripheral: Device) -> None:
        """Take a device off the bus."""
        self._monitor.unregister(peripheral)

    def unregister_from_address(self, address: ULong, context: Device | None = None) -> None:
        """Take the device at ``address`` off the bus."""
        found = device_at(self._bus, address)
        if found is None:
            raise CrosscamError(f"sysbus UnregisterFromAddress: nothing at 0x{address:X}: expected a device's address")
        self._monitor.unregister(found[0])

    # Symbols

    def get_symbol_address(self, symbol_name: str, index: Int | Device = 0, context: Device | None = None) -> ULong:
        """Address of a symbol; of several of that name the one ``index``."""
        found = self._monitor.symbol_addresses(symbol_name)
        number = index if isinstance(index, int) else 0
        if not 0 <= number < len(found):
            raise CrosscamError(f"{no_symbol(shown(symbol_name))}: expected a function or variable of the loaded ELF")
        return found[number]

    def get_all_symbol_addresses(self, symbol_name: str, context: Device | None = None) -> list[int]:
        """Addresses of all symbols of that name."""
        return self._monitor.symbol_addresses(symbol_name)

    def find_symbol_at(self, offset: ULong, context: Device | None = None) -> str:
        """The function that holds an address; empty when none does."""
        symbol = self._machine.symbols.function_at(offset)
        return symbol_at(symbol, offset) if symbol is not None else ""

    # Hooks, locks, logs

    def add_watchpoint_hook(
        self, address: Address, width: SysbusAccessWidth | Widths, access: Access, python_script: str
    ) -> None:
        """Run ``python_script`` before each such access of the core; it sees ``cpu``, ``address``, ``width``,
        ``value``."""
        run, world = watchpoint_script(self._machine, python_script, f"sysbus AddWatchpointHook 0x{address:X}")
        self._machine.cpu.hooking.watch(
            address,
            int(width),
            _ACCESSES[access],
            lambda core, at, size, value: run(cpu=world.wrap(core), address=at, width=size, value=value),
        )

    def remove_all_watchpoint_hooks(self, address: ULong) -> None:
        """Take back the watchpoints at ``address``."""
        self._machine.cpu.hooking.unwatch(address)

    def set_hook_after_peripheral_read(
        self, peripheral: Device, python_script: str, subrange: Span | None = None
    ) -> None:
        """Run ``python_script`` after each read of a device; it may change ``value``."""
        self._set_hook("SetHookAfterPeripheralRead", self._bus.rules.after_read, peripheral, python_script, subrange)

    def set_hook_before_peripheral_write(
        self, peripheral: Device, python_script: str, subrange: Span | None = None
    ) -> None:
        """Run ``python_script`` before each write to a device; it may change ``value``."""
        self._set_hook(
            "SetHookBeforePeripheralWrite", self._bus.rules.before_write, peripheral, python_script, subrange
        )

    def _set_hook(
        self, what: str, hooks: dict[Device, AccessHook], device: Device, text: str, subrange: Span | None
    ) -> None:
        run = access_script(self._machine, device, text, f"sysbus {what} {device.name}")

        def hook(value: int, offset: int) -> int:
            run(value=value, offset=offset)
            return _number(run, value)

        hooks[device] = AccessHook(hook) if subrange is None else AccessHook(hook, subrange.begin, subrange.end)
        self._bus.rules_changed()

    def clear_hook_after_peripheral_read(self, peripheral: Device) -> None:
        """Take that hook back."""
        self._bus.rules.after_read.pop(peripheral, None)
        self._bus.rules_changed()

    def clear_hook_before_peripheral_write(self, peripheral: Device) -> None:
        """Take that hook back."""
        self._bus.rules.before_write.pop(peripheral, None)
        self._bus.rules_changed()

    def set_address_range_locked(self, range: Span, locked: bool, context: Device | None = None) -> None:
        """Reads give 0 and writes are dropped; memory the core reaches directly only as a whole, as in Renode."""
        machine, rules = self._machine, self._bus.rules
        inside = [entry for entry in self._bus.memories if entry[0] <= range.end and range.begin < entry[1]]
        if machine.has_core:
            partly = [entry for entry in inside if entry[0] < range.begin or range.end < entry[1] - 1]
            if partly and rules.is_locked(range.begin, range.end) != locked:
                places = [registered_at(machine.name, memory, start, end) for start, end, memory in partly]
                raise CrosscamError(partly_locked(range.begin, range.end, places))
        (rules.lock if locked else rules.unlock)(range.begin, range.end)
        self._bus.rules_changed()
        if machine.has_core:
            for start, end, _ in inside:
                machine.send_through_bus(start, end - start, rules.is_locked(start, end - 1))

    def is_address_range_locked(self, range: Span, context: Device | None = None) -> bool:
        """Whether any of it is."""
        return self._bus.rules.is_locked(range.begin, range.end)

    def set_page_access_via_io(self, address: ULong) -> None:
        """The core reaches that page of memory through the bus."""
        self._machine.send_through_bus(address, 1, True)

    def clear_page_access_via_io(self, address: ULong) -> None:
        """The core reaches that page of memory directly again."""
        self._machine.send_through_bus(address, 1, False)

    def log_peripheral_access(self, bus_peripheral: Device, enable: bool = True, silent: bool = False) -> None:
        """An entry for each access of a device."""
        self._log_accesses(bus_peripheral, enable, silent)

    def log_all_peripherals_access(self, enable: bool = True, silent: bool = False) -> None:
        """An entry for each access of any device."""
        bus = self._bus
        for device in dict.fromkeys([*(w.device for w in bus.windows), *(entry[2] for entry in bus.memories)]):
            self._log_accesses(device, enable, silent=True)

    def is_logging_peripheral_access_enabled(self, bus_peripheral: Device) -> bool:
        """Whether its accesses are logged."""
        return bus_peripheral in self._bus.rules.logged

    def _log_accesses(self, device: Device, enable: bool, silent: bool) -> None:
        logged = self._bus.rules.logged
        if (device in logged) == enable:
            if not silent:
                device.log.info(logging_already(enable))
            return
        (logged.add if enable else logged.discard)(device)
        self._bus.rules_changed()


def device_at(bus: Bus, address: int) -> tuple[Device, int, int] | None:
    """What answers at ``address`` with its first address and the one after its last."""
    window = bus.window_at(address)
    if window is not None:
        return window.device, window.start, window.end
    return next(((memory, start, end) for start, end, memory in bus.memories if start <= address < end), None)


def _packed(items: list[int]) -> bytes:
    return bytes(items)


def _steps(count: int) -> range:
    return range(0, count, LARGEST_READ)


def _number(run: HookScript, before: int) -> int:
    """What the script left in ``value``."""
    value = run.scope.get("value")
    if isinstance(value, int) and 0 <= value < 1 << 64:
        return value
    run.report(TypeError(f"value is {shown(value)}: expected an integer from 0 to 2**64 - 1"))
    return before
