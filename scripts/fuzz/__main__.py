"""``python -m scripts.fuzz [PARSER...]``: as ``python -m sim.fuzz``, with the parsers of ``model`` besides."""

from __future__ import annotations

import sys

from sim.fuzz.__main__ import TARGETS as OF_SIM
from sim.fuzz.__main__ import main

TARGETS = {
    **OF_SIM,
    "card_toml": ("scripts.fuzz.model_targets", "Cards"),
    "coco_model": ("scripts.fuzz.model_targets", "Annotations"),
    "recipe": ("scripts.fuzz.model_targets", "Recipes"),
    "tflite": ("scripts.fuzz.model_targets", "Models"),
}

if __name__ == "__main__":
    sys.exit(main(TARGETS))
