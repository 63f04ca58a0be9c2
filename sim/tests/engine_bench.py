"""A bare machine for engine tests: memories, core, NVIC, DWT, and a device that records what reaches it."""

from __future__ import annotations

from sim.engine.bus import MappedMemory
from sim.engine.cortex_m.cpu import CortexM
from sim.engine.cortex_m.dwt import Dwt
from sim.engine.cortex_m.nvic import Nvic
from sim.engine.devices.base import Device, Services
from sim.engine.machine import Machine
from sim.tests.thumb import Program

FLASH, ITCM, RAM, PROBE = 0x08000000, 0x00000000, 0x20000000, 0x40000000
MEGAHERTZ = 100
SCS, DWT, DEMCR = 0xE000E000, 0xE0001000, 0xE000EDFC


class Probe(Device):
    """Notes each access as (cycle, kind, offset, value); reads give ``answers[offset]``, calls ``actions[offset]``."""

    size = 0x1000

    def __init__(self, services: Services, name: str) -> None:
        super().__init__(services, name)
        self.accesses: list[tuple[int, str, int, int]] = []
        self.answers: dict[int, int] = {}
        self.actions: dict[int, object] = {}

    def read(self, offset: int, width: int) -> int:
        return self._note("read", offset, self.answers.get(offset, 0))

    def write(self, offset: int, width: int, value: int) -> None:
        self._note("write", offset, value)

    def _note(self, kind: str, offset: int, value: int) -> int:
        self.accesses.append((self.services.clock.now, kind, offset, value))
        action = self.actions.get(offset)
        if action is not None:
            action()  # type: ignore[operator]
        return value

    @property
    def written(self) -> list[int]:
        """Values written, in order."""
        return [value for _, kind, _, value in self.accesses if kind == "write"]

    @property
    def times(self) -> list[int]:
        """Cycle of each access."""
        return [cycle for cycle, *_ in self.accesses]


class Bench:
    """The machine, with the parts tests reach for."""

    def __init__(self, program: Program | None = None) -> None:
        machine = self.machine = Machine("bench")
        self.flash = MappedMemory(machine, "flash", size=0x20000)
        machine.register("sysbus.flash", self.flash, FLASH)
        machine.register("sysbus.itcm", MappedMemory(machine, "itcm", size=0x10000), ITCM)
        machine.register("sysbus.ram", MappedMemory(machine, "ram", size=0x20000), RAM)
        self.nvic = Nvic(machine, "nvic", priority_mask=0xF0, systick_frequency=MEGAHERTZ * 1_000_000)
        machine.register("sysbus.nvic", self.nvic, SCS)
        self.cpu = CortexM(machine, "cpu", nvic=self.nvic)
        self.cpu.performance_in_mips = MEGAHERTZ
        machine.register("sysbus.cpu", self.cpu)
        machine.register("sysbus.dwt", Dwt(machine, "dwt", frequency=MEGAHERTZ * 1_000_000), DWT)
        self.probe = Probe(machine, "probe")
        machine.register("sysbus.probe", self.probe, PROBE)
        if program is not None:
            self.load(program)

    def load(self, program: Program) -> None:
        """Put the program into flash and reset."""
        self.machine.sysbus.write_bytes(program.base, program.build())
        self.machine.reset()

    def run(self, cycles: int) -> None:
        """Run for a number of cycles."""
        self.machine.run_for(cycles / (MEGAHERTZ * 1e6))

    def word(self, address: int) -> int:
        """A 32-bit word of memory."""
        return self.machine.sysbus.read(address, 4)

    def register(self, name: str) -> int:
        """A core register."""
        return self.cpu.registers[name]
