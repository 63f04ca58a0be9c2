"""Renode's world for Python scripts: the scripted peripheral, the machine it sees, the modules it may import."""

from __future__ import annotations

from sim.engine.scripting.peripheral import PythonPeripheral
from sim.engine.scripting.proxies import MachineProxy
from sim.engine.scripting.timeinterval import TimeInterval, TimeStamp
from sim.engine.scripting.world import WorkingDirectory, new_scope

__all__ = ["MachineProxy", "PythonPeripheral", "TimeInterval", "TimeStamp", "WorkingDirectory", "new_scope"]
