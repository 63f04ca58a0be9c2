"""Tests share one process, and devices of one name share one logger: each test starts with clean ones."""

from __future__ import annotations

import logging

import pytest


@pytest.fixture(autouse=True)
def clean_loggers() -> None:
    """Take off what an earlier test put on the loggers of devices, and on the one above: rate limits, levels."""
    for name, logger in logging.root.manager.loggerDict.items():
        if f"{name}.".startswith("sim.") and isinstance(logger, logging.Logger):
            logger.filters.clear()
            logger.setLevel(logging.NOTSET)
