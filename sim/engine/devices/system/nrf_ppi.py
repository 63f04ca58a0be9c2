"""PPI of nRF52840 (PS 6.16): events of peripherals start tasks of others, without the core."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from sim.engine.devices.base import Services
from sim.engine.devices.nrf_tasks import NrfPeripheral
from sim.engine.devices.registers import Mode, RegisterDevice

_PROGRAMMABLE, _CHANNELS, _GROUPS = 20, 32, 6
_CHEN, _CHENSET, _CHENCLR, _EEP, _TEP, _GROUP, _FORK = 0x500, 0x504, 0x508, 0x510, 0x514, 0x800, 0x910
_FIXED = (  # channels 20 to 31: event and task (PS table "pre-programmed channels")
    *((0x40008140, 0x40001004), (0x40008140, 0x40001000), (0x40008144, 0x40001010), (0x40001104, 0x4000F000)),
    *((0x40001100, 0x4000F004), (0x40001100, 0x40008044), (0x40001104, 0x40008044), (0x4000B140, 0x4000800C)),
    *((0x4000B140, 0x40008008), (0x4000B140, 0x40001000), (0x4000B140, 0x40001004), (0x4000B140, 0x40008000)),
)
_WINDOW = 0x1000


class NrfPpi(RegisterDevice):
    """20 programmable and 12 fixed channels, in six groups; each channel may fork to a second task."""

    RENODE_TYPES = ("Miscellaneous.NRF52840_PPI",)
    size = 0x1000

    def __init__(self, services: Services, name: str) -> None:
        super().__init__(services, name)
        self._listening: dict[int, tuple[NrfPeripheral, Callable[[int], None]]] = {}  # by channel
        bank = self.bank
        self._enabled = bank.register(_CHEN, "CHEN").storage().after_write(lambda _: self._subscribe())
        for offset, register, clears in ((_CHENSET, "CHENSET", False), (_CHENCLR, "CHENCLR", True)):
            declared = bank.register(offset, register).value_from(lambda: self._enabled.raw)
            declared.field(0, 32, register, Mode.WRITE)
            declared.after_write(partial(self._switch, clears))
        for group in range(_GROUPS):
            bank.register(_GROUP + 4 * group, f"CHG[{group}]").storage()
            for offset, clears in ((8 * group, False), (8 * group + 4, True)):
                task = bank.register(offset, f"TASKS_CHG[{group}]")
                task.field(0, 1, "CHG", Mode.WRITE, on_write=partial(self._switch_group, group, clears))
        for channel in range(_PROGRAMMABLE):
            bank.register(_EEP + 8 * channel, f"CH[{channel}].EEP").storage().after_write(lambda _: self._subscribe())
            bank.register(_TEP + 8 * channel, f"CH[{channel}].TEP").storage()
        for channel in range(_CHANNELS):
            bank.register(_FORK + 4 * channel, f"FORK[{channel}].TEP").storage()

    def reset(self) -> None:
        super().reset()
        self._subscribe()

    def _switch(self, clears: bool, written: int) -> None:
        self._enabled.raw = self._enabled.raw & ~written if clears else self._enabled.raw | written
        self._subscribe()

    def _switch_group(self, group: int, clears: bool, written: int) -> None:
        if written:
            self._switch(clears, self.bank[_GROUP + 4 * group].raw)

    def _ends(self, channel: int) -> tuple[int, int]:
        """Addresses of the event and of the task."""
        if channel >= _PROGRAMMABLE:
            return _FIXED[channel - _PROGRAMMABLE]
        return self.bank[_EEP + 8 * channel].raw, self.bank[_TEP + 8 * channel].raw

    def _peripheral(self, address: int) -> NrfPeripheral | None:
        window = self.services.sysbus.window_at(address)
        return window.device if window is not None and isinstance(window.device, NrfPeripheral) else None

    def _subscribe(self) -> None:
        """Listen to the events of the enabled channels, and to no other."""
        heard = {peripheral for peripheral, _ in self._listening.values()}
        for peripheral, listener in self._listening.values():
            peripheral.event_happened -= listener
        self._listening.clear()
        for channel in (channel for channel in range(_CHANNELS) if self._enabled.raw >> channel & 1):
            event, _ = self._ends(channel)
            source = self._peripheral(event)
            if source is not None:
                listener = partial(self._happened, channel, event % _WINDOW)
                source.event_happened += listener
                self._listening[channel] = source, listener
                heard.add(source)
        for peripheral in heard:
            peripheral.interests_changed()

    def _happened(self, channel: int, wanted: int, offset: int) -> None:
        if offset == wanted:
            for address in (self._ends(channel)[1], self.bank[_FORK + 4 * channel].raw):
                self._start(address)

    def _start(self, address: int) -> None:
        peripheral = self._peripheral(address)
        if peripheral is not None:
            peripheral.start_task(address % _WINDOW)
        elif address:
            self.services.sysbus.write(address, 4, 1)  # a task of this PPI's own groups, or of no peripheral here
