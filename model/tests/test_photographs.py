"""Every trained network of the zoo on photographs: its C with the plain kernels (those of ``crosscam web``), compiled
for this machine, bit for bit LiteRT's reference. The board's are tried by ``crosscam grades judge --on-board``.

``CROSSCAM_PHOTOGRAPHS``: a folder whose pictures are all compared, those in folders below it, too; without it some are
drawn. ``-s`` prints how many there were::

    CROSSCAM_PHOTOGRAPHS=photographs pytest -m slow -s model/tests/test_photographs.py
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from model.card import read_card, verify_model_file
from model.compiler import compile_model
from model.compiler.tests.host import ROOT, Model, compile_library
from model.dataset.frames import fit_frame
from model.errors import CrosscamError
from model.evaluation.reference import Reference
from model.preprocessing import camera_path, pack_rgb565

ZOO = sorted(card.parent for card in (ROOT / "model" / "zoo").glob("*/card.toml"))
_DRAWN = 3
_KINDS = {".jpg", ".jpeg", ".png"}

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("folder", ZOO, ids=lambda folder: folder.name)
def test_scores_of_photographs_equal_the_reference(folder: Path, tmp_path: Path) -> None:
    card = read_card(folder)
    compile_model(folder, tmp_path)
    library = compile_library([tmp_path / "model.c", tmp_path / "model_weights.c"], tmp_path, sanitize=False)
    model, reference = Model.in_dll(library, "nn_model"), Reference(verify_model_file(card), card.outputs)
    differing, seen = [], set()
    count = 0
    for name, frame in _frames():
        picture = camera_path(frame, *card.input_shape)
        expected = tuple(reference.scores(picture).tolist())
        if tuple(model.run(picture).tolist()) != expected:
            differing.append(name)
        seen.add(expected)
        count += 1
    print(
        f"{card.id}: {count - len(differing)} of {count} photographs with LiteRT's scores, {len(seen)} different ones"
    )
    assert count and not differing, differing[:5]
    assert len(seen) > count // 10, "the pictures hardly differ"


def _frames() -> Iterator[tuple[str, NDArray[np.uint16]]]:
    """Name and frame of each photograph that can be read, ``uint16[240, 320]``; of drawn ones where none are named."""
    where = os.environ.get("CROSSCAM_PHOTOGRAPHS")
    if where is None:
        yield from _drawn()
        return
    for path in sorted(Path(where).rglob("*")):
        if path.suffix.lower() in _KINDS and path.is_file():
            try:
                yield str(path), pack_rgb565(fit_frame(path.name, path.read_bytes()))
            except CrosscamError as error:
                print(error)


def _drawn() -> Iterator[tuple[str, NDArray[np.uint16]]]:
    """Smooth fields of colour with noise, as no network was trained on, but unlike each other."""
    rng = np.random.default_rng(7)
    rows, columns = np.mgrid[0:240, 0:320]
    for number in range(_DRAWN):
        waves = [np.sin(rows / rng.uniform(9, 90) + columns / rng.uniform(9, 90)) for _ in range(3)]
        picture = 128 + 90 * np.stack(waves, axis=-1) + rng.normal(0, 12, (240, 320, 3))
        yield f"drawn {number}", pack_rgb565(np.clip(picture, 0, 255).astype(np.uint8))
