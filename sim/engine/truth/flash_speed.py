"""Whether the flash is read with wait states enough for its clock and the core's voltage, after each change of them."""

from __future__ import annotations

import logging
from collections.abc import Callable

from sim.engine.machine import Machine
from sim.engine.timing.chip import load_chip
from sim.engine.timing.clock_tree import ClockTree, board_hse, shapes_clocks

LOG = logging.getLogger("sim.truth")
Report = Callable[[int, int, str, object], None]
"""``report(pc, address of the flash controller, text, thing)``."""


class FlashSpeed:
    """Looks at the clock tree where the board has all of the chip's."""

    def __init__(self, machine: Machine, chip: str, report: Report) -> None:
        self._machine, self._report = machine, report
        self._tree = _clock_tree(machine, chip)
        self._due = False
        self._told = False

    def written(self, address: int) -> None:
        """The core is about to write to a device."""
        if self._tree is not None and not self._due and shapes_clocks(self._tree.data, address, power=True):
            self._due = True  # the write itself is still to come
            pc = self._machine.cpu.pc
            self._machine.clock.schedule(0, lambda: self._check(pc))

    def _check(self, pc: int) -> None:
        """The instruction at ``pc`` has changed a clock, the voltage or the wait states."""
        self._due = False
        tree = self._tree
        found = tree.frequencies() if tree is not None else None
        if tree is None or found is None:
            return
        needed = tree.needed_wait_states(found.bus)
        if needed is not None and needed <= found.wait_states:
            return
        fastest = max(limits.megahertz[-1] for limits in tree.data.limits)
        if found.bus > fastest * 1_000_000 and not board_hse(self._machine.sysbus, tree.data):
            self._say_unsure(found.bus, tree.data.hse)
            return
        megahertz = f"{found.bus / 1e6:g} MHz at voltage scale {tree.voltage_scale()}"
        wanted = f"{needed} wait states" if needed is not None else "a higher voltage, whatever the wait states"
        text = f"flash read with {found.wait_states} wait states at {megahertz}, which wants {wanted}"
        self._report(pc, tree.data.flash, text, (found.bus, found.wait_states))

    def _say_unsure(self, hertz: int, hse: int) -> None:
        """No clock of this chip: the guess at the crystal is wrong, not the firmware."""
        if not self._told:
            self._told = True
            LOG.info(
                "the clocks come to %g MHz with an HSE of %g MHz, which the board does not say: flash speed is not"
                " judged; give the RCC of the board its hseFrequency",
                hertz / 1e6,
                hse / 1e6,
            )


def _clock_tree(machine: Machine, chip: str) -> ClockTree | None:
    """The chip's clock tree, where the board has all of it."""
    data = load_chip(chip).clocks
    bus = machine.sysbus
    if data is None or not all(bus.window_at(base) for base in (data.rcc, data.flash, data.power)):
        return None
    return ClockTree(data, lambda address: bus.read(address, 4), lambda: board_hse(bus, data))
