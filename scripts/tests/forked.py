"""Commands in processes forked from one that has imported what they need.

A process of its own, as a user's is: own exit status, streams, working folder and environment. It is spared the second
of imports only, which all commands have in common.
"""

from __future__ import annotations

import multiprocessing
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

_FORKS = multiprocessing.get_context("forkserver")
_FORKS.set_forkserver_preload(["scripts.main", "sim.bringup.board", "sim.vision_run", "sim.robot.runner"])


def run_forked(arguments: Sequence[str], folder: Path, limit: float) -> subprocess.CompletedProcess[str]:
    """``crosscam`` with ``arguments`` in ``folder``; raises ``subprocess.TimeoutExpired`` after ``limit`` seconds."""
    with tempfile.TemporaryDirectory() as kept:
        streams = [Path(kept, name) for name in ("stdout", "stderr")]
        process = _FORKS.Process(target=_command, args=(list(arguments), folder, dict(os.environ), streams))
        process.start()
        process.join(limit)
        if process.exitcode is None:
            process.kill()
            process.join()
            raise subprocess.TimeoutExpired(list(arguments), limit)
        output, complaints = (stream.read_text() for stream in streams)
        return subprocess.CompletedProcess(list(arguments), process.exitcode, output, complaints)


def _command(arguments: list[str], folder: Path, environment: dict[str, str], streams: Sequence[Path]) -> None:
    from scripts.main import main

    for number, stream in enumerate(streams, 1):
        os.dup2(os.open(stream, os.O_WRONLY | os.O_CREAT), number)
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    sys.argv = ["crosscam", *arguments]
    main()
