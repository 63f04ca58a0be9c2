"""Functions that are compiled for the engine, and their machine code, kept between runs.

They are written in the Python that numba understands. A ``cfunc`` is compiled with all it calls into one object file,
which lies in the guarded folder of ``code_cache.py``. LLVM loads it from there, when its address is first asked for;
numba is only imported where something has to be compiled. A file's digest is looked at before anything else is done
with it, and no file is a pickle.

The folder's name follows the content of every file that such functions, and the constants in them, come from, what
compiles them, and the processor.
"""

from __future__ import annotations

import contextlib
import ctypes
import functools
import importlib.util
import re
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, Generic, Literal, ParamSpec, TypeVar

import llvmlite

from sim.engine.native.code_cache import digest_of, kept_room
from sim.engine.native.object_code import host_processor, load

P = ParamSpec("P")
R = TypeVar("R")
_ENGINE = Path(__file__).parents[1]
_ROOMS = ("native", "native/loops", "native/traps", "timing", "truth")
"""Where native functions stand, and the constants they are made from."""
_KEPT_VERSIONS = 8  # checkouts side by side each have theirs
_C_TYPES: dict[str, Any] = {
    "void": None,
    "boolean": ctypes.c_bool,
    "int32": ctypes.c_int32,
    "uint32": ctypes.c_uint32,
    "int64": ctypes.c_int64,
}
"""What signatures are made of, as numba names it."""


@functools.cache
def maker_digest() -> str:
    """Names what makes machine code: our sources, numba, LLVM, Python, and the processor it is made for."""
    sources = [path for room in _ROOMS for path in sorted((_ENGINE / room).glob("*.py"))]
    numba = importlib.util.find_spec("numba")
    if numba is not None and numba.origin is not None:  # to ask it for its version it would have to be imported
        sources += Path(numba.origin).parent.glob("_version.py")
    return digest_of(sources, llvmlite.__version__, sys.version, host_processor())


class _Kept:
    """Object files of the C functions; none where there is no guarded folder."""

    def __init__(self) -> None:
        self._room = kept_room(f"native-{maker_digest()}")

    def read(self, name: str) -> bytes | None:
        """The object file of a function; None: it is to be compiled."""
        return None if self._room is None else self._room.read(f"{name}.o")

    def write(self, name: str, content: bytes) -> None:
        """Keep an object file, where that can be done."""
        if self._room is None:
            return
        self._room.write(f"{name}.o", content)
        with contextlib.suppress(OSError):
            versions = sorted(self._room.path.parent.glob("native-*"), key=lambda path: path.stat().st_mtime)
            for old in versions[:-_KEPT_VERSIONS]:
                shutil.rmtree(old, ignore_errors=True)


@functools.cache
def _kept() -> _Kept:
    return _Kept()


class CFunction:
    """A C function; its address is what Unicorn, or another native function, is given."""

    def __init__(self, function: Callable[..., Any], signature: str) -> None:
        self._function = function
        self._signature = signature

    @functools.cached_property
    def address(self) -> int:
        """Where the machine code lies in this process."""
        name = f"{self._function.__module__}.{self._function.__qualname__}"
        # ``maker_digest`` knows nothing of what stands elsewhere.
        is_kept = Path(self._function.__code__.co_filename).parent in [_ENGINE / room for room in _ROOMS]
        content = _kept().read(name) if is_kept else None
        if content is None:
            from sim.engine.native.native_compiler import compile_function

            content, is_whole = compile_function(self._function, self._signature, name)
            if is_kept and is_whole:
                _kept().write(name, content)
        return load(content, [name])[0]

    @functools.cached_property
    def ctypes(self) -> Callable[..., int]:
        """The function, for Python to call."""
        result, *arguments = re.findall(r"\w+", self._signature)
        return ctypes.CFUNCTYPE(_C_TYPES[result], *(_C_TYPES[each] for each in arguments))(self.address)


def cfunc(signature: str) -> Callable[[Callable[..., Any]], CFunction]:
    """A function of C, by its signature in numba's words: ``"int64(int64, uint32)"``."""
    return lambda function: CFunction(function, signature)


class Part(Generic[P, R]):
    """A function that native ones call. It is Python until numba asks, by the names below, what it makes of it."""

    def __init__(self, function: Callable[P, R], inline: Literal["never", "always"]) -> None:
        self.py_func = function
        self.targetoptions = {"inline": inline}
        """With ``py_func``: what numba looks at where it inlines."""

    def __call__(self, *arguments: P.args, **named: P.kwargs) -> R:
        """As Python."""
        return self.py_func(*arguments, **named)

    @functools.cached_property
    def _made(self) -> tuple[Any, Any]:
        from sim.engine.native.native_compiler import made_of_function

        return made_of_function(self.py_func, self.targetoptions["inline"])

    @property
    def _numba_type_(self) -> Any:
        return self._made[0]


class Intrinsic:
    """What LLVM has and numba has not: ``function`` writes it, given LLVM's builder and the values of the arguments."""

    def __init__(self, function: Callable[..., Any], signature: str) -> None:
        self._function = function
        self._signature = signature

    @functools.cached_property
    def _made(self) -> tuple[Any, Any]:
        from sim.engine.native.native_compiler import made_of_intrinsic

        return made_of_intrinsic(self._function, self._signature)

    @property
    def _numba_type_(self) -> Any:
        return self._made[0]


def njit(function: Callable[P, R]) -> Callable[P, R]:
    """A function other native ones call."""
    return Part(function, "never")


def inline(function: Callable[P, R]) -> Callable[P, R]:
    """The same, put in where it is called."""
    return Part(function, "always")


def intrinsic(signature: str) -> Callable[[Callable[..., Any]], Callable[..., int]]:
    """See ``Intrinsic``; ``signature`` as that of ``cfunc``."""

    def decorate(function: Callable[..., Any]) -> Any:
        return Intrinsic(function, signature)

    return decorate
