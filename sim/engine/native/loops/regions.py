"""Which blocks make up a loop: those that can be reached from a block and lead back to it."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from sim.engine.native.loops.blocks import Block

MAX_BLOCKS = 192


def find_region(start: int, block_at: Callable[[int], Block | None]) -> dict[int, Block]:
    """Blocks by address, ``start`` among them; empty when nothing leads from ``start`` back to it.

    ``block_at`` gives the blocks that have run and can be compiled. A return is taken to lead behind every call that
    was met on the way; where it really leads is seen when it runs.
    """
    found: dict[int, Block] = {}
    queue = deque([start])
    while queue and len(found) < MAX_BLOCKS:
        address = queue.popleft()
        if address in found:
            continue
        block = block_at(address)
        if block is None:
            continue
        found[address] = block
        queue.extend(block.targets)
        if block.calls:
            queue.append(block.end)
    if start not in found:
        return {}
    behind_calls = [block.end for block in found.values() if block.calls]
    sources: dict[int, list[int]] = {}
    for block in found.values():
        for target in (*block.targets, *(behind_calls if block.indirect else ())):
            sources.setdefault(target, []).append(block.address)
    leads_back: set[int] = set()
    queue = deque(sources.get(start, ()))
    while queue:
        address = queue.popleft()
        if address not in leads_back:
            leads_back.add(address)
            queue.extend(sources.get(address, ()))
    return {address: found[address] for address in sorted(leads_back)} if start in leads_back else {}


def loop_heads(region: dict[int, Block]) -> list[int]:
    """Where native code may be entered: targets of jumps back."""
    heads = {target for block in region.values() for target in block.targets if target <= block.address}
    return sorted(heads & region.keys())
