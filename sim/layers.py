"""The layers of a network that `crosscam compile` has put into a firmware."""

from __future__ import annotations

import struct
from dataclasses import dataclass

from sim.engine.bus import Bus
from sim.engine.elf import ElfImage
from sim.text import printable

MODEL_SYMBOL = "nn_model"
MOST_LAYERS = 4096
_COUNT_AT, _LAYERS_AT = 44, 48
"""Of nn_model_t (firmware/nn/model.h) on the target."""
_LAYER = struct.Struct("<IIII")  # nn_layer_t
_LONGEST_NAME = 64


@dataclass(frozen=True)
class Layer:
    """``address``: of the function that runs it."""

    name: str
    operator: str
    macs: int
    address: int


def layers_of(image: ElfImage, bus: Bus) -> list[Layer]:
    """The layers as the loaded firmware lists them; none where it has no network."""
    model = next((symbol.address for symbol in image.symbols if symbol.name == MODEL_SYMBOL), None)
    if model is None or bus.memory_at(model, _LAYERS_AT + 4) is None:
        return []
    count, place = bus.read(model + _COUNT_AT, 2), bus.read(model + _LAYERS_AT, 4)
    if count > MOST_LAYERS or bus.memory_at(place, count * _LAYER.size) is None:
        return []
    found = []
    for name, operator, macs, run in _LAYER.iter_unpack(bus.read_bytes(place, count * _LAYER.size)):
        found.append(Layer(_text(bus, name), _text(bus, operator), macs, run & ~1))
    return found


def _text(bus: Bus, address: int) -> str:
    found = bus.memory_at(address)
    if found is None:
        return "?"
    memory, offset = found
    data = bytes(memory.view[offset : offset + _LONGEST_NAME])
    return printable(data.split(b"\0")[0].decode("utf-8", "replace"))
