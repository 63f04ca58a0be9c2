"""``make fuzz``: every parser it names is there, takes its own good inputs, and what is no input is one line."""

from __future__ import annotations

import importlib
import signal
from pathlib import Path

import pytest

from scripts.fuzz.__main__ import TARGETS
from sim.fuzz.worker import outcome


@pytest.mark.parametrize("name", TARGETS)
def test_every_parser_can_be_fuzzed(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)  # where a worker has a folder of its own
    module, cls = TARGETS[name]
    signal.signal(signal.SIGPROF, signal.SIG_IGN)  # the limit of time is the workers' own affair
    target = getattr(importlib.import_module(module), cls)()
    target.renew()
    assert name == target.NAME
    for data in (*target.corpus()[:2], b"\x00\xff{[<\x1b[31m"):
        assert outcome(target, data) is None
