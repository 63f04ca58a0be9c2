"""Make docs/faults.md of the tables of faults and of the firmware's errors: ``python -m scripts.fault_docs``."""

from __future__ import annotations

import re
import sys
from pathlib import Path

from scripts.faults import arguments_of
from sim.errors import CrosscamError
from sim.faults.injector import KINDS, kind_of
from sim.faults.order import MOMENTS
from sim.files import write_bytes
from sim.robot.fault_rows import Row, read_rows

ROOT = Path(__file__).parents[1]
TABLE = ROOT / "robot_tests" / "faults.toml"
ERRORS = ROOT / "firmware" / "lib" / "errors.h"
PAGE = ROOT / "docs" / "faults.md"
_ERROR = re.compile(r'X\((?P<code>[A-Z0-9_]+), "(?P<text>[^"]+)", "(?P<then>[^"]+)"\)', re.ASCII)
_HEAD = """# Faults

Made by `python -m scripts.fault_docs` of `robot_tests/faults.toml`, `firmware/lib/errors.h` and `sim/faults`.

A fault is asked for by its kind, arguments and the moment it sets in, and costs nothing before:

    crosscam run --fault camera.nack,at=12 --fault camera.no-vsync,frames=20@frame:3
    Inject Fault    camera.nack    at=12    when=line:self-test        # Robot

The moment is {moments}; `+20ms` behind any of them is that much later. `frame:N`: the photographs before the N-th are
captured, and a frame begins. `crosscam faults` lists the kinds. Where the device exists a fault works on any board: it
stands before a device's registers, an interrupt input, memory or a pin. A camera's faults are played by its script, so
Renode has them too (`sysbus.ov7670 ControlRead 0x20 VALUE`, see `sim/peripherals/ov7670_faults.py`).

## What the board does

Every row runs in `robot_tests/faults.robot` (`make test`: a few of each kind; `make test-all`: all). `&`: both go wrong
in one run. *goes on*: nothing is interrupted. *recovers*: predictions go on by themselves. *starts anew*: after a
reset. *stops*: no more pictures, the console answers. *waits*: for the watchdog, to try again. After all but the last
two the scores are the reference's, bit for bit, each those of the photograph that the frame's number says. Lost: frames
no prediction came of, which the console counts or leaves out of its numbers. Wrong: predictions that may differ from
the reference's. Renode: {carried} of the {rows} rows run there as well (`make test-renode`), of the camera's all kinds
but those that refuse its bus: there a bus asks nobody for an acknowledge.

| fault | the board says | then | lost | wrong | Renode | how |
|---|---|---|---|---|---|---|
"""
_ERRORS_HEAD = """
## Errors

`E: CODE text (values)` on the console, all in `firmware/lib/errors.h`:

| code | text | then |
|---|---|---|
"""
_KINDS_HEAD = """
## Kinds

| fault | arguments | what happens |
|---|---|---|
"""


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def _row(row: Row) -> str:
    said = "<br>".join(f"`{_cell(each)}`" for each in row.says)
    renode = "yes" if row.renode else ""
    return f"| `{row.inject}` | {said} | {row.then} | {row.lost} | {row.wrong} | {renode} | {_cell(row.why)} |\n"


def page(rows: list[Row], header: str) -> str:
    """The page; ``header`` is the text of errors.h. CrosscamError when no table of errors is in it."""
    joined = " ".join(line.rstrip("\\").strip() for line in header.splitlines())
    for row in rows:
        for order in row.orders:
            kind_of(order.kind).read_arguments(order.arguments)
    errors = _ERROR.findall(joined)
    if not errors:
        raise CrosscamError(f'{ERRORS}: no table of errors: expected X(CODE, "text", "what then")')
    carried = sum(row.renode for row in rows)
    text = _HEAD.format(moments=MOMENTS, carried=carried, rows=len(rows)) + "".join(map(_row, rows))
    text += _ERRORS_HEAD + "".join(f"| {code} | {said} | {then} |\n" for code, said, then in errors)
    text += _KINDS_HEAD
    for each in KINDS.values():
        text += f"| `{each.name}` | {arguments_of(each.parameters)} | {each.text} |\n"
    return text


def main() -> int:
    """Write the page."""
    try:
        write_bytes(PAGE, page(read_rows(TABLE), ERRORS.read_text(encoding="utf-8")).encode())
    except CrosscamError as error:
        print(f"crosscam: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
