"""Extended interrupt and event controller of STM32H7 (RM0433 section 20).

Inputs and outputs have the numbers of the event inputs, 0..95. A configurable input latches CPUPR on the selected
edge while it is unmasked, and drives its output until CPUPR is cleared; a direct input passes through its mask.

As Renode's ``IRQControllers.STM32H7_EXTI``. Beyond it: a direct input unmasked while it is high passes at once;
clearing CPUPR2 and CPUPR3 releases the right outputs; SWIER bits stay until CPUPR is cleared; event masks and the D3
registers keep what is written.
"""

from __future__ import annotations

from functools import partial

from sim.engine.devices.base import Services
from sim.engine.devices.registers import Field, Mode, RegisterDevice

_BANKS, _LINES = 3, 32
_CONFIGURABLE = (0x003FFFFF, 0x000A0000, 0x00740000)  # RM0433 table "EXTI event input mapping"
_ALL = 0xFFFFFFFF


class Stm32H7Exti(RegisterDevice):
    """96 event inputs in three register banks of 32."""

    RENODE_TYPES = ("IRQControllers.STM32H7_EXTI",)

    def __init__(self, services: Services, name: str) -> None:
        super().__init__(services, name)
        self._lines = [self.add_output(number) for number in range(_BANKS * _LINES)]
        self._levels = [0] * _BANKS
        self._rising: list[Field] = []
        self._falling: list[Field] = []
        self._software: list[Field] = []
        self._mask: list[Field] = []
        self._pending: list[Field] = []
        bank = self.bank
        for index in range(_BANKS):
            number, low, high = index + 1, 0x20 * index, 0x80 + 0x10 * index
            self._rising.append(bank.register(low, f"RTSR{number}").field(0, 32, "TR"))
            self._falling.append(bank.register(low + 0x04, f"FTSR{number}").field(0, 32, "TR"))
            swier = bank.register(low + 0x08, f"SWIER{number}")
            self._software.append(swier.field(0, 32, "SWIER", Mode.WRITE_ONE_TO_SET))
            swier.after_write(partial(self._trigger, index))
            for offset, register in ((0x0C, "D3PMR"), (0x10, "D3PCRL"), (0x14, "D3PCRH")):
                bank.register(low + offset, f"{register}{number}").storage()
            cpuimr = bank.register(high, f"CPUIMR{number}", reset=~_CONFIGURABLE[index] & _ALL)
            self._mask.append(cpuimr.field(0, 32, "MR"))
            cpuimr.after_write(partial(self._masked, index))
            bank.register(high + 4, f"CPUEMR{number}").storage()
            cpupr = bank.register(high + 8, f"CPUPR{number}")
            self._pending.append(cpupr.field(0, 32, "PR", Mode.WRITE_ONE_TO_CLEAR))
            cpupr.after_write(partial(self._acknowledge, index))

    def on_gpio(self, number: int, value: bool) -> None:
        """Event input ``number``."""
        if not 0 <= number < _BANKS * _LINES:
            self.log.error("event input %d: there are 0 to %d", number, _BANKS * _LINES - 1)
            return
        index, bit = number // _LINES, 1 << number % _LINES
        was = bool(self._levels[index] & bit)
        self._levels[index] = self._levels[index] | bit if value else self._levels[index] & ~bit
        if value == was:
            return
        edges = self._rising[index] if value else self._falling[index]
        if _CONFIGURABLE[index] & bit and edges.value & self._mask[index].value & bit:
            self._pending[index].value |= bit
        self._drive(index, bit)

    def reset(self) -> None:
        """Registers to reset values; the levels of the inputs belong to whoever drives them."""
        super().reset()
        for index in range(_BANKS):
            self._drive(index, _ALL)

    def _masked(self, index: int, written: int) -> None:
        self._drive(index, _ALL)

    def _trigger(self, index: int, written: int) -> None:
        bits = written & _CONFIGURABLE[index] & self._mask[index].value
        self._pending[index].value |= bits
        self._drive(index, bits)

    def _acknowledge(self, index: int, written: int) -> None:
        self._software[index].value &= ~written
        self._drive(index, written)

    def _drive(self, index: int, bits: int) -> None:
        configurable = _CONFIGURABLE[index]
        active = (self._pending[index].value & configurable) | (
            self._levels[index] & ~configurable & self._mask[index].value
        )
        for line in range(_LINES):
            if bits >> line & 1:
                self._lines[_LINES * index + line].set(bool(active >> line & 1))
