"""``crosscam frames``: photographs -> a frame folder the simulated camera shows."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from sim.errors import CrosscamError
from sim.text import number_of

if TYPE_CHECKING:
    from sim.frames.folder import FrameFolder, Playback, Shot

DOWNLOADED_TREE = Path("build/coco")


def frames(
    source: Annotated[str, typer.Argument(help="A folder of photographs, `coco` (a COCO tree) or `demo`.")],
    output: Annotated[Path, typer.Option("-o", "--output", help="The frame folder to make.")],
    coco: Annotated[
        Path | None, typer.Option(help="COCO tree: annotations/ and val2017/; default: the variable COCO_DIR.")
    ] = None,
    download: Annotated[
        int | None, typer.Option(min=1, help="Fetch this many val2017 photographs by their coco_url first.")
    ] = None,
    annotations: Annotated[Path | None, typer.Option(help="With --download: instances_val2017.json at hand.")] = None,
    count: Annotated[int, typer.Option(min=1, help="With coco: how many photographs, balanced; default 24.")] = 24,
    seed: Annotated[int, typer.Option(help="Which photographs are chosen, and their order with --shuffle.")] = 0,
    shuffle: Annotated[bool, typer.Option(help="Show them in an order drawn from the seed.")] = False,
    advance: Annotated[
        str, typer.Option(help="Next photograph after each `capture`, or with every camera frame: `vsync`.")
    ] = "capture",
    picture: Annotated[Path | None, typer.Option(help="Also write a contact sheet (PNG) to look at.")] = None,
) -> None:
    """Turn photographs into camera frames (320x240 RGB565) with their expected labels.

    Example: [bold]crosscam frames demo -o build/frames/demo[/bold]

    Example: [bold]crosscam frames coco --download 50 -o build/frames/coco[/bold]
    """
    from rich.progress import Progress

    from scripts.console import terminal
    from sim.frames.folder import Playback

    if advance not in ("capture", "vsync"):
        raise CrosscamError(f"--advance {advance}: expected capture or vsync")
    order: Literal["sequence", "shuffle"] = "shuffle" if shuffle else "sequence"
    playback = Playback(order, seed, True, "vsync" if advance == "vsync" else "capture")
    console = terminal()
    if download is not None:
        from sim.frames.download import download_val2017

        coco = coco or DOWNLOADED_TREE
        download_val2017(coco, download, annotations, seed, console=console)
        count = download
    with Progress(console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task("frames", total=None)
        made = _make(source, output, coco, count, seed, playback, lambda shot: progress.advance(task))
    labels = [label for entry in made.entries if entry.labelled for label in (entry.labels or ("negative",))]
    counts = ", ".join(f"{labels.count(label)} {label}" for label in sorted(set(labels))) or "labels unknown"
    console.print(f"{output}: {number_of(len(made.entries), 'frame')} of the {made.set_name} set ({counts})")
    if picture is not None:
        from sim.frames.picture import save_contact_sheet

        save_contact_sheet(made, picture)
        console.print(f"{picture}: contact sheet")


def _make(
    source: str,
    output: Path,
    coco: Path | None,
    count: int,
    seed: int,
    playback: Playback,
    on_frame: Callable[[Shot], None],
) -> FrameFolder:
    if source == "demo":
        from sim.frames.demo import demo_folder

        return demo_folder(output, playback, on_frame)
    if source == "coco":
        from sim.frames.coco import coco_folder

        named = os.environ.get("COCO_DIR")
        tree = coco or (Path(named) if named else None)
        if tree is None:
            raise CrosscamError(
                "no COCO tree: name one with --coco or COCO_DIR, or fetch photographs with --download N, or use `demo`"
            )
        return coco_folder(tree, output, count, seed=seed, playback=playback, on_frame=on_frame)
    from sim.frames.photos import photo_folder

    return photo_folder(Path(source), output, playback, on_frame)
