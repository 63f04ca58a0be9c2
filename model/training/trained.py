"""The networks that configs describe: untrained, and with the weights of a run."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from model.errors import CrosscamError
from model.run_config import TrainingConfig
from model.training.run_folder import BEST


def build_network(config: TrainingConfig) -> Any:
    """The untrained network of a config (imports Keras)."""
    from model.networks import network

    return network.build(
        size=config.size,
        alpha=config.alpha,
        units=config.units,
        dropout=config.dropout,
        outputs=len(config.outputs),
        version=config.network,
        momentum=config.statistics_momentum,
    )


def load_run(config: TrainingConfig, run: Path) -> Any:
    """The Keras network of a run with its best weights.

    Raises:
        CrosscamError: no weights in the run, or those of another network.
    """
    weights = run / BEST
    if not weights.is_file():
        raise CrosscamError(f"{weights}: no trained weights; run `crosscam train` with -o {run} first")
    model = build_network(config)
    trained = model
    if config.quantization_aware:
        from model.training import quantization_aware

        trained = quantization_aware.prepare(model)
    try:
        trained.load_weights(weights)
    except (ValueError, OSError) as error:
        raise CrosscamError(f"{weights}: not the weights of {config.id} ({str(error).splitlines()[0]})") from error
    if config.quantization_aware:
        quantization_aware.restore(trained, model)
    return model
