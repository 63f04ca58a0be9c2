"""``crosscam init``: a small project that is ready to be tested, for firmware of one's own."""

from __future__ import annotations

import re
import shutil
import tempfile
from pathlib import Path
from typing import Annotated

import typer

from scripts.console import tell
from sim.errors import CrosscamError

STARTER = Path(__file__).with_name("starter")
_NAME = "PROJECT"
"""What stands in the files for the project's name."""


def init(
    directory: Annotated[Path, typer.Argument(metavar="DIR", help="Where to make it: a new folder, or an empty one.")],
) -> None:
    """Make a project: a board, a firmware that says hello, a suite, a CI workflow. Then: [bold]make test[/bold] there.

    Example: [bold]crosscam init blinky && cd blinky && make test[/bold]
    """
    name = re.sub(r"[^A-Za-z0-9_-]+", "-", directory.resolve().name).strip("-")[:40] or "firmware"
    if directory.is_symlink() or (directory.exists() and not directory.is_dir()):
        raise CrosscamError(f"{directory}: not a folder; name another one")
    try:
        if directory.exists() and any(directory.iterdir()):
            raise CrosscamError(f"{directory}: not empty; name a new folder")
        directory.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".crosscam-", dir=directory.parent) as scratch:
            made = Path(scratch) / "project"
            shutil.copytree(STARTER, made, copy_function=shutil.copyfile)
            for file in (path for path in made.rglob("*") if path.is_file()):
                file.write_text(file.read_text(encoding="utf-8").replace(_NAME, name), encoding="utf-8")
            made.rename(directory)
    except OSError as error:
        raise CrosscamError(f"cannot make {directory}: {error.strerror}; name a folder you may write to") from error
    tell(f"{directory}: {name}, with board, firmware and a suite; now: cd {directory} && make test")
