"""Debug registers software may touch without a debugger: DHCSR, DEMCR and friends (ARMv7-M C1.6)."""

from __future__ import annotations

from collections.abc import Callable

from sim.engine.devices.registers import Mode, RegisterBank


class DebugControl:
    """No debugger is attached: DHCSR reads 0. ``on_trace_enable(bool)`` hears of DEMCR.TRCENA."""

    def __init__(self, bank: RegisterBank) -> None:
        self.on_trace_enable: Callable[[bool], None] = lambda enabled: None
        bank.register(0xDF0, "DHCSR").value_from(lambda: 0)
        bank.register(0xDF4, "DCRSR").field(0, 17, "DCRSR", Mode.WRITE)
        bank.register(0xDF8, "DCRDR").storage()
        control = bank.register(0xDFC, "DEMCR")
        control.field(0, 11, "VC")
        self.monitor_enabled = control.flag(16, "MON_EN")
        control.field(17, 3, "MON")
        self.trace_enabled = control.flag(24, "TRCENA", on_change=lambda old, new: self.on_trace_enable(bool(new)))

    def reset(self) -> None:
        """Trace off."""
        self.on_trace_enable(False)
