"""Writes the page of a network: its files, and ``model.js``, which holds the module and what the card says.

Everything is in files of the page's own, so it works from any static host, from a disk, and without a network.
"""

from __future__ import annotations

import base64
import contextlib
import json
import tempfile
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageOps

from model.card import Card
from model.compiler.card import open_model
from model.compiler.compile import Options, build, compile_model
from model.compiler.ir import Graph
from model.compiler.stand_in import stand_in_card
from model.compiler.wasm import build_wasm
from model.errors import CrosscamError
from model.files import whole
from model.judgement import NEGATIVE
from model.selftest import PATTERN

_SOURCES = Path(__file__).parent / "page"
_MODEL = "model.js"


def write_page(source: Path, out: Path) -> list[Path]:
    """Compile the model at ``source`` and write its page into ``out``, all files or none.

    Args:
        source: a folder with a card, or a .tflite.
        out: made where it is missing; other files in it stay.

    Raises:
        CrosscamError: the model does not compile, takes no picture or gives no int8 scores; zig is missing; ``out``
            cannot be written to.
    """
    path, blob, card = open_model(source)
    options = Options(core=True)
    if card is not None:
        options = replace(options, arithmetic=card.use.engine, scores=card.output_sizes)
    graph = build(path, blob, options, shuffles=1).graph
    card = card or stand_in_card(path, blob, graph)
    _check_ends(path, graph, card)
    with tempfile.TemporaryDirectory(prefix="crosscam-web-") as scratch:
        folder = Path(scratch)
        report = compile_model(source, folder, options=options)
        module = build_wasm(folder, [layer.kernel for layer in report.layers]).read_bytes()
    described = _described(replace(card, macs=report.macs), module)
    files = {each.name: each.read_text(encoding="utf-8") for each in sorted(_SOURCES.iterdir())}
    files[_MODEL] = f'"use strict";\nconst CROSSCAM_MODEL = {_script_safe(described)};\n'
    with contextlib.ExitStack() as stack:
        for name, text in files.items():
            stack.enter_context(whole(out / name)).write_text(text, encoding="utf-8", newline="\n")
    return [out / name for name in files]


def _check_ends(path: Path, graph: Graph, card: Card) -> None:
    source, output = graph.input, graph.output
    if len(graph.inputs) != 1 or source.dtype != "int8" or len(source.shape) != 4 or source.shape[3] not in (1, 3):
        raise CrosscamError(
            f"{path}: takes {len(graph.inputs)} inputs, first {source.dtype} {list(source.shape)}; a page gives one "
            "int8 picture [1, height, width, 1 or 3]"
        )
    if output.dtype != "int8" or output.size != len(card.labels):
        raise CrosscamError(f"{path}: gives {output.size} values of {output.dtype}, expected an int8 score a label")
    if card.use.graph in ("detector", "features"):
        raise CrosscamError(
            f"{path}: its card says it is a {card.use.graph}; a page shows the scores of classes or grades"
        )


def _described(card: Card, module: bytes) -> dict[str, Any]:
    use = card.use
    return {
        "id": card.id,
        "title": card.title,
        "sha256": card.sha256,
        "macs": card.macs,
        "labels": list(card.labels),
        "thresholds": list(card.thresholds),
        "grades": list(card.judgement.grades),
        "zone_label": card.judgement.zone_label,
        "zones": [list(each) for each in card.judgement.zones.items()],
        "nothing": use.background or NEGATIVE,
        "background": use.background,
        "top": use.top,
        "score_threshold": use.score_threshold,
        "score_scale": use.score_scale,
        "input": list(card.input_shape),
        "output": {"scale": card.output_scale, "zero_point": card.output_zero_point},
        "self_test": list(card.self_test_expected) if card.self_test_pattern == PATTERN else None,
        "rows_first": _pillow_scales_rows_first(),
        "wasm": base64.b64encode(module).decode(),
    }


def _pillow_scales_rows_first() -> bool:
    """Whether the Pillow that makes frames here scales the rows of a tall picture before its columns, as 13 does.

    The page follows it, since the two orders round differently.
    """
    noise = np.random.default_rng(1).integers(0, 256, (300, 300, 3), dtype=np.uint8)
    picture, bilinear = Image.fromarray(noise), Image.Resampling.BILINEAR
    fitted = ImageOps.fit(picture, (320, 240), bilinear)
    rows = picture.resize((300, 240), bilinear, box=(0, 37.5, 300, 262.5))
    return fitted.tobytes() == rows.resize((320, 240), bilinear).tobytes()


def _script_safe(document: Mapping[str, Any]) -> str:
    """JSON that is one expression of JavaScript whatever its texts hold, also where a script is put into HTML."""
    return json.dumps(document).replace("<", "\\u003c")
