"""What the reset and clock controllers of all STM32 families share: ready flags, causes of resets, reset lines, RTCCLK.

Some are the native form of a script (see ``script_twin.py``): the boards' .repl files name the script, which Renode
runs; the engine runs the class, which does the same and costs a fraction.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import partial

from sim.engine.devices.base import Device, Services
from sim.engine.devices.clocks.stm32f4_rtc import Stm32F4Rtc
from sim.engine.devices.registers import Field, Mode, Register, RegisterDevice
from sim.engine.members import Long, UInt

LSE, LSI, PROBE_CLOCK = 32_768, 32_000, 8_000_000
SET_CAUSE, HSE_FREQUENCY = 1, 2
"""Commands of ``control_read``."""


class Stm32Rcc(RegisterDevice):
    """Remembers why the machine was reset.

    Args:
        power_on: flags after power-on.
        every_reset: flags that come with any later reset.
        causes: flags by what the machine's ``last_reset`` says.
        kept: registers of the backup domain, which only power-on and BDRST reset.

    A subclass declares the registers; of CFGR and BDCR it says where their fields are (``_declare_switch``,
    ``_declare_backup``).

    ``hse_frequency`` is what the board file or a script says that the crystal or clock gives, in Hz; 0 until then.
    """

    RENODE_MEMBERS = ("ControlRead", "ControlWrite", "EnsureInit", "HseFrequency")
    CAUSE_BITS = 0
    """The bits of the register of causes that a host may set."""
    SOURCES: tuple[str, ...]
    """The clocks CFGR.SW chooses from, in its order."""
    RTC_ADDRESS: int | None = None
    """Where the real-time clock is, for families that find it by its address."""

    hse_frequency: UInt

    def __init__(
        self,
        services: Services,
        name: str,
        *,
        power_on: int,
        every_reset: int,
        causes: Mapping[str, int],
        kept: Iterable[int] = (),
    ) -> None:
        super().__init__(services, name)
        self._power_on, self._every_reset, self._causes, self._kept = power_on, every_reset, causes, tuple(kept)
        self._cause = power_on
        self._switches: dict[str, Field] = {}
        self._lsi: Field  # a subclass declares CSR
        self.hse_frequency = 0
        services.clock.schedule(0, self._rtc_clock)  # once the board is built

    @property
    def hse(self) -> int:
        """What HSE gives in Hz; the clock of ST's debug probes where nobody says another."""
        return self.hse_frequency or PROBE_CLOCK

    @property
    def _after_power_on(self) -> bool:
        return str(getattr(self.services, "last_reset", "power-on")) == "power-on"

    def reset(self) -> None:
        """Registers to reset values; the reset flags gain those of this reset's cause."""
        self._reset_registers()
        self._rtc_clock()

    def _reset_registers(self) -> None:
        kept = {} if self._after_power_on else {offset: self.bank[offset].raw for offset in self._kept}
        super().reset()
        for offset, value in kept.items():
            self.bank[offset].raw = value
        if self._after_power_on:
            self._cause = self._power_on
            return
        cause = str(getattr(self.services, "last_reset", ""))
        self._cause |= self._every_reset
        for name, flag in self._causes.items():
            if name in cause:
                self._cause |= flag

    # As the scripts

    def control_read(self, command: Long, value: Long) -> int:
        """1: the causes of the last resets are ``value``; 2: HSE runs at ``value`` Hz, or (0) at how many it does."""
        if command == SET_CAUSE:
            self._cause = value & self.CAUSE_BITS
        elif command == HSE_FREQUENCY:
            if value:
                self.hse_frequency = value
                self._rtc_clock()
            return self.hse
        else:
            self.log.warning("unknown command 0x%X", command)
        return value

    def control_write(self, command: Long, value: Long) -> None:
        """As ``control_read``, without an answer."""
        self.control_read(command, value)

    def ensure_init(self) -> None:
        """A script would be initialised; here there is nothing to do."""

    # What is declared

    @staticmethod
    def _ready_pairs(register: Register, pairs: Iterable[tuple[int, int, str]]) -> dict[str, Field]:
        """Declare on bits and the ready bits that follow them; the on bits by name."""
        switches: dict[str, Field] = {}
        for on_bit, ready_bit, clock in pairs:
            switch = switches[clock] = register.flag(on_bit, f"{clock}ON")
            register.flag(ready_bit, f"{clock}RDY", Mode.READ, read=partial(int, switch))
        return switches

    def _reset_lines(self, register: Register, addresses: Mapping[int, int]) -> None:
        """Bits of a reset register by the address of the peripheral they reset when they go from 0 to 1."""
        for bit, address in addresses.items():
            register.flag(bit, f"RST{bit}", on_change=partial(self._reset_line, address))

    def _reset_line(self, address: int, old: int, new: int) -> None:
        window = self.services.sysbus.window_at(address)
        if new and window is not None:
            self.log.debug("resets %s", window.device.name)
            window.device.reset()

    def _declare_switch(self, cfgr: Register, bits: int) -> None:
        """CFGR: SW and SWS of ``bits`` each."""
        self._wanted = cfgr.field(0, bits, "SW")
        self._used = cfgr.field(bits, bits, "SWS", Mode.READ)
        cfgr.storage().after_write(lambda _: self._switch())

    def _switch(self) -> None:
        """SWS follows SW to a clock that is on."""
        wanted = self._wanted.value
        if wanted < len(self.SOURCES) and self._switches[self.SOURCES[wanted]]:
            self._used.value = wanted
        else:
            self.log.debug("SW = %d: that clock is off, SWS stays %d", wanted, self._used.value)
        self._rtc_clock()

    # The real-time clock

    def _declare_backup(self, bdcr: Register, stored: int, hse_divider: Field) -> None:
        """BDCR, of which ``stored`` is merely kept; ``hse_divider``: what divides HSE for the real-time clock."""
        self._hse_divider = hse_divider
        bdcr.after_write(lambda _: self._backup_domain())
        self._lse = self._ready_pairs(bdcr, ((0, 1, "LSE"),))["LSE"]
        self._rtcsel = bdcr.field(8, 2, "RTCSEL")
        self._rtcen = bdcr.flag(15, "RTCEN")
        self._bdrst = bdcr.flag(16, "BDRST", on_change=self._backup_reset)
        bdcr.storage(stored)

    def _backup_domain(self) -> None:
        """BDCR was written: while BDRST is set, everything else of the backup domain is in reset."""
        if self._bdrst:
            self._bdrst.register.reset()
            self._bdrst.value = 1
        self._rtc_clock()

    def _backup_reset(self, old: int, new: int) -> None:
        rtc = self._rtc()
        if new and isinstance(rtc, Stm32F4Rtc):
            rtc.backup_reset()

    def _rtc(self) -> Device | None:
        """The board's real-time clock, where it has one."""
        window = None if self.RTC_ADDRESS is None else self.services.sysbus.window_at(self.RTC_ADDRESS)
        return None if window is None else window.device

    def _rtc_source(self) -> int:
        """RTCCLK in Hz by RTCSEL: LSE, LSI, or HSE divided by RTCPRE, where 0 and 1 are no clock; 0 while it is off.

        RM0090 6.3.3 and 6.3.20, RM0433 8.7.7 and 8.7.19.
        """
        if not self._rtcen:
            return 0
        divider = self._hse_divider.value
        hse = self.hse // divider if divider > 1 and self._switches["HSE"] else 0
        return (0, LSE * self._lse.value, LSI * self._lsi.value, hse)[self._rtcsel.value]

    def _rtc_clock(self) -> None:
        """Tell the real-time clock what it runs on."""
        rtc = self._rtc()
        if isinstance(rtc, Stm32F4Rtc):
            rtc.set_clock(self._rtc_source())
