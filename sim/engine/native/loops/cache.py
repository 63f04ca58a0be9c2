"""Compiled regions, kept on disk between runs: compiling one takes about as long as running a frame.

They lie in ``loops`` of the guarded folder (``sim/engine/native/code_cache.py``) and are checked there before they are
loaded. The name of a file says what was compiled, by what and for which processor.
"""

from __future__ import annotations

import functools

from sim.engine.native.code_cache import CodeCache, kept_room
from sim.engine.native.loops.blocks import Block
from sim.engine.native.loops.kind import Kind
from sim.engine.native.native_code import maker_digest
from sim.engine.native.object_code import load

MAX_FILES = 512


def kept() -> CodeCache | None:
    """Where the object files are; None where nothing can be kept."""
    return kept_room("loops")


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
    cache, file = kept(), f"{name}-{maker_digest()}.o"
    content = None if cache is None else cache.read(file)
    if content is None:
        from sim.engine.native.loops.compiler import compile_region

        content = compile_region(region, name, kind)
        if cache is not None:
            cache.write(file, content, MAX_FILES)
    return content
