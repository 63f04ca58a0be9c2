"""The blocks that ran on a machine, from the first program file loaded until the machine is gone."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Iterator

from sim.engine.elf import ElfImage
from sim.engine.machine import Machine
from sim.engine.observe.record.contexts import Contexts
from sim.engine.observe.record.recorder import Block, BlockRecorder, Tally


class Executed:
    """Begins when ``machine`` is given its first program; ``loaded`` hears of each. The machine is not kept alive."""

    def __init__(self, machine: Machine, loaded: Callable[[ElfImage], None]) -> None:
        self._machine = weakref.ref(machine)
        self._loaded = loaded
        self._tally: Tally | None = None
        machine.on_image.append(self._has_loaded)

    def _has_loaded(self, image: ElfImage) -> None:
        machine = self._machine()
        if machine is None or not machine.has_core:
            return
        if self._tally is None:
            recorder = BlockRecorder(machine, stacks=False)
            Contexts(recorder)  # the core's hooks keep both
            self._tally = recorder.tally
        self._loaded(image)

    def blocks(self) -> Iterator[tuple[Block, int, int]]:
        """Each block with its runs, and how often its branch was taken."""
        if self._tally is not None:
            yield from self._tally.outcomes()
