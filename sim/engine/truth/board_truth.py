"""Board truth on one machine: listens where the engine knows more than its registers show."""

from __future__ import annotations

import logging
import os
from functools import partial
from weakref import WeakSet

from sim.engine.bus import PAGE, PRIVATE_BUS, MappedMemory
from sim.engine.cortex_m.cpu import CortexM
from sim.engine.cortex_m.dwt import Dwt
from sim.engine.cortex_m.nvic import Nvic
from sim.engine.devices.base import Device
from sim.engine.devices.dma.stm32_dma import Stm32Dma
from sim.engine.devices.system.bit_banding import BitBanding
from sim.engine.machine import Machine
from sim.engine.native import shared
from sim.engine.timing.chip import load_chip
from sim.engine.truth import layout
from sim.engine.truth.attributes import CACR
from sim.engine.truth.cached import CachedMemories, CoreReport
from sim.engine.truth.chip_data import ChipTruth
from sim.engine.truth.findings import Finding, Findings, Kind
from sim.engine.truth.flash_speed import FlashSpeed
from sim.engine.truth.gates import ClockGates
from sim.engine.truth.identify import chip_names, chip_of
from sim.engine.truth.masters import listen_to
from sim.engine.truth.watch import WatchedMemory

LOG = logging.getLogger("sim.truth")
_told: WeakSet[Machine] = WeakSet()
SWITCHED_OFF = "CROSSCAM_NO_BOARD_TRUTH"
"""Environment variable: set, no board is watched."""
_NEVER_CACHED = ((0x00000000, 0x20000000), (0x40000000, 0x60000000), (0xE0000000, 1 << 32))
"""Code (written through at most, and by nobody while it runs) and peripherals."""
_THE_CORES_OWN = (CortexM, Nvic, Dwt, MappedMemory, BitBanding)
_CORE = {
    layout.REPORT_STALE: (
        Kind.STALE_READ,
        "read of a line that a DMA has overwritten since the data cache took it: invalidate it first",
    ),
    layout.REPORT_OVER: (
        Kind.DMA_DATA_LOST,
        "write into a line that a DMA has overwritten since the data cache took it: written back, the line may replace"
        " what the DMA wrote",
    ),
    layout.REPORT_LOST: (Kind.WRITE_LOST, "read of data that the core wrote and then invalidated, uncleaned, by {}"),
}
_MASTERS = {
    layout.UNCLEANED: (
        Kind.UNCLEANED,
        "{} reads what the core wrote and has not cleaned: it may get what memory held before",
    ),
    layout.OVER: (
        Kind.DMA_DATA_LOST,
        "{} writes into a line that the core has written and not cleaned: written back later, the line may replace what"
        " was written",
    ),
    layout.LOST_READ: (Kind.WRITE_LOST, "{} reads data that the core wrote and then invalidated without a clean"),
}


class BoardTruth:
    """``findings``: what a board would have got wrong, in order."""

    def __init__(self, machine: Machine, chip: ChipTruth) -> None:
        self._machine = machine
        self._chip = chip
        self._findings = Findings(lambda pc: machine.symbols.describe(pc), self._function, self._variable)
        self._state = machine.engine.state
        self._gates = ClockGates(chip, machine.sysbus.read)
        self._flash = FlashSpeed(machine, chip.name, self._flash_too_fast)
        self._private = range(PRIVATE_BUS[0], PRIVATE_BUS[0] + PRIVATE_BUS[1])
        self._gates_stale = False
        cache = load_chip(chip.name).data_cache
        self._cached = CachedMemories(
            machine.engine, machine.nvic, cache.sets, cache.ways, self._soon, self._core_report
        )
        self.tracked = self._cached.by_page
        self._listen_to_core()
        self._before_access = machine.on_device_access
        machine.on_device_access = self._device_access
        machine.on_reset.append(self._reset)
        machine.sysbus.on_memory_written = self._written_past
        self.board_changed()

    def _listen_to_core(self) -> None:
        """Settings and maintenance of the cache."""
        nvic, cached = self._machine.nvic, self._cached
        nvic.observers.append(self)
        nvic.scb.bank[CACR].after_write(lambda value: cached.settings_changed())
        self._state[shared.MAINTENANCE] = cached.cache.call

    def configured(self, old: int, new: int) -> None:
        """CCR was written."""
        self._cached.settings_changed()

    def mpu_changed(self) -> None:
        """The MPU was written."""
        self._cached.settings_changed()

    def maintained(self, operation: str, value: int) -> None:
        """Native code has heard of it (MAINTENANCE)."""

    @classmethod
    def attach(cls, machine: Machine) -> BoardTruth | None:
        """Watch ``machine``, or what has come to its board since; None while nobody has described its chip
        (``chips/*.toml``), which is said once when the board is first run."""
        present = cls.of(machine)
        if present is not None:
            present.board_changed()
            return present
        if (
            os.environ.get(SWITCHED_OFF)
            or not machine.has_core
            or not any(isinstance(device, Nvic) for device in machine.devices.values())
        ):
            return None
        chip = chip_of(machine)
        if chip is None:
            machine.clock.schedule(0, lambda: _say_unknown(machine))
            return None
        truth = cls(machine, chip)
        machine.observers.append(truth)
        return truth

    @classmethod
    def of(cls, machine: Machine) -> BoardTruth | None:
        """What watches ``machine``, if anything does."""
        return next((observer for observer in machine.observers if isinstance(observer, cls)), None)

    @property
    def findings(self) -> list[Finding]:
        """Each thing once, in the order they were seen."""
        return self._findings.all

    @property
    def chip(self) -> str:
        """Name of the chip whose data judges."""
        return self._chip.name

    def board_changed(self) -> None:
        """Devices or memories have come: hear and track them too."""
        machine = self._machine
        for start, end, memory in machine.sysbus.memories:
            for first, last in self._cacheable(start, end):
                if not self.tracked[first // PAGE]:
                    self._cached.add(first, last, memory.host_address + first - start)
        listen_to(machine, self, _THE_CORES_OWN)
        for device in machine.devices.values():
            if isinstance(device, Stm32Dma):
                device.unreachable = self._chip.dma_unreachable
                device.on_unreachable = partial(self._unreachable, device)
                device.on_target = self._cached.aimed
        self._look_at_gates()

    def _cacheable(self, start: int, end: int) -> list[tuple[int, int]]:
        """Whole pages of a memory that the data cache may hold."""
        parts = [(start, -(-end // PAGE) * PAGE)]
        apart = [(memory.first, memory.end) for memory in self._chip.memories if memory.tcm]
        for first, last in (*_NEVER_CACHED, *apart):
            parts = [
                part
                for low, high in parts
                for part in ((low, min(high, first)), (max(low, last), high))
                if part[0] < part[1]
            ]
        return parts

    def _soon(self, action: object) -> None:
        self._machine.clock.schedule(0, action)  # type: ignore[arg-type]

    def _reset(self) -> None:
        self._gates.forget()
        self._cached.reset()
        self._look_at_gates()

    def _written_past(self, address: int, size: int) -> None:
        if self.tracked[address // PAGE]:
            self._cached.written_past(address, size)

    # What a finding says

    def _function(self, pc: int) -> int:
        symbol = self._machine.symbols.function_at(pc)
        return pc if symbol is None else symbol.address

    def _variable(self, address: int) -> str:
        symbol = self._machine.symbols.variable_at(address)
        if symbol is None:
            return ""
        return f"{symbol.name}+0x{address - symbol.address:X}" if address > symbol.address else symbol.name

    def _thing(self, address: int) -> object:
        """What findings about memory are counted by: the variable, or the page."""
        symbol = self._machine.symbols.variable_at(address)
        return symbol.name if symbol is not None else address // PAGE

    def _by_core(self, kind: Kind, address: int, text: str, thing: object, pc: int | None = None) -> None:
        """The core's instruction at ``pc`` (without one: that accesses a device now)."""
        machine, state = self._machine, self._state
        cycle = machine.clock.now
        if pc is None:
            pc = machine.cpu.pc
        elif state[shared.IN_RUN]:
            start = state[shared.BLOCK_ADDRESS]
            cycle = state[shared.BLOCK_START] + machine.engine.count_into(start, pc - start)
        self._findings.add(kind, address, text, thing, pc, cycle)

    # The core and memory

    def _core_report(self, report: CoreReport) -> None:
        address = report.address
        if report.what == layout.REPORT_GATED:
            self._gated_access(report)
            return
        kind, text = _CORE[report.what]
        text = text.format(self._machine.symbols.describe(report.detail))
        self._by_core(kind, address, text, self._thing(address), report.pc)

    def _gated_access(self, report: CoreReport) -> None:
        gate = self._gates.memory_off(report.address)
        if gate is None:  # its clock has been switched on in this very block
            self._look_at_gates()
            return
        access = "write to" if report.detail else "read of"
        text = f"{access} {gate.name} while RCC_{gate.register_name} bit {gate.bit} is 0: its clock is off"
        self._by_core(Kind.MEMORY_CLOCK_OFF, report.address, text, gate.name, report.pc)

    def _look_at_gates(self) -> None:
        if not self._gates_stale:
            self._gates_stale = True
            self._soon(self._follow_gates)

    def _follow_gates(self) -> None:
        self._gates_stale = False
        for (first, end), closed in self._gates.closed_memories().items():
            self._cached.gate(first, end, closed)

    # Other masters

    def master_reads(self, device: Device, address: int, size: int) -> None:
        """See ``masters.Judge``."""
        cached = self._cached
        memory = cached.memories[self.tracked[address // PAGE] - 1]
        if memory.gated or address + size > memory.end:
            self._judge(device, address, size, None)
        elif cached.ever_on and (bits := memory.master_reads(address, size)):
            self._found(device, memory, address, size, bits)

    def master_writes(self, device: Device, address: int, data: bytes) -> None:
        """See ``masters.Judge``."""
        cached, size = self._cached, len(data)
        memory = cached.memories[self.tracked[address // PAGE] - 1]
        if memory.gated or address + size > memory.end:
            self._judge(device, address, size, bytes(data))
        elif cached.ever_on and (bits := memory.master_writes(address, size, bytes(data))):
            self._found(device, memory, address, size, bits)

    def _judge(self, device: Device, address: int, size: int, data: bytes | None) -> None:
        """All of an access, which may lie in memories beside each other, and some of them without a clock."""
        cached = self._cached
        while size > 0 and (memory := cached.find(address)) is not None:
            count = min(size, memory.end - address)
            if cached.ever_on:
                bits = (
                    memory.master_reads(address, count) if data is None else memory.master_writes(address, count, data)
                )
                if bits:
                    self._found(device, memory, address, count, bits)
            if memory.gated and (gate := self._gates.memory_off(address)) is not None:
                verb = "reads" if data is None else "writes"
                text = f"{{}} {verb} {gate.name} while RCC_{gate.register_name} bit {gate.bit} is 0: its clock is off"
                self._by_master(device, Kind.MEMORY_CLOCK_OFF, address, text, gate.name)
            address += count
            size -= count
            data = data[count:] if data is not None and size else data

    def _found(self, device: Device, memory: WatchedMemory, address: int, size: int, bits: int) -> None:
        for what, place in memory.found(bits).items():
            kind, text = _MASTERS[what]
            self._by_master(device, kind, place, text, self._thing(place))
        self._cached.accessed(memory, address, size, bits)

    def _by_master(self, device: Device, kind: Kind, address: int, text: str, thing: object) -> None:
        master = f"{device.name} {device.moving}".strip()
        machine = self._machine
        text = text.format(master)
        self._findings.add(kind, address, text, thing, machine.cpu.pc, machine.clock.now, master)

    def _unreachable(self, device: Device, stream: int, address: int, memory: str) -> None:
        text = f"{device.name} stream {stream} aimed at {memory}, which the bus matrix does not lead to"
        self._by_core(Kind.DMA_UNREACHABLE, address, text, (device.name, stream))

    # The core and devices

    def _device_access(self, address: int, width: int, write: bool) -> None:
        if self._before_access is not None:
            self._before_access(address, width, write)
        if address in self._private:
            return
        unaligned = self._state[shared.UNALIGNED]
        if unaligned:
            self._state[shared.UNALIGNED] = 0
            kind = "write" if write else "read"
            at, size = unaligned & 0xFFFFFFFF, unaligned >> 32
            self._by_core(Kind.UNALIGNED_DEVICE, at, f"{kind} of {size} bytes, which faults on the chip", at)
        if not write:
            return
        self._flash.written(address)
        chip = self._chip
        if chip.rcc <= address < chip.rcc + chip.rcc_size:
            self._gates.forget()
            if address & ~3 in self._gates.registers:
                self._look_at_gates()
            return
        window = self._machine.sysbus.window_at(address)
        if window is None:
            return
        gate = self._gates.off(window.start)
        if gate is not None:
            text = f"write to {gate.name} while RCC_{gate.register_name} bit {gate.bit} is 0: lost on the chip"
            self._by_core(Kind.CLOCK_OFF, address, text, gate.name)

    def _flash_too_fast(self, pc: int, address: int, text: str, thing: object) -> None:
        self._findings.add(Kind.FLASH_TOO_FAST, address, text, thing, pc, self._machine.clock.now)


def _say_unknown(machine: Machine) -> None:
    """Once, and only if no later part of the board has told the chip."""
    if BoardTruth.of(machine) is None and machine not in _told:
        _told.add(machine)
        names = ", ".join(sorted(chip_names(machine.board_files)))
        called = f" (its files name {names})" if names else ""
        LOG.info("no data of this board's chip%s: nothing is judged that a board would get wrong", called)
