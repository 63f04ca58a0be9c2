"""``crosscam card``: a card for a model that has none."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from sim.text import number_of


def card(
    model: Annotated[Path, typer.Argument(help="The .tflite.")],
    output: Annotated[Path, typer.Option("-o", "--output", help="Folder for card.toml and a copy of the model.")],
    label: Annotated[
        list[str] | None, typer.Option("--label", help="Name of an output, in their order; may be repeated.")
    ] = None,
) -> None:
    """Write card.toml for any picture classifier, beside a copy of it: what is known filled in, the rest to be edited.

    Then [bold]make run MODEL=FOLDER[/bold] builds the firmware around it. Labels are score_0, ... unless given.

    Example: [bold]crosscam card person.tflite -o build/person --label absent --label person[/bold]
    """
    from dataclasses import replace

    from model.card import write_card
    from model.compiler.card import open_model
    from model.compiler.compile import Options, build
    from model.compiler.stand_in import MOST_LABELS, stand_in_card
    from model.errors import CrosscamError
    from model.files import whole
    from model.labels import label_problem
    from model.reading import quoted

    path, blob, _ = open_model(model)
    graph = build(path, blob, Options(core=True)).graph
    made = stand_in_card(path, blob, graph)
    if len(made.labels) != graph.output.size:
        raise CrosscamError(
            f"{path}: gives {graph.output.size} values, a card names at most {MOST_LABELS} scores; "
            "compile it without a card"
        )
    if label:
        if len(label) != len(made.labels) or len(set(label)) != len(label):
            raise CrosscamError(
                f"{path}: {len(label)} labels for {len(made.labels)} outputs, expected one each, all different"
            )
        for name in label:
            if problem := label_problem(name):
                raise CrosscamError(f"--label {quoted(name)}: {problem}")
        made = replace(made, labels=tuple(label))
    with whole(output / made.file) as part:
        part.write_bytes(blob)
    labels = number_of(len(made.labels), "label")
    typer.echo(f"{write_card(made, output)}: {made.id}, {labels}, self-test {made.self_test_pattern}")
