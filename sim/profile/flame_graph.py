"""A flame graph as one SVG file: no other file, no network; names come from a stranger's ELF and are escaped."""

from __future__ import annotations

import zlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from xml.sax.saxutils import escape, quoteattr

from sim.engine.observe.record.names import SLEEP_NAME
from sim.profile.call_tree import CallStack
from sim.text import printable

WIDTH, ROW, TOP, MARGIN = 1200, 18, 60, 10
LEAST_WIDTH = 0.2
"""Pixels below which a box, and all that stands on it, is left out."""
MOST_BOXES = 20_000
_LETTER = 7.0  # pixels
_LONGEST_NAME = 200
_SCRIPT = """
const boxes = [...document.querySelectorAll('g.box')];
const width = %d, margin = %d;
function show(x, w) {
  for (const box of boxes) {
    const from = (box.dataset.x - x) / w, size = box.dataset.w / w;
    const inside = from < 0.999999 && from + size > 0.000001;
    box.style.display = inside ? '' : 'none';
    if (!inside) continue;
    const left = Math.max(0, from), right = Math.min(1, from + size);
    const [rect, text] = [box.querySelector('rect'), box.querySelector('text')];
    rect.setAttribute('x', margin + left * width);
    rect.setAttribute('width', (right - left) * width);
    text.setAttribute('x', margin + left * width + 3);
    const room = Math.floor(((right - left) * width - 6) / %g);
    const name = box.dataset.name;
    text.textContent = room < 3 ? '' : name.length <= room ? name : name.slice(0, room - 1) + '\\u2026';
  }
}
for (const box of boxes) box.addEventListener('click', () => show(+box.dataset.x, +box.dataset.w));
document.getElementById('all').addEventListener('click', () => show(0, 1));
"""


@dataclass
class _Box:
    name: str
    cycles: int = 0
    above: dict[str, _Box] = field(default_factory=dict)


def flame_graph(stacks: Iterable[CallStack], title: str) -> str:
    """The drawing: callers below, what they call above, as wide as the cycles spent; a click makes a box the whole."""
    root = _Box("all")
    for stack in stacks:
        box = root
        box.cycles += stack.cycles
        for name in stack.names:
            box = box.above.setdefault(name, _Box(name))
            box.cycles += stack.cycles
    placed = _placed(root)
    deepest = max(level for _, level, _ in placed)
    height = TOP + (deepest + 1) * ROW + MARGIN
    drawn = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH + 2 * MARGIN} {height}" font-size="12"'
        ' font-family="monospace">',
        "<style>g.box { cursor: pointer } g.box:hover rect { stroke: black }</style>",
        f'<rect width="100%" height="100%" fill="white"/><text x="{MARGIN}" y="22" font-size="15">'
        f"{escape(printable(title))}</text>",
        f'<text id="all" x="{MARGIN}" y="44" fill="#4c78a8" cursor="pointer">show all</text>',
    ]
    whole = max(1, root.cycles)
    drawn += [_drawn(box, TOP + (deepest - level) * ROW, start, whole) for box, level, start in placed]
    script = _SCRIPT % (WIDTH, MARGIN, _LETTER)
    return "\n".join([*drawn, f"<script><![CDATA[{script}]]></script>", "</svg>"]) + "\n"


def _placed(root: _Box) -> list[tuple[_Box, int, int]]:
    """Each box with its level and the cycle it begins at, as far as it can be seen."""
    least = root.cycles * LEAST_WIDTH / WIDTH
    found: list[tuple[_Box, int, int]] = []
    waiting = [(root, 0, 0)]
    while waiting and len(found) < MOST_BOXES:
        box, level, start = waiting.pop()
        found.append((box, level, start))
        for name in sorted(box.above):
            above = box.above[name]
            if above.cycles >= least:
                waiting.append((above, level + 1, start))
            start += above.cycles
    return found


def _drawn(box: _Box, y: int, start: int, whole: int) -> str:
    x, width = WIDTH * start / whole, WIDTH * box.cycles / whole
    name = printable(box.name, _LONGEST_NAME)
    room = int((width - 6) / _LETTER)
    shown = "" if room < 3 else name if len(name) <= room else name[: room - 1] + "\u2026"
    tip = f"{name}: {box.cycles:,} cycles, {100 * box.cycles / whole:.2f} %"
    return (
        f'<g class="box" data-x="{start / whole:.9f}" data-w="{box.cycles / whole:.9f}" data-name={quoteattr(name)}>'
        f"<title>{escape(tip)}</title>"
        f'<rect x="{MARGIN + x:.2f}" y="{y}" width="{width:.2f}" height="{ROW - 1}" fill="{_colour(box.name)}"/>'
        f'<text x="{MARGIN + x + 3:.2f}" y="{y + 13}" pointer-events="none">{escape(shown)}</text></g>'
    )


def _colour(name: str) -> str:
    """The same for a name in every drawing: warm for functions, blue for exceptions, grey for sleep."""
    mixed = zlib.crc32(name.encode("utf-8", "surrogatepass"))
    if name == SLEEP_NAME:
        return "#d0d0d0"
    if name.startswith("["):
        return f"hsl({200 + mixed % 30} 60% {68 + (mixed >> 8) % 12}%)"
    return f"hsl({10 + mixed % 45} 85% {62 + (mixed >> 8) % 12}%)"
