# mypy: disable-error-code="untyped-decorator,misc,call-arg,arg-type,import-untyped,no-any-return"
"""Loads, stores and calls by address, for native code (numba has none of its own)."""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import types
from numba.extending import intrinsic


@intrinsic
def load64(typingctx: Any, pointer: Any) -> Any:
    """The int64 at an address."""

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.load(builder.inttoptr(args[0], ir.IntType(64).as_pointer()))

    return types.int64(types.int64), codegen


@intrinsic
def store64(typingctx: Any, pointer: Any, value: Any) -> Any:
    """Write an int64 to an address."""

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        builder.store(args[1], builder.inttoptr(args[0], ir.IntType(64).as_pointer()))
        return context.get_dummy_value()

    return types.void(types.int64, types.int64), codegen


@intrinsic
def load32(typingctx: Any, pointer: Any) -> Any:
    """The word at an address, zero-extended."""

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        word = builder.load(builder.inttoptr(args[0], ir.IntType(32).as_pointer()))
        return builder.zext(word, ir.IntType(64))

    return types.int64(types.int64), codegen


@intrinsic
def load16(typingctx: Any, pointer: Any) -> Any:
    """The halfword at an address, zero-extended."""

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        half = builder.load(builder.inttoptr(args[0], ir.IntType(16).as_pointer()), align=1)
        return builder.zext(half, ir.IntType(64))

    return types.int64(types.int64), codegen


@intrinsic
def load8(typingctx: Any, pointer: Any) -> Any:
    """The byte at an address, zero-extended."""

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        byte = builder.load(builder.inttoptr(args[0], ir.IntType(8).as_pointer()))
        return builder.zext(byte, ir.IntType(64))

    return types.int64(types.int64), codegen


@intrinsic
def store8(typingctx: Any, pointer: Any, value: Any) -> Any:
    """Write the low byte of a value to an address."""

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        byte = builder.trunc(args[1], ir.IntType(8))
        builder.store(byte, builder.inttoptr(args[0], ir.IntType(8).as_pointer()))
        return context.get_dummy_value()

    return types.void(types.int64, types.int64), codegen


def _calling(arguments: int) -> Any:
    """An intrinsic that calls the C function at an address with ``arguments`` word arguments."""
    word = ir.IntType(64)

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        function = builder.inttoptr(args[0], ir.FunctionType(word, [word] * arguments).as_pointer())
        return builder.call(function, list(args[1:]))

    return types.int64(*[types.int64] * (arguments + 1)), codegen


@intrinsic
def call1(typingctx: Any, function: Any, a: Any) -> Any:
    """Call a C function of one word."""
    return _calling(1)


@intrinsic
def call3(typingctx: Any, function: Any, a: Any, b: Any, c: Any) -> Any:
    """Call a C function of three words."""
    return _calling(3)


@intrinsic
def call4(typingctx: Any, function: Any, a: Any, b: Any, c: Any, d: Any) -> Any:
    """Call a C function of four words."""
    return _calling(4)


@intrinsic
def call5(typingctx: Any, function: Any, a: Any, b: Any, c: Any, d: Any, e: Any) -> Any:
    """Call a C function of five words."""
    return _calling(5)
