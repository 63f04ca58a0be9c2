"""Reset and clock control of STM32L0 (RM0367 section 7).

As in Renode's ``Miscellaneous.STM32L0_RCC``: oscillators and PLL are ready as soon as they are on; SysTick
(``systick``) counts the system clock that CFGR selects, divided by HPRE, and LPTIM1 (``lptimer``) the clock that CCIPR
selects; the clocks' frequencies are parameters, in Hz. Beyond it, as on the chip: SWS follows SW only to a clock that
is on; reset bits reset what the board has at the peripheral's address; the real-time clock (``rtc``) runs on what CSR
selects, and CSR's bits for it outlive a system reset; CSR tells the causes of the last resets until RMVF. Clock
interrupts, clock security and DBP's write protection are not modelled.
"""

from __future__ import annotations

from typing import Protocol, runtime_checkable

from sim.engine.devices.base import Device, Services
from sim.engine.devices.clocks.stm32_rcc import Stm32Rcc
from sim.engine.devices.clocks.stm32f4_rtc import Stm32F4Rtc
from sim.engine.devices.registers import Mode, Register

_HSI16, _MSI_LOWEST = 16_000_000, 65_536  # Hz
_MULTIPLIERS = (3, 4, 6, 8, 12, 16, 24, 32, 48)  # by PLLMUL
_CR, _ICSCR, _CFGR, _CCIPR, _CSR = 0x00, 0x04, 0x0C, 0x4C, 0x50
_READY_PAIRS = ((0, 2, "HSI16"), (3, 4, "HSI16DIV"), (8, 9, "MSI"), (16, 17, "HSE"), (24, 25, "PLL"))
_FLAGS, _RMVF = 0xFF000000, 1 << 23
_POWER_ON, _PIN, _SFT, _IWDG, _WWDG = 0x0C000000, 1 << 26, 1 << 28, 1 << 29, 1 << 30
_OF_THE_RTC = 0x00077F00  # bits of CSR that a system reset leaves alone

_GPIO, _APB1, _APB2, _GRID = 0x50000000, 0x40000000, 0x40010000, 0x400
_RESETS = (  # register, its name, bit -> address of the peripheral (RM0367 7.3.8 to 7.3.11)
    (0x1C, "IOPRSTR", {bit: _GPIO + _GRID * bit for bit in (0, 1, 2, 3, 4, 7)}),
    (0x20, "AHBRSTR", {0: 0x40020000, 8: 0x40022000, 12: 0x40023000, 20: 0x40025000}),
    (0x24, "APB2RSTR", {bit: _APB2 + _GRID * bit for bit in (0, 2, 5, 9, 12, 14)}),
    (0x28, "APB1RSTR", {bit: _APB1 + _GRID * bit for bit in (0, 1, 4, 5, 9, 11, 14, *range(17, 23), 28, 29)}),
)
_STORED = {
    0x10: ("CIER", 0),
    0x2C: ("IOPENR", 0),
    0x30: ("AHBENR", 0x100),
    0x34: ("APB2ENR", 0),
    0x38: ("APB1ENR", 0),
    0x3C: ("IOPSMENR", 0x9F),
    0x40: ("AHBSMENR", 0x01111301),
    0x44: ("APB2SMENR", 0x00405225),
    0x48: ("APB1SMENR", 0xF9FE4A33),
}


@runtime_checkable
class Clocked(Protocol):
    """A timer whose clock is chosen here."""

    def set_clock(self, hertz: int) -> None:
        """It runs at so many Hz from now on."""


@runtime_checkable
class SysTickOwner(Protocol):
    """The interrupt controller."""

    systick_frequency: int


class Stm32L0Rcc(Stm32Rcc):
    """All RCC registers, the clocks of SysTick, LPTIM1 and the real-time clock."""

    RENODE_TYPES = ("Miscellaneous.STM32L0_RCC",)
    CAUSE_BITS = _FLAGS
    SOURCES = ("MSI", "HSI16", "HSE", "PLL")

    def __init__(
        self,
        services: Services,
        name: str,
        *,
        rtc: Stm32F4Rtc | None = None,
        lptimer: Device | None = None,
        systick: Device | None = None,
        apb_frequency: int = 32_000_000,
        lsi_frequency: int = 37_000,
        lse_frequency: int = 32_768,
        hse_frequency: int = 16_000_000,
    ) -> None:
        super().__init__(
            services,
            name,
            power_on=_POWER_ON,
            every_reset=_PIN,
            causes={"SYSRESETREQ": _SFT, "IWDG": _IWDG, "WWDG": _WWDG},
        )
        self.hse_frequency = hse_frequency
        self._rtc_peripheral, self._lptimer, self._systick = rtc, lptimer, systick
        self._lptimer_sources = (apb_frequency, lsi_frequency, _HSI16, lse_frequency)
        self._rtc_sources = (0, lse_frequency, lsi_frequency)
        self._declare_clocks()
        for offset, (register, reset) in _STORED.items():
            self.bank.register(offset, register, reset).storage()
        for offset, register, lines in _RESETS:
            declared = self.bank.register(offset, register)
            self._reset_lines(declared, lines)
            declared.storage()
        self._declare_status(self.bank.register(_CSR, "CSR"))
        services.clock.schedule(0, self._clocks_changed)  # once the board is built

    def _declare_clocks(self) -> None:
        bank = self.bank
        cr = bank.register(_CR, "CR", 0x300).after_write(lambda _: self._switch())
        self._switches = self._ready_pairs(cr, _READY_PAIRS)
        self._hse_shift = cr.field(20, 2, "RTCPRE")
        cr.storage(0x000C0022)
        icscr = bank.register(_ICSCR, "ICSCR", 0x0000B000).after_write(lambda _: self._clocks_changed())
        self._msi_range = icscr.field(13, 3, "MSIRANGE")
        icscr.storage(0xFF001F00)
        self._ready_pairs(bank.register(0x08, "CRRCR"), ((0, 1, "HSI48"),))
        bank[0x08].storage(0x4)
        cfgr = bank.register(_CFGR, "CFGR")
        self._ahb_divider = cfgr.field(4, 4, "HPRE")
        self._pll_of_hse = cfgr.flag(16, "PLLSRC")
        self._multiplier, self._divider = cfgr.field(18, 4, "PLLMUL"), cfgr.field(22, 2, "PLLDIV")
        self._declare_switch(cfgr, 2)
        bank.register(0x14, "CIFR").field(0, 32, "CIFR", Mode.READ)
        bank.register(0x18, "CICR").field(0, 32, "CICR", Mode.WRITE)
        ccipr = bank.register(_CCIPR, "CCIPR").after_write(lambda _: self._clocks_changed())
        self._lptimer_source = ccipr.field(18, 2, "LPTIM1SEL")
        ccipr.storage(0x04033C0F)

    def _declare_status(self, csr: Register) -> None:
        """CSR: low-speed oscillators, the real-time clock's source, causes of resets."""
        csr.after_write(lambda _: self._rtc_clock())
        pairs = self._ready_pairs(csr, ((0, 1, "LSI"), (8, 9, "LSE")))
        self._lsi, self._lse = pairs["LSI"], pairs["LSE"]
        self._rtcsel, self._rtcen = csr.field(16, 2, "RTCSEL"), csr.flag(18, "RTCEN")
        csr.flag(19, "RTCRST", on_change=self._rtc_reset)
        csr.field(23, 1, "RMVF", Mode.WRITE, on_write=self._remove_flags)
        csr.field(24, 8, "flags", Mode.READ, read=lambda: self._cause >> 24)
        csr.storage(0x00003C00)

    def _reset_registers(self) -> None:
        csr = self.bank[_CSR]
        kept = 0 if self._after_power_on else csr.raw & _OF_THE_RTC
        super()._reset_registers()
        csr.raw |= kept
        self._clocks_changed()

    def _rtc_reset(self, old: int, new: int) -> None:
        if new:
            self._rtcsel.value = self._rtcen.value = 0
            if self._rtc_peripheral is not None:
                self._rtc_peripheral.backup_reset()

    def _remove_flags(self, written: int) -> None:
        if written:
            self._cause = 0

    # Clocks

    def _switch(self) -> None:
        super()._switch()
        self._clocks_changed()

    @property
    def _msi(self) -> int:
        return _MSI_LOWEST << min(self._msi_range.value, 6)

    @property
    def _pll(self) -> int:
        source = self.hse if self._pll_of_hse else _HSI16
        return source * _MULTIPLIERS[min(self._multiplier.value, len(_MULTIPLIERS) - 1)] // (self._divider.value + 1)

    @property
    def _system_clock(self) -> int:
        """HCLK in Hz (RM0367 7.2)."""
        clock = (self._msi, _HSI16, self.hse, self._pll)[self._used.value]
        prescaler = self._ahb_divider.value
        return clock >> ((prescaler & 7) + 1 + (prescaler >= 12)) if prescaler & 8 else clock

    def _clocks_changed(self) -> None:
        if isinstance(self._systick, SysTickOwner):
            self._systick.systick_frequency = self._system_clock
        if isinstance(self._lptimer, Clocked):
            self._lptimer.set_clock(self._lptimer_sources[self._lptimer_source.value])

    def _rtc(self) -> Device | None:
        return self._rtc_peripheral

    def _rtc_source(self) -> int:
        if not self._rtcen:
            return 0
        source = self._rtcsel.value
        if source == 3:
            return self.hse >> self._hse_shift.value + 1 if self._switches["HSE"] else 0
        on = (0, self._lse.value, self._lsi.value)
        return self._rtc_sources[source] * on[source]
