"""What the commands write to disk: whole under its name, or not at all."""

from __future__ import annotations

import json
from pathlib import Path

from sim.errors import CrosscamError


def write_text(path: Path, text: str) -> None:
    """Write ``text`` beside ``path``, then rename; CrosscamError when the folder cannot be written to."""
    part = path.with_name(path.name + ".part")
    try:
        part.write_text(text, encoding="utf-8")
    except OSError as error:
        raise CrosscamError(f"cannot write {path}: {error.strerror}; name a file in a folder that exists") from error
    part.replace(path)


def write_json(path: Path, document: object) -> None:
    """``document`` as JSON, as ``write_text`` writes."""
    write_text(path, json.dumps(document, indent=1) + "\n")
