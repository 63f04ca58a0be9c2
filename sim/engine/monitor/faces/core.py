"""Members of the core: registers, hooks, steps, logs, assembling."""

from __future__ import annotations

import enum
import logging
from collections.abc import Callable
from typing import Annotated

from sim.engine.cortex_m.cpu import CortexM
from sim.engine.cortex_m.exceptions import name_of
from sim.engine.cortex_m.register_file import RegisterValue
from sim.engine.members import Between, Int, UInt, ULong
from sim.engine.monitor.faces.device import LARGEST_READ
from sim.engine.monitor.session import ObjectSession
from sim.engine.names import snake_case
from sim.engine.observe.assembler import assemble, disassemble
from sim.engine.observe.block_log import block_fetches, function_names
from sim.engine.observe.scripts import HookScript, core_script
from sim.engine.wording import patching_pc
from sim.errors import CrosscamError, shown

MOST_STEPS = 10_000_000
"""Instructions one ``Step`` may execute."""
MOST_MIPS = 1_000_000
# What Renode's core calls an exception (tlib's arch/arm/cpu.h): 5 for every interrupt.
_SVC, _USAGE, _DEBUG = 11, 6, 12
_RENODE_EXCEPTIONS = {_SVC: 2, _USAGE: 1, 4: 4, 5: 4, _DEBUG: 7}
_INTERRUPT = 5
REGISTERS = (
    "SP", "LR", "CPSR", "Control", "BasePri", "PRIMASK", "FAULTMASK", "CurrentSP", "OtherSP", "VecBase",
    "CPACR", "FPSCR", "FPCCR", "FPCAR", "FPDSCR",
)  # fmt: skip
"""Registers that Renode's core has as properties; R0 to R12 and the floating-point ones go by ``GetRegister``."""
Address = Annotated[int, Between(0, 0xFFFFFFFF)]
Mips = Annotated[int, Between(1, MOST_MIPS)]
Steps = Annotated[int, Between(1, MOST_STEPS)]
CodeSize = Annotated[int, Between(0, LARGEST_READ)]
Condition = Annotated[int, Between(0, 15)]
ExecutionMode = enum.Enum(
    "ExecutionMode", ["Continuous", "SingleStep", "SingleStepBlocking", "SingleStepNonBlocking"], start=0
)
"""The last two are Renode's names before 1.15."""


class CoreFace:
    """One core of type ``CPU.CortexM``."""

    RENODE_MEMBERS = (
        "PC", *REGISTERS, "GetRegister", "SetRegister", "GetRegisterUlong", "SetRegisterUlong", "GetRegistersValues",
        "AddHook", "RemoveHooksAt", "RemoveAllHooks", "AddHookAtInterruptBegin", "AddHookAtInterruptEnd",
        "AddHookAtWfiStateChange", "AddSymbolHook", "LogCpuInterrupts", "LogFunctionNames", "LogTranslationBlockFetch",
        "AssembleBlock", "DisassembleBlock", "Step", "ExecutionMode", "IsHalted", "ExecutedInstructions",
        "PerformanceInMips", "VectorTableOffset", "WfiAsNop", "MaximumBlockSize", "GetItState",
        "EvaluateConditionCode", "ClearTranslationCache", "FpuEnabled", "Architecture", "Model",
    )  # fmt: skip

    def __init__(self, monitor: ObjectSession, cpu: CortexM) -> None:
        self._monitor, self._cpu = monitor, cpu

    # Registers

    @property
    def pc(self) -> ULong:
        """Address of the next instruction."""
        return RegisterValue(self._cpu.pc)

    @pc.setter
    def pc(self, value: int) -> None:
        if value % 2 == 0:
            self._cpu.log.info(patching_pc(value))
        self._cpu.pc = value & 0xFFFFFFFF

    def get_register(self, register: Int | str) -> RegisterValue:
        """A register by number (0 to 15: r0 to pc) or name."""
        return self._cpu.get_register(register)

    def set_register(self, register: Int | str, value: ULong) -> None:
        """Set a register by number or name."""
        self._cpu.set_register(register, value)

    def get_register_ulong(self, register: Int | str) -> ULong:
        """As ``GetRegister``, a plain number."""
        return int(self._cpu.get_register(register))

    def set_register_ulong(self, register: Int | str, value: ULong) -> None:
        """As ``SetRegister``."""
        self._cpu.set_register(register, value)

    def get_registers_values(self) -> str:
        """A line for each register."""
        return "\n".join(f"{name:5} 0x{value:08X}" for name, value in self._cpu.registers.items())

    # Hooks

    def _script(self, text: str, what: str) -> HookScript:
        return core_script(self._monitor.machine, self._cpu, text, f"{self._cpu.name} {what}")

    def add_hook(self, addr: Address, python_script: str) -> None:
        """Run ``python_script`` whenever the instruction at ``addr`` is about to run."""
        run = self._script(python_script, f"AddHook 0x{addr:X}")
        self._cpu.hooking.add(addr, lambda core, pc: run(pc=pc))

    def add_symbol_hook(self, hook_symbol: str, python_script: str) -> None:
        """As ``AddHook`` at every symbol of that name, those of firmware loaded later too."""
        run = self._script(python_script, f"AddSymbolHook {shown(hook_symbol)}")
        self._monitor.symbol_hooks.add(hook_symbol, lambda core, pc: run(pc=pc))

    def remove_hooks_at(self, addr: Address) -> None:
        """Take back every hook at ``addr``."""
        self._cpu.hooking.remove_at(addr)

    def remove_all_hooks(self) -> None:
        """Take back every hook."""
        self._cpu.hooking.remove_everywhere()

    def add_hook_at_interrupt_begin(self, python_script: str) -> None:
        """Run ``python_script`` when a handler is entered; it sees ``exceptionIndex`` and ``exceptionNumber``."""
        self._at_interrupt(self._cpu.on_interrupt_begin, python_script, "AddHookAtInterruptBegin")

    def add_hook_at_interrupt_end(self, python_script: str) -> None:
        """As ``AddHookAtInterruptBegin``, when a handler returns."""
        self._at_interrupt(self._cpu.on_interrupt_end, python_script, "AddHookAtInterruptEnd")

    def _at_interrupt(self, hooks: list[Callable[[int], object]], text: str, what: str) -> None:
        run = self._script(text, what)
        hooks.append(
            lambda number: run(exceptionIndex=_RENODE_EXCEPTIONS.get(number, _INTERRUPT), exceptionNumber=number)
        )

    def add_hook_at_wfi_state_change(self, python_script: str) -> None:
        """Run ``python_script`` when the core falls asleep and when it wakes; it sees ``isInWfi``."""
        run = self._script(python_script, "AddHookAtWfiStateChange")
        self._cpu.on_sleep.append(lambda asleep: run(isInWfi=asleep))

    # Logs

    def log_cpu_interrupts(self, is_enabled: bool) -> None:
        """An entry at each beginning and end of a handler."""
        cpu = self._cpu
        for words, listeners in (("Begin", cpu.on_interrupt_begin), ("End", cpu.on_interrupt_end)):
            listeners[:] = [each for each in listeners if not isinstance(each, _InterruptLog)]
            if is_enabled:
                listeners.append(_InterruptLog(cpu.log, words))

    def log_function_names(
        self,
        value: bool,
        space_separated_prefixes: str | bool = "",
        remove_duplicates: bool = False,
        use_function_symbols_only: bool = True,
    ) -> None:
        """``LogFunctionNames true ["prefix prefix"] [removeDuplicates] [useFunctionSymbolsOnly]``."""
        prefixes, unique = "", remove_duplicates
        if isinstance(space_separated_prefixes, bool):  # the form without prefixes
            unique = space_separated_prefixes
        else:
            prefixes = space_separated_prefixes
        hook = function_names(self._monitor.machine, self._cpu.log, prefixes.split(), unique)
        self._monitor.follower.set("functions", hook if value else None)

    @property
    def log_translation_block_fetch(self) -> bool:
        """An entry at each block the core begins."""
        return self._monitor.follower.has("blocks")

    @log_translation_block_fetch.setter
    def log_translation_block_fetch(self, value: bool) -> None:
        hook = block_fetches(self._monitor.machine, self._cpu.log) if value else None
        self._monitor.follower.set("blocks", hook)

    # Code

    def assemble_block(self, addr: Address, instructions: str, flags: UInt = 0) -> UInt:
        """Write the code of ``instructions`` at ``addr``; how many bytes."""
        code = assemble(addr, instructions, self._cpu.cpu_type)
        self._monitor.machine.sysbus.write_bytes(addr, code)
        return len(code)

    def disassemble_block(self, addr: Address | None = None, block_size: CodeSize = 40, flags: UInt = 0) -> str:
        """What ``block_size`` bytes from ``addr`` (the next instruction) say."""
        start = self._cpu.pc if addr is None else addr
        return disassemble(start, self._monitor.machine.sysbus.read_bytes(start, block_size))

    def clear_translation_cache(self) -> None:
        """Translate all code anew."""
        self._cpu.engine.forget_all_code()

    # Running

    def step(self, count: Steps = 1) -> RegisterValue:
        """Execute ``count`` instructions, and only steps from then on; the program counter after them."""
        return RegisterValue(self._cpu.step(count))

    @property
    def execution_mode(self) -> ExecutionMode:
        """``Continuous``, or ``SingleStep``: nothing runs but by ``Step``."""
        return ExecutionMode[self._cpu.execution_mode]

    @execution_mode.setter
    def execution_mode(self, mode: ExecutionMode) -> None:
        self._cpu.execution_mode = mode.name

    @property
    def is_halted(self) -> bool:
        """The core does not run while time goes on."""
        return self._cpu.is_halted

    @is_halted.setter
    def is_halted(self, value: bool) -> None:
        self._cpu.is_halted = value

    @property
    def executed_instructions(self) -> ULong:
        """Instructions executed since the machine started."""
        return self._cpu.executed_instructions

    @property
    def performance_in_mips(self) -> Mips:
        """Million core cycles a second of virtual time."""
        return self._cpu.performance_in_mips

    @performance_in_mips.setter
    def performance_in_mips(self, value: int) -> None:
        self._cpu.performance_in_mips = value

    @property
    def vector_table_offset(self) -> UInt:
        """Address of the vector table."""
        return self._cpu.vector_table_offset

    @vector_table_offset.setter
    def vector_table_offset(self, value: int) -> None:
        self._cpu.vector_table_offset = value

    @property
    def wfi_as_nop(self) -> bool:
        """WFI and WFE do not wait."""
        return self._cpu.wfi_as_nop

    @wfi_as_nop.setter
    def wfi_as_nop(self, value: bool) -> None:
        self._cpu.wfi_as_nop = value

    @property
    def maximum_block_size(self) -> Int:
        """Kept, without effect."""
        return self._cpu.maximum_block_size

    @maximum_block_size.setter
    def maximum_block_size(self, value: int) -> None:
        self._cpu.maximum_block_size = value

    def get_it_state(self) -> UInt:
        """What is left of an IT block; 0 outside of one."""
        return self._cpu.get_it_state()

    def evaluate_condition_code(self, condition: Condition) -> bool:
        """Whether condition code ``condition`` (0: EQ ... 14: always) holds now."""
        return self._cpu.evaluate_condition_code(condition)

    @property
    def fpu_enabled(self) -> bool:
        """CPACR lets code use the floating-point unit, as firmware would do with its first instructions."""
        return self._cpu.nvic.scb.fpu_enabled

    @fpu_enabled.setter
    def fpu_enabled(self, value: bool) -> None:
        both = 0xF << 20
        present = self._cpu.get_register("CPACR")
        self._cpu.set_register("CPACR", present | both if value else present & ~both)

    @property
    def architecture(self) -> str:
        """Renode's name of it."""
        return "arm-m"

    @property
    def model(self) -> str:
        """The board's ``cpuType``."""
        return self._cpu.cpu_type


def _register(name: str) -> property:
    def get(self: CoreFace) -> ULong:
        return self._cpu.get_register(name)

    def put(self: CoreFace, value: int) -> None:
        self._cpu.set_register(name, value)

    return property(get, put, doc=f"The register {name}.")


for _name in REGISTERS:
    setattr(CoreFace, snake_case(_name), _register(_name))


class _InterruptLog:
    """An entry for each exception."""

    def __init__(self, log: logging.Logger, words: str) -> None:
        self._log, self._words = log, words

    def __call__(self, number: int) -> None:
        self._log.info("%s of the interrupt: %s", self._words, name_of(number))


class NvicFace:
    """The interrupt controller's timer."""

    RENODE_MEMBERS = ("Frequency",)

    def __init__(self, monitor: ObjectSession) -> None:
        self._monitor = monitor

    @property
    def frequency(self) -> ULong:
        """SysTick's processor clock in Hz."""
        return self._monitor.machine.nvic.systick_frequency

    @frequency.setter
    def frequency(self, hertz: int) -> None:
        if not 1 <= hertz <= MOST_MIPS * 1_000_000:
            raise CrosscamError(f"nvic Frequency: expected 1 to {MOST_MIPS * 1_000_000:g} Hz, found {shown(hertz)}")
        self._monitor.machine.nvic.systick_frequency = hertz
