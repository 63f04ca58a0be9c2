"""Reset and clock control of STM32H7 (RM0433 section 8).

Oscillators and PLLs are ready as soon as they are on, SWS follows SW at once, as in Renode's
``Miscellaneous.STM32H7_RCC``. That model knows nine registers; here every register of the manual exists and reads
back what was written. Nothing is clocked from here: peripheral models get their frequency from the board
description. A write of RSTR bits is stored only.

RSR tells the causes of resets (the machine's ``last_reset``) since power-on or since RMVF.
"""

from __future__ import annotations

from sim.engine.devices.base import Services
from sim.engine.devices.registers import Mode
from sim.engine.devices.stm32_rcc import Stm32Rcc

_RMVF = 1 << 16
_POWER_ON = 0x00FE0000  # RM0433 table "RSR flags": power-on sets POR, PIN, BOR, D1, D2 and CPU flags
_PIN_AND_CPU = 1 << 22 | 1 << 17
_CAUSES = {"IWDG1": 1 << 26, "SYSRESETREQ": 1 << 24}

_READY_PAIRS = (
    (0, 2, "HSI"),
    (7, 8, "CSI"),
    (12, 13, "HSI48"),
    (16, 17, "HSE"),
    (24, 25, "PLL1"),
    (26, 27, "PLL2"),
    (28, 29, "PLL3"),
)
_STORED = {
    0x04: ("ICSCR", 0x40000000),
    0x08: ("CRRCR", 0),
    0x18: ("D1CFGR", 0),
    0x1C: ("D2CFGR", 0),
    0x20: ("D3CFGR", 0),
    0x28: ("PLLCKSELR", 0x02020200),
    0x2C: ("PLLCFGR", 0x01FF0000),
    0x30: ("PLL1DIVR", 0x01010280),
    0x34: ("PLL1FRACR", 0),
    0x38: ("PLL2DIVR", 0x01010280),
    0x3C: ("PLL2FRACR", 0),
    0x40: ("PLL3DIVR", 0x01010280),
    0x44: ("PLL3FRACR", 0),
    0x4C: ("D1CCIPR", 0),
    0x50: ("D2CCIP1R", 0),
    0x54: ("D2CCIP2R", 0),
    0x58: ("D3CCIPR", 0),
    0x60: ("CIER", 0),
    0x7C: ("AHB3RSTR", 0),
    0x80: ("AHB1RSTR", 0),
    0x84: ("AHB2RSTR", 0),
    0x88: ("AHB4RSTR", 0),
    0x8C: ("APB3RSTR", 0),
    0x90: ("APB1LRSTR", 0),
    0x94: ("APB1HRSTR", 0),
    0x98: ("APB2RSTR", 0),
    0x9C: ("APB4RSTR", 0),
    0xA0: ("GCR", 0),
    0xA8: ("D3AMR", 0),
}
_BUSES = ("AHB3", "AHB1", "AHB2", "AHB4", "APB3", "APB1L", "APB1H", "APB2", "APB4")


class Stm32H7Rcc(Stm32Rcc):
    """All RCC registers; ready flags and the switch status are computed."""

    RENODE_TYPES = ("Miscellaneous.STM32H7_RCC",)

    def __init__(self, services: Services, name: str, *, systick: object = None, hse_frequency: int = 0) -> None:
        super().__init__(services, name, power_on=_POWER_ON, every_reset=_PIN_AND_CPU, causes=_CAUSES)
        self.hse_frequency = hse_frequency  # newer board files give it; kept for whoever asks
        bank = self.bank
        cr = bank.register(0x00, "CR", reset=0x00000083)
        self._ready_pairs(cr, _READY_PAIRS)
        cr.flag(5, "HSIDIVF", Mode.READ, read=lambda: 1)
        cr.field(14, 2, "D1CKRDY D2CKRDY", Mode.READ, read=lambda: 3)
        cr.storage(0x000C021A)
        cfgr = bank.register(0x10, "CFGR")
        switch = cfgr.field(0, 3, "SW")
        cfgr.field(3, 3, "SWS", Mode.READ, read=lambda: switch.value)
        cfgr.storage(0xFFFCFFC0)
        bank.register(0x64, "CIFR").field(0, 11, "CIFR", Mode.READ)
        bank.register(0x68, "CICR").field(0, 11, "CICR", Mode.WRITE)
        bdcr = bank.register(0x70, "BDCR")
        self._ready_pairs(bdcr, ((0, 1, "LSE"),))
        bdcr.storage(0x0001837D)
        csr = bank.register(0x74, "CSR")
        self._ready_pairs(csr, ((0, 1, "LSI"),))
        for offset, (register, reset) in _STORED.items():
            bank.register(offset, register, reset).storage()
        rsr = bank.register(0xD0, "RSR").value_from(lambda: self._cause)
        rsr.field(16, 1, "RMVF", Mode.WRITE)
        rsr.after_write(self._remove_flags)
        for index, bus in enumerate(_BUSES):
            # The xLPENR reset values (all clocks on in sleep) have no effect here and are not reproduced.
            bank.register(0xD4 + 4 * index, f"{bus}ENR", 0x00010000 if bus == "APB4" else 0).storage()
            bank.register(0xFC + 4 * index, f"{bus}LPENR").storage()

    def _remove_flags(self, written: int) -> None:
        if written & _RMVF:
            self._cause = 0
