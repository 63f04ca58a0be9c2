"""Train a config from the command line.

``python -m model.training model/configs/person_car_160.py --data-root DIR --weights FILE -o runs/person_car_160``
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from model.errors import exit_status
from model.training.train import train_file


def main(arguments: Sequence[str] | None = None) -> int:
    """Train one config; exit status 2 on bad input."""
    parser = argparse.ArgumentParser(prog="python -m model.training", description=main.__doc__)
    parser.add_argument("config", type=Path, help="a file of model/configs")
    parser.add_argument("--data-root", type=Path, required=True, help="folder that holds the config's sources")
    parser.add_argument(
        "--weights",
        type=Path,
        default=os.environ.get("CROSSCAM_WEIGHTS"),
        help="what the config's backbone starts from, .h5 (or the variable CROSSCAM_WEIGHTS)",
    )
    parser.add_argument("-o", "--out", type=Path, required=True, help="folder of the run")
    parser.add_argument("--threads", type=int, default=0, help="CPU threads; 0 leaves it to TensorFlow")
    parser.add_argument("--verbose", type=int, choices=(0, 1, 2), default=1, help="Keras's progress output")
    parser.add_argument("--restart", action="store_true", help="begin anew instead of resuming the folder's run")
    parser.add_argument("--tensorboard", action="store_true", help="also write TensorBoard's event files")
    options = parser.parse_args(arguments)
    return exit_status(lambda: train_file(**vars(options)))


if __name__ == "__main__":
    sys.exit(main())
