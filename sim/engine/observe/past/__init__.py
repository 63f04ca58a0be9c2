"""Going back: snapshots of the whole machine, and what was done since done again.

A snapshot is a process: ``fork`` gives a copy of everything the machine is made of, Unicorn, native clocks, devices,
scripts, memories, and the system copies a page when one of the two writes it. It costs some 10 ms and the pages that
change. Runs are deterministic, so to go back is to run on from the snapshot before.
"""

from __future__ import annotations

from sim.engine.observe.past.timeline import Timeline

__all__ = ["Timeline"]
