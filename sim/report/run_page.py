"""The parts of a page that a run of the board gives: profile, memories, warnings, what ran."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from sim.boot import Board
from sim.console import is_banner
from sim.engine.elf import ElfImage
from sim.profile.document import quantiles
from sim.profile.profiler import Profile
from sim.recording.inputs import host, image_digest
from sim.recording.recording import digest
from sim.report.page import Bar, MemoryBar
from sim.text import number_of
from sim.watch.warnings import WarningLog, findings

FUNCTIONS_SHOWN = 25
_OTHERS = "all others"


def layer_bars(profile: Profile) -> list[Bar]:
    """The network's layers, in their order."""
    runs = {function.address: function.calls for function in profile.functions}
    bars = []
    for layer, cycles in profile.layers:
        done = layer.macs * runs.get(layer.address, 0)
        a_mac = f"{cycles / done:.2f}" if done else ""
        bars.append(Bar(layer.name, layer.operator, cycles, cycles / max(1, profile.cycles), a_mac))
    return bars


def function_bars(profile: Profile) -> list[Bar]:
    """The dearest functions, and what the others take together."""
    whole = max(1, profile.cycles)
    shown = profile.functions[:FUNCTIONS_SHOWN]
    bars = [Bar(each.name, number_of(each.calls, "call"), each.cycles, each.cycles / whole) for each in shown]
    rest = sum(each.cycles for each in profile.functions[FUNCTIONS_SHOWN:])
    if rest:
        bars.append(Bar(_OTHERS, number_of(len(profile.functions) - len(shown), "function"), rest, rest / whole))
    return bars


def exceptions(profile: Profile) -> list[tuple[str, ...]]:
    """Name, handler, how often; median and greatest latency and duration, in cycles."""
    return [
        (name, profile.handlers.get(name, ""), f"{len(times.durations):,}", *(f"{each:,}" for each in quantiles(times)))
        for name, times in profile.interrupts.items()
    ]


def memory_bars(profile: Profile) -> list[MemoryBar]:
    """Every memory that is used, by address."""
    return [MemoryBar(each.name, each.start, each.linked, each.changed, each.size) for each in profile.memories]


def warning_rows(log: WarningLog, board: Board) -> list[tuple[int, str]]:
    """Findings of board truth, then warnings, the most frequent first."""
    found = [(_whole(each["count"]), f"board finding: {each['text']}") for each in findings(board.machine)]
    return found + [
        (each.count, f"{each.source.removeprefix('sim.')}: {each.text}") for each in log.messages(board.machine)
    ]


def _whole(value: object) -> int:
    return value if isinstance(value, int) else 1


def environment(seconds: float, elf: Path, timing: str, files: Mapping[str, str]) -> dict[str, list[tuple[str, str]]]:
    """What ran for so many ``seconds`` of board time, with hashes: nothing in it depends on the folder or the day.
    ``files``: see ``inputs.board_files``."""
    image = ElfImage.read(elf)
    content = elf.read_bytes()
    firmware = [
        ("file", elf.name),
        ("size", f"{len(content):,} bytes"),
        ("SHA-256", digest(content)),
        ("SHA-256 of what is loaded", image_digest(image)),
        ("clock", timing),
        ("board time", f"{seconds:.2f} s"),
    ]
    return {
        "Firmware": firmware,
        f"Board: {number_of(len(files), 'file')}": list(files.items()),
        "crosscam and the host": list(host().items()),
    }


def about(lines: Sequence[str]) -> str:
    """The banner's first two lines: what the firmware says it is."""
    start = next((number for number, line in enumerate(lines) if is_banner(line)), None)
    return "" if start is None else " \u00b7 ".join(lines[start : start + 2])
