"""What pip builds with (PEP 517): setuptools, but a wheel holds one package ``crosscam`` and no tests.

An editable installation stays setuptools' own: there the folders of the checkout are imported by their names.
"""

from __future__ import annotations

import contextlib
import re
import shutil
import tempfile
from pathlib import Path
from typing import Any

from one_name import NAME, stage
from setuptools import build_meta
from setuptools.build_meta import (
    build_editable,
    build_sdist,
    get_requires_for_build_editable,
    get_requires_for_build_sdist,
    get_requires_for_build_wheel,
    prepare_metadata_for_build_editable,
)

__all__ = [
    "build_editable",
    "build_sdist",
    "build_wheel",
    "get_requires_for_build_editable",
    "get_requires_for_build_sdist",
    "get_requires_for_build_wheel",
    "prepare_metadata_for_build_editable",
]

CHECKOUT = Path(__file__).resolve().parents[2]
_SCRIPT = re.compile(r'(?<=^crosscam = ")(?=scripts\.main:main"$)', re.MULTILINE)
_PACKAGES = re.compile(r"^\[tool\.setuptools\.packages\.find\].*?(?=^\[tool\.ruff\]$)", re.MULTILINE | re.DOTALL)
_EVERYTHING = f"""\
[tool.setuptools.packages.find]
include = ["{NAME}*"]

[tool.setuptools.package-data]
"*" = ["*"]
"{NAME}.scripts" = ["starter/.*", "starter/.github/**/*"]

"""


def build_wheel(
    wheel_directory: str, config_settings: dict[str, Any] | None = None, metadata_directory: str | None = None
) -> str:
    """Build the wheel into ``wheel_directory`` from a copy of the checkout, of which nothing is changed; its name."""
    target = str(Path(wheel_directory).resolve())
    with tempfile.TemporaryDirectory(prefix="crosscam-wheel-") as folder:
        place = Path(folder)
        stage(CHECKOUT, place)
        for name in ("README.md", "LICENSE"):
            shutil.copyfile(CHECKOUT / name, place / name)
        settings = (CHECKOUT / "pyproject.toml").read_text(encoding="utf-8")
        (place / "pyproject.toml").write_text(of_one_package(settings), encoding="utf-8")
        with contextlib.chdir(place):
            return build_meta.build_wheel(target, config_settings)


def of_one_package(settings: str) -> str:
    """The text of ``pyproject.toml`` for the one package; ValueError when it is not laid out as expected."""
    settings, scripts = _SCRIPT.subn(f"{NAME}.", settings)
    settings, packages = _PACKAGES.subn(_EVERYTHING, settings)
    if (scripts, packages) != (1, 1):
        raise ValueError("pyproject.toml: expected one script crosscam and [tool.setuptools...] before [tool.ruff]")
    return settings
