"""``crosscam grades``: count, train and judge models that grade photographs (docs/grades.md)."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from scripts.shipped import ELF

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode="rich",
    help="How near is a road user? Grades of photographs, and models that tell them.\n\n"
    "Example: [bold]crosscam grades count photographs[/bold]",
)

RECIPE = Path("model/configs/grades.toml")
Recipe = Annotated[Path, typer.Option(help="Grades, costs, zones and sources.")]
DataRoot = Annotated[Path, typer.Option(help="Folder that holds the recipe's sources.", envvar="CROSSCAM_DATA")]


@app.command()
def count(
    data_root: Annotated[Path, typer.Argument(help="Folder that holds the recipe's sources.")], recipe: Recipe = RECIPE
) -> None:
    """How many photographs of each source have which grade, by the annotations alone.

    Example: [bold]crosscam grades count photographs --recipe model/configs/grades.toml[/bold]
    """
    from model.dataset.grades import read_graded
    from model.grading.recipe import read_grades
    from scripts.shipped import shipped

    wanted = read_grades(shipped(recipe))
    typer.echo(f"{'source':<20}{'images':>8}" + "".join(f"{name:>8}" for name in wanted.names))
    for source in (*wanted.training, *wanted.validation):
        samples = read_graded(data_root, source, wanted.grades, with_pictures=False)
        totals = [sum(column) for column in zip(*(sample.label for sample in samples), strict=True)]
        cells = "".join(f"{total:>8}" for total in totals or [0] * len(wanted.names))
        typer.echo(f"{source.name:<20}{len(samples):>8}{cells}")


@app.command()
def frames(
    data_root: Annotated[Path, typer.Argument(help="Folder that holds the recipe's sources.")],
    output: Annotated[Path, typer.Option("-o", "--output", help="The frame folder to make.")],
    count: Annotated[int, typer.Option(min=1, help="How many photographs, drawn by the seed.")] = 160,
    seed: Annotated[int, typer.Option(help="Which photographs are drawn.")] = 0,
    recipe: Recipe = RECIPE,
) -> None:
    """Camera frames of the recipe's validation photographs, each labelled with its grade: for `run`, `bench-models`.

    Example: [bold]crosscam grades frames photographs -o build/frames/grades[/bold]
    """
    from collections import Counter

    from model.dataset.frames import load_frames
    from model.dataset.grades import read_graded
    from model.grading.recipe import read_grades
    from model.preprocessing import pack_rgb565
    from scripts.shipped import shipped
    from sim.frames.folder import Shot, write_folder

    wanted = read_grades(shipped(recipe))
    drawn = load_frames(
        [s for source in wanted.validation for s in read_graded(data_root, source, wanted.grades)]
    ).some(count, seed)
    grades = [wanted.names[place] for place in drawn.labels.argmax(axis=1)]
    shots = (
        Shot(pack_rgb565(image), f"{sample.source.name}/{sample.path.name}", (grade,), sample.license)
        for image, sample, grade in zip(drawn.images, drawn.samples, grades, strict=True)
    )
    made = write_folder(output, "grades", shots)
    told = ", ".join(f"{number} {grade}" for grade, number in sorted(Counter(grades).items()))
    typer.echo(f"{output}: {len(made.entries)} frames ({told})")


@app.command()
def train(
    data_root: DataRoot,
    weights: Annotated[
        Path, typer.Option(help="EfficientNet-Lite0's weights, .pth or .npz.", envvar="CROSSCAM_LITE0_WEIGHTS")
    ],
    out: Annotated[Path, typer.Option("-o", "--out", help="Folder for model.tflite and card.toml.")],
    name: Annotated[str, typer.Option(help="The model's id.")] = "sqrxr_224",
    size: Annotated[int, typer.Option(min=32, max=512, help="Height and width of the input.")] = 224,
    stages: Annotated[int, typer.Option(min=2, max=7, help="Stages of the backbone; 7: all, and the head.")] = 7,
    after: Annotated[
        int | None, typer.Option(min=1, max=6, help="Train the stages after this one, too; default: heads alone.")
    ] = None,
    epochs: Annotated[int, typer.Option(min=1, help="Of the last stages.")] = 4,
    rate: Annotated[float, typer.Option(min=1e-6, max=1.0, help="Learning rate of the last stages.")] = 5e-4,
    batch_size: Annotated[int, typer.Option(min=2, help="Photographs a step of the last stages.")] = 64,
    without: Annotated[
        list[str] | None, typer.Option(help="FOLDER/SPLIT of the recipe to leave out of the training; may be repeated.")
    ] = None,
    views: Annotated[int, typer.Option(min=1, max=16, help="Views of a training photograph, but one augmented.")] = 3,
    recipe: Recipe = RECIPE,
    report: Annotated[
        Path | None, typer.Option(help="Folder for Keras networks, curves and tables; default: `report` in OUT.")
    ] = None,
    cache: Annotated[Path, typer.Option(help="Folder that keeps embeddings.")] = Path("build/embeddings"),
    optimised: Annotated[
        bool, typer.Option("--optimised", help="Measure with LiteRT's optimised kernels; for large networks.")
    ] = False,
    threads: Annotated[int, typer.Option(min=0, help="CPU threads; 0 leaves it to TensorFlow.")] = 0,
) -> None:
    """Train both stages on kept embeddings, fuse them, quantise, choose zones, measure, and write a model folder.

    Example: [bold]crosscam grades train --data-root photographs --weights lite0.pth -o runs/sqrxr_224[/bold]
    """
    from dataclasses import replace

    from rich.progress import Progress

    from model.dataset.grades import read_graded
    from model.errors import CrosscamError
    from model.extras import missing
    from model.grading.figures import table
    from model.grading.recipe import read_grades
    from scripts.shipped import shipped

    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    try:
        import tensorflow as tf
    except ImportError as error:
        raise missing("tensorflow") from error
    if after is not None and after >= stages:
        raise CrosscamError(f"--after {after}: expected fewer than the {stages} stages of the backbone")
    if threads:
        tf.config.threading.set_intra_op_parallelism_threads(threads)
        tf.config.threading.set_inter_op_parallelism_threads(1)

    from model.grading.embeddings import Backbone
    from model.grading.export import export
    from model.grading.train import Plan
    from model.grading.train import train as train_both

    wanted = read_grades(shipped(recipe)).without(without or ())
    plan = Plan(Backbone(size, stages, weights), after, views)
    plan = replace(plan, stages=replace(plan.stages, epochs=epochs, rate=rate, batch_size=batch_size))
    sources = (*wanted.training, *wanted.validation)
    photographs = sum(len(read_graded(data_root, source, wanted.grades)) for source in sources)
    with Progress(transient=True) as bar:
        task = bar.add_task("embeddings", total=photographs)
        trained = train_both(wanted, data_root, plan, cache, lambda done: bar.advance(task, done))
    card = export(trained, wanted, plan, name, out, report or out / "report", optimised=optimised)
    for form in ("float_camera_path", "int8_camera_path"):
        typer.echo(f"{form}\n{table(card.metrics[form])}")
    for what, figures in trained.figures.items():
        typer.echo(f"{what}: " + ", ".join(f"{key} {value}" for key, value in figures.items()))
    typer.echo(f"zones: {dict(card.judgement.zones)}; cross-fitted: {card.metrics['int8_zones_crossfit']}")
    typer.echo(f"{card.model_path}: {card.model_path.stat().st_size} bytes")


@app.command()
def judge(
    model: Annotated[Path, typer.Argument(help="Folder with model.tflite and card.toml.")],
    data_root: DataRoot,
    recipe: Recipe = RECIPE,
    sets: Annotated[
        list[str] | None, typer.Option("--set", help="FOLDER/SPLIT, may be repeated; default: the validation sources.")
    ] = None,
    report: Annotated[
        Path | None, typer.Option("-o", "--output", help="Folder for curves, tables and pictures.")
    ] = None,
    on_board: Annotated[
        str, typer.Option(metavar="COUNT|all", help="Also so many pictures, or all, on the simulated board.")
    ] = "0",
    elf: Annotated[Path, typer.Option(help="With --on-board: firmware compiled from the model.")] = ELF,
    seed: Annotated[int, typer.Option(help="With --on-board COUNT: which pictures.")] = 0,
    workers: Annotated[
        int | None, typer.Option(min=1, help="With --on-board: processes; default: as many as there are cores.")
    ] = None,
    results: Annotated[
        Path | None,
        typer.Option(help="With --on-board: each picture's scores and cycles, JSON lines; broken off, it goes on."),
    ] = None,
) -> None:
    """Figures of an int8 model's grades and score on the recipe's validation sources, by LiteRT's reference kernels.

    Exit status 1 when a score of the board differs from LiteRT's.

    Example: [bold]crosscam grades judge model/zoo/sqrxr_112 --data-root photographs -o build/grades[/bold]

    Example: [bold]crosscam grades judge MODEL --data-root photographs --set coco/train2017 --on-board all[/bold]
    """
    from model.card import read_card, verify_model_file
    from model.dataset.frames import load_frames
    from model.dataset.grades import read_graded
    from model.errors import CrosscamError
    from model.evaluation.evaluate import int8_scores, parse_source
    from model.evaluation.reference import Reference
    from model.grading.figures import figures_of, table, write_report
    from model.grading.judging import crossfit_zones
    from model.grading.recipe import read_grades
    from scripts.evaluate_board import Spread, score_on_board, tell_equal, wanted_count
    from scripts.shipped import shipped

    count = wanted_count(on_board)
    wanted = read_grades(shipped(recipe))
    card = read_card(shipped(model))
    if card.judgement.grades != wanted.names or card.labels[1:] != wanted.names:
        raise CrosscamError(
            f"{model}: tells {', '.join(card.labels)}; expected a score and then the recipe's {', '.join(wanted.names)}"
        )
    reference = Reference(verify_model_file(card), card.outputs)
    sources = [parse_source(text) for text in sets] if sets else wanted.validation
    frames = load_frames([s for source in sources for s in read_graded(data_root, source, wanted.grades)])
    scores = int8_scores(reference, frames.camera_pictures(card.input_shape[0]))
    truth = frames.labels.argmax(axis=1)
    typer.echo(table(figures_of(scores, truth, frames.samples, wanted)))
    for zone, row in crossfit_zones(scores[:, 0], truth > 0, wanted.zones, wanted.seed).items():
        typer.echo(f"{zone:<10} {row}")
    if report is not None:
        write_report(scores, truth, wanted, report)
        typer.echo(f"curves, tables and the picture of confusions in {report}")
    if count != 0:
        shown = frames.samples if count is None else frames.some(count, seed).samples
        spread = Spread(workers or os.cpu_count() or 1)
        tell_equal(score_on_board(shown, elf, card.model_path, spread, results, card.outputs))


@app.command()
def teacher(
    network: Annotated[Path, typer.Argument(help="sqrx.keras or fused.keras of `crosscam grades train`.")],
    config: Annotated[Path, typer.Argument(help="A file of model/configs: classes, sources, weights.")],
    data_root: DataRoot,
    out: Annotated[Path, typer.Option("-o", "--out", help="The teacher, NAME.keras.")],
) -> None:
    """Give a graded network's backbone a head for a config's classes, for `crosscam train --teacher`.

    Example: [bold]crosscam grades teacher report/sqrx.keras model/configs/taught_160.py -o t.keras[/bold]
    """
    from rich.progress import Progress

    from model.errors import CrosscamError
    from model.evaluation.evaluate import table
    from model.files import whole
    from model.inspection.keras_file import load_keras
    from model.run_config import load_config
    from scripts.shipped import shipped

    if out.suffix != ".keras":
        raise CrosscamError(f"{out}: expected NAME.keras")
    read = load_config(shipped(config))
    graded = load_keras(network)
    from model.grading.classes import teacher_of_classes

    with Progress(transient=True) as bar:
        task = bar.add_task("embeddings", total=None)
        made = teacher_of_classes(graded, read, data_root, lambda done: bar.advance(task, done))
    with whole(out) as part:
        made.network.save(part)
    typer.echo(f"decided by thresholds of the other folds\n{table(made.figures, read.outputs)}")
    typer.echo(f"{out}: {made.network.count_params():,} parameters")
