"""The model selection table: one row a run, as CSV for machines and Markdown for people."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

from model.card import Card
from model.errors import CrosscamError
from model.files import whole, write_text
from model.run_config import TrainingConfig

COLUMNS = (
    *("run", "network", "alpha", "size", "units", "loss", "backbone", "epochs"),
    *("parameters", "MACs", "int8 bytes", "RAM bytes"),
    *("pictures", "binary accuracy", "precision", "recall", "AUC"),
    *("macro F1 float", "macro F1 int8", "macro F1 cross-fitted", "person F1 coco"),
)
"""``macro F1 float`` and ``int8`` use the card's thresholds, which were chosen on the same pictures; the cross-fitted
one does not. Accuracy to AUC are those of the int8 model. ``person F1 coco`` is empty without coco/val2017."""


def row_of(run: str, config: TrainingConfig, card: Card, best: dict[str, Any]) -> dict[str, Any]:
    """The row of an exported run, whose ``best`` is the file of the epoch kept; figures are of all validation sets."""
    from model.deployment.quantization import footprint  # brings TensorFlow along, which reading a table does without

    every = card.metrics["int8_camera_path"]["all"]
    size, arena = footprint(card.model_path)
    coco = card.metrics["int8_camera_path"].get("coco/val2017", {})
    values = (
        *(run, config.network, config.alpha, config.size, config.units, config.loss, config.backbone),
        f"mean of {len(config.members)}"
        if config.members
        else f"{best['epoch']} of {config.head_epochs + config.epochs}",
        *(card.parameters, card.macs, size, arena, every["count"], every["accuracy"]),
        *(every["precision"], every["recall"], every["auc"]),
        card.metrics["float_camera_path"]["all"]["macro_f1"],
        every["macro_f1"],
        card.metrics["int8_thresholds_crossfit"]["all"]["macro_f1"],
        coco.get("person", {}).get("f1", ""),
    )
    return dict(zip(COLUMNS, values, strict=True))


def read_table(table: Path) -> list[dict[str, Any]]:
    """The rows of a table; none when it does not exist yet.

    Raises:
        CrosscamError: an existing file with other columns, or one that cannot be read.
    """
    if not table.exists():
        return []
    try:
        with table.open(newline="", encoding="utf-8") as file:
            reader = csv.DictReader(file)
            rows: list[dict[str, Any]] = list(reader)
            columns = tuple(reader.fieldnames or ())
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise CrosscamError(f"{table}: not a readable CSV table ({error})") from error
    if columns != COLUMNS:
        raise CrosscamError(f"{table}: expected the columns of a model selection table; name another file")
    return rows


def append(table: Path, row: dict[str, Any]) -> None:
    """Add a row to ``table`` (CSV) and write the Markdown beside it; a run of the same name is replaced in its place.

    Raises:
        CrosscamError: as ``read_table``, or the folder cannot be written to.
    """
    rows = read_table(table)
    places = [i for i, old in enumerate(rows) if old["run"] == row["run"]]
    if places:
        rows[places[0]] = row
    else:
        rows.append(row)
    with whole(table) as part, part.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, COLUMNS)
        writer.writeheader()
        writer.writerows(rows)
    lines = ["| " + " | ".join(COLUMNS) + " |", "|" + "---|" * len(COLUMNS)]
    lines += ["| " + " | ".join(str(old[column]) for column in COLUMNS) + " |" for old in rows]
    write_text(table.with_suffix(".md"), "\n".join(lines) + "\n")
