"""What an extra of the package brings, and how to get it here."""

from __future__ import annotations

import sys
from pathlib import Path

from model.errors import CrosscamError

_ROOT = Path(__file__).parents[1]
_MADE_BY_MAKE = ("dev", "train")


def missing(package: str, extra: str = "train") -> CrosscamError:
    """The error for a package that only ``crosscam[extra]`` brings; it names the command for this installation."""
    if not (_ROOT / "pyproject.toml").is_file():
        return CrosscamError(f"{package} is not installed; run `pip install 'crosscam[{extra}]'`")
    if Path(sys.prefix) == _ROOT / ".venv" and extra in _MADE_BY_MAKE:
        return CrosscamError(f"{package} is not installed; run `make .venv/{extra}` in {_ROOT}")
    return CrosscamError(f"{package} is not installed; run `{sys.executable} -m pip install -e '{_ROOT}[{extra}]'`")
