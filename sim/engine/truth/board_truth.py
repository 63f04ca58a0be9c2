"""Board truth on one machine: listens where the engine knows more than its registers show."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sim.engine import hooks
from sim.engine.bus import PRIVATE_BUS
from sim.engine.core.scb import no_cache
from sim.engine.devices.stm32_dma import Stm32Dma
from sim.engine.nvic import Nvic
from sim.engine.timing.chip import load_chip
from sim.engine.timing.clock_tree import ClockTree, shapes_clocks
from sim.engine.truth.findings import Finding, Findings, Kind
from sim.engine.truth.gates import ChipTruth, ClockGates, for_bus
from sim.engine.truth.stale import StaleLines

if TYPE_CHECKING:
    from sim.engine.machine import Machine

_CCR_DATA_CACHE = 1 << 16


class BoardTruth:
    """``findings``: what a board would have got wrong, in order."""

    def __init__(self, machine: Machine, chip: ChipTruth) -> None:
        self._machine = machine
        self._chip = chip
        self._findings = Findings(self._locate)
        self._state = machine.engine.state
        self._pc: int | None = None
        self._gates = ClockGates(chip, machine.sysbus.read)
        self._clocks = _clock_tree(machine, chip.name)
        self._speed_due = False
        self._private = range(PRIVATE_BUS[0], PRIVATE_BUS[0] + PRIVATE_BUS[1])
        memories = [
            (start, end, memory.host_address)
            for first, last in chip.dma_memories
            for start, end, memory in machine.sysbus.memories
            if first <= start and end <= last
        ]
        scb = machine.nvic.scb
        self._stale = StaleLines(machine.engine, machine.nvic, memories, self._soon, self._read_stale)
        scb.on_configuration = lambda old, new: self._stale.cache_switched(bool(new & _CCR_DATA_CACHE))
        before = scb.on_cache_operation
        if before is no_cache:  # else the clock wants to hear of each line as well
            self._state[hooks.INVALIDATED] = int(self._stale.table.ctypes.data)

        def maintained(name: str, value: int) -> None:
            before(name, value)
            self._stale.maintained(name, value)

        scb.on_cache_operation = maintained
        machine.on_device_access = self._device_access
        machine.on_reset.append(self._reset)
        for device in machine.devices.values():
            if isinstance(device, Stm32Dma):
                device.unreachable = chip.dma_unreachable
                device.on_unreachable = self._unreachable
                device.on_target = self._stale.dma_aimed
                device.on_write = self._stale.dma_writes

    @classmethod
    def attach(cls, machine: Machine) -> BoardTruth | None:
        """Watch ``machine``, once its board is complete; None when nobody has described its chip (``chips/*.toml``)."""
        if machine.truth is not None:
            return machine.truth
        chip = for_bus(machine.sysbus)
        if chip is None or not any(isinstance(device, Nvic) for device in machine.devices.values()):
            return None
        machine.truth = cls(machine, chip)
        return machine.truth

    @property
    def findings(self) -> list[Finding]:
        """Each thing once, in the order they were seen."""
        return self._findings.all

    def _locate(self) -> tuple[int, str, int]:
        machine = self._machine
        pc = machine.cpu.pc if self._pc is None else self._pc
        return pc, machine.symbols.describe(pc), machine.clock.now

    def _soon(self, action: object) -> None:
        self._machine.clock.schedule(0, action)  # type: ignore[arg-type]

    def _reset(self) -> None:
        self._gates.forget()
        self._stale.cache_switched(False)

    # What is listened to

    def _device_access(self, address: int, width: int, write: bool) -> None:
        if address in self._private:
            return
        unaligned = self._state[hooks.UNALIGNED]
        if unaligned:
            self._state[hooks.UNALIGNED] = 0
            kind = "write" if write else "read"
            at, size = unaligned & 0xFFFFFFFF, unaligned >> 32
            self._findings.add(Kind.UNALIGNED_DEVICE, at, f"{kind} of {size} bytes, which faults on the chip", at)
        if not write:
            return
        chip = self._chip
        if self._clocks is not None and not self._speed_due and shapes_clocks(self._clocks.data, address, power=True):
            self._speed_due = True  # the write itself is still to come
            pc = self._machine.cpu.pc
            self._soon(lambda: self._check_flash(pc))
        if chip.rcc <= address < chip.rcc + chip.rcc_size:
            self._gates.forget()
            return
        window = self._machine.sysbus.window_at(address)
        if window is None:
            return
        gate = self._gates.off(window.start)
        if gate is not None:
            text = f"write to {gate.name} while RCC_{gate.register_name} bit {gate.bit} is 0: lost on the chip"
            self._findings.add(Kind.CLOCK_OFF, address, text, gate.name)

    def _check_flash(self, pc: int) -> None:
        """The instruction at ``pc`` has changed a clock, the voltage or the wait states."""
        self._speed_due = False
        tree = self._clocks
        found = tree.frequencies() if tree is not None else None
        if tree is None or found is None:
            return
        needed = tree.needed_wait_states(found.bus)
        if needed is not None and needed <= found.wait_states:
            return
        megahertz = f"{found.bus / 1e6:g} MHz at voltage scale {tree.voltage_scale()}"
        wanted = f"{needed} wait states" if needed is not None else "a higher voltage, whatever the wait states"
        self._pc = pc
        text = f"flash read with {found.wait_states} wait states at {megahertz}, which wants {wanted}"
        self._findings.add(Kind.FLASH_TOO_FAST, tree.data.flash, text, (found.bus, found.wait_states))
        self._pc = None

    def _unreachable(self, stream: int, address: int, memory: str) -> None:
        text = f"stream {stream} aimed at {memory}, which the bus matrix does not lead to"
        self._findings.add(Kind.DMA_UNREACHABLE, address, text, stream)

    def _read_stale(self, pc: int, address: int) -> None:
        self._pc = pc
        text = "read of a line that a DMA has overwritten since the data cache took it: invalidate it first"
        self._findings.add(Kind.STALE_READ, address, text)
        self._pc = None


def _clock_tree(machine: Machine, chip: str) -> ClockTree | None:
    """The chip's clock tree, where the board has all of it."""
    data = load_chip(chip).clocks
    if data is None or not all(machine.sysbus.window_at(base) for base in (data.rcc, data.flash, data.power)):
        return None
    return ClockTree(data, lambda address: machine.sysbus.read(address, 4))
