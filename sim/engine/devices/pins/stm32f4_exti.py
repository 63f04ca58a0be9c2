"""Extended interrupt controller of STM32F1, F2, F4 and F7 (RM0090 section 12.3, RM0385 section 11.9).

Inputs and outputs have the numbers of the EXTI lines. As in Renode's ``IRQControllers.STM32F4_EXTI``: an edge counts
only while its line is unmasked in IMR; a line from ``firstDirectLine`` on is direct, its level passes whatever the
mask. Beyond Renode: SWIER sets PR and stays set until PR is cleared; a direct line never sets PR; EMR reads back.
Events (without an interrupt) are not modelled. ``IRQControllers.EXTI`` is Renode's older name of it.
"""

from __future__ import annotations

from sim.engine.devices.base import Services
from sim.engine.devices.pins.exti_lines import ExtiLines, Offsets
from sim.engine.devices.registers import RegisterDevice
from sim.errors import CrosscamError

_REGISTER_BITS = 32


class Stm32F4Exti(RegisterDevice):
    """``number_of_output_lines`` lines (1 to 64); those from 32 on, which these registers do not reach, are direct."""

    RENODE_TYPES = ("IRQControllers.STM32F4_EXTI", "IRQControllers.EXTI")

    def __init__(
        self, services: Services, name: str, *, number_of_output_lines: int = 14, first_direct_line: int = 23
    ) -> None:
        super().__init__(services, name)
        if not 1 <= number_of_output_lines <= 64:
            raise CrosscamError(f"{name}: numberOfOutputLines is {number_of_output_lines}, expected 1 to 64")
        if not 0 <= first_direct_line <= 32:
            raise CrosscamError(f"{name}: firstDirectLine is {first_direct_line}, expected 0 to 32")
        self._count = number_of_output_lines
        outputs = [self.add_output(number) for number in range(number_of_output_lines)]
        self._beyond = outputs[_REGISTER_BITS:]
        self._lines = ExtiLines(
            self.bank,
            outputs[:_REGISTER_BITS],
            (1 << first_direct_line) - 1,
            Offsets(rising=0x08, falling=0x0C, software=0x10, interrupt_mask=0x00, event_mask=0x04, pending=0x14),
            mask_direct=False,
        )

    def on_gpio(self, number: int, value: bool) -> None:
        """EXTI line ``number``."""
        if not 0 <= number < self._count:
            self.log.error("signal on line %d: there are 0 to %d", number, self._count - 1)
            return
        if number < _REGISTER_BITS:
            self._lines.input(number, value)
        else:
            self._beyond[number - _REGISTER_BITS].set(value)

    def listens(self, number: int) -> bool:
        """Whether an edge of line ``number`` would be noticed."""
        return _REGISTER_BITS <= number < self._count or (
            0 <= number < min(self._count, _REGISTER_BITS) and self._lines.listens(number)
        )

    def reset(self) -> None:
        """Registers to reset values; the levels of the inputs belong to whoever drives them."""
        super().reset()
        self._lines.drive()
