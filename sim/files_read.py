"""Which files a board is made of: those that the engine, and scripts that it runs, read while it is made and runs.

Snapshots and recordings name them by this; what else a process reads meanwhile is no part of a board.
"""

from __future__ import annotations

import inspect
import os
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from types import TracebackType
from typing import Self

from sim import engine
from sim.engine.native.code_cache import code_cache

_ENGINE = Path(engine.__file__).parent
_ENGINE_FOLDER = f"{_ENGINE}{os.sep}"
_SYSTEM = ("/proc", "/sys", "/dev", "/etc", "/usr")
_listeners: list[Callable[[str], None]] = []
_hooked = False


def _audit(event: str, arguments: tuple[object, ...]) -> None:
    if event != "open" or not _listeners:
        return
    path, mode, flags = (*arguments, None, None, None)[:3]
    writes = flags & (os.O_WRONLY | os.O_RDWR) if isinstance(flags, int) and mode is None else mode not in ("r", "rb")
    if isinstance(path, str) and not writes and _is_the_engines():
        for listener in _listeners:
            listener(path)


def _is_the_engines() -> bool:
    """Whether the engine, or who was called by it, opens something."""
    frame = inspect.currentframe()
    while frame is not None and not frame.f_code.co_filename.startswith(_ENGINE_FOLDER):
        frame = frame.f_back
    return frame is not None


class FilesRead(AbstractContextManager["FilesRead"]):
    """Hears of every file that a board is made of and that is opened within the block.

    The interpreter's audit events (PEP 578) are what scripts of devices cannot pass by either.
    """

    def __init__(self) -> None:
        self._heard: set[Path] = set()
        cache = code_cache()
        own = (_ENGINE, *(() if cache is None else (cache.path,)), sys.prefix, sys.base_prefix, *_SYSTEM)
        self._own = tuple(f"{folder}{os.sep}" for folder in own)

    @property
    def paths(self) -> set[Path]:
        """Absolute, without what Python, the system and the engine read for themselves."""
        ours = (module for name, module in list(sys.modules.items()) if name.partition(".")[0] == "sim")
        return self._heard - {Path(file) for module in ours if (file := getattr(module, "__file__", None))}

    def __enter__(self) -> Self:
        global _hooked
        if not _hooked:
            sys.addaudithook(_audit)
            _hooked = True
        _listeners.append(self._hear)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        _listeners.remove(self._hear)

    def _hear(self, path: str) -> None:
        full = os.path.abspath(path)  # noqa: PTH100
        if not full.startswith(self._own) and "__pycache__" not in full:
            self._heard.add(Path(full))
