"""Where Renode is installed, and whether it is new enough.

Looked for in ``RENODE_PATH`` (the executable, or the folder that holds it) and then on ``PATH``.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from functools import cache
from pathlib import Path

from sim.errors import CrosscamError

MINIMUM = (1, 16)
"""First version whose Python peripherals know the request fields our scripts use."""
HOW_TO_INSTALL = (
    "download a package or the portable archive from https://github.com/renode/renode/releases, then put `renode` on"
    " PATH or set RENODE_PATH to it; the embedded engine (--engine crosscam) needs none"
)
_VERSION_SECONDS = 60
_VERSION = re.compile(r"(?:v|version\s*)?(\d+)\.(\d+)(?:\.(\d+))?", re.IGNORECASE)


def find_renode() -> Path:
    """The ``renode`` executable of an installation that is new enough.

    Raises:
        CrosscamError: there is none, ``RENODE_PATH`` points nowhere, it does not start, or it is older than 1.16.
    """
    executable = _locate("renode")
    version = renode_version(executable)
    if version < MINIMUM:
        raise CrosscamError(
            f"{executable} is Renode {'.'.join(map(str, version))}: expected 1.16 or newer; {HOW_TO_INSTALL}"
        )
    return executable


def find_renode_test() -> Path:
    """``renode-test`` of that installation: it runs Robot suites. CrosscamError as ``find_renode``."""
    beside = find_renode().with_name("renode-test")
    if beside.is_file():
        return beside
    return _locate("renode-test")


def _locate(name: str) -> Path:
    configured = os.environ.get("RENODE_PATH")
    if configured:
        path = Path(configured).expanduser()
        if path.is_file() and path.name != name:
            path = path.parent
        if path.is_dir():
            path = path / name
        if not path.is_file() or not os.access(path, os.X_OK):
            raise CrosscamError(
                f"RENODE_PATH is {configured}: expected the executable {name} or the folder that holds it;"
                f" {HOW_TO_INSTALL}"
            )
        return path.absolute()
    found = shutil.which(name)
    if found is None:
        raise CrosscamError(f"{name} is neither on PATH nor named by RENODE_PATH: {HOW_TO_INSTALL}")
    return Path(found).absolute()


@cache
def renode_version(executable: Path) -> tuple[int, ...]:
    """What ``renode --version`` says, as numbers. CrosscamError when it says no version within a minute."""
    try:
        answer = subprocess.run(
            [str(executable), "--version"],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=_VERSION_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise CrosscamError(f"{executable} --version failed ({error}): expected Renode; {HOW_TO_INSTALL}") from None
    found = _VERSION.search(answer.stdout) or _VERSION.search(answer.stderr)
    if found is None:
        said = (answer.stdout + answer.stderr).strip().splitlines()
        raise CrosscamError(
            f"{executable} --version says {said[0] if said else 'nothing'!r}: expected Renode and its version;"
            f" {HOW_TO_INSTALL}"
        )
    return tuple(int(part) for part in found.groups() if part is not None)
