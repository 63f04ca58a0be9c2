"""``crosscam dataset``: count, look at, download and merge COCO-format photographs."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from model.dataset.coco import Sample

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode="rich",
    help="Photographs for training: count, look at, download, merge.\n\n"
    "Example: [bold]crosscam dataset count photographs coco/train2017 --class person=0.05 --class car=0.01[/bold]",
)

Root = Annotated[Path, typer.Argument(help="Folder that holds the sets' folders.")]
Sets = Annotated[list[str], typer.Argument(help="FOLDER/SPLIT, one or more: coco/train2017 ...")]
Classes = Annotated[
    list[str] | None,
    typer.Option("--class", help="NAME=SHARE, the least share of the image; default person=0.05 and car=0.01."),
]
Caps = Annotated[list[str] | None, typer.Option("--cap", help="NAME=N: at most N images of a class.")]
Negatives = Annotated[int | None, typer.Option(min=0, help="Negatives; default: as many as the largest class.")]
NegativesFrom = Annotated[
    list[str] | None, typer.Option(help="Draw negatives from this category alone; may be repeated.")
]
All = Annotated[bool, typer.Option("--all", help="Take every image instead of a balanced choice.")]
Seed = Annotated[int, typer.Option(help="Which images are chosen.")]


def numbers(texts: list[str] | None, option: str, kind: type[int] | type[float]) -> dict[str, float]:
    """``NAME=NUMBER`` texts of an option; floats lie in 0..1, integers are not negative.

    Raises:
        CrosscamError: another form, or a number out of range.
    """
    from model.errors import CrosscamError

    found = {}
    for text in texts or []:
        name, _, value = text.partition("=")
        try:
            found[name] = kind(value)
        except ValueError:
            raise CrosscamError(f"{option} {text!r}: expected NAME=NUMBER, for example person=0.05") from None
        if not name or not 0 <= found[name] <= (1 if kind is float else math.inf):  # NaN is refused as well
            raise CrosscamError(f"{option} {text!r}: expected a name and a number from 0{' to 1' * (kind is float)}")
    return found


def _chosen(
    root: Path,
    sets: list[str],
    classes: list[str] | None,
    caps: list[str] | None,
    negatives: int | None,
    negatives_from: list[str] | None,
    everything: bool,
    seed: int,
    with_pictures: bool,
) -> tuple[list[Sample], dict[str, float]]:
    from model.dataset.choice import Choice, choose
    from model.dataset.coco import read_source
    from model.dataset.rule import MINIMUM_AREA
    from model.evaluation.evaluate import parse_source

    areas = numbers(classes, "--class", float) or dict(MINIMUM_AREA)
    samples = [s for text in sets for s in read_source(root, parse_source(text), areas, with_pictures)]
    if not everything:
        limits = {name: int(most) for name, most in numbers(caps, "--cap", int).items()}
        only = tuple(negatives_from) if negatives_from else None
        samples = choose(samples, Choice(areas, limits, negatives, only, seed))
    return samples, areas


@app.command()
def count(
    root: Root,
    sets: Sets,
    classes: Classes = None,
    caps: Caps = None,
    negatives: Negatives = None,
    negatives_from: NegativesFrom = None,
    everything: All = False,
    seed: Seed = 0,
    categories: Annotated[bool, typer.Option(help="Also count every annotated category.")] = False,
) -> None:
    """Count the images of each class that a choice gives; needs the annotations alone.

    Example: [bold]crosscam dataset count photographs coco/train2017 --class dog=0.05 --cap dog=500[/bold]
    """
    from model.dataset.choice import category_counts
    from model.dataset.coco import count_labels

    samples, areas = _chosen(root, sets, classes, caps, negatives, negatives_from, everything, seed, False)
    for name, number in count_labels(samples, areas).items():
        typer.echo(f"{number:>7} {name}")
    if categories:
        for name, number in category_counts(samples).items():
            typer.echo(f"{number:>7}   {name or '(no annotation)'}")


@app.command()
def sheet(
    root: Root,
    sets: Sets,
    output: Annotated[Path, typer.Option("-o", "--output", help="The picture to write (PNG or JPEG).")],
    classes: Classes = None,
    caps: Caps = None,
    negatives: Negatives = None,
    negatives_from: NegativesFrom = None,
    everything: All = False,
    seed: Seed = 0,
    number: Annotated[int, typer.Option("--count", min=1, help="Photographs on the sheet.")] = 48,
) -> None:
    """Draw a contact sheet: photographs as the camera sees them, each with its classes.

    Example: [bold]crosscam dataset sheet photographs coco/val2017 -o sheet.png[/bold]
    """
    from model.dataset.frames import load_frames
    from model.dataset.rule import outputs_for
    from model.errors import CrosscamError
    from model.evaluation.pictures import contact_sheet
    from model.files import whole

    samples, areas = _chosen(root, sets, classes, caps, negatives, negatives_from, everything, seed, True)
    frames = load_frames(samples)
    picture = contact_sheet(frames, outputs_for(areas), number, seed)
    try:
        with whole(output) as part:
            picture.save(part)
    except ValueError as error:
        raise CrosscamError(f"{output}: cannot be written ({error}); name a .png or .jpg file") from error
    typer.echo(f"{output}: {min(number, len(frames))} of {len(frames)} photographs")


@app.command()
def download(
    root: Root,
    sets: Sets,
    classes: Classes = None,
    caps: Caps = None,
    negatives: Negatives = None,
    negatives_from: NegativesFrom = None,
    everything: All = False,
    seed: Seed = 0,
    workers: Annotated[int, typer.Option(min=1, max=32, help="Photographs fetched at a time.")] = 8,
) -> None:
    """Fetch COCO's annotations, then the photographs of a choice; run it again to go on after an interruption.

    Example: [bold]crosscam dataset download photographs coco/train2017 --cap person=5000 --cap car=5000[/bold]
    """
    from rich.progress import Progress

    from model.dataset.download import SPLITS, fetch_annotations, fetch_pictures
    from model.dataset.fetch import Manners
    from model.evaluation.evaluate import parse_source
    from scripts.console import terminal

    manners = Manners(workers=workers)
    with Progress(console=terminal(), transient=True) as progress:
        for source in map(parse_source, sets):
            if source.split in SPLITS:
                task = progress.add_task(f"annotations of {source.name}", total=None)

                def show(done: int, total: int | None, task: object = task) -> None:
                    progress.update(task, completed=done, total=total)  # type: ignore[arg-type]

                fetch_annotations(root / source.folder, manners, splits=(source.split,), on_bytes=show)
        samples, _ = _chosen(root, sets, classes, caps, negatives, negatives_from, everything, seed, False)
        bar = progress.add_task("photographs", total=len(samples))
        present = sum(sample.path.is_file() for sample in samples)
        progress.advance(bar, present)
        result = fetch_pictures(samples, manners, lambda _: progress.advance(bar), root)
    typer.echo(f"{result.new} photographs fetched, {result.present} were there, {len(result.failed)} failed")
    for line in result.failed:
        typer.echo(f"  {line}")
    if result.failed:
        raise typer.Exit(1)


@app.command()
def merge(
    recipe: Annotated[Path, typer.Argument(help="A recipe (TOML), as those of model/configs.")],
    root: Root,
    output: Annotated[Path, typer.Option("-o", "--output", help="Folder of the merged set.")],
    split: Annotated[str, typer.Option(help="Name of the merged split.")] = "train",
) -> None:
    """Merge COCO-format sets by a recipe; the photographs stay where they are.

    Example: [bold]crosscam dataset merge model/configs/person_car.toml photographs -o photographs/merged[/bold]
    """
    from model.dataset.coco import Source, count_labels, read_source
    from model.dataset.recipe import merge as merge_sets
    from model.dataset.recipe import read_recipe

    read = read_recipe(recipe)
    path = merge_sets(read, root, output, split)
    samples = read_source(output.parent, Source(output.name, split), read.classes)
    counts = ", ".join(f"{number} {name}" for name, number in count_labels(samples, read.classes).items())
    typer.echo(f"{path}: {counts}")
