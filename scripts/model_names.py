"""Models as a command line names them: by a path, or by their name on the shelf."""

from __future__ import annotations

from pathlib import Path

from scripts.shipped import shipped


def model_at(path: Path, shelf: Path | None = None) -> Path:
    """``path`` where something is there; else the model of that name on the shelf; else ``path``."""
    from model.errors import CrosscamError
    from model.shelf.store import find, shelf_folder

    there = shipped(path)
    if there.exists() or len(path.parts) != 1:
        return there
    try:
        return find(shelf or shelf_folder(), path.name).folder
    except CrosscamError:
        return there
