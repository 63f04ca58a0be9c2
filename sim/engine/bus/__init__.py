"""The system bus: memories, device windows, and the rules that may stand between them and who accesses them."""

from __future__ import annotations

from sim.engine.bus.memory import PAGE, MappedMemory
from sim.engine.bus.system_bus import PERIPHERALS, PRIVATE_BUS, Bus, Window

__all__ = ["PAGE", "PERIPHERALS", "PRIVATE_BUS", "Bus", "MappedMemory", "Window"]
