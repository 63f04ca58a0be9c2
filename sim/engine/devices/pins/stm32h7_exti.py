"""Extended interrupt and event controller of STM32H7 (RM0433 section 20).

Inputs and outputs have the numbers of the event inputs, 0..95. A configurable input latches CPUPR on the selected
edge while it is unmasked, and drives its output until CPUPR is cleared; a direct input passes through its mask.

As Renode's ``IRQControllers.STM32H7_EXTI``. Beyond it: a direct input unmasked while it is high passes at once;
clearing CPUPR2 and CPUPR3 releases the right outputs; SWIER bits stay until CPUPR is cleared; event masks and the D3
registers keep what is written.
"""

from __future__ import annotations

from sim.engine.devices.base import Services
from sim.engine.devices.pins.exti_lines import ExtiLines, Offsets
from sim.engine.devices.registers import RegisterDevice

_BANKS, _LINES = 3, 32
_CONFIGURABLE = (0x003FFFFF, 0x000A0000, 0x00740000)  # RM0433 table "EXTI event input mapping"


class Stm32H7Exti(RegisterDevice):
    """96 event inputs in three register banks of 32."""

    RENODE_TYPES = ("IRQControllers.STM32H7_EXTI",)

    def __init__(self, services: Services, name: str) -> None:
        super().__init__(services, name)
        lines = [self.add_output(number) for number in range(_BANKS * _LINES)]
        self._banks: list[ExtiLines] = []
        for index, configurable in enumerate(_CONFIGURABLE):
            low, high = 0x20 * index, 0x80 + 0x10 * index
            self._banks.append(
                ExtiLines(
                    self.bank,
                    lines[_LINES * index : _LINES * (index + 1)],
                    configurable,
                    Offsets(low, low + 0x04, low + 0x08, high, high + 4, high + 8),
                    prefix="CPU",
                    suffix=str(index + 1),
                    mask_reset=~configurable & 0xFFFFFFFF,
                )
            )
            for offset, register in ((0x0C, "D3PMR"), (0x10, "D3PCRL"), (0x14, "D3PCRH")):
                self.bank.register(low + offset, f"{register}{index + 1}").storage()

    def on_gpio(self, number: int, value: bool) -> None:
        """Event input ``number``."""
        if not 0 <= number < _BANKS * _LINES:
            self.log.error("event input %d: there are 0 to %d", number, _BANKS * _LINES - 1)
            return
        self._banks[number // _LINES].input(number % _LINES, value)

    def listens(self, number: int) -> bool:
        """Whether an edge of event input ``number`` would be noticed."""
        return 0 <= number < _BANKS * _LINES and self._banks[number // _LINES].listens(number % _LINES)

    def reset(self) -> None:
        """Registers to reset values; the levels of the inputs belong to whoever drives them."""
        super().reset()
        for bank in self._banks:
            bank.drive()
