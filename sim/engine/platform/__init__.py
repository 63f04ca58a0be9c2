"""Renode's platform descriptions: ``load_repl(machine, path)`` reads a .repl and builds what it says."""

from __future__ import annotations

from pathlib import Path

from sim.engine.platform.builder import Builder, Execute, Target
from sim.engine.platform.merging import Folders, merge, read_description
from sim.engine.platform.parser import parse
from sim.engine.platform.registry import Registry, default_registry
from sim.engine.platform.syntax import Description

__all__ = ["Execute", "Registry", "Target", "default_registry", "load_repl", "load_repl_string"]


def load_repl(
    machine: Target,
    path: str | Path,
    *,
    execute: Execute | None = None,
    search: list[Path] | None = None,
    registry: Registry | None = None,
) -> None:
    """Build the platform description ``path`` into ``machine``.

    Args:
        execute: runs a monitor command (``init:`` sections); the Monitor passes itself.
        search: folders where ``using`` and file names are looked for, besides those beside and above the file.
        registry: the types a description may name; the engine's own by default.

    Raises:
        CrosscamError: one line with file, line and column.
    """
    _build(machine, read_description(Path(path)), execute, search, registry)


def load_repl_string(
    machine: Target,
    text: str,
    *,
    execute: Execute | None = None,
    search: list[Path] | None = None,
    registry: Registry | None = None,
    file: str = "<platform description>",
) -> None:
    """As ``load_repl`` for text; ``file`` names it in messages."""
    _build(machine, parse(text, file), execute, search, registry)


def _build(
    machine: Target,
    description: Description,
    execute: Execute | None,
    search: list[Path] | None,
    registry: Registry | None,
) -> None:
    folders = Folders(search)
    builder = Builder(machine, registry or default_registry(), folders, execute)
    entries = merge(description, folders, builder.known)
    machine.board_files += [description.file, *folders.used]
    builder.build(entries)
