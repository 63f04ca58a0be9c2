"""Loads, stores and calls by address, for native code (numba has none of its own)."""

from __future__ import annotations

from typing import Any

from llvmlite import ir

from sim.engine.native.native_code import intrinsic


def _at(builder: ir.IRBuilder, address: Any, bits: int) -> Any:
    return builder.inttoptr(address, ir.IntType(bits).as_pointer())


@intrinsic("int64(int64)")
def load64(builder: ir.IRBuilder, pointer: Any) -> Any:
    """The int64 at an address."""
    return builder.load(_at(builder, pointer, 64))


@intrinsic("void(int64, int64)")
def store64(builder: ir.IRBuilder, pointer: Any, value: Any) -> Any:
    """Write an int64 to an address."""
    return builder.store(value, _at(builder, pointer, 64))


@intrinsic("int64(int64)")
def load32(builder: ir.IRBuilder, pointer: Any) -> Any:
    """The word at an address, zero-extended."""
    return builder.zext(builder.load(_at(builder, pointer, 32)), ir.IntType(64))


@intrinsic("void(int64, int64)")
def store32(builder: ir.IRBuilder, pointer: Any, value: Any) -> Any:
    """Write the low word of a value to an address."""
    return builder.store(builder.trunc(value, ir.IntType(32)), _at(builder, pointer, 32), align=1)


@intrinsic("int64(int64)")
def load16(builder: ir.IRBuilder, pointer: Any) -> Any:
    """The halfword at an address, zero-extended."""
    return builder.zext(builder.load(_at(builder, pointer, 16), align=1), ir.IntType(64))


@intrinsic("int64(int64)")
def load8(builder: ir.IRBuilder, pointer: Any) -> Any:
    """The byte at an address, zero-extended."""
    return builder.zext(builder.load(_at(builder, pointer, 8)), ir.IntType(64))


@intrinsic("void(int64, int64)")
def store8(builder: ir.IRBuilder, pointer: Any, value: Any) -> Any:
    """Write the low byte of a value to an address."""
    return builder.store(builder.trunc(value, ir.IntType(8)), _at(builder, pointer, 8))


def _call(builder: ir.IRBuilder, address: Any, *words: Any) -> Any:
    word = ir.IntType(64)
    kind = ir.FunctionType(word, [word] * len(words))
    return builder.call(builder.inttoptr(address, kind.as_pointer()), words)


@intrinsic("int64(int64, int64)")
def call1(builder: ir.IRBuilder, function: Any, a: Any) -> Any:
    """Call a C function of one word."""
    return _call(builder, function, a)


@intrinsic("int64(int64, int64, int64, int64)")
def call3(builder: ir.IRBuilder, function: Any, a: Any, b: Any, c: Any) -> Any:
    """Call a C function of three words."""
    return _call(builder, function, a, b, c)


@intrinsic("int64(int64, int64, int64, int64, int64)")
def call4(builder: ir.IRBuilder, function: Any, a: Any, b: Any, c: Any, d: Any) -> Any:
    """Call a C function of four words."""
    return _call(builder, function, a, b, c, d)


@intrinsic("int64(int64, int64, int64, int64, int64, int64)")
def call5(builder: ir.IRBuilder, function: Any, a: Any, b: Any, c: Any, d: Any, e: Any) -> Any:
    """Call a C function of five words."""
    return _call(builder, function, a, b, c, d, e)
