"""Reset and clock control of STM32H7 (RM0433 and, for the H7A3, RM0455, section 8).

Oscillators and PLLs are ready as soon as they are on, SWS follows SW only to a source that is on. Renode's
``Miscellaneous.STM32H7_RCC`` knows nine registers; here every register of the manual exists and reads back what was
written. Reset bits reset what the board has at the peripheral's address, when they go from 0 to 1. The real-time clock
at 0x58004000 runs on what BDCR selects; BDCR outlives all resets but power-on and BDRST. RSR tells the causes of
resets (the machine's ``last_reset``) since power-on or since RMVF.

The native form of ``sim/peripherals/stm32h7_rcc.py``. Ready interrupts, clock security and DBP's write protection are
not modelled; what is clocked gets its frequency from the board description, or from ``sim/engine/timing``.
"""

from __future__ import annotations

from sim.engine.devices.base import Services
from sim.engine.devices.clocks.stm32_rcc import Stm32Rcc
from sim.engine.devices.registers import Mode
from sim.engine.devices.script_twin import twin_of

_RMVF = 1 << 16
_POWER_ON = 0x00FE0000  # RM0433 table "RSR flags": power-on sets POR, PIN, BOR, D1, D2 and CPU flags
_PIN_AND_CPU = 1 << 22 | 1 << 17
_CAUSES = {"BOR": 1 << 21, "IWDG1": 1 << 26, "SYSRESETREQ": 1 << 24, "WWDG": 1 << 28}
_CFGR, _BDCR, _CSR, _RSR = 0x10, 0x70, 0x74, 0xD0
_CORE_VIEW, _VIEW_OFFSET = range(0x130, 0x180), 0x60  # the core's own view of the enable and cause registers

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
    0x0C: ("CSICFGR", 0x20000000),
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
    0xA0: ("GCR", 0),
    0xA8: ("D3AMR", 0),
    0xB0: ("CKGAENR", 0),
}
_BUSES = {  # enable and sleep registers in this order; reset values of the latter
    "AHB3": 0xF0E11131,
    "AHB1": 0x0E03C023,
    "AHB2": 0xE0000271,
    "AHB4": 0x31A807FF,
    "APB3": 0x00000058,
    "APB1L": 0xE8FFCBFF,
    "APB1H": 0x00000136,
    "APB2": 0x31D73033,
    "APB4": 0x0421DEAA,
}
_APB1, _APB2 = 0x40000000, 0x40010000
_RESETS = (  # register, its name, bit -> address of the peripheral (RM0433 8.7.28 to 8.7.36)
    (0x7C, "AHB3", {0: 0x52000000, 4: 0x52001000, 5: 0x52003000, 12: 0x52004000, 14: 0x52005000, 16: 0x52007000}),
    (0x80, "AHB1", {0: 0x40020000, 1: 0x40020400, 5: 0x40022000, 15: 0x40028000, 25: 0x40040000, 27: 0x40080000}),
    (0x84, "AHB2", {0: 0x48020000, 4: 0x48021000, 5: 0x48021400, 6: 0x48021800, 9: 0x48022400}),
    (
        0x88,
        "AHB4",
        {bit: 0x58020000 + 0x400 * bit for bit in range(11)}
        | {19: 0x58024C00, 21: 0x58025400, 24: 0x58026000, 25: 0x58026400},
    ),
    (0x8C, "APB3", {3: 0x50001000}),
    (
        0x90,
        "APB1L",
        {bit: _APB1 + 0x400 * bit for bit in (*range(10), *range(14, 24), 27, 29, 30, 31)},
    ),
    (0x94, "APB1H", {1: 0x40008400, 2: 0x40008800, 4: 0x40009000, 5: 0x40009400, 8: 0x4000A000}),
    (
        0x98,
        "APB2",
        {bit: _APB2 + 0x400 * bit for bit in (0, 1, 4, 5, 12, 13, 16, 17, 18)}
        | {20: 0x40015000, 22: 0x40015800, 23: 0x40015C00, 24: 0x40016000, 28: 0x40017000, 29: 0x40017400},
    ),
    (
        0x9C,
        "APB4",
        {bit: 0x58000000 + 0x400 * bit for bit in (1, 3, 5, 7, 9, 10, 11, 12, 14, 15, 21)},
    ),
)


@twin_of("a2ce15ab534f27cdb7dbd8bc5fb07f947220aaf457ef862bffc18979d63db77a")
class Stm32H7Rcc(Stm32Rcc):
    """All RCC registers; ready flags and the switch status are computed."""

    RENODE_TYPES = ("Miscellaneous.STM32H7_RCC",)
    CAUSE_BITS = 0xFFFE0000
    SOURCES = ("HSI", "CSI", "HSE", "PLL1")
    RTC_ADDRESS = 0x58004000

    def __init__(self, services: Services, name: str, *, systick: object = None, hse_frequency: int = 0) -> None:
        super().__init__(services, name, power_on=_POWER_ON, every_reset=_PIN_AND_CPU, causes=_CAUSES, kept=(_BDCR,))
        self.hse_frequency = hse_frequency
        bank = self.bank
        cr = bank.register(0x00, "CR", reset=0x00000083).after_write(lambda _: self._rtc_clock())
        self._switches = self._ready_pairs(cr, _READY_PAIRS)
        cr.flag(5, "HSIDIVF", Mode.READ, read=lambda: 1)
        cr.field(14, 2, "D1CKRDY D2CKRDY", Mode.READ, read=lambda: 3)
        cr.storage(0x000C021A)
        bank.register(0x08, "CRRCR").field(0, 32, "CRRCR", Mode.READ)
        cfgr = bank.register(_CFGR, "CFGR")
        hse_divider = cfgr.field(8, 6, "RTCPRE")
        self._declare_switch(cfgr, 3)
        bank.register(0x64, "CIFR").field(0, 32, "CIFR", Mode.READ)
        bank.register(0x68, "CICR").field(0, 32, "CICR", Mode.WRITE)
        self._declare_backup(bank.register(_BDCR, "BDCR"), 0x0001837D, hse_divider)
        csr = bank.register(_CSR, "CSR").after_write(lambda _: self._rtc_clock())
        self._lsi = self._ready_pairs(csr, ((0, 1, "LSI"),))["LSI"]
        for offset, (register, reset) in _STORED.items():
            bank.register(offset, register, reset).storage()
        for offset, bus, lines in _RESETS:
            reset_register = bank.register(offset, f"{bus}RSTR")
            self._reset_lines(reset_register, lines)
            reset_register.storage()
        rsr = bank.register(_RSR, "RSR").value_from(lambda: self._cause)
        rsr.field(16, 1, "RMVF", Mode.WRITE)
        rsr.after_write(self._remove_flags)
        for index, (bus, sleep) in enumerate(_BUSES.items()):
            bank.register(0xD4 + 4 * index, f"{bus}ENR", 0x00010000 if bus == "APB4" else 0).storage()
            bank.register(0xFC + 4 * index, f"{bus}LPENR", sleep).storage()

    def read(self, offset: int, width: int) -> int:
        return self.bank.read(offset - _VIEW_OFFSET if offset in _CORE_VIEW else offset, width)

    def write(self, offset: int, width: int, value: int) -> None:
        self.bank.write(offset - _VIEW_OFFSET if offset in _CORE_VIEW else offset, width, value)

    def _remove_flags(self, written: int) -> None:
        if written & _RMVF:
            self._cause = 0
