# mypy: disable-error-code="no-untyped-call,no-any-return"
"""Compiled regions, kept on disk between runs: compiling one takes about as long as running a frame.

They lie in ``loops`` of the guarded folder (``sim/engine/native/code_cache.py``) and are checked there before they are
loaded. The name of a file says what was compiled, by what and for which processor.
"""

from __future__ import annotations

import functools
from typing import Any

import llvmlite.binding as llvm

from sim.engine.native.code_cache import CodeCache, code_cache, digest_of
from sim.engine.native.loops.blocks import Block
from sim.engine.native.loops.kind import Kind
from sim.engine.native.native_code import sources_digest

MAX_FILES = 512


@functools.cache
def _maker() -> str:
    """What besides the code decides what comes out: our sources, LLVM, the processor."""
    features = llvm.get_host_cpu_features().flatten()
    return digest_of([], sources_digest(), str(llvm.llvm_version_info), llvm.get_host_cpu_name(), features)


def kept() -> CodeCache | None:
    """Where the object files are; None where nothing can be kept."""
    whole = code_cache()
    return None if whole is None else whole.room("loops")


@functools.cache
def _engine() -> Any:
    from sim.engine.native.loops.compiler import target_machine

    return llvm.create_mcjit_compiler(llvm.parse_assembly(""), target_machine())


@functools.cache
def _loaded() -> dict[str, int]:
    return {}


def function(name: str, region: dict[int, Block], kind: Kind) -> int:
    """Address of the compiled region, in this process for good, and on disk unless it is traced."""
    loaded = _loaded()
    if name not in loaded:
        content = _traced(region, name, kind) if kind.traced else _kept_or_compiled(region, name, kind)
        (loaded[name],) = load(content, [name])
    return loaded[name]


def _traced(region: dict[int, Block], name: str, kind: Kind) -> bytes:
    from sim.engine.native.loops.compiler import compile_region

    return compile_region(region, name, kind)


def _kept_or_compiled(region: dict[int, Block], name: str, kind: Kind) -> bytes:
    cache, file = kept(), f"{name}-{_maker()}.o"
    content = None if cache is None else cache.read(file)
    if content is None:
        from sim.engine.native.loops.compiler import compile_region

        content = compile_region(region, name, kind)
        if cache is not None:
            cache.write(file, content, MAX_FILES)
    return content


def load(content: bytes, names: list[str]) -> list[int]:
    """Addresses of the functions of an object file, in this process for good."""
    engine = _engine()
    engine.add_object_file(llvm.ObjectFileRef.from_data(content))
    return [engine.get_function_address(name) for name in names]
