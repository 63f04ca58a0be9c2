"""Renode's monitor: commands and .resc scripts."""

from __future__ import annotations

from sim.engine.monitor.monitor import Monitor

__all__ = ["Monitor"]
