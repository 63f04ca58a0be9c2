"""One machine: its parts by name, loading, running, resetting, and the clocks its firmware programs."""

from __future__ import annotations

from sim.engine.machine.machine import SLICE, Machine

__all__ = ["SLICE", "Machine"]
