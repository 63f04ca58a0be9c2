"""The second engine: an installed Renode, run headless and driven through its Robot Framework server."""

from __future__ import annotations

from sim.renode.board import RenodeBoard
from sim.renode.finder import find_renode, find_renode_test

__all__ = ["RenodeBoard", "find_renode", "find_renode_test"]
