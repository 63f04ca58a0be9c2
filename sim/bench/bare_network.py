"""A compiled network on a bare core with a chip's memories: its layers called one by one, the clock read between."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path

from sim.bench.timing_kernels import CACHES_ON, CCR, Bench
from sim.engine.elf import ElfImage
from sim.errors import CrosscamError
from sim.layers import layers_of

_LONGEST_SECONDS = 60.0
"""Of virtual time at the bench's 100 MHz, for one layer."""
_PAINT = b"\xa5"
_END = struct.Struct("<IIIIIIfi")  # nn_tensor_t


@dataclass(frozen=True)
class LayerCycles:
    """One layer of the network."""

    name: str
    operator: str
    macs: int
    cycles: int


class BareNetwork:
    """``elf`` is linked by firmware/bench/model/model.ld.

    Raises:
        CrosscamError: it does not fit the chip's memories, or has not what a network has.
    """

    def __init__(self, elf: Path, chip: str = "stm32h743") -> None:
        self._bench = Bench(chip)
        self._memory = self._bench.machine.sysbus
        image = ElfImage.read(elf)
        self._symbols = {symbol.name: symbol.address for symbol in image.symbols}
        missing = [name for name in ("nn_model", "nn_model_ends", "rest", "stack_top") if name not in self._symbols]
        if missing:
            raise CrosscamError(f"{elf}: no symbol {missing[0]}; expected a network built by crosscam bench-model")
        for address, data in image.segments:
            self._memory.write_bytes(address, data)
        self._layers = layers_of(image, self._memory)
        self._memory.write(CCR, 4, self._memory.read(CCR, 4) | CACHES_ON)
        bottom, top = self._symbols["stack_bottom"], self._symbols["stack_top"]
        self._memory.write_bytes(bottom, _PAINT * (top - bottom))

    def load(self, number: int, data: bytes) -> None:
        """Fill input ``number``.

        Raises:
            CrosscamError: it has another size.
        """
        _, place, size, *_ = self._end(0, number)
        if size != len(data):
            raise CrosscamError(f"input {number} has {size} bytes, got {len(data)}")
        self._memory.write_bytes(place, data)
        self._bench.machine.timing.discontinuity()

    def output(self, number: int) -> bytes:
        """What output ``number`` holds."""
        _, place, size, *_ = self._end(1, number)
        return bytes(self._memory.read_bytes(place, size))

    def run(self) -> list[LayerCycles]:
        """All layers once, on what the inputs hold."""
        return [LayerCycles(each.name, each.operator, each.macs, self._call(each.address)) for each in self._layers]

    def stack_bytes(self) -> int:
        """The most stack that was in use."""
        bottom, top = self._symbols["stack_bottom"], self._symbols["stack_top"]
        painted = bytes(self._memory.read_bytes(bottom, top - bottom))
        return len(painted.lstrip(_PAINT))

    def _call(self, function: int) -> int:
        machine, core = self._bench.machine, self._bench.cpu
        core.wake()
        core.set_general_registers(*[0] * 13, self._symbols["stack_top"], self._symbols["rest"] | 1)
        core.pc = function
        before = machine.clock.now
        machine.run_until(lambda: bool(core.sleeping), _LONGEST_SECONDS)
        if not core.sleeping:
            raise CrosscamError(f"the layer at 0x{function:08X} did not end in {_LONGEST_SECONDS:g} s of board time")
        return int(machine.clock.now) - before

    def _end(self, kind: int, number: int) -> tuple[int, ...]:
        first = self._memory.read(self._symbols["nn_model_ends"] + 4 * kind, 4)
        return _END.unpack(bytes(self._memory.read_bytes(first + number * _END.size, _END.size)))
