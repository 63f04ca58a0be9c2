"""Power control of STM32L0 (RM0367 section 6): voltage scaling, backup write protection, voltage detector.

As Renode's ``Miscellaneous.STM32L0_PWR``: regulator and reference are ready at once; ``Voltage`` (VDD in volts, 3.3
after reset) against the threshold PLS selects, with a hysteresis of 0.1 V, gives PVDO and, while PVDE is set, the
output.
Beyond it: the wake-up pins' enables read back. Standby and stop are not entered.
"""

from __future__ import annotations

from sim.engine.devices.base import Services
from sim.engine.devices.registers import Mode, RegisterDevice

_EXTERNAL = 7  # PLS: compared with a pin
_LOWEST, _STEP, _HYSTERESIS = 1.9, 0.2, 0.1  # volts
_RESET_VOLTAGE = 3.3


class Stm32L0Pwr(RegisterDevice):
    """PWR_CR and PWR_CSR. ``IRQ`` goes to the line of EXTI that the voltage detector has."""

    RENODE_TYPES = ("Miscellaneous.STM32L0_PWR",)
    RENODE_MEMBERS = ("Voltage", "ThresholdVoltage")

    def __init__(self, services: Services, name: str) -> None:
        super().__init__(services, name)
        self.irq = self.add_output("IRQ")
        control = self.bank.register(0x00, "CR", 0x1000).after_write(lambda _: self._compare())
        control.flag(2, "CWUF", Mode.WRITE, on_write=self._clear_wakeup)
        control.flag(3, "CSBF", Mode.WRITE, on_write=self._clear_standby)
        self._detects = control.flag(4, "PVDE")
        self._level = control.field(5, 3, "PLS")
        self._scale = control.field(11, 2, "VOS", on_change=self._scaled)
        control.storage(0x00016703)
        status = self.bank.register(0x04, "CSR", 0x8)
        self._wakeup = status.flag(0, "WUF", Mode.READ)
        self._standby = status.flag(1, "SBF", Mode.READ)
        status.flag(2, "PVDO", Mode.READ, read=lambda: int(self.irq.value))
        status.field(3, 3, "VREFINTRDYF VOSF REGLPF", Mode.READ)
        status.storage(0x700)
        self._below = False
        self._voltage = _RESET_VOLTAGE

    def reset(self) -> None:
        super().reset()
        self._below = False
        self._voltage = _RESET_VOLTAGE
        self._compare()

    @property
    def threshold_voltage(self) -> float | None:
        """What PLS selects, in volts; None: another pin's."""
        level = self._level.value
        return None if level == _EXTERNAL else round(_LOWEST + level * _STEP, 1)

    @property
    def voltage(self) -> float:
        """VDD in volts."""
        return self._voltage

    @voltage.setter
    def voltage(self, volts: float) -> None:
        self._voltage = float(volts)
        self._compare()

    def _compare(self) -> None:
        threshold = self.threshold_voltage
        if threshold is not None and abs(self._voltage - threshold) > _HYSTERESIS:
            self._below = self._voltage < threshold
        self.irq.set(self._below and bool(self._detects))

    def _scaled(self, old: int, new: int) -> None:
        if not new:
            self.log.warning("VOS = 0 is not allowed: ignored")
            self._scale.value = old

    def _clear_wakeup(self, written: int) -> None:
        if written:
            self._wakeup.value = 0

    def _clear_standby(self, written: int) -> None:
        if written:
            self._standby.value = 0
