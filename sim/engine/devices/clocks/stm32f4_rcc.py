"""Reset and clock control of STM32F4 and F7 (RM0090 section 6.3, RM0385 section 5.3).

As in Renode's ``Miscellaneous.STM32F4_RCC``: oscillators and PLLs are ready as soon as they are on, clock enables read
back and gate nothing, TIM9RST pulses ``Timer9Reset`` when it goes back to 0, ``rtcPeripheral`` follows RTCEN.

Beyond Renode, as on the chip: SWS follows SW only to a clock that is on; a reset bit resets the peripheral the board
has at that bit's address (when it goes from 0 to 1); CSR tells the cause of the last resets until RMVF; BDRST resets
BDCR and the real-time clock, which runs on the clock RTCSEL selects, if that is on; BDCR outlives a system reset; reset
values are the manual's; the F7's DCKCFGR2 exists. Ready interrupts, clock security and the write protection of BDCR
(PWR_CR.DBP) are not modelled.
"""

from __future__ import annotations

from typing import ClassVar

from sim.engine.devices.base import Device, Services
from sim.engine.devices.clocks.stm32_rcc import Stm32Rcc
from sim.engine.devices.clocks.stm32f4_rtc import Stm32F4Rtc
from sim.engine.devices.registers import Mode

_READY_PAIRS = ((0, 1, "HSI"), (16, 17, "HSE"), (24, 25, "PLL"), (26, 27, "PLLI2S"), (28, 29, "PLLSAI"))
_CFGR, _BDCR = 0x08, 0x70
_RMVF = 1 << 24
_FLAGS = 0xFE000000
_BOR_PIN_POR, _BOR, _PIN, _SFT, _IWDG, _WWDG = 0x0E000000, 1 << 25, 1 << 26, 1 << 28, 1 << 29, 1 << 30

_APB1, _APB2, _AHB1, _AHB2 = 0x40000000, 0x40010000, 0x40020000, 0x50060000
_GRID = 0x400  # bit n of the APB reset registers is the peripheral n windows above the bus's first
_APB1_BITS = (*range(10), 11, 14, 15, *range(16, 32))
_APB2_BITS = (0, 1, 4, 5, 7, 8, *range(11, 15), 16, 17, 18, *range(20, 24), 26)
_RESET_LINES = {
    0x10: (
        "AHB1RSTR",
        {bit: _AHB1 + _GRID * bit for bit in (*range(11), 12)}
        | {21: 0x40026000, 22: 0x40026400, 23: 0x4002B000, 25: 0x40028000, 29: 0x40040000},
    ),
    0x14: ("AHB2RSTR", {0: 0x50050000, 4: 0x50060000, 5: 0x50060400, 6: 0x50060800, 7: 0x50000000}),
    0x18: ("AHB3RSTR", {0: 0xA0000000, 1: 0xA0001000}),
    0x20: ("APB1RSTR", {bit: _APB1 + _GRID * bit for bit in _APB1_BITS}),
    0x24: ("APB2RSTR", {bit: _APB2 + _GRID * bit for bit in _APB2_BITS}),
}
_STORED = {
    0x04: ("PLLCFGR", 0x24003010),
    0x30: ("AHB1ENR", 0x00100000),
    0x34: ("AHB2ENR", 0),
    0x38: ("AHB3ENR", 0),
    0x40: ("APB1ENR", 0),
    0x44: ("APB2ENR", 0),
    0x50: ("AHB1LPENR", 0x7EF7B7FF),
    0x54: ("AHB2LPENR", 0x000000F1),
    0x58: ("AHB3LPENR", 0x00000003),
    0x60: ("APB1LPENR", 0xFFFFCBFF),
    0x64: ("APB2LPENR", 0x04F77F33),
    0x80: ("SSCGR", 0),
    0x84: ("PLLI2SCFGR", 0x24003000),
    0x88: ("PLLSAICFGR", 0x24003000),
    0x8C: ("DCKCFGR", 0),
    0x90: ("DCKCFGR2", 0),
}


class Stm32F4Rcc(Stm32Rcc):
    """All RCC registers, and the reset and clock of ``rtc_peripheral``."""

    RENODE_TYPES: ClassVar[tuple[str, ...]] = ("Miscellaneous.STM32F4_RCC",)
    CAUSE_BITS = _FLAGS
    SOURCES = ("HSI", "HSE", "PLL")

    def __init__(self, services: Services, name: str, *, rtc_peripheral: Stm32F4Rtc | None) -> None:
        super().__init__(
            services,
            name,
            power_on=_BOR_PIN_POR,
            every_reset=_PIN,
            causes={"BOR": _BOR, "SYSRESETREQ": _SFT, "IWDG": _IWDG, "WWDG": _WWDG},
            kept=(_BDCR,),
        )
        self.timer9_reset = self.add_output("Timer9Reset")
        self._rtc_peripheral = rtc_peripheral
        bank = self.bank
        cr = bank.register(0x00, "CR", 0x00000083)
        self._switches = self._ready_pairs(cr, _READY_PAIRS)
        cr.storage(0x000C00F8)
        cr.after_write(lambda _: self._switch())
        cfgr = bank.register(_CFGR, "CFGR")
        hse_divider = cfgr.field(16, 5, "RTCPRE")
        self._declare_switch(cfgr, 2)
        cir = bank.register(0x0C, "CIR")
        cir.field(0, 8, "flags", Mode.READ)
        cir.field(16, 8, "clear", Mode.WRITE)
        cir.storage(0x7F00)
        for offset, (register, reset) in _STORED.items():
            bank.register(offset, register, reset).storage()
        for offset, (register, lines) in _RESET_LINES.items():
            declared = bank.register(offset, register)
            if offset == 0x24:
                declared.flag(16, "TIM9RST", on_change=self._timer9)
                lines = {bit: address for bit, address in lines.items() if bit != 16}
            self._reset_lines(declared, lines)
            declared.storage()
        self._declare_backup(bank.register(_BDCR, "BDCR"), 0x1C, hse_divider)
        csr = bank.register(0x74, "CSR").after_write(lambda _: self._rtc_clock())
        self._lsi = self._ready_pairs(csr, ((0, 1, "LSI"),))["LSI"]
        csr.field(24, 1, "RMVF", Mode.WRITE, on_write=self._remove_flags)
        csr.field(25, 7, "flags", Mode.READ, read=lambda: self._cause >> 25)

    def reset(self) -> None:
        super().reset()
        self.timer9_reset.set(False)

    def _timer9(self, old: int, new: int) -> None:
        self._reset_line(_APB2 + _GRID * 16, old, new)
        if not new:
            self.timer9_reset.pulse()

    def _rtc(self) -> Device | None:
        return self._rtc_peripheral or super()._rtc()

    def _remove_flags(self, written: int) -> None:
        if written:
            self._cause = 0
