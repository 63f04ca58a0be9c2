"""What the embedded flash interfaces of STM32 families share: registers opened by keys, memory that is erased."""

from __future__ import annotations

from sim.engine.bus import MappedMemory
from sim.engine.devices.base import Services


class Lock:
    """A register opened by two keys in order; any other value closes it until the next reset."""

    def __init__(self, keys: tuple[int, int]) -> None:
        self._keys = keys
        self.reset()

    def reset(self) -> None:
        """Locked, ready for the first key."""
        self.locked = True
        self.disabled = False
        self._step = 0

    def lock(self) -> None:
        """Close; keys may open it again."""
        self.locked = True
        self._step = 0

    def key(self, value: int) -> None:
        """One write to the key register."""
        if self.disabled:
            return
        if self._step >= len(self._keys) or value != self._keys[self._step]:
            self.lock()
            self.disabled = True
            return
        self._step += 1
        self.locked = self._step < len(self._keys)


def overwrite(services: Services, memory: MappedMemory, offset: int, data: bytes) -> None:
    """``data`` at ``offset`` of ``memory``, through the bus, so that code that was run from there is forgotten."""
    for start, _, found in services.sysbus.memories:  # type: ignore[attr-defined]
        if found is memory:
            services.sysbus.write_bytes(start + offset, data)
