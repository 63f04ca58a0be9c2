"""Power control of STM32H743 and STM32H7A3 (RM0433 and RM0455, chapter "Power control").

The native form of ``sim/peripherals/stm32h7_pwr.py``, which says what is modelled: the supply is chosen once by a write
to CR3; only then are voltage levels valid and may VOS be changed. Renode has no model of this block.
"""

from __future__ import annotations

from sim.engine.devices.base import Services
from sim.engine.devices.registers import Mode, RegisterDevice
from sim.engine.devices.script_twin import twin_of

_CR1, _CSR1, _CR2, _CR3, _CPUCR, _D3CR, _WKUPCR, _WKUPFR, _WKUPEPR = (
    *(0x00, 0x04, 0x08, 0x0C, 0x10, 0x18, 0x20, 0x24, 0x28),
)
_SUPPLY_RESET = 0x6
_READY = 1 << 13
_H7A3_AXI_SRAM = 0x24080000  # a memory there: the H743's ends before


@twin_of("2ffeccb05c006af0af8d4e5314592b0a0a80bc7e58a2716236e0bf52fb4155bf")
class Stm32H7Pwr(RegisterDevice):
    """All registers; the supply survives every reset but power-on."""

    RENODE_MEMBERS = ("EnsureInit",)

    def __init__(self, services: Services, name: str) -> None:
        super().__init__(services, name)
        self._supply, self._configured = _SUPPLY_RESET, False
        self._smps_found: bool | None = None
        bank = self.bank
        bank.register(_CR1, "CR1", 0xF000C000).storage()
        csr1 = bank.register(_CSR1, "CSR1")
        csr1.flag(13, "ACTVOSRDY", Mode.READ, read=lambda: int(self._configured))
        csr1.field(14, 2, "ACTVOS", Mode.READ, read=self._voltage)
        csr1.field(0, 13, "reserved", Mode.READ)
        csr1.field(16, 16, "PVDO AVDO", Mode.READ)
        bank.register(_CR2, "CR2").storage()
        cr3 = bank.register(_CR3, "CR3")
        self._choice = cr3.field(0, 3, "SCUEN LDOEN BYPASS", read=lambda: self._supply, on_write=self._choose)
        cr3.storage(0x01000300)
        cr3.field(3, 5, "reserved", Mode.READ)
        cr3.field(10, 14, "reserved", Mode.READ)
        cr3.field(25, 7, "reserved", Mode.READ)
        bank.register(_CPUCR, "CPUCR").storage()
        d3cr = bank.register(_D3CR, "D3CR", 0x4000)
        d3cr.flag(13, "VOSRDY", Mode.READ, read=lambda: int(self._configured))
        self._vos = d3cr.field(14, 2, "VOS", on_change=self._scale)
        d3cr.field(0, 13, "reserved", Mode.READ)
        d3cr.field(16, 16, "reserved", Mode.READ)
        bank.register(_WKUPCR, "WKUPCR").field(0, 32, "WKUPC", Mode.WRITE)
        bank.register(_WKUPFR, "WKUPFR").field(0, 32, "WKUPF", Mode.READ)
        bank.register(_WKUPEPR, "WKUPEPR").storage()

    @property
    def _smps(self) -> bool:
        """It is an H7A3; asked once the board description has been loaded."""
        if self._smps_found is None:
            self._smps_found = self.services.sysbus.memory_at(_H7A3_AXI_SRAM) is not None
            if self._smps_found:
                self._vos.value = 0
        return self._smps_found

    def read(self, offset: int, width: int) -> int:
        _ = self._smps
        return self.bank.read(offset, width)

    def write(self, offset: int, width: int, value: int) -> None:
        _ = self._smps
        self.bank.write(offset, width, value)

    def reset(self) -> None:
        super().reset()
        if self._smps_found:
            self._vos.value = 0

    def ensure_init(self) -> None:
        """A script would be initialised; here there is nothing to do."""

    def _voltage(self) -> int:
        return self._vos.value

    def _choose(self, written: int) -> None:
        if not self._configured:
            self._supply = written
            self._configured = bool(written & (7 if self._smps else 3))

    def _scale(self, old: int, new: int) -> None:
        if not self._configured:
            self.log.warning("VOS written before the supply was chosen in CR3: ignored")
            self._vos.value = old
        elif not new and not self._smps:  # 00 is reserved on the H743
            self._vos.value = 1
