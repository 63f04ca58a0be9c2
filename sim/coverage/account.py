"""From blocks that ran to lines and branches."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable

from sim.coverage.program import Program
from sim.coverage.result import Coverage
from sim.engine.native import block_record as native
from sim.engine.observe.record.recorder import Block

_WIDE = 0xE800


def account(program: Program, blocks: Iterable[tuple[Block, int, int]]) -> Coverage:
    """What of ``program`` is covered by ``blocks``: each with its runs, and how often its branch was taken.

    A line ran as often as that instruction of it that ran most: a loop's head counts its turns and the way out.
    """
    runs: Counter[int] = Counter()
    outcomes: dict[int, list[int]] = defaultdict(lambda: [0, 0])
    for block, count, taken in blocks:
        if not count:
            continue
        addresses = _instructions(block)
        for address in addresses:
            runs[address] += count
        if block.kind == native.CONDITIONAL:
            outcomes[addresses[-1]][0] += taken
            outcomes[addresses[-1]][1] += count - taken
    found = Coverage()
    ran = sorted(runs)
    at = 0
    for each in program.lines.ranges:
        most = 0
        while at < len(ran) and ran[at] < each.start:
            at += 1
        while at < len(ran) and ran[at] < each.end:
            most = max(most, runs[ran[at]])
            at += 1
        lines = found.files[program.lines.files[each.file]].lines
        lines[each.line] = max(lines.get(each.line, 0), most)
    numbers: Counter[tuple[str, int]] = Counter()
    for address in program.branches:
        place = program.lines.at(address)
        if place is not None:
            file, line = place
            found.files[file].branches[line, numbers[place]] = tuple(outcomes.get(address, (0, 0)))  # type: ignore[assignment]
            numbers[place] += 1
    for function in program.functions:
        functions = found.files[function.file].functions
        known = functions.get(function.name, (function.line, 0))
        functions[function.name] = known[0], known[1] + runs[function.address]
    return found


def _instructions(block: Block) -> list[int]:
    """Addresses of a block's instructions."""
    found, place = [], 0
    while place < block.size:
        found.append(block.address + place)
        place += 4 if int.from_bytes(block.code[place : place + 2], "little") >= _WIDE else 2
    return found
