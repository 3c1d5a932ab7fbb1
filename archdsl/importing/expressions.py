"""Sizes in exported programs: formulas over the open sizes, written as constructor calls.

They are evaluated here with numbers for the open sizes, through a list of known functions and nothing else.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from math import prod
from typing import Any

LONGEST = 2000


class OpenSize(Exception):  # noqa: N818 - says that a number is not known
    """A size depends on something that has no number."""


def _divided(a: int, b: int) -> int:
    if b == 0:
        raise OpenSize
    return a // b


FUNCTIONS: Mapping[str, Callable[..., int]] = {
    "Integer": int,
    "Add": lambda *terms: sum(terms),
    "Mul": lambda *factors: prod(factors),
    "FloorDiv": _divided,
    "CleanDiv": _divided,
    "Max": max,
    "Min": min,
}


class Sizes:
    """Open sizes by name, and formulas over them."""

    def __init__(self) -> None:
        self._known: dict[str, int] = {}

    def bind(self, size: Mapping[str, Any], number: int) -> None:
        """Remember the number of an open size that stands alone."""
        text = size.get("as_expr", {}).get("expr_str", "")
        try:
            name = _symbol(_parsed(text))
        except OpenSize:
            return
        self._known.setdefault(name, number)

    def value(self, size: Mapping[str, Any]) -> int:
        """A size as a number.

        Raises:
            OpenSize: if it isn't known.
        """
        if "as_int" in size:
            return int(size["as_int"])
        return self._evaluated(_parsed(size["as_expr"]["expr_str"]))

    def _evaluated(self, node: ast.expr) -> int:
        if isinstance(node, ast.Constant) and type(node.value) is int:
            return node.value
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
            return -self._evaluated(node.operand)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            function = FUNCTIONS.get(node.func.id)
            if function is not None:
                return int(function(*[self._evaluated(argument) for argument in node.args]))
            name = _symbol(node)
            if name in self._known:
                return self._known[name]
        raise OpenSize


def _parsed(text: str) -> ast.expr:
    if len(text) > LONGEST:
        raise OpenSize
    try:
        return ast.parse(text, mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        raise OpenSize from None


def _symbol(node: ast.expr) -> str:
    """The name in `Symbol('s77', ...)`."""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Symbol" and node.args:
        name = node.args[0]
        if isinstance(name, ast.Constant) and isinstance(name.value, str):
            return name.value
    raise OpenSize
