"""GPIOTE of nRF52840 (PS 6.10): events of pins, and tasks that drive pins."""

from __future__ import annotations

from functools import partial

from sim.engine.devices.base import Services
from sim.engine.devices.nrf_tasks import NrfPeripheral
from sim.engine.devices.pins.nrf_gpio import NrfGpio

_CHANNELS = 8
_OUT, _SET, _CLR = 0x000, 0x030, 0x060
_IN, _PORT, _CONFIG = 0x100, 0x17C, 0x510
_EVENT, _TASK = 1, 3  # MODE
_LOW_TO_HIGH, _HIGH_TO_LOW, _TOGGLE = 1, 2, 3  # POLARITY


class NrfGpiote(NrfPeripheral):
    """As Renode's model of that name; ``port0`` and ``port1`` are the ports."""

    RENODE_TYPES = ("GPIOPort.NRF52840_GPIOTasksEvents",)

    def __init__(self, services: Services, name: str, *, port0: NrfGpio, port1: NrfGpio | None = None) -> None:
        super().__init__(services, name)
        self._ports = [port for port in (port0, port1) if port is not None]
        for number, port in enumerate(self._ports):
            port.changed += partial(self._changed, number)
            port.detected += partial(self.happen, _PORT)
        self.event(_PORT, "PORT")
        self._driven: dict[int, tuple[NrfGpio, int, bool]] = {}  # channel in task mode -> port, pin, level
        for channel in range(_CHANNELS):
            self.event(_IN + 4 * channel, f"IN[{channel}]")
            for base, task in ((_OUT, "OUT"), (_SET, "SET"), (_CLR, "CLR")):
                self.task(base + 4 * channel, f"{task}[{channel}]", partial(self._drive, channel, base))
            self.bank.register(_CONFIG + 4 * channel, f"CONFIG[{channel}]").storage(0x133F03).after_write(
                partial(self._configured, channel)
            )

    def reset(self) -> None:
        super().reset()
        self._driven.clear()

    def _configuration(self, channel: int) -> tuple[int, int, int, int]:
        """MODE, port, pin, POLARITY."""
        raw = self.bank[_CONFIG + 4 * channel].raw
        return raw & 3, raw >> 13 & 1, raw >> 8 & 31, raw >> 16 & 3

    def _configured(self, channel: int, written: int) -> None:
        mode, port, pin, _ = self._configuration(channel)
        if channel in self._driven:
            before, old_pin, _ = self._driven.pop(channel)
            before.take(old_pin, None)
        if mode == _TASK and port < len(self._ports):
            self._set(channel, self._ports[port], pin, bool(written >> 20 & 1))

    def _set(self, channel: int, port: NrfGpio, pin: int, level: bool) -> None:
        self._driven[channel] = port, pin, level
        port.take(pin, level)

    def _drive(self, channel: int, task: int) -> None:
        if channel not in self._driven:
            return
        port, pin, level = self._driven[channel]
        polarity = self._configuration(channel)[3]
        if task == _OUT:
            wanted = {_LOW_TO_HIGH: True, _HIGH_TO_LOW: False, _TOGGLE: not level}.get(polarity, level)
        else:
            wanted = task == _SET
        self._set(channel, port, pin, wanted)

    def _changed(self, port: int, pin: int, level: bool) -> None:
        wanted = (_LOW_TO_HIGH if level else _HIGH_TO_LOW), _TOGGLE
        for channel in range(_CHANNELS):
            mode, its_port, its_pin, polarity = self._configuration(channel)
            if mode == _EVENT and (its_port, its_pin) == (port, pin) and polarity in wanted:
                self.happen(_IN + 4 * channel)
