"""The tables of ``crosscam profile``."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import PurePosixPath

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from sim.profile.document import histogram, quantiles
from sim.profile.profiler import Profile
from sim.text import printable

LONGEST_NAME, ROOM_OF_FIGURES = 48, 46
"""Letters of a name at most; columns that figures beside a name take."""
ROOM_OF_BARS = 120
"""Columns of a terminal from which on histograms are drawn."""
_BLOCKS = " ▁▂▃▄▅▆▇█"


def print_profile(console: Console, profile: Profile, what: str, top: int) -> None:
    """All of it, the dearest first."""
    room = min(LONGEST_NAME, max(12, console.width - ROOM_OF_FIGURES))
    console.print(_functions(profile, what, top, room))
    if profile.layers:
        console.print(_layers(profile, room // 2))
    if any(file for file, _ in profile.lines):
        console.print(_lines(profile, top, max(12, console.width - ROOM_OF_FIGURES // 2)))
    if profile.interrupts:
        console.print(_interrupts(profile, room // 2, console.width >= ROOM_OF_BARS))
    console.print(_memory(profile, room))
    if profile.moved:
        console.print(_traffic(profile, room // 2))
    if profile.events:
        console.print(", ".join(f"{name.replace('_', ' ')} {count:,}" for name, count in profile.events.items()))


def _table(title: str, *columns: str, left: int = 1) -> Table:
    table = Table(title=title, box=SIMPLE_HEAD, pad_edge=False, title_justify="left")
    for place, column in enumerate(columns):
        table.add_column(column, justify="left" if place < left else "right", no_wrap=True)
    return table


def _name(name: str, room: int) -> Text:
    return Text(printable(name, room))


def _share(part: int, whole: int) -> str:
    return f"{100 * part / max(1, whole):.1f}"


def _functions(profile: Profile, what: str, top: int, room: int) -> Table:
    table = _table(printable(f"{what}; {profile.clock}"), "function", "cycles", "%", "with callees", "calls")
    for each in profile.functions[:top]:
        share = _share(each.cycles, profile.cycles)
        table.add_row(_name(each.name, room), f"{each.cycles:,}", share, f"{each.total:,}", f"{each.calls:,}")
    table.add_section()
    table.add_row(f"all {len(profile.functions)}", f"{sum(each.cycles for each in profile.functions):,}", "100.0")
    return table


def _layers(profile: Profile, room: int) -> Table:
    table = _table("network layers", "layer", "operator", "MACs", "cycles", "%", "a MAC", left=2)
    runs = {function.address: function.calls for function in profile.functions}
    for layer, cycles in profile.layers:
        done = layer.macs * runs.get(layer.address, 0)
        each = f"{cycles / done:.2f}" if done else ""
        macs = f"{layer.macs:,}" if layer.macs else ""
        share = _share(cycles, profile.cycles)
        table.add_row(_name(layer.name, room), _name(layer.operator, room), macs, f"{cycles:,}", share, each)
    return table


def _lines(profile: Profile, top: int, room: int) -> Table:
    table = _table("source lines", "line", "cycles", "%")
    for (file, line), cycles in sorted(profile.lines.items(), key=lambda each: (-each[1], each[0]))[:top]:
        place = f"{_short(file)}:{line}" if file else "(without lines: assembler, libraries, exception entry, sleep)"
        table.add_row(Text(printable(place, room)), f"{cycles:,}", _share(cycles, profile.cycles))
    return table


def _short(file: str) -> str:
    return "/".join(PurePosixPath(file).parts[-2:])


def _interrupts(profile: Profile, room: int, bars: bool) -> Table:
    headings = ["exception", "handler", "taken", "latency", "most", "duration", "most"]
    more = ["latencies", "durations, by powers of two"] if bars else []
    table = _table("exceptions, in cycles", *headings, *more, left=2)
    for name, times in profile.interrupts.items():
        figures = (f"{value:,}" for value in quantiles(times))
        drawn = [_bars(times.latencies), _bars(times.durations)] if bars else []
        handler = _name(profile.handlers.get(name, ""), room)
        table.add_row(name, handler, f"{len(times.durations):,}", *figures, *drawn)
    return table


def _bars(values: Sequence[int]) -> str:
    """``8:`` ▂█▁: from the first power of two that has any, one letter a power."""
    found = histogram(values)
    if not found:
        return ""
    bounds = [1 << power for power in range(min(found).bit_length() - 1, max(found).bit_length())]
    most = max(found.values())
    heights = (-(-found.get(bound, 0) * (len(_BLOCKS) - 1) // most) for bound in bounds)
    return f"<{bounds[0]:,}: " + "".join(_BLOCKS[height] for height in heights)


def _memory(profile: Profile, room: int) -> Table:
    table = _table("memory, in bytes", "what", "linked", "changed", "of", "from", "to")
    for each in profile.memories:
        span = ("", "") if each.lowest is None else (f"0x{each.lowest:08X}", f"0x{each.highest:08X}")
        table.add_row(_name(each.name, room), f"{each.linked:,}", f"{each.changed:,}", f"{each.size:,}", *span)
    for stack in profile.stack_use:
        reach = (f"0x{stack.lowest:08X}", f"0x{stack.highest - 1:08X}")
        table.add_row(_name(f"stack {stack.name}", room), "", f"{stack.used:,}", "", *reach)
    table.add_row("to be programmed", f"{profile.flash:,}")
    return table


def _traffic(profile: Profile, room: int) -> Table:
    table = _table("bus traffic, in bytes", "master", "where", "read", "written", left=2)
    moved: dict[tuple[str, str], list[int]] = defaultdict(lambda: [0, 0])
    for (master, where, written), count in profile.moved.items():
        moved[master, where][written] += count
    for (master, where), (read, written) in _dearest(moved.items()):
        table.add_row(_name(master, room), _name(where, room), f"{read:,}", f"{written:,}")
    return table


def _dearest(rows: Iterable[tuple[tuple[str, str], list[int]]]) -> list[tuple[tuple[str, str], list[int]]]:
    return sorted(rows, key=lambda row: (-sum(row[1]), row[0]))
