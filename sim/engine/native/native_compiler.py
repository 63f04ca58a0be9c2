# mypy: disable-error-code="no-untyped-call"
"""Compiles native functions: numba makes LLVM's language of Python, and LLVM an object file of that.

The one module that imports numba; who has the machine code already (``native_code.py``) does not import it.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any, Literal

import llvmlite.binding as llvm
import numba
from numba.core.registry import cpu_target
from numba.core.sigutils import normalize_signature
from numba.extending import intrinsic

from sim.engine.native.object_code import object_file

_ERRORS: Literal["numpy"] = "numpy"
"""A division by 0 gives 0: native code raises nothing, or it would need numba's runtime."""
_NOT_NEEDED: Any = {"no_cpython_wrapper": True, "no_cfunc_wrapper": True, "no_rewrites": True}
"""Calls from outside, and numba's rewriting of array expressions: a fifth of the time it takes."""


def compile_function(function: Callable[..., Any], signature: str, name: str) -> tuple[bytes, bool]:
    """The object file of a C function and all it calls, and whether that is all it needs, so it can be kept.

    Only ``name`` is seen from outside. So LLVM finds that numba's paths for exceptions are never taken, and with them
    goes all that asks for Python and numba's runtime.
    """
    made = numba.cfunc(signature, error_model=_ERRORS)(function)
    module = llvm.parse_assembly(made.inspect_llvm())
    for each in (*module.functions, *module.global_variables):
        if each.name == made.native_name:
            each.name = name
        elif not each.is_declaration:
            each.linkage = "internal"
    content = object_file(module, speed_level=3)
    outside = [each for each in (*module.functions, *module.global_variables) if each.is_declaration]
    return content, all(each.name.startswith("llvm.") for each in outside)


def made_of_function(function: Callable[..., Any], inline: Literal["never", "always"]) -> tuple[Any, Any]:
    """numba's type of ``function``, and what has to be held as long as the type is in use."""
    made = numba.njit(function, inline=inline, error_model=_ERRORS, **_NOT_NEEDED)
    return numba.typeof(made), made


def made_of_intrinsic(function: Callable[..., Any], signature: str) -> tuple[Any, Any]:
    """As ``made_of_function``, of what writes LLVM's language: ``function(builder, *values)``."""
    arguments, result = normalize_signature(signature)

    def write(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        written = function(builder, *values)
        return context.get_dummy_value() if result == numba.void else written

    def typed(context: Any, *given: Any) -> Any:
        return result(*arguments), write

    typed.__signature__ = inspect.signature(function)  # type: ignore[attr-defined] # numba asks for names, not *given
    made = intrinsic(typed)
    cpu_target.typing_context.refresh()
    return cpu_target.typing_context.resolve_value_type(made), made
