"""Evaluate a shipped int8 model from the command line.

``python -m model.evaluation model/zoo/person_car_160 --data-root DIR``: through the camera path, with LiteRT's
reference kernels and the thresholds of its card; it needs no TensorFlow.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from model.card import read_card, verify_model_file
from model.dataset.coco import read_source
from model.dataset.frames import load_frames
from model.errors import exit_status
from model.evaluation.evaluate import evaluate_sets, int8_scores, parse_source, table
from model.evaluation.reference import Reference


def main(arguments: Sequence[str] | None = None) -> int:
    """Evaluate a shipped int8 model; exit status 2 on bad input."""
    parser = argparse.ArgumentParser(prog="python -m model.evaluation", description=main.__doc__)
    parser.add_argument("model", type=Path, help="folder with model.tflite and card.toml")
    parser.add_argument("--data-root", type=Path, required=True, help="folder that holds the sets below")
    parser.add_argument("--set", dest="sets", action="append", help="FOLDER/SPLIT, may be repeated")
    options = parser.parse_args(arguments)
    return exit_status(lambda: _evaluate(options))


def _evaluate(options: argparse.Namespace) -> None:
    card = read_card(options.model)
    reference = Reference(verify_model_file(card), card.outputs)
    sources = [parse_source(text) for text in options.sets or ("coco/val2017", "highway/val")]
    samples = [sample for source in sources for sample in read_source(options.data_root, source)]
    frames = load_frames(samples)
    scores = int8_scores(reference, frames.camera_pictures(card.input_shape[0]))
    print(table(evaluate_sets(scores, frames, card.thresholds, card.labels), card.labels))


if __name__ == "__main__":
    sys.exit(main())
