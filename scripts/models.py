"""``crosscam models``: the shelf of models: list, show, add, remove."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from scripts.model_names import model_at
from sim.text import number_of

if TYPE_CHECKING:
    from model.card import Card
    from model.shelf.store import Standing

app = typer.Typer(help="The shelf: models that came with crosscam, and those you put there.", no_args_is_help=True)
Shelf = Annotated[
    Path | None, typer.Option("--shelf", metavar="DIR", help="Folder of your models; default: $CROSSCAM_SHELF or ~.")
]


@app.command("list")
def list_(shelf: Shelf = None) -> None:
    """List the shelf: name, labels, input, MACs, bytes.

    Example: [bold]crosscam models list[/bold]
    """
    from rich.box import SIMPLE_HEAD
    from rich.table import Table

    from model.shelf.store import shelf_folder, standing
    from scripts.console import terminal

    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    for heading in ("name", "labels", "input", "MACs", "bytes", "from"):
        table.add_column(heading, justify="right" if heading in ("MACs", "bytes") else "left")
    models = standing(shelf or shelf_folder())
    for each in models:
        table.add_row(*_row(each))
    console = terminal()
    console.print(table)
    for each in models:
        if each.problem:
            console.print(f"not usable: {each.problem}", soft_wrap=True)


def _row(each: Standing) -> tuple[str, ...]:
    from model.errors import shown

    card = each.card
    if card is None:
        return shown(each.name), "not usable", "", "", "", ""
    labels = shown(", ".join(card.labels), 40)
    size = "x".join(map(str, card.input_shape))
    origin = "crosscam" if each.shipped else shown(card.use.source or str(each.folder), 60)
    return shown(each.name), labels, size, f"{card.macs:,}", f"{card.model_path.stat().st_size:,}", origin


@app.command("show")
def show(
    name: Annotated[str, typer.Argument(help="Of the shelf, or a folder with a card.")], shelf: Shelf = None
) -> None:
    """Show all a user of a model must know, each default with what it means.

    Example: [bold]crosscam models show person_car_160[/bold]
    """
    from model.card import read_card
    from model.inspection.inspect import inspect
    from scripts.console import terminal
    from scripts.inspect_model import lines

    folder = model_at(Path(name), shelf)
    card = read_card(folder)
    console = terminal()
    for line in [*_card_lines(card), *lines(inspect(folder))]:
        console.print(line, soft_wrap=True)


def _card_lines(card: Card) -> list[str]:
    from model.errors import shown
    from model.use import KEYS, scaling_of

    told = [
        f"{card.id}: {card.title}",
        f"folder: {shown(card.folder, 400)}",
        f"labels: {shown(', '.join(card.labels), 400)}",
    ]
    for each in fields(card.use):
        value = getattr(card.use, each.name)
        default = " (default)" if value == each.default else ""
        if each.name == "scaling" and not value:
            value = scaling_of(card.input_scale, card.input_zero_point)
        told.append(f"{each.name} = {shown(value, 200) or 'none'}{default}: {KEYS[each.name].meaning}")
    return told


@app.command("add")
def add(
    source: Annotated[
        str,
        typer.Argument(metavar="SOURCE", help="A folder with a card, a .tflite or a .zip, or its http(s) address."),
    ],
    name: Annotated[str | None, typer.Option(help="What to call it; default: its card's id.")] = None,
    sha256: Annotated[str | None, typer.Option(help="SHA-256 that the file must have.")] = None,
    shelf: Shelf = None,
) -> None:
    """Put a model on the shelf, whole or not at all. A .tflite without a card gets one, with labels by number.

    A download is limited in bytes and time and goes on where it broke off. Nothing of a model is run.

    Example: [bold]crosscam models add https://example.org/person.tflite --name person[/bold]
    """
    from model.shelf import store
    from scripts.progress import download_bar

    with download_bar() as on_bytes:
        added = store.add(shelf or store.shelf_folder(), source, name, sha256, on_bytes)
    card = added.card
    assert card is not None
    typer.echo(f"{added.folder}: {card.id}, {number_of(len(card.labels), 'label')}, SHA-256 {card.sha256}")


@app.command("remove")
def remove(name: Annotated[str, typer.Argument(help="Of a model you added.")], shelf: Shelf = None) -> None:
    """Take a model you added off the shelf.

    Example: [bold]crosscam models remove person[/bold]
    """
    from model.shelf import store

    typer.echo(f"{store.remove(shelf or store.shelf_folder(), name)}: removed")
