"""The system control space at 0xE000E000: interrupt controller, and what ARMv7-M keeps in the same window."""

from __future__ import annotations

from typing import Protocol

from sim.engine.cortex_m import exceptions as exc
from sim.engine.cortex_m.debug import DebugControl
from sim.engine.cortex_m.exceptions import Exceptions, Masks
from sim.engine.cortex_m.fpu import FpuControl
from sim.engine.cortex_m.mpu import Mpu
from sim.engine.cortex_m.scb import CACHE_OPERATIONS, HFSR_FORCED, SCR_SEVONPEND, SystemControl
from sim.engine.cortex_m.services import CoreServices
from sim.engine.cortex_m.systick import SysTick
from sim.engine.devices.base import Device
from sim.engine.devices.registers import RegisterBank
from sim.engine.native.counter import NativeCounter
from sim.engine.timing.core import CoreObserver
from sim.engine.wording import UNHANDLED_READ, UNHANDLED_WRITE
from sim.errors import CrosscamError

INTERRUPTS = 240  # what the architecture has room for; an STM32H743 uses 150
_ENABLE_SET, _ENABLE_CLEAR, _PENDING_SET, _PENDING_CLEAR, _ACTIVE = 0x100, 0x180, 0x200, 0x280, 0x300
_PRIORITY, _PRIORITY_END = 0x400, 0x4F0
_SYSTEM_PRIORITY, _SYSTEM_PRIORITY_END = 0xD18, 0xD24  # SHPR1..3: exceptions 4..15


class InterruptedCore(Protocol):
    """The core whose interrupts are controlled."""

    @property
    def exception_number(self) -> int:
        """The handler being run; 0 in thread mode."""

    def masks(self) -> Masks:
        """PRIMASK, BASEPRI, FAULTMASK."""

    def send_event(self) -> None:
        """Set the event register; ends WFE."""


class Nvic(Device):
    """Input n of ``on_gpio`` is interrupt n. ``priority_mask``: the bits of a priority that exist (0xF0: 16 levels).

    ``systick_frequency`` is SysTick's processor clock in Hz; where the board file says none, it is Renode's.
    """

    RENODE_TYPES = ("IRQControllers.NVIC",)
    size = 0x1000

    def __init__(
        self,
        services: CoreServices,
        name: str,
        *,
        systick_frequency: int = 50 * 0x800000,
        priority_mask: int = 0xFF,
        halt_systick_on_deep_sleep: bool = True,
    ) -> None:
        super().__init__(services, name)
        if not 0 < priority_mask <= 0xFF:
            raise CrosscamError(f"{name}: priorityMask 0x{priority_mask:X}; expected 0x01 to 0xFF, such as 0xF0")
        self.cpu: InterruptedCore | None = None
        self._clock = services.clock
        self.add_output("IRQ")  # "-> cpu@0" of a board file; the core asks, it is not told
        self.exceptions = Exceptions(INTERRUPTS, priority_mask)
        self.observers: list[CoreObserver] = []
        """Who hears of settings of cache and MPU, and of cache maintenance."""
        self._bank = bank = RegisterBank(self)
        self.scb = SystemControl(self, bank, services)
        self.systick = SysTick(self, bank, services.clock, systick_frequency)
        self.mpu = Mpu(bank, 16, self._mpu_changed)
        self.fpu = FpuControl(bank)
        self.debug = DebugControl(bank)

    def reset(self) -> None:
        self.exceptions.reset()
        self._bank.reset()
        for part in (self.scb, self.systick, self.mpu, self.fpu, self.debug):
            part.reset()

    def hold(self) -> None:
        """SysTick stands while the core's clock changes."""
        self.systick.hold()

    def resume(self) -> None:
        """SysTick goes on."""
        self.systick.resume()

    @property
    def systick_frequency(self) -> int:
        """SysTick's processor clock in Hz; after a change it counts on at the new one."""
        return self.systick.frequency

    @systick_frequency.setter
    def systick_frequency(self, hertz: int) -> None:
        self.systick.hold()
        self.systick.frequency = hertz
        self.systick.resume()

    @property
    def ccr(self) -> int:
        """Configuration and control register."""
        return self.scb.ccr

    def _mpu_changed(self) -> None:
        self._clock.stop_core()  # what it allows is looked up before each run
        for observer in self.observers:
            observer.mpu_changed()

    # Inputs

    def on_gpio(self, number: int, value: bool) -> None:
        """Interrupt input ``number`` has level ``value``; a rise is latched."""
        if not 0 <= number < INTERRUPTS:
            self.log.warning("interrupt input %d does not exist", number)
            return
        self.exceptions.set_level(exc.EXTERNAL + number, value)
        if value:
            self._pended()

    def pend(self, number: int) -> None:
        """Make exception ``number`` pending."""
        self.exceptions.pend(number)
        self._pended()

    def _pended(self) -> None:
        if self.scb.scr & SCR_SEVONPEND and self.cpu is not None:
            self.cpu.send_event()
        self.recheck()

    def recheck(self) -> None:
        """Pending exceptions or priorities changed: have the core look at them at the next block boundary."""
        if self.exceptions.pending & self.exceptions.enabled:
            self._clock.stop_core()

    # What the core asks

    def current_exception(self) -> int:
        """Number of the handler being run, 0 in thread mode."""
        return self.cpu.exception_number if self.cpu is not None else 0

    def masks(self) -> Masks:
        """PRIMASK, BASEPRI and FAULTMASK."""
        return self.cpu.masks() if self.cpu is not None else Masks(0, 0, 0)

    def execution_priority(self) -> int:
        """Priority the core runs at now; smaller is more urgent."""
        return self.exceptions.execution_priority(self.masks())

    def next_exception(self) -> int:
        """Number of the pending exception the core has to take now; 0 when there is none."""
        exceptions = self.exceptions
        if not exceptions.pending & exceptions.enabled:
            return 0
        number, priority = exceptions.highest_pending()
        return number if priority < self.execution_priority() else 0

    def may_preempt(self, number: int) -> bool:
        """Exception ``number`` is more urgent than what the core runs."""
        return self.exceptions.group(self.exceptions.base_priority(number)) < self.execution_priority()

    def resolve(self, fault: int) -> int:
        """The exception that takes ``fault`` now: itself, HardFault, or 0 when the core locks up (B1.5.14)."""
        if self.exceptions.enabled >> fault & 1 and self.may_preempt(fault):
            return fault
        self.scb.hfsr.value |= HFSR_FORCED
        return exc.HARD_FAULT if self.may_preempt(exc.HARD_FAULT) else 0

    def held_by_masks(self) -> bool:
        """A pending exception waits only for PRIMASK, BASEPRI or FAULTMASK."""
        exceptions = self.exceptions
        if not exceptions.pending & exceptions.enabled:
            return False
        return exceptions.highest_pending()[1] < exceptions.active_priority()

    def wakes_core(self) -> bool:
        """A pending exception ends WFI: one that would be taken if PRIMASK were clear."""
        exceptions = self.exceptions
        if not exceptions.pending & exceptions.enabled:
            return False
        _, basepri, faultmask = self.masks()
        return exceptions.highest_pending()[1] < exceptions.execution_priority(Masks(0, basepri, faultmask))

    def native_counter(self, offset: int, width: int) -> NativeCounter | None:
        """SysTick's counter register, while it counts."""
        return self.systick.counter() if (offset, width) == (0x18, 4) else None

    # Registers

    def read(self, offset: int, width: int) -> int:
        if _SYSTEM_PRIORITY <= offset < _SYSTEM_PRIORITY_END:
            return self._read_priorities(4 + offset - _SYSTEM_PRIORITY, width)
        if _PRIORITY <= offset < _PRIORITY_END:
            return self._read_priorities(exc.EXTERNAL + offset - _PRIORITY, width)
        if _ENABLE_SET <= offset < _PRIORITY:
            value = self._read_interrupts(offset & ~3)
            return value >> 8 * (offset & 3) & ((1 << 8 * width) - 1)
        return self._bank.read(offset, width) if offset not in CACHE_OPERATIONS else 0

    def write(self, offset: int, width: int, value: int) -> None:
        if _SYSTEM_PRIORITY <= offset < _SYSTEM_PRIORITY_END:
            self._set_priorities(4 + offset - _SYSTEM_PRIORITY, value, width)
        elif _PRIORITY <= offset < _PRIORITY_END:
            self._set_priorities(exc.EXTERNAL + offset - _PRIORITY, value, width)
        elif _ENABLE_SET <= offset < _PRIORITY:
            self._write_interrupts(offset & ~3, value << 8 * (offset & 3))
        elif offset in CACHE_OPERATIONS:  # by the thousand, for every DMA buffer
            for observer in self.observers:
                observer.maintained(CACHE_OPERATIONS[offset], value)
        else:
            self._bank.write(offset, width, value)

    def _read_priorities(self, first: int, count: int) -> int:
        return int.from_bytes(self.exceptions.priority[first : first + count], "little")

    def _set_priorities(self, first: int, value: int, count: int) -> None:
        """Set the priorities of ``count`` exceptions from ``first``, a byte each."""
        exceptions = self.exceptions
        for index in range(count):
            exceptions.priority[first + index] = value >> 8 * index & exceptions.priority_mask
        self.recheck()

    def _read_interrupts(self, word: int) -> int:
        exceptions = self.exceptions
        bank = word & ~0x7F
        source = {
            _ENABLE_SET: exceptions.enabled,
            _ENABLE_CLEAR: exceptions.enabled,
            _PENDING_SET: exceptions.pending,
            _PENDING_CLEAR: exceptions.pending,
            _ACTIVE: exceptions.active,
        }.get(bank)
        if source is None or word - bank >= 0x20:
            self.log.warning(UNHANDLED_READ, word)
            return 0
        return source >> (exc.EXTERNAL + 8 * (word - bank)) & 0xFFFFFFFF

    def _write_interrupts(self, word: int, value: int) -> None:
        exceptions = self.exceptions
        bank = word & ~0x7F
        bits = (value & 0xFFFFFFFF) << (exc.EXTERNAL + 8 * (word - bank))
        bits &= (1 << exceptions.count) - 1
        if bank not in (_ENABLE_SET, _ENABLE_CLEAR, _PENDING_SET, _PENDING_CLEAR) or word - bank >= 0x20:
            self.log.warning(UNHANDLED_WRITE, word, value)
        elif bank == _ENABLE_SET:
            exceptions.enabled |= bits
        elif bank == _ENABLE_CLEAR:
            exceptions.enabled &= ~bits
        elif bank == _PENDING_SET:
            for number in range(exc.EXTERNAL, exceptions.count):
                if bits >> number & 1:
                    exceptions.pend(number)
        else:
            exceptions.pending &= ~bits | exceptions.level & ~exceptions.active
        self.recheck()
