"""Follows what firmware programs into RCC and flash controller: core clock, bus ratio, wait states, timers, serial
devices.

Virtual time goes on without a jump: at a change everything that waits for a moment is moved so that its time in
seconds stays, and the counters that live on a clock go on at the new one.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Generic, Protocol, runtime_checkable

from sim.engine.bus import Bus
from sim.engine.cortex_m.dwt import Dwt
from sim.engine.cortex_m.nvic import Nvic
from sim.engine.devices.analog.stm32h7_adc import Stm32H7AdcCommon
from sim.engine.devices.base import Device
from sim.engine.devices.i2c.stm32f7_i2c import Stm32F7I2c
from sim.engine.devices.serial.stm32_serial import Stm32Serial
from sim.engine.devices.spi.stm32_spi import Stm32Spi
from sim.engine.devices.spi.stm32h7_spi import Stm32H7Spi
from sim.engine.devices.timers.stm32_timer import Stm32Timer
from sim.engine.timing.chip import SomeChip
from sim.engine.timing.clock import Clock
from sim.engine.timing.clock_parts import APB1, APB2, Frequencies
from sim.engine.timing.clock_tree import ClockData, ClockTree, board_hse, shapes_clocks

_SERIAL = (Stm32Serial, Stm32H7Spi, Stm32Spi, Stm32F7I2c)
LOG = logging.getLogger("sim.clocks")


@runtime_checkable
class Clocked(Protocol):
    """A device that counts with the core's cycles: it stands while the clock changes."""

    def hold(self) -> None:
        """Account for the time so far."""

    def resume(self) -> None:
        """Go on from there with the clocks as they are now."""


class ClockedBoard(Protocol):
    """The machine whose clocks follow."""

    devices: dict[str, Device]
    on_reset: list[Callable[[], None]]
    on_device_access: Callable[[int, int, bool], None] | None

    @property
    def clock(self) -> Clock: ...

    @property
    def sysbus(self) -> Bus: ...


def has_tree(bus: Bus, data: ClockData) -> bool:
    """The board has the chip's RCC and flash controller."""
    found = [bus.window_at(address) for address in (data.rcc, data.flash, data.power)]
    return all(found) and "rcc" in found[0].device.name.lower()  # type: ignore[union-attr]


def _latencies(clocks: Frequencies) -> tuple[object, ...]:
    """What of the clocks makes memories faster or slower, in core cycles."""
    return clocks.core, clocks.bus, clocks.wait_states, clocks.accelerator


class ClockFollower(Generic[SomeChip]):
    """Keeps one board's clocks at what its firmware programs; ``retime(chip)`` hears of each new set of latencies."""

    def __init__(self, board: ClockedBoard, chip: SomeChip, retime: Callable[[SomeChip], None]) -> None:
        assert chip.clocks is not None
        self._board = board
        self._chip = chip
        self._retime = retime
        self._data = chip.clocks
        data, bus = chip.clocks, board.sysbus
        self.tree = ClockTree(data, lambda address: bus.read(address, 4), lambda: board_hse(bus, data))
        self.now: Frequencies | None = None
        self._due = False
        self._before = board.on_device_access
        board.on_device_access = self._access
        board.on_reset.append(self.follow)
        self._addresses = {
            window.device: window.start for window in reversed(board.sysbus.windows)
        }  # the first address of a device that has several

    def _access(self, address: int, width: int, write: bool) -> None:
        if self._before is not None:
            self._before(address, width, write)
        if write and not self._due and shapes_clocks(self._data, address):
            self._due = True  # the write itself is still to come
            self._board.clock.schedule(0, self.follow)

    def follow(self) -> None:
        """Read the registers and take over what changed."""
        self._due = False
        found = self.tree.frequencies()
        if found is None:
            LOG.warning("the RCC's registers make no clock: the core goes on as before")
            return
        if found == self.now:
            return
        before, self.now = self.now, found
        if before is None or _latencies(before) != _latencies(found):
            LOG.debug("core %d Hz, bus %d Hz, %d flash wait states", found.core, found.bus, found.wait_states)
            self._retime(self._chip.at(found))
        self._change(found)

    def _change(self, found: Frequencies) -> None:
        counters = [device for device in self._board.devices.values() if isinstance(device, Clocked)]
        for counter in counters:
            counter.hold()
        if found.core != self._board.clock.frequency:
            self._board.clock.change_frequency(found.core)
        for device in self._board.devices.values():
            address = self._addresses.get(device, 0)
            if isinstance(device, Nvic):
                device.systick.frequency = found.core
            elif isinstance(device, Dwt):
                device.frequency = found.core
            elif isinstance(device, Stm32Timer) and (address in APB1 or address in APB2):
                device.frequency = found.timers[address in APB2]
            elif isinstance(device, Stm32H7AdcCommon):
                device.clocked(found.kernels.get(address, 0), found.bus)
            elif isinstance(device, _SERIAL):
                device.frequency = found.kernels.get(address, device.frequency)
        for counter in counters:
            counter.resume()
