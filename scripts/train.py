"""``crosscam train``: train a config, quantise the best weights, measure, and add the run to the selection table."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def train(
    config: Annotated[Path, typer.Argument(help="A file of model/configs.")],
    data_root: Annotated[Path, typer.Option(help="Folder that holds the config's sources.", envvar="CROSSCAM_DATA")],
    out: Annotated[Path | None, typer.Option("-o", "--out", help="Folder of the run; default: runs/CONFIG.")] = None,
    weights: Annotated[
        Path | None, typer.Option(help="What the config's backbone starts from (.h5).", envvar="CROSSCAM_WEIGHTS")
    ] = None,
    teacher: Annotated[
        Path | None, typer.Option(help="A Keras network that a config with `distillation` learns from, too.")
    ] = None,
    zoo: Annotated[
        Path | None, typer.Option(help="Where model.tflite and card.toml go; default: `zoo` in the run's folder.")
    ] = None,
    selection: Annotated[Path, typer.Option(help="Model selection table (CSV; Markdown beside it).")] = Path(
        "runs/selection.csv"
    ),
    threads: Annotated[int, typer.Option(min=0, help="CPU threads; 0 leaves it to TensorFlow.")] = 0,
    verbose: Annotated[int, typer.Option(min=0, max=2, help="Keras's progress: 0 none, 1 bar, 2 line.")] = 1,
    restart: Annotated[bool, typer.Option(help="Begin anew instead of resuming the folder's run.")] = False,
    tensorboard: Annotated[bool, typer.Option(help="Also write TensorBoard's event files.")] = False,
) -> None:
    """Train a network; a run that was interrupted goes on where it stopped, to the same figures.

    Example: [bold]crosscam train model/configs/person_car_160.py --data-root photographs --weights mobilenet.h5[/bold]
    """
    from model.deployment.selection import read_table
    from model.training.train import train_file

    read_table(selection)  # a table of another kind is told before hours of training
    out = out or Path("runs") / config.stem
    train_file(config, data_root, weights, out, threads, verbose, restart, tensorboard, teacher)

    from model.deployment.export import export
    from model.run_config import load_config

    card = export(load_config(config), data_root, out, zoo or out / "zoo", selection)
    typer.echo(f"{card.model_path}: {card.model_path.stat().st_size} bytes; figures added to {selection}")
