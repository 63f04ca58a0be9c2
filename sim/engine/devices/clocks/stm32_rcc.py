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

    ``hse_frequency`` is what the board file or a script says that the crystal or clock gives, in Hz; 0 until then.
    """

    RENODE_MEMBERS = ("ControlRead", "ControlWrite", "EnsureInit", "HseFrequency")
    CAUSE_BITS = 0
    """The bits of the register of causes that a host may set."""

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
        self._bdrst: Field  # a subclass declares BDCR
        self.hse_frequency = 0

    @property
    def hse(self) -> int:
        """What HSE gives in Hz; the clock of ST's debug probes where nobody says another."""
        return self.hse_frequency or PROBE_CLOCK

    @property
    def _after_power_on(self) -> bool:
        return str(getattr(self.services, "last_reset", "power-on")) == "power-on"

    def reset(self) -> None:
        """Registers to reset values; the reset flags gain those of this reset's cause."""
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

    # The real-time clock

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
        raise NotImplementedError

    def _rtc_source(self) -> int:
        """RTCCLK in Hz; 0 while nothing clocks it."""
        raise NotImplementedError

    def _rtc_clock(self) -> None:
        """Tell the real-time clock what it runs on."""
        rtc = self._rtc()
        if isinstance(rtc, Stm32F4Rtc):
            rtc.set_clock(self._rtc_source())
