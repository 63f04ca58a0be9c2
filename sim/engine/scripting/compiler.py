"""Script text -> something fast to call.

Renode runs the whole script on every access with globals that persist. A module body run by ``exec`` looks every name
up by hash; the same body as a function whose names are all declared ``global`` uses the interpreter's inline caches
and costs about half. Line numbers stay those of the file.
"""

from __future__ import annotations

import ast
import contextlib
import functools
import symtable
from collections.abc import Callable
from types import CodeType, FunctionType
from typing import Any

from sim.engine.scripting.dialect import translate
from sim.engine.scripting.python2 import to_python3
from sim.errors import CrosscamError, shown
from sim.python_permission import permit_python

FUNCTION = "__access__"
"""Name of the function that a script becomes."""
LONGEST_SCRIPT = 1 << 22
"""Characters."""


def compile_script(source: str, file: str, scope: dict[str, Any], stands_in: str = "") -> Callable[[], object]:
    """A function that runs ``source`` once over the globals ``scope``. ``stands_in``: the script that holds it, if any.

    Raises:
        CrosscamError: a syntax error, with file and line; Python that is not permitted.
    """
    permit_python(stands_in or file, file)
    try:
        code, is_function = _compile(source, file)
    except SyntaxError as error:
        raise CrosscamError(
            f"{shown(file, 120)}:{error.lineno}: not a valid script: {error.msg} (expected Python that both 2.7 and 3"
            " accept)"
        ) from None
    if is_function:
        return FunctionType(code, scope, FUNCTION)
    return functools.partial(exec, code, scope)


def parse_script(source: str, file: str) -> tuple[ast.Module, str]:
    """The tree of ``source`` in Python 3's meaning, and the text it is of: ``source``, or what ``to_python3`` makes
    of it.

    Raises:
        SyntaxError: it is neither Python 3 nor Python 2.
    """
    tree, text = _parse(source, file)
    return translate(tree), text


def parse_expression(source: str, file: str) -> ast.Expression:
    """As ``parse_script``, for what has a value; SyntaxError when it has none."""
    tree = _tree(source, file)
    if len(tree.body) != 1 or not isinstance(tree.body[0], ast.Expr):
        raise SyntaxError("no expression")
    translated = translate(tree).body[0]
    assert isinstance(translated, ast.Expr)
    return ast.Expression(translated.value)


def _parse(source: str, file: str) -> tuple[ast.Module, str]:
    """Python 2's spelling first: of what both take, it is the one that is meant."""
    if len(source) > LONGEST_SCRIPT:
        raise SyntaxError(f"a script of {len(source)} characters: expected at most {LONGEST_SCRIPT}")
    translated = to_python3(source)
    if translated is not None and translated != source:
        with contextlib.suppress(SyntaxError):
            return _tree(translated, file), translated
    return _tree(source, file), source


def _tree(source: str, file: str) -> ast.Module:
    """SyntaxError for whatever Python says of a text that is none of its own."""
    try:
        return ast.parse(source, file)
    except (ValueError, RecursionError, MemoryError) as error:
        raise SyntaxError(f"{error} ({type(error).__name__})") from None


def _is_future(node: ast.stmt) -> bool:
    """``from __future__ import division``: how Python 3 is anyway, and not allowed in a function."""
    return isinstance(node, ast.ImportFrom) and node.module == "__future__"


@functools.lru_cache(maxsize=64)
def _compile(source: str, file: str) -> tuple[CodeType, bool]:
    tree, source = parse_script(source, file)
    tree.body = [node for node in tree.body if not _is_future(node)]
    if any(isinstance(node, ast.ImportFrom) and node.names[0].name == "*" for node in tree.body):
        return _compiled(tree, file), False  # "import *" is not allowed in a function
    table = _symbols(source, file)
    bound = sorted(symbol.get_name() for symbol in table.get_symbols() if symbol.is_assigned() or symbol.is_imported())
    body: list[ast.stmt] = [ast.Global(bound)] if bound else []
    wrapped = ast.parse(f"def {FUNCTION}(): pass", file)
    function = wrapped.body[0]
    assert isinstance(function, ast.FunctionDef)
    function.body = [*body, *tree.body] or function.body
    ast.fix_missing_locations(wrapped)
    outer = _compiled(wrapped, file)
    return next(constant for constant in outer.co_consts if isinstance(constant, CodeType)), True


def _symbols(source: str, file: str) -> symtable.SymbolTable:
    try:
        return symtable.symtable(source, file, "exec")
    except (ValueError, RecursionError, MemoryError) as error:
        raise SyntaxError(f"{error} ({type(error).__name__})") from None


def _compiled(tree: ast.Module, file: str) -> CodeType:
    try:
        return compile(tree, file, "exec")
    except (ValueError, RecursionError, MemoryError) as error:
        raise SyntaxError(f"{error} ({type(error).__name__})") from None
