# mypy: disable-error-code="no-any-return,import-untyped,untyped-decorator,attr-defined,no-untyped-call"
"""Functions that numba compiles for the engine, kept between runs.

numba names what it keeps by the file a function stands in and that file's date. Constants come from other files, so
here the folder's name follows the content of every file that may hold such functions. numba loads its files with
``pickle``: they lie in the guarded folder of ``code_cache.py``, and are held against a list of digests before the
first of them is loaded.
"""

from __future__ import annotations

import contextlib
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import llvmlite
import numba
from numba.core.caching import FunctionCache
from numba.core.ccallback import CFunc
from numba.core.sigutils import normalize_signature

from sim.engine.native.code_cache import CodeCache, code_cache, digest_of

_ROOMS = ("native", "native/loops", "native/traps", "timing", "truth")
"""Where native functions stand, and the constants they are made from."""
_SUFFIXES = (".nbi", ".nbc")
_KEPT_VERSIONS = 8  # checkouts side by side each have theirs


def sources_digest() -> str:
    """Names what was compiled: our sources, numba, LLVM, Python."""
    engine = Path(__file__).parents[1]
    sources = [path for room in _ROOMS for path in sorted((engine / room).glob("*.py"))]
    return digest_of(sources, numba.__version__, llvmlite.__version__, sys.version)


class _Kept:
    """What numba keeps; nothing where there is no guarded folder."""

    def __init__(self) -> None:
        whole = code_cache()
        self.cache: CodeCache | None = None if whole is None else whole.room(f"native-{sources_digest()}")
        self._known: dict[str, str] = {}
        self.compiled = False
        if whole is None or self.cache is None:
            return
        self._known = self.cache.sealed(_SUFFIXES)
        numba.config.CACHE_DIR = str(self.cache.path)
        with contextlib.suppress(OSError):
            versions = sorted(whole.path.glob("native-*"), key=lambda path: path.stat().st_mtime)
            for old in versions[:-_KEPT_VERSIONS]:
                shutil.rmtree(old, ignore_errors=True)

    def seal(self) -> None:
        """Note what was compiled since. Looking at the folder takes longer than making a machine: not without need."""
        if self.cache is not None and self.compiled:
            self._known = self.cache.seal(_SUFFIXES, self._known)
            self.compiled = False


_KEPT = _Kept()


def seal() -> None:
    """To be called when the functions have been compiled."""
    _KEPT.seal()


class _Files(FunctionCache):
    """numba's files of a function; one that cannot be read or written (a full disk) is one that is not there."""

    def load_overload(self, sig: Any, target_context: Any) -> Any:
        """What was kept; None: nothing."""
        with contextlib.suppress(OSError):
            return super().load_overload(sig, target_context)
        return None

    def save_overload(self, sig: Any, data: Any) -> None:
        """Keep what was compiled, where that can be done."""
        _KEPT.compiled = True
        with contextlib.suppress(OSError):
            super().save_overload(sig, data)


def _keep(made: Any, function: Callable[..., Any]) -> Any:
    """As ``enable_caching`` of numba's objects, with ``_Files``."""
    if _KEPT.cache is not None:
        made._cache = _Files(function)
    return made


def cfunc(signature: Any) -> Callable[[Callable[..., Any]], Any]:
    """A C function; its address is what Unicorn, or another native function, is given."""

    def decorate(function: Callable[..., Any]) -> Any:
        made = _keep(CFunc(function, normalize_signature(signature), locals={}, options={}), function)
        made.compile()
        return made

    return decorate


def njit(function: Callable[..., Any]) -> Any:
    """A function other native ones call."""
    return _keep(numba.njit(function), function)


inline: Any = numba.njit(inline="always")
"""The same, put in where it is called."""
