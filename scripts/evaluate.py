"""``crosscam evaluate``: figures of a model in up to four forms, the simulated board among them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from scripts.dataset import numbers
from sim.files import write_json
from sim.text import number_of

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from model.dataset.coco import Sample
    from model.dataset.frames import FrameSet
    from model.evaluation.thresholds import Curve
    from scripts.board_unit import Scored

_SKIPPED_NAMED = 20
"""Pictures without scores that are named at the end; ``--results`` names all."""


def evaluate(
    model: Annotated[Path, typer.Argument(help="Folder with model.tflite and card.toml.")],
    data_root: Annotated[Path, typer.Option(help="Folder that holds the sets.", envvar="CROSSCAM_DATA")],
    sets: Annotated[
        list[str] | None, typer.Option("--set", help="FOLDER/SPLIT, may be repeated; default: the validation sets.")
    ] = None,
    classes: Annotated[
        list[str] | None, typer.Option("--class", help="NAME=SHARE, the least share of the image; default: the card's.")
    ] = None,
    threshold: Annotated[
        list[str] | None, typer.Option(help="CLASS=VALUE (0..1) instead of the card's; may be repeated.")
    ] = None,
    rates: Annotated[
        list[float] | None,
        typer.Option("--fpr", help="Also tell each class's threshold for this false-positive rate (0..1)."),
    ] = None,
    choices: Annotated[
        bool, typer.Option("--choices", help="Also tell what other ways to choose thresholds are worth, cross-fitted.")
    ] = False,
    against: Annotated[
        Path | None, typer.Option(help="Another model of the same classes: the difference of macro F1, cross-fitted.")
    ] = None,
    config: Annotated[Path | None, typer.Option(help="With --run: the run's config, for the float forms.")] = None,
    run: Annotated[Path | None, typer.Option(help="With --config: the run's folder, for the float forms.")] = None,
    on_board: Annotated[
        str, typer.Option(metavar="COUNT|all", help="Also so many pictures, or all, on the simulated board.")
    ] = "0",
    elf: Annotated[Path, typer.Option(help="With --on-board: firmware compiled from the model.")] = Path(
        "build/crosscam.elf"
    ),
    seed: Annotated[int, typer.Option(help="With --on-board COUNT: which pictures.")] = 0,
    timing: Annotated[
        str, typer.Option(help="With --on-board: clock, instructions (quickest) or cortex-m7.")
    ] = "instructions",
    workers: Annotated[
        int | None, typer.Option(min=1, help="With --on-board: processes; default: as many as there are cores.")
    ] = None,
    dask: Annotated[
        str | None,
        typer.Option(metavar="ADDRESS|local", help="With --on-board: a Dask scheduler (tcp://host:8786), or one here."),
    ] = None,
    unit: Annotated[int, typer.Option(min=1, max=10_000, help="With --on-board: pictures a unit of work.")] = 50,
    results: Annotated[
        Path | None,
        typer.Option(help="With --on-board: each picture's scores and cycles, JSON lines; broken off, it goes on."),
    ] = None,
    report: Annotated[
        Path | None, typer.Option(help="Folder for ROC and DET curves, threshold tables and confusion pictures.")
    ] = None,
    json_file: Annotated[Path | None, typer.Option("--json", help="Write all figures as JSON.")] = None,
) -> None:
    """Evaluate an int8 model through the camera path; each figure with the count of pictures behind it.

    Exit status 1 when a score of the board differs from LiteRT's. With [bold]--on-board all[/bold] the workers also ask
    LiteRT and no more pictures are in memory than are worked on. The results do not depend on the workers.

    Example: [bold]crosscam evaluate model/zoo/person_car_160 --data-root photographs --on-board 20[/bold]

    Example: [bold]crosscam evaluate MODEL --data-root photographs --on-board all --results scores.jsonl[/bold]
    """
    import numpy as np

    from model.card import read_card, verify_model_file
    from model.dataset.coco import read_source
    from model.dataset.frames import load_frames
    from model.dataset.rule import MINIMUM_AREA, outputs_for
    from model.errors import CrosscamError
    from model.evaluation.choosing import compared, worth_of_ways
    from model.evaluation.choosing import table as table_of_ways
    from model.evaluation.evaluate import class_report, evaluate_sets, int8_scores, parse_source, table
    from model.evaluation.reference import Reference
    from model.evaluation.thresholds import check_rate, parse_thresholds
    from scripts.evaluate_board import Spread, score_on_board, tell_equal, wanted_count
    from scripts.shipped import shipped

    if (config is None) != (run is None):
        raise CrosscamError("evaluate: --config and --run belong together; give both for the float forms, or neither")
    for rate in rates or []:
        check_rate(rate)
    count = wanted_count(on_board)
    if count is None and config is not None:
        raise CrosscamError("evaluate: --on-board all keeps no pictures, which --config needs; run them one by one")
    if count is None and against is not None:
        raise CrosscamError("evaluate: --on-board all keeps no pictures, which --against needs; run them one by one")
    spread = Spread(workers or os.cpu_count() or 1, dask, unit, timing)
    card = read_card(shipped(model))
    if card.judgement.grades:
        raise CrosscamError(f"{model}: tells grades, not classes; give it to `crosscam grades judge`")
    other = read_card(shipped(against)) if against is not None else None
    if other is not None and other.labels != card.labels:
        raise CrosscamError(f"{against}: tells {', '.join(other.labels)}; expected {', '.join(card.labels)}")
    thresholds = parse_thresholds(threshold or [], card.labels, card.thresholds)
    # Cards that do not tell were trained by the original rule.
    areas = numbers(classes, "--class", float) or card.provenance.get("minimum_area", MINIMUM_AREA)
    if outputs_for(areas) != card.labels:
        raise CrosscamError(
            f"{model}: tells {', '.join(card.labels)}, but the pictures would be labelled "
            f"{', '.join(outputs_for(areas))}; give --class NAME=SHARE for each class of the model"
        )
    reference = Reference(verify_model_file(card))
    sources = [parse_source(text) for text in sets or ("coco/val2017", "highway/val")]
    samples = [s for source in sources for s in read_source(data_root, source, areas)]
    figures: dict[str, Any] = {}
    boards: list[Scored] = []
    if count is None:
        boards = score_on_board(samples, elf, card.model_path, spread, results)
        frames = _without_pictures(samples, boards)
        boards = [each for each in boards if not each.problem]
        scores = np.array([each.reference for each in boards], np.int8)
    else:
        frames = load_frames(samples)
    if config is not None and run is not None:
        from model.deployment.forms import float_scores
        from model.run_config import load_config

        real = [(t + 128) / 256 for t in thresholds]
        for form, scores in float_scores(load_config(config), run, frames).items():
            figures[form] = evaluate_sets(scores, frames, real, card.labels)
    if count is not None:
        scores = int8_scores(reference, frames.camera_pictures(card.input_shape[0]))
    figures["int8"] = evaluate_sets(scores, frames, thresholds, card.labels)
    shown = frames
    if count:
        shown = frames.some(count, seed)
        boards = score_on_board(shown.samples, elf, card.model_path, spread, results)
    if boards:
        said = np.array([each.scores for each in boards], np.int8)
        figures["int8 on the board"] = evaluate_sets(said, shown, thresholds, card.labels)
    for form, found in figures.items():
        typer.echo(f"{form}\n{table(found, card.labels)}\n{class_report(found['all'], card.labels)}\n")
    for line in _operating_points(rates or [], scores, frames, card.labels):
        typer.echo(line)
    if choices:
        ways = worth_of_ways(scores, frames.labels, card.labels)
        typer.echo(f"thresholds cross-fitted on {len(frames)} pictures\n{table_of_ways(ways)}\n")
    if other is not None:
        theirs = int8_scores(Reference(verify_model_file(other)), frames.camera_pictures(other.input_shape[0]))
        apart = compared(scores, theirs, frames.labels, card.labels)
        typer.echo(
            f"cross-fitted macro F1 of {len(frames)} pictures: {apart.macro_f1:.4f}, {against} {apart.other:.4f}; "
            f"difference {apart.difference:+.4f}, its error {apart.error:.4f}\n"
        )
    if frames.skipped:
        named = "; ".join(frames.skipped[:_SKIPPED_NAMED])
        more = len(frames.skipped) - _SKIPPED_NAMED
        skipped = number_of(len(frames.skipped), "picture")
        typer.echo(f"{skipped} skipped: {named}{f'; and {more} more' if more > 0 else ''}")
    if report is not None:
        without = _write_report(report, scores, frames, thresholds, card.labels)
        typer.echo(f"curves, tables and pictures in {report}")
        for name in without:
            typer.echo(f"no curves of {name}: they need pictures with and without it")
    if json_file is not None:
        write_json(json_file, figures)
    if boards:
        tell_equal(boards)


def _curves(scores: NDArray[np.int8], frames: FrameSet, names: tuple[str, ...]) -> dict[str, Curve]:
    """The ROC curves of the classes that some pictures show and some do not."""
    from model.evaluation.thresholds import roc_curve

    known = {name: i for i, name in enumerate(names) if 0 < frames.labels[:, i].sum() < len(frames)}
    return {name: roc_curve(scores[:, i], frames.labels[:, i]) for name, i in known.items()}


def _operating_points(
    rates: list[float], scores: NDArray[np.int8], frames: FrameSet, names: tuple[str, ...]
) -> Iterator[str]:
    """One line a class and wanted false-positive rate."""
    for name, curve in _curves(scores, frames, names).items() if rates else ():
        for point in (curve.operating_point(rate) for rate in rates):
            yield (
                f"{name:<16} FPR at most {point.wanted:g}: int8 threshold {point.threshold:g}, "
                f"FPR {point.false_positive_rate:.4f} of {curve.negatives}, "
                f"TPR {point.true_positive_rate:.4f} of {curve.positives}"
            )


def _write_report(
    folder: Path, scores: NDArray[np.int8], frames: FrameSet, thresholds: tuple[int, ...], names: tuple[str, ...]
) -> list[str]:
    """The classes without curves, as every picture shows them, or none does."""
    import numpy as np

    from model.evaluation.pictures import confusion, draw_confusion
    from model.evaluation.thresholds import draw_curves, write_tables

    curves = _curves(scores, frames, names)
    if curves:
        write_tables(curves, folder)
        draw_curves(curves, folder)
    draw_confusion(confusion(scores >= np.asarray(thresholds), frames.labels), names, folder)
    return [name for name in names if name not in curves]


def _without_pictures(samples: list[Sample], scored: list[Scored]) -> FrameSet:
    """The samples that have scores, with their labels; those that could not be read as skipped."""
    import numpy as np

    from model.dataset.frames import FrameSet
    from model.errors import CrosscamError

    kept = tuple(sample for sample, each in zip(samples, scored, strict=True) if not each.problem)
    skipped = tuple(each.problem for each in scored if each.problem)
    if not kept:
        raise CrosscamError("data set: no picture could be read" + (f"; first: {skipped[0]}" if skipped else ""))
    labels = np.array([sample.label for sample in kept], np.float32)
    return FrameSet(np.empty((0, 240, 320, 3), np.uint8), labels, kept, skipped)
