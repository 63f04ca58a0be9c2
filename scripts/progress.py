"""Bars for what takes long."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from model.dataset.fetch import OnBytes


@contextlib.contextmanager
def download_bar() -> Iterator[OnBytes]:
    """A bar of bytes on stderr, from the first one on; nothing where that is no terminal."""
    from rich.progress import BarColumn, DownloadColumn, Progress, TimeRemainingColumn, TransferSpeedColumn

    from scripts.console import terminal

    columns = (BarColumn(), DownloadColumn(), TransferSpeedColumn(), TimeRemainingColumn())
    console = terminal(stderr=True)
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task("", visible=False)

        def on_bytes(done: int, total: int | None) -> None:
            bar.update(task, completed=done, total=total, visible=True)

        yield on_bytes
