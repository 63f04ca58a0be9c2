"""Several interrupt lines on one input (an OR gate): EXTI lines 5 to 9 share NVIC input 23, for example."""

from __future__ import annotations

from sim.engine.devices.base import Device, Services


class CombinedInput(Device):
    """Inputs 0..``number_of_inputs`` - 1; the output is high while any of them is."""

    RENODE_TYPES = ("Miscellaneous.CombinedInput",)

    def __init__(self, services: Services, name: str, *, number_of_inputs: int) -> None:
        super().__init__(services, name)
        self.output_line = self.add_output("OutputLine")
        self._inputs = [False] * number_of_inputs

    def on_gpio(self, number: int, value: bool) -> None:
        """Input ``number``."""
        if not 0 <= number < len(self._inputs):
            self.log.error("signal on input %d: there are 0 to %d", number, len(self._inputs) - 1)
            return
        self._inputs[number] = value
        self.output_line.set(any(self._inputs))

    def reset(self) -> None:
        """The senders reset their own lines; this only repeats what they say."""
        self.output_line.set(any(self._inputs))
