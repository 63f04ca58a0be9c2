"""The Cortex-M7 core: settings, runs, and what a run ended with."""

from __future__ import annotations

from sim.engine.cortex_m import conditions, scb
from sim.engine.cortex_m import exceptions as exc
from sim.engine.cortex_m.core import Core
from sim.engine.cortex_m.core_hooks import CoreHooks
from sim.engine.cortex_m.entry import ExceptionUnit
from sim.engine.cortex_m.faults import Faults, SemihostingHost
from sim.engine.cortex_m.nvic import Nvic
from sim.engine.cortex_m.register_file import RegisterFile, RegisterValue
from sim.engine.cortex_m.services import CoreServices
from sim.engine.cortex_m.special_registers import XPSR_THUMB
from sim.engine.cortex_m.traps import TrapUnit
from sim.engine.devices.base import Device
from sim.engine.native import run_ends as ends
from sim.engine.native import shared
from sim.errors import CrosscamError

_WAIT_FOR_EVENT = (0xBF20, 0xBF10)  # WFE, YIELD
_NEVER_EXECUTABLE = ((0x40000000, 0x60000000), (0xA0000000, 1 << 32))  # ARMv7-M B3.1, default memory map

CLOCKS = {"cortex-m7": "cortex-m7", "cortex-m4": "cortex-m4", "cortex-m4f": "cortex-m4"}
"""The clock that counts a core's cycles, where there is one."""
CPU_IDS = {
    "cortex-m7": scb.CPUID,
    "cortex-m4": 0x410FC241,
    "cortex-m4f": 0x410FC241,
    "cortex-m3": 0x412FC231,
    "cortex-m0+": 0x410CC601,
    "cortex-m0": 0x410CC200,
}
"""Cores a board file may name and their CPUID. All run on the Cortex-M7's, whose instruction set includes theirs: code
that counts on a smaller core refusing an instruction finds it executed."""


class CortexM(Core):
    """The core of one machine. ``cpu_type`` is one of ``CPU_IDS``; ``nvic`` takes its interrupts."""

    RENODE_TYPES = ("CPU.CortexM",)
    RENODE_MEMBERS = (
        "PerformanceInMips", "VectorTableOffset", "IsHalted", "WfiAsNop", "MaximumBlockSize", "ExecutionMode",
        "ExecutedInstructions", "GetItState", "EvaluateConditionCode", "Step",
    )  # fmt: skip

    def __init__(
        self,
        services: CoreServices,
        name: str,
        *,
        nvic: Nvic,
        cpu_type: str = "cortex-m7",
        number_of_mpu_regions: int = 16,
        cpu_id: int = 0,
        id: int = 0,
        endianness: object = None,
        fpu_interrupt_number: int | None = None,
        enable_trust_zone: bool = False,
        number_of_sau_regions: int | None = None,
        number_of_idau_regions: int | None = None,
    ) -> None:
        if enable_trust_zone:
            raise CrosscamError(f"{name}: enableTrustZone is not modelled (a Cortex-M7 has none); leave it out")
        if cpu_type not in CPU_IDS:
            raise CrosscamError(f'{name}: cpuType "{cpu_type}" is not modelled; expected one of {", ".join(CPU_IDS)}')
        super().__init__(services, name, nvic)
        if self.timing.cores and cpu_type not in self.timing.cores:
            raise CrosscamError(
                f'{name}: cpuType "{cpu_type}": the clock {self.timing.name} counts the cycles of another core, which '
                f"may be wrong by a factor; choose timing {CLOCKS.get(cpu_type, 'instructions')}"
            )
        self.cpu_type = cpu_type
        nvic.scb.cpu_id = CPU_IDS[cpu_type]
        nvic.mpu.regions = number_of_mpu_regions
        nvic.fpu.context_active = self._has_float_context
        nvic.fpu.on_automatic = self._set_automatic_context
        nvic.fpu.on_default_status = self.engine.hidden.set_default_status
        nvic.scb.on_fpu_access = lambda: self._watch(self.hooking.armed)
        self.maximum_block_size = 0x7FF
        """Instructions in a block at most, as Renode counts. Blocks here are Unicorn's; nothing depends on it."""
        self.idle_cycles = 0  # in which nothing was executed
        self.unit = ExceptionUnit(self)
        self.register_file = RegisterFile(self)
        self.faults = Faults(self, self.unit, self.register_file)
        self.hooking: CoreHooks[CortexM] = CoreHooks(self, self.ended)
        self.traps: TrapUnit[CortexM] = TrapUnit(self, self.faults, self.hooking)
        nvic.scb.on_traps = self.traps.configure

    def on_gpio(self, number: int, value: bool) -> None:
        """The controller's output arrives here; the core asks the controller instead."""

    # Settings a board file or the monitor gives

    @property
    def performance_in_mips(self) -> int:
        """Million core cycles a second of virtual time."""
        return self.core_services.clock.frequency // 1_000_000

    @performance_in_mips.setter
    def performance_in_mips(self, value: int) -> None:
        if value <= 0:
            raise CrosscamError(f"{self.name}: PerformanceInMips {value}; expected a number above 0, such as 480")
        self.core_services.clock.frequency = int(value) * 1_000_000

    @property
    def vector_table_offset(self) -> int:
        """Address of the vector table."""
        return self.nvic.scb.vector_table

    @vector_table_offset.setter
    def vector_table_offset(self, address: int) -> None:
        self.nvic.scb.vector_table = address
        self.nvic.scb.initial_vector_table = address
        if self.halted:  # nothing was found to run before; now there may be
            self.reset()

    # Registers

    @property
    def inside_block(self) -> bool:
        """The core stands between instructions of a block: events and interrupts wait for its end."""
        return self.hooking.inside.active and not self.idle and self.hooking.inside.holds

    def get_register(self, which: int | str) -> RegisterValue:
        """A register by Renode's number (0 to 15: r0 to pc) or by name; CrosscamError when there is none."""
        return self.register_file.read(which)

    def set_register(self, which: int | str, value: int) -> None:
        """Set a register by number or name; CrosscamError when there is none, or it cannot be set."""
        self.register_file.write(which, value)

    @property
    def sp(self) -> int:
        """The stack pointer in use."""
        return self.register_file.read("sp")

    @sp.setter
    def sp(self, value: int) -> None:
        self.register_file.write("sp", value)

    @property
    def lr(self) -> int:
        """The link register."""
        return self.register_file.read("lr")

    @lr.setter
    def lr(self, value: int) -> None:
        self.register_file.write("lr", value)

    def register_child(self, child: Device, point: int) -> None:
        """A console of semihosting; other children only stand there."""
        super().register_child(child, point)
        if isinstance(child, SemihostingHost):
            self.faults.semihosting = child

    def unregister_child(self, child: Device) -> None:
        super().unregister_child(child)
        if isinstance(child, SemihostingHost):
            self.faults.semihosting = None

    def get_it_state(self) -> int:
        """EPSR.IT: what is left of an IT block; 0 outside of one."""
        return conditions.it_state(self.xpsr)

    def evaluate_condition_code(self, condition: int) -> bool:
        """Whether condition code ``condition`` (0: EQ ... 14: always) holds now."""
        return conditions.passes(condition, self.xpsr)

    @property
    def executed_instructions(self) -> int:
        """Instructions executed since the machine started; CrosscamError with a clock that counts something else."""
        if self.timing.name != "instructions":
            raise CrosscamError(f"{self.name} ExecutedInstructions: only the clock `instructions` counts them")
        return self.state[shared.NOW] - self.idle_cycles

    def _set_automatic_context(self, on: bool) -> None:
        """FPCCR.ASPEN: code is translated by it, so the core stops and goes on with code that was looked up anew."""
        self.engine.hidden.set_automatic_context(on)
        self.core_services.clock.stop_core()

    # Life

    def reset(self) -> None:
        """Registers to their reset values; start by the vector table, halted when there is none."""
        self.wake()
        self.locked_up = ""
        self.hooking.reset()
        state = self.state
        state[shared.EVENT_REGISTER] = 0
        self._xpsr.write(XPSR_THUMB | exc.SV_CALL)  # privileged, whatever ran before
        self._masks.write(0, 0, 0)
        self._control.write(0)
        self._xpsr.write(XPSR_THUMB)
        self._control.write(0)
        stack, start = self.vector(0), self.vector(1)
        self.halted = not start or stack is None
        self._general.write(*[0] * 13, (stack or 0) & ~3, 0xFFFFFFFF)
        self._pc.write(start or 1)
        self.engine.rebuild_mode(0)
        self.timing.reset()
        self._watch(self.hooking.armed)

    def step(self, count: int = 1) -> int:
        """Execute ``count`` instructions, and only steps from then on; the program counter after them.

        Raises:
            CrosscamError: a script of a run under way asked for it.
        """
        if count < 1:
            raise CrosscamError(f"{self.name} Step {count}: expected 1 or more")
        self.single_step = True
        self.core_services.step(count)
        return self.pc

    @property
    def execution_mode(self) -> str:
        """``Continuous``, or ``SingleStep``: nothing runs but by ``step``."""
        return "SingleStep" if self.single_step else "Continuous"

    @execution_mode.setter
    def execution_mode(self, mode: str) -> None:
        if mode not in ("Continuous", "SingleStep", "SingleStepBlocking", "SingleStepNonBlocking"):
            raise CrosscamError(f"{self.name} ExecutionMode {mode}: expected Continuous or SingleStep")
        self.single_step = self.hooking.stepping = mode != "Continuous"
        if mode.endswith("Blocking"):  # what Renode had before 1.15
            self.core_services.single_step_blocking = mode == "SingleStepBlocking"

    def take_interrupt(self) -> None:
        """Enter the handler of the most urgent pending exception, or wake without one (WFI under PRIMASK)."""
        if self.locked_up or self.is_halted or self.waits_for_step:
            return
        nvic = self.nvic
        if not nvic.exceptions.pending & nvic.exceptions.enabled:
            return
        number = nvic.next_exception()
        if number:
            self.unit.enter(number)
        elif self.sleeping and nvic.wakes_core():
            self.wake()

    def execute(self, deadline: int) -> None:
        """Run code until a block would start at or after cycle ``deadline``, or until something has to be decided."""
        armed = self.hooking.armed
        self.protection.follow()
        self._watch(armed)
        self.state[shared.DEADLINE] = deadline
        if armed:
            self.hooking.execute()
        else:
            pc, xpsr = self._place.read()
            self.ended(self.engine.run(pc, bool(xpsr & XPSR_THUMB)))

    def ended(self, error: int) -> None:
        """A run has ended, with Unicorn's ``error`` or 0: see why, and take the exception there may be."""
        state = self.state
        if state[shared.STOPPED]:
            if state[shared.STOPPED] == shared.STOP_FLOATING_POINT:
                self._floats_forbidden()
            elif state[shared.STOPPED] == shared.STOP_TRAP:
                self.traps.stopped()
        elif state[shared.INTERRUPT] >= 0:
            self._interrupted(state[shared.INTERRUPT])
        elif error:
            self._failed(error)
        else:
            self.sleep("wfi")
        self.traps.settle()

    def _watch(self, armed: bool) -> None:
        """Tell the native side which kinds of blocks matter; ``armed``: somebody looks at single instructions."""
        traps, nvic = self.traps, self.nvic
        watch = shared.FLAG_SEND_EVENT | traps.watch
        if armed:
            watch |= shared.FLAG_HOOKED
        elif not traps.traps_any_access:
            watch |= self.engine.native_loops
        floats_allowed = nvic.scb.floats_allowed
        if not floats_allowed(False) and not floats_allowed(self.privileged):  # to ask for privileges costs a read
            watch |= shared.FLAG_FLOATING_POINT
        if nvic.held_by_masks() or self.protection.on:
            watch |= shared.FLAG_MASKS
        self.state[shared.WATCH] = watch

    def _interrupted(self, number: int) -> None:
        if number == ends.EXCEPTION_EXIT:
            self.unit.leave(self._pc.read()[0])
        elif number == ends.SUPERVISOR_CALL:
            self.faults.supervisor_call()
        elif number == ends.PREFETCH_ABORT:
            self._fetch_failed()
        elif number == ends.BREAKPOINT:
            self._back_to(self.pc)
            self.faults.breakpoint()
        elif number == ends.NO_COPROCESSOR:
            self._back_to(self.pc)
            self.faults.fault(exc.USAGE_FAULT, scb.NOCP)
        elif number in (ends.DATA_ABORT, ends.UNALIGNED):
            self._back_to(self.pc)
            self.faults.fault(exc.USAGE_FAULT, scb.UNALIGNED)
        else:
            self._back_to(self.pc)
            self.log.warning("unexpected exception %d of the core at PC 0x%08X", number, self.pc)
            self.faults.fault(exc.USAGE_FAULT, scb.UNDEFINSTR)

    def _failed(self, error: int) -> None:
        """The run ended with one of Unicorn's errors."""
        state = self.state
        pc = self.pc
        if error == ends.INVALID_INSTRUCTION:
            if not self.xpsr & XPSR_THUMB:
                self.faults.fault(exc.USAGE_FAULT, scb.INVSTATE)
            elif self._was_hint(pc):
                self._wait_for_event()
            else:
                self._back_to(pc)
                self.faults.fault(exc.USAGE_FAULT, scb.UNDEFINSTR)
        elif error == ends.WRITE_UNMAPPED and state[shared.FAULT_ADDRESS] < shared.PRIVATE_BUS_BASE:
            self._stored_nowhere(pc)
        elif error in (ends.READ_UNMAPPED, ends.WRITE_UNMAPPED):
            self._back_to(pc)
            self.faults.fault(exc.BUS_FAULT, scb.PRECISERR, state[shared.FAULT_ADDRESS])
        elif error in (ends.READ_PROTECTED, ends.WRITE_PROTECTED) and state[shared.UNALIGNED]:
            self._back_to(pc)
            self._unaligned_in_device(error == ends.WRITE_PROTECTED)
        elif error in (ends.READ_PROTECTED, ends.WRITE_PROTECTED) and state[shared.MPU_DENIED]:
            self._back_to(pc)
            address, state[shared.MPU_DENIED] = state[shared.MPU_DENIED] & 0xFFFFFFFF, 0
            self.faults.fault(exc.MEM_MANAGE, scb.DACCVIOL, address)
        elif error in (ends.FETCH_UNMAPPED, ends.FETCH_PROTECTED):
            self._fetch_failed()
        else:
            raise RuntimeError(f"Unicorn error {error} at PC 0x{pc:08X}")

    def _stored_nowhere(self, pc: int) -> None:
        """A store is buffered: the core has gone on when the bus refuses it (ARMv7-M B1.5.14, imprecise)."""
        state, engine = self.state, self.engine
        address = state[shared.FAULT_ADDRESS]
        self._back_to(pc)
        watch, state[shared.WATCH] = state[shared.WATCH], 0
        state[shared.DEADLINE] = shared.NEVER
        with engine.sink(address):
            engine.run_to(pc, pc + engine.instruction_size(pc))
        state[shared.WATCH] = watch
        self.faults.imprecise(address)

    def _unaligned_in_device(self, write: bool) -> None:
        state, services = self.state, self.core_services
        address, size = state[shared.UNALIGNED] & 0xFFFFFFFF, state[shared.UNALIGNED] >> 32
        state[shared.ACCESS_PC] = self.pc
        if services.on_device_access is not None:
            services.on_device_access(address, size, write)
        state[shared.UNALIGNED] = 0
        self.faults.fault(exc.USAGE_FAULT, scb.UNALIGNED)

    def _fetch_failed(self) -> None:
        pc = self.pc
        if any(start <= pc < end for start, end in _NEVER_EXECUTABLE) or self.protection.forbids_fetch(pc):
            self.faults.fault(exc.MEM_MANAGE, scb.IACCVIOL)
        else:
            self.faults.fault(exc.BUS_FAULT, scb.IBUSERR)

    def _was_hint(self, pc: int) -> bool:
        """The run ended behind a WFE or YIELD, not at an instruction that does not exist."""
        state = self.state
        if pc != state[shared.BLOCK_ADDRESS] + state[shared.BLOCK_SIZE]:
            return False
        bus = self.core_services.sysbus
        return (bus.read(pc - 2, 2) in _WAIT_FOR_EVENT and state[shared.BLOCK_SIZE] >= 2) or (
            state[shared.BLOCK_SIZE] >= 4 and bus.read(pc - 4, 4) in (0x8002F3AF, 0x8001F3AF)
        )

    def _wait_for_event(self) -> None:
        bus = self.core_services.sysbus
        pc = self.pc
        if bus.read(pc - 2, 2) == 0xBF20 or bus.read(pc - 4, 4) == 0x8002F3AF:
            if self.state[shared.EVENT_REGISTER]:
                self.state[shared.EVENT_REGISTER] = 0
            else:
                self.sleep("wfe")

    def _back_to(self, pc: int) -> None:
        """The block's instructions from ``pc`` on have not run: take them off the time."""
        state = self.state
        start = state[shared.BLOCK_ADDRESS]
        if start <= pc < start + state[shared.BLOCK_SIZE]:
            state[shared.NOW] = state[shared.BLOCK_START] + self.engine.count(start, pc - start)

    def _floats_forbidden(self) -> None:
        """A block with floating-point instructions while CPACR forbids them: run up to the first, then fault."""
        state = self.state
        bus = self.core_services.sysbus
        start = address = state[shared.BLOCK_ADDRESS]
        end = start + state[shared.BLOCK_SIZE]
        while address < end:
            first, second = bus.read(address, 2), bus.read(address + 2, 2)
            if first >= 0xE800 and first & 0xEC00 == 0xEC00 and second & 0x0E00 == 0x0A00:
                break
            address += 4 if first >= 0xE800 else 2
        if address > start:
            state[shared.DEADLINE] = shared.NEVER
            error = self.engine.run_to(start, address)
            if error or state[shared.INTERRUPT] >= 0 or self.pc != address:
                # Something else happened on the way; it is met again, or was done, by the next run.
                return
        self.faults.fault(exc.USAGE_FAULT, scb.NOCP)
