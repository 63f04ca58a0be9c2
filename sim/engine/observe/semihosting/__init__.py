"""Arm's semihosting (``BKPT 0xAB``, Semihosting for AArch32 and AArch64, 2.0): console, files of one folder, exit."""

from __future__ import annotations

from sim.engine.observe.semihosting.files import FileStore
from sim.engine.observe.semihosting.host import FIRST_FILE, Semihosting

__all__ = ["FIRST_FILE", "FileStore", "Semihosting"]
