"""What a board was like when a test failed: in the log, in a folder of the test, and as one line of its message.

The frame the camera captured last, the display, what the UARTs said, cycles of the frames, warnings and findings, and
a snapshot to open in the debugger.
"""

from __future__ import annotations

import base64
import html
import io
import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from sim.boot import CAMERA, CAPTURED_COUNT, CAPTURED_INDEX
from sim.console import Prediction
from sim.engine.truth import BoardTruth
from sim.errors import CrosscamError
from sim.text import printable

if TYPE_CHECKING:
    from PIL import Image

    from sim.files_read import FilesRead
    from sim.robot.session import Session

_WARNINGS = 50
_ROWS = 200
_LONGEST_NAME = 60


def keep(session: Session, read: FilesRead, output: Path, test: str) -> tuple[str, str]:
    """Write what there is to a folder of ``test`` below ``output``.

    Returns:
        HTML for the log, and a line for the test's message.
    """
    folder = output / "failed" / re.sub(r"[^A-Za-z0-9_.-]+", "-", test)[-_LONGEST_NAME:].strip("-.")
    folder.mkdir(parents=True, exist_ok=True)
    parts = [*_pictures(session, folder), *_console(session, folder), *_warnings(session)]
    snapshot = folder / "snapshot.json"
    try:
        from sim.robot.failed_snapshot import snapshot_of

        snapshot_of(session, read).write(snapshot)
        line = f"crosscam debug --snapshot {snapshot}"
        parts.append(f"<p>In the debugger: <code>{html.escape(line)}</code></p>")
    except CrosscamError as error:
        line = f"kept in {folder}"
        parts.append(f"<p>No snapshot: {html.escape(printable(str(error), 300))}</p>")
    return "\n".join(parts), line


def _pictures(session: Session, folder: Path) -> Iterator[str]:
    for name, title, made in (
        ("frame", "the frame the camera captured last", _frame),
        ("display", "the display", _display),
    ):
        try:
            picture = made(session)
        except (CrosscamError, OSError):  # a board without a camera, or a display
            continue
        if picture is None:
            continue
        picture.save(folder / f"{name}.png")
        content = io.BytesIO()
        picture.save(content, "PNG")
        data = base64.b64encode(content.getvalue()).decode()
        yield f'<figure><img alt="{title}" src="data:image/png;base64,{data}"><figcaption>{title}</figcaption></figure>'


def _frame(session: Session) -> Image.Image | None:
    from sim.frames.convert import to_picture
    from sim.frames.folder import FrameFolder
    from sim.lcd import MachineDevices

    board, frames = MachineDevices(session.machine), session.monitor.variables.get("frames")
    captured = board.ask(CAMERA, CAPTURED_COUNT)
    if not captured or frames is None:
        return None
    return to_picture(FrameFolder.open(Path(str(frames))).pixels(board.ask(CAMERA, CAPTURED_INDEX, captured - 1)))


def _display(session: Session) -> Image.Image:
    from PIL import Image

    from sim.lcd import Lcd, MachineDevices

    return Image.fromarray(Lcd(MachineDevices(session.machine)).picture())


def _console(session: Session, folder: Path) -> Iterator[str]:
    for number, tester in enumerate(session.terminals):
        said = tester.transcript()
        (folder / f"uart-{number}.txt").write_text(said + "\n", encoding="utf-8")
        yield f"<p>{html.escape(tester.uart)}</p><pre>{html.escape(_printable_lines(said))}</pre>"
        lines = [line.partition("] ")[2] for line in said.splitlines()]
        rows = [found for found in map(Prediction.parse, lines) if found is not None][-_ROWS:]
        if rows:
            cells = "".join(f"<tr><td>{row.frame}</td><td>{row.cycles:,}</td></tr>" for row in rows)
            yield f"<table><tr><th>frame</th><th>cycles</th></tr>{cells}</table>"


def _printable_lines(text: str) -> str:
    return "\n".join(printable(line) for line in text.splitlines())


def _warnings(session: Session) -> Iterator[str]:
    truth = BoardTruth.of(session.machine)
    found = [str(finding) for finding in (truth.findings if truth is not None else [])]
    found += [f"{each.count} x {each.source}: {each.text}" for each in session.machine.warnings]
    if found:
        yield f"<p>Warnings and findings</p><pre>{html.escape(_printable_lines(chr(10).join(found[:_WARNINGS])))}</pre>"
