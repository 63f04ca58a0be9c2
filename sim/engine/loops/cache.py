# mypy: disable-error-code="no-untyped-call,no-any-return"
"""Compiled regions, kept on disk between runs: compiling one takes about as long as running a frame.

They lie in ``$XDG_CACHE_HOME/crosscam/loops`` (``~/.cache``). The name of a file says what was compiled, by what and
for which processor. Where nothing can be written, everything is compiled anew.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import os
from pathlib import Path
from typing import Any

import llvmlite
import llvmlite.binding as llvm

from sim.engine.loops.blocks import Block

_SOURCES = (*sorted(path.name for path in Path(__file__).parent.glob("*.py")), "../hooks.py")
MAX_FILES = 512


@functools.cache
def _maker() -> str:
    """What besides the code decides what comes out: our sources, LLVM, the processor."""
    digest = hashlib.sha256()
    for source in _SOURCES:
        digest.update((Path(__file__).parent / source).read_bytes())
    digest.update(f"{llvmlite.__version__} {llvm.llvm_version_info} {llvm.get_host_cpu_name()}".encode())
    digest.update(llvm.get_host_cpu_features().flatten().encode())
    return digest.hexdigest()[:16]


def folder() -> Path:
    """Where the object files are."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "crosscam" / "loops"


@functools.cache
def _engine() -> Any:
    from sim.engine.loops.compiler import target_machine

    return llvm.create_mcjit_compiler(llvm.parse_assembly(""), target_machine())


@functools.cache
def _loaded() -> dict[str, int]:
    return {}


def function(name: str, region: dict[int, Block], traced: bool = False) -> int:
    """Address of the compiled region, in this process for good, and on disk unless it is ``traced``."""
    loaded = _loaded()
    if name not in loaded:
        from sim.engine.loops.compiler import compile_region

        path = folder() / f"{name}-{_maker()}.o"
        if traced:
            content = compile_region(region, name, traced)
        else:
            try:
                content = path.read_bytes()
            except OSError:
                content = compile_region(region, name)
                _write(path, content)
        (loaded[name],) = load(content, [name])
    return loaded[name]


def load(content: bytes, names: list[str]) -> list[int]:
    """Addresses of the functions of an object file, in this process for good."""
    engine = _engine()
    engine.add_object_file(llvm.ObjectFileRef.from_data(content))
    return [engine.get_function_address(name) for name in names]


def _write(path: Path, content: bytes) -> None:
    """Beside, then renamed: another process may read it at the same time."""
    beside = path.with_suffix(f".{os.getpid()}")
    with contextlib.suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        files = sorted(path.parent.glob("*.o"), key=lambda file: file.stat().st_mtime)
        for old in files[: max(0, len(files) - MAX_FILES + 1)]:
            old.unlink()
        beside.write_bytes(content)
        beside.replace(path)
