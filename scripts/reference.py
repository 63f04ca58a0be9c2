"""``crosscam reference``: what LiteRT's reference kernels say of each frame, as a file the Robot suites read."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from scripts.shipped import MODEL, shipped
from sim.files import write_json
from sim.text import number_of


def reference(
    frames: Annotated[Path, typer.Argument(help="Frame folder.")],
    model: Annotated[Path, typer.Option(help="Model folder.")] = MODEL,
    output: Annotated[Path | None, typer.Option("-o", "--output", help="Default: reference.json in FRAMES.")] = None,
) -> None:
    """Score every frame of a folder on the host and write the scores as JSON.

    Example: [bold]crosscam reference build/frames/demo[/bold]
    """
    from rich.progress import track

    from scripts.references import HostReference
    from sim.frames.folder import FrameFolder

    folder = FrameFolder.open(frames)
    host = HostReference(shipped(model), folder)
    rows = []
    for index in track(range(len(folder.entries)), description="reference", transient=True):
        expected = host[index]
        grade, zone = host.verdict(index)
        rows.append(
            {
                "source": expected.source,
                "labels": list(expected.labels),
                "scores": list(expected.scores),
                "decision": list(host.decide(host.card.labels, expected.scores)),
            }
            | ({"grade": grade} if grade else {})
            | ({"zone": zone} if zone else {})
        )
    path = output or frames / "reference.json"
    document = {"model": host.card.id, "sha256": host.card.sha256, "classes": list(host.card.labels), "frames": rows}
    write_json(path, document)
    typer.echo(f"{path}: {number_of(len(rows), 'frame')}, model {host.card.id}")
