"""How large files and what they describe may be: beyond that no board is meant, and the host's memory is taken."""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path

from sim.engine.members import Between
from sim.errors import CrosscamError, shown

LARGEST_WINDOW = 1 << 30
"""Bytes of a device's window, or of a range in general."""
DEEPEST = 48
"""Brackets inside brackets."""
LONGEST_NAME = 255
"""Characters of a name."""
LONGEST_NUMBER = 40
"""Characters of a number."""
MOST_PINS = 4096
"""Pins of a range such as ``[0-15]``, and the number of the last."""
MOST_FILES = 64
"""Files that use each other, one inside the other."""
LARGEST_FILE = 4 << 20
"""Bytes of a description or script."""


MOST_PARTS = 4096
"""Parts a device may have of one kind: what a parameter such as ``numberOfChannels`` counts."""
HIGHEST_FREQUENCY = 1 << 40
"""In Hz."""
_LONGEST_LAUNCHER = 8192
"""Bytes of a shell script that starts Renode, as far as it is read."""


def limits_of(name: str, default: object) -> Between | None:
    """What a whole number may be that is the constructor parameter ``name`` (ours), where its class does not say.

    Names follow a rule: ``number_of_...``, ``..._count`` and ``..._channels`` count parts, ``frequency`` is in Hz and
    0 only where that is the default.
    """
    if name.startswith("number_of") or name.endswith(("_count", "_channels")):
        return Between(0, MOST_PARTS)
    if name.endswith("frequency"):
        return Between(0 if default == 0 else 1, HIGHEST_FREQUENCY)
    if name.endswith("size"):
        return Between(0 if default == 0 else 1, LARGEST_WINDOW)
    return None


def renode_folders() -> list[Path]:
    """Where an installed Renode keeps ``platforms`` and ``scripts``; empty without one.

    Renode is what ``RENODE_PATH`` names, the executable or a folder, else ``renode`` on ``PATH``; a package puts a
    short shell script there that names the place.
    """
    configured = os.environ.get("RENODE_PATH") or shutil.which("renode")
    if not configured or "\0" in configured:
        return []
    try:
        start = Path(configured).expanduser().resolve()
        candidates = [start, *start.parents[:2]]
        for named in _paths_in(start / "renode" if start.is_dir() else start):
            candidates += named.parents[:3]
        return [folder for folder in candidates if (folder / "platforms").is_dir()][:1]
    except (OSError, RuntimeError):  # RuntimeError: a home folder nobody has
        return []


def _paths_in(launcher: Path) -> list[Path]:
    """The absolute paths a shell script names; none where ``launcher`` is no short one."""
    if not launcher.is_file():
        return []
    with launcher.open("rb") as file:
        start = file.read(_LONGEST_LAUNCHER)
    if not start.startswith(b"#!"):
        return []
    lines = start.decode(errors="replace").splitlines()[1:]
    return [Path(found) for line in lines for found in re.findall(r"/[\w./+-]+", line)]


def read_limited(path: Path, largest: int) -> bytes:
    """The bytes of ``path``.

    Raises:
        CrosscamError: it cannot be read, or has more than ``largest`` bytes.
    """
    try:
        with path.open("rb") as file:
            data = file.read(largest + 1)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise CrosscamError(f"cannot read {path}: {shown(reason)}: expected a file that can be read") from None
    if len(data) > largest:
        raise CrosscamError(f"{path}: more than {largest} bytes: expected a smaller file")
    return data


def read_text(path: Path, what: str) -> str:
    """The text of a script or description ``path``, UTF-8.

    Raises:
        CrosscamError: it cannot be read, is no text, or is too large.
    """
    try:
        if path.exists() and not path.is_file():
            raise CrosscamError(f"cannot read the {what} {path}: no plain file")
        return read_limited(path, LARGEST_FILE).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise CrosscamError(f"cannot read the {what} {path}: {shown(error, 100)}") from None
