"""Script text -> something fast to call.

Renode runs the whole script on every access with globals that persist. A module body run by ``exec`` looks every name
up by hash; the same body as a function whose names are all declared ``global`` uses the interpreter's inline caches
and costs about half. Line numbers stay those of the file.
"""

from __future__ import annotations

import ast
import functools
import symtable
from collections.abc import Callable
from types import CodeType, FunctionType
from typing import Any

from sim.engine.scripting.python2 import to_python3
from sim.errors import CrosscamError

_FUNCTION = "__access__"


def compile_script(source: str, file: str, scope: dict[str, Any]) -> Callable[[], object]:
    """A function that runs ``source`` once over the globals ``scope``.

    Raises:
        CrosscamError: a syntax error, with file and line.
    """
    try:
        code, is_function = _compile(source, file)
    except SyntaxError as error:
        raise CrosscamError(
            f"{file}:{error.lineno}: not a valid script: {error.msg} (expected Python that both 2.7 and 3 accept)"
        ) from None
    if is_function:
        return FunctionType(code, scope, _FUNCTION)
    return functools.partial(exec, code, scope)


def parse_script(source: str, file: str) -> tuple[ast.Module, str]:
    """The tree of ``source``, and the text it is of: ``source``, or what ``to_python3`` makes of it.

    Raises:
        SyntaxError: it is neither Python 3 nor Python 2.
    """
    try:
        return ast.parse(source, file), source
    except SyntaxError as error:
        translated = to_python3(source)
        if translated is None:
            raise
        try:
            return ast.parse(translated, file), translated
        except SyntaxError:
            raise error from None


def _is_future(node: ast.stmt) -> bool:
    """``from __future__ import division``: how Python 3 is anyway, and not allowed in a function."""
    return isinstance(node, ast.ImportFrom) and node.module == "__future__"


@functools.lru_cache(maxsize=64)
def _compile(source: str, file: str) -> tuple[CodeType, bool]:
    tree, source = parse_script(source, file)
    tree.body = [node for node in tree.body if not _is_future(node)]
    if any(isinstance(node, ast.ImportFrom) and node.names[0].name == "*" for node in tree.body):
        return compile(tree, file, "exec"), False  # "import *" is not allowed in a function
    table = symtable.symtable(source, file, "exec")
    bound = sorted(symbol.get_name() for symbol in table.get_symbols() if symbol.is_assigned() or symbol.is_imported())
    body: list[ast.stmt] = [ast.Global(bound)] if bound else []
    wrapped = ast.parse(f"def {_FUNCTION}(): pass", file)
    function = wrapped.body[0]
    assert isinstance(function, ast.FunctionDef)
    function.body = [*body, *tree.body] or function.body
    ast.fix_missing_locations(wrapped)
    outer = compile(wrapped, file, "exec")
    return next(constant for constant in outer.co_consts if isinstance(constant, CodeType)), True
