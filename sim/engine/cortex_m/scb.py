"""System control block of a Cortex-M7 (ARMv7-M B3.2), with the identification values of an STM32H743."""

from __future__ import annotations

from collections.abc import Callable

from sim.engine.cortex_m import exceptions as exc
from sim.engine.cortex_m.controller import Controller
from sim.engine.cortex_m.services import CoreServices
from sim.engine.devices.registers import Mode, RegisterBank

CPUID = 0x411FC271  # Cortex-M7 r1p1
# ID_PFR0 .. ID_ISAR4, from offset 0xD40.
FEATURES = (
    0x00000030, 0x00000200, 0x00100000, 0x00000000, 0x00100030, 0x00000000, 0x01000000, 0x00000000,
    0x01101110, 0x02112000, 0x20232231, 0x01111131, 0x01310132, 0x00000000,
)  # fmt: skip
CACHE_LEVELS = 0x09000003  # CLIDR: separate level 1 caches
CACHE_TYPE = 0x8303C003  # CTR: 32-byte lines
DATA_CACHE = 0xF00FE019  # CCSIDR: 16 KB, 4 ways, 128 sets of 32 bytes
CODE_CACHE = 0xF01FE009  # CCSIDR: 16 KB, 2 ways, 256 sets of 32 bytes
COMPONENT = {0xFD0: 0x04, 0xFD4: 0, 0xFD8: 0, 0xFDC: 0, 0xFE0: 0x0C, 0xFE4: 0xB0, 0xFE8: 0x0B, 0xFEC: 0,
             0xFF0: 0x0D, 0xFF4: 0xE0, 0xFF8: 0x05, 0xFFC: 0xB1}  # fmt: skip

AIRCR_KEY = 0x05FA
CCR_UNALIGN_TRP = 1 << 3
CCR_DIV_0_TRP = 1 << 4
CCR_STKALIGN = 1 << 9
CCR_DC = 1 << 16
CCR_IC = 1 << 17
CCR_NONBASETHRDENA = 1 << 0
SCR_SLEEPDEEP = 1 << 2
SCR_SLEEPONEXIT = 1 << 1
SCR_SEVONPEND = 1 << 4
HFSR_VECTTBL = 1 << 1
HFSR_FORCED = 1 << 30
HFSR_DEBUGEVT = 1 << 31
DFSR_BKPT = 1 << 1

# CFSR bits
IACCVIOL = 1 << 0
DACCVIOL = 1 << 1
MUNSTKERR = 1 << 3
MSTKERR = 1 << 4
MMARVALID = 1 << 7
IBUSERR = 1 << 8
PRECISERR = 1 << 9
IMPRECISERR = 1 << 10
UNSTKERR = 1 << 11
STKERR = 1 << 12
BFARVALID = 1 << 15
UNDEFINSTR = 1 << 16
INVSTATE = 1 << 17
INVPC = 1 << 18
NOCP = 1 << 19
UNALIGNED = 1 << 24
DIVBYZERO = 1 << 25

CACHE_OPERATIONS = {
    0xF50: "ICIALLU",
    0xF58: "ICIMVAU",
    0xF5C: "DCIMVAC",
    0xF60: "DCISW",
    0xF64: "DCCMVAU",
    0xF68: "DCCMVAC",
    0xF6C: "DCCSW",
    0xF70: "DCCIMVAC",
    0xF74: "DCCISW",
    0xF78: "BPIALL",
}
_SHCSR_ACTIVE = {0: exc.MEM_MANAGE, 1: exc.BUS_FAULT, 3: exc.USAGE_FAULT, 7: exc.SV_CALL, 8: exc.DEBUG_MONITOR,
                 10: exc.PEND_SV, 11: exc.SYS_TICK}  # fmt: skip
_SHCSR_PENDING = {12: exc.USAGE_FAULT, 13: exc.MEM_MANAGE, 14: exc.BUS_FAULT, 15: exc.SV_CALL}
_SHCSR_ENABLED = {16: exc.MEM_MANAGE, 17: exc.BUS_FAULT, 18: exc.USAGE_FAULT}


class SystemControl:
    """The registers, and the values other parts of the core look at."""

    def __init__(self, nvic: Controller, bank: RegisterBank, services: CoreServices) -> None:
        self._nvic = nvic
        self._services = services
        self.on_fpu_access: Callable[[], None] = lambda: None
        self.on_traps: Callable[[int], None] = lambda ccr: None
        self.initial_vector_table = 0x08000000
        self.bank = bank
        self._declare(bank)

    def _declare(self, bank: RegisterBank) -> None:
        bank.register(0x004, "ICTR").value_from(lambda: (self._nvic.exceptions.count - exc.EXTERNAL - 1) // 32)
        bank.register(0x008, "ACTLR").storage()
        self.cpu_id = CPUID
        bank.register(0xD00, "CPUID").value_from(lambda: self.cpu_id)
        bank.register(0xD04, "ICSR").value_from(self._read_icsr).after_write(self._write_icsr)
        self._vtor = bank.register(0xD08, "VTOR").field(7, 25, "TBLOFF")
        bank.register(0xD0C, "AIRCR").value_from(
            lambda: 0xFA050000 | self._nvic.exceptions.priority_group << 8
        ).after_write(self._write_aircr)
        self._scr = bank.register(0xD10, "SCR").field(0, 5, "SCR")
        self._ccr = bank.register(0xD14, "CCR", reset=0x00040200).field(0, 19, "CCR", on_change=self._ccr_changed)
        bank.register(0xD24, "SHCSR").value_from(self._read_shcsr).after_write(self._write_shcsr)
        self.cfsr = bank.register(0xD28, "CFSR").field(0, 32, "CFSR", Mode.WRITE_ONE_TO_CLEAR)
        self.hfsr = bank.register(0xD2C, "HFSR").field(0, 32, "HFSR", Mode.WRITE_ONE_TO_CLEAR)
        self.dfsr = bank.register(0xD30, "DFSR").field(0, 5, "DFSR", Mode.WRITE_ONE_TO_CLEAR)
        self.mmfar = bank.register(0xD34, "MMFAR").field(0, 32, "ADDRESS")
        self.bfar = bank.register(0xD38, "BFAR").field(0, 32, "ADDRESS")
        bank.register(0xD3C, "AFSR").storage()
        for index, value in enumerate(FEATURES):
            _constant(bank, 0xD40 + 4 * index, f"ID{index}", value)
        bank.register(0xD78, "CLIDR").value_from(lambda: CACHE_LEVELS)
        bank.register(0xD7C, "CTR").value_from(lambda: CACHE_TYPE)
        self._csselr = bank.register(0xD84, "CSSELR").field(0, 4, "CSSELR")
        bank.register(0xD80, "CCSIDR").value_from(lambda: CODE_CACHE if self._csselr.value & 1 else DATA_CACHE)
        self.cpacr = bank.register(0xD88, "CPACR").field(
            20, 4, "CP10_CP11", on_change=lambda old, new: self.on_fpu_access()
        )
        bank.register(0xF00, "STIR").field(0, 9, "INTID", Mode.WRITE, on_write=self._software_trigger)
        bank.register(0xF90, "ITCMCR", reset=0x39).storage()  # 64 KB, enabled
        bank.register(0xF94, "DTCMCR", reset=0x41).storage()  # 128 KB, enabled
        bank.register(0xF98, "AHBPCR", reset=0x07).storage()
        bank.register(0xF9C, "CACR").storage()
        bank.register(0xFA0, "AHBSCR", reset=0x800).storage()
        bank.register(0xFA8, "ABFSR").storage()
        for offset, value in COMPONENT.items():
            _constant(bank, offset, f"ID_{offset:X}", value)

    def reset(self) -> None:
        """Registers the bank cannot reset by itself."""
        self.on_traps(self.ccr)
        self._vtor.value = self.initial_vector_table >> 7

    # What other parts look at

    @property
    def vector_table(self) -> int:
        """Address of the vector table (VTOR)."""
        return self._vtor.value << 7

    @vector_table.setter
    def vector_table(self, address: int) -> None:
        self._vtor.value = (address & 0xFFFFFFFF) >> 7

    @property
    def ccr(self) -> int:
        """Configuration and control register."""
        return self._ccr.value

    @property
    def scr(self) -> int:
        """System control register (sleep modes)."""
        return self._scr.value

    @property
    def fpu_enabled(self) -> bool:
        """CPACR lets privileged code use the FPU."""
        return self.floats_allowed(True)

    def floats_allowed(self, privileged: bool) -> bool:
        """CPACR.CP10 and CP11 (B3.2.20): 0b01 lets privileged code use the FPU, 0b11 any."""
        wanted = 0b0101 if privileged else 0b1111
        return self.cpacr.value & wanted == wanted

    # Registers with a mind of their own

    def _read_icsr(self) -> int:
        exceptions = self._nvic.exceptions
        current = self._nvic.current_exception()
        pending, _ = exceptions.highest_pending()
        value = current | pending << 12
        if exceptions.pending >> exc.EXTERNAL:
            value |= 1 << 22
        if not exceptions.active & ~(1 << current):
            value |= 1 << 11
        for bit, number in ((26, exc.SYS_TICK), (28, exc.PEND_SV), (31, exc.NMI)):
            value |= (exceptions.pending >> number & 1) << bit
        return value

    def _write_icsr(self, value: int) -> None:
        exceptions = self._nvic.exceptions
        for clear, number in ((25, exc.SYS_TICK), (27, exc.PEND_SV)):
            if value >> clear & 1:
                exceptions.clear_pending(number)
        for pend, number in ((26, exc.SYS_TICK), (28, exc.PEND_SV), (31, exc.NMI)):
            if value >> pend & 1:
                self._nvic.pend(number)

    def _write_aircr(self, value: int) -> None:
        if value >> 16 != AIRCR_KEY:
            self._nvic.log.warning("write of AIRCR without its key ignored, value 0x%08X", value)
            return
        self._nvic.exceptions.priority_group = value >> 8 & 7
        self._nvic.recheck()
        if value & 1 << 2:
            self._services.request_reset("AIRCR.SYSRESETREQ")

    def _ccr_changed(self, old: int, new: int) -> None:
        for observer in self._nvic.observers:
            observer.configured(old, new)
        self.on_traps(new)

    def _read_shcsr(self) -> int:
        exceptions = self._nvic.exceptions
        value = 0
        for bits, source in (
            (_SHCSR_ACTIVE, exceptions.active),
            (_SHCSR_PENDING, exceptions.pending),
            (_SHCSR_ENABLED, exceptions.enabled),
        ):
            for bit, number in bits.items():
                value |= (source >> number & 1) << bit
        return value

    def _write_shcsr(self, value: int) -> None:
        exceptions = self._nvic.exceptions
        for bits, name in ((_SHCSR_ACTIVE, "active"), (_SHCSR_PENDING, "pending"), (_SHCSR_ENABLED, "enabled")):
            state = getattr(exceptions, name)
            for bit, number in bits.items():
                state = state | 1 << number if value >> bit & 1 else state & ~(1 << number)
            setattr(exceptions, name, state)
        self._nvic.recheck()

    def _software_trigger(self, interrupt: int) -> None:
        if exc.EXTERNAL + interrupt < self._nvic.exceptions.count:
            self._nvic.pend(exc.EXTERNAL + interrupt)


def _constant(bank: RegisterBank, offset: int, name: str, value: int) -> None:
    """A read-only register that never changes."""
    bank.register(offset, name, reset=value).field(0, 32, name, Mode.READ)
