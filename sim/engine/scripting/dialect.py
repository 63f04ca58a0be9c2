"""What Python 2 code means, where Python 3 means something else: Renode's scripts are IronPython 2.7.

The tree of a script is changed, no line moves: ``/`` between whole numbers is the whole part (unless the script says
``from __future__ import division``), dictionaries have ``has_key`` and ``iteritems``, ``print >>file, x`` is a
statement and ``ord`` takes an item of bytes. ``NAMES`` is what the changed tree calls.
"""

from __future__ import annotations

import ast
import builtins
import sys
from collections.abc import Callable, Iterable, Iterator
from typing import Any

_VIEWS = {
    "iteritems": "items",
    "iterkeys": "keys",
    "itervalues": "values",
    "viewitems": "items",
    "viewkeys": "keys",
    "viewvalues": "values",
}
_DIVIDE, _HAS_KEY, _VIEW, _PRINT_TO = "__divide__", "__has_key__", "__view__", "__print_to__"


def translate(tree: ast.Module) -> ast.Module:
    """``tree`` in Python 3's meaning; changed in place."""
    exact = any(_says_division(node) for node in tree.body)
    _Translator(exact).visit(tree)
    return ast.fix_missing_locations(tree)


def _says_division(node: ast.stmt) -> bool:
    return (
        isinstance(node, ast.ImportFrom)
        and node.module == "__future__"
        and any(each.name == "division" for each in node.names)
    )


class _Translator(ast.NodeTransformer):
    def __init__(self, exact_division: bool) -> None:
        self._exact = exact_division

    def visit_BinOp(self, node: ast.BinOp) -> ast.AST:
        """Division."""
        self.generic_visit(node)
        if isinstance(node.op, ast.Div) and not self._exact:
            return _call(_DIVIDE, [node.left, node.right], node)
        return node

    def visit_AugAssign(self, node: ast.AugAssign) -> ast.AST:
        """``x /= y`` of a plain name."""
        self.generic_visit(node)
        if isinstance(node.op, ast.Div) and not self._exact and isinstance(node.target, ast.Name):
            value = _call(_DIVIDE, [ast.Name(node.target.id, ast.Load()), node.value], node)
            return ast.copy_location(ast.Assign([node.target], value), node)
        return node

    def visit_Expr(self, node: ast.Expr) -> ast.AST:
        """``print >>file, x`` is, for Python 3, a tuple that begins with a shift."""
        items = node.value.elts if isinstance(node.value, ast.Tuple) else [node.value]
        first = items[0] if items else None
        if (
            isinstance(first, ast.BinOp)
            and isinstance(first.op, ast.RShift)
            and isinstance(first.left, ast.Name)
            and first.left.id == "print"
        ):
            node.value = _call(_PRINT_TO, [first.right, *items[1:]], node)
        self.generic_visit(node)
        return node

    def visit_Call(self, node: ast.Call) -> ast.AST:
        """Methods of dictionaries."""
        self.generic_visit(node)
        function = node.func
        if not isinstance(function, ast.Attribute) or node.keywords:
            return node
        if function.attr == "has_key" and len(node.args) == 1:
            return _call(_HAS_KEY, [function.value, node.args[0]], node)
        if function.attr in _VIEWS and not node.args:
            return _call(_VIEW, [function.value, ast.Constant(function.attr)], node)
        return node


def _call(name: str, arguments: list[ast.expr], at: ast.AST) -> ast.Call:
    return ast.copy_location(ast.Call(ast.Name(name, ast.Load()), arguments, []), at)


def _divide(left: Any, right: Any) -> Any:
    return left // right if isinstance(left, int) and isinstance(right, int) else left / right


def _has_key(owner: Any, key: object) -> object:
    own = getattr(owner, "has_key", None)
    return key in owner if own is None else own(key)


def _view(owner: Any, name: str) -> Iterator[Any]:
    own = getattr(owner, name, None)
    return iter(getattr(owner, _VIEWS[name])()) if own is None else own()


def _print_to(file: Any, *items: object) -> None:
    print(*items, file=file)


def _ord(character: Any) -> int:
    return character if isinstance(character, int) else builtins.ord(character)


def _list_of(function: Callable[..., Iterable[Any]]) -> Callable[..., list[Any]]:
    """``map``, ``filter`` and ``zip`` give lists."""

    def call(*arguments: Any) -> list[Any]:
        return list(function(*arguments))

    return call


NAMES: dict[str, Any] = {
    _DIVIDE: _divide,
    _HAS_KEY: _has_key,
    _VIEW: _view,
    _PRINT_TO: _print_to,
    "ord": _ord,
    "map": _list_of(map),
    "filter": _list_of(filter),
    "zip": _list_of(zip),
    "long": int,
    "xrange": range,
    "unicode": str,
    "basestring": str,
    "unichr": chr,
    "raw_input": input,
}


def inspectors(scope: dict[str, Any], body: str) -> dict[str, Callable[..., Any]]:
    """``dir``, ``locals`` and ``vars`` that, on the script's own level, tell of its globals ``scope``.

    The script runs as the function ``body``, whose own names are not what its author means.
    """

    def names_here() -> dict[str, Any]:
        frame = sys._getframe(2)
        return scope if frame.f_code.co_name == body else frame.f_locals

    def dir_(*arguments: object) -> list[str]:
        return builtins.dir(*arguments) if arguments else sorted(names_here())

    def vars_(*arguments: object) -> dict[str, Any]:
        return builtins.vars(*arguments) if arguments else names_here()

    def locals_() -> dict[str, Any]:
        return names_here()

    return {"dir": dir_, "vars": vars_, "locals": locals_}
