"""Expression trees of lowerings as Python text."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeAlias

from archdsl.backends.torch.layout import Chain, Doc, Group, bracketed, flat
from archdsl.ops.lowering import (
    Call,
    Constant,
    Expr,
    Infix,
    Item,
    Items,
    Literal,
    Method,
    Module,
    Operand,
    Range,
    Training,
)

LiteralPrinter: TypeAlias = "Callable[[Literal], Doc]"

_PRECEDENCE = {"+": 1, "-": 1, "*": 2, "/": 2}


def print_expression(expr: Expr, operands: Sequence[str], module: str | None) -> str:
    """The expression on one line of Python.

    Args:
        expr: what an operator's torch lowering gives.
        operands: Python expressions (names) of the operands, in order.
        module: Python expression of the leaf module, `self.conv2d`; None for operators without weights.

    Names that the text may use: `torch`, `F`, `nn`, `self` (for `self.training`), and the functions of
    `archdsl.backends.torch.support`, unqualified.
    """
    return flat(expression_doc(expr, operands, module))


def print_constant(value: Constant) -> str:
    """A constant as ruff's formatter would leave it; tuples stay tuples, infinities are spelled `float("inf")`."""
    if isinstance(value, str):
        text = repr(value)
        return text if '"' in value else '"' + text[1:-1].replace("\\'", "'") + '"'
    if isinstance(value, tuple):
        return f"({print_constant(value[0])},)" if len(value) == 1 else f"({', '.join(map(print_constant, value))})"
    if isinstance(value, float) and (value != value or value in (float("inf"), float("-inf"))):
        return f'float("{value}")'
    return repr(value)


def constant_doc(value: Constant) -> Doc:
    """A constant that can be broken over lines where it is a long tuple."""
    if isinstance(value, tuple) and value:
        return (Group("(", tuple([constant_doc(v) for v in value]), ")", trail=True),)
    return (print_constant(value),)


def expression_doc(
    expr: Expr,
    operands: Sequence[str],
    module: str | None,
    literal: LiteralPrinter = lambda found: constant_doc(found.value),
) -> Doc:
    """The expression as a doc; `literal` prints the literals."""
    return _Printer(operands, module, literal).doc(expr)


class _Printer:
    def __init__(self, operands: Sequence[str], module: str | None, literal: LiteralPrinter):
        self.operands = operands
        self.module = module
        self.literal = literal

    def doc(self, expr: Expr) -> Doc:
        match expr:
            case Operand(index):
                return (self.operands[index],)
            case Literal():
                return self.literal(expr)
            case Module():
                return (self.leaf(),)
            case Training():
                return ("self.training",)
            case Call(function, args, kwargs):
                return (self.function(function), self.arguments(args, kwargs))
            case Method(target, name, args, kwargs):
                return (*self.tight(target), f".{name}", self.arguments(args, kwargs))
            case Infix():
                return self.infix(expr)
            case Items(members):
                return (Group("[", tuple([self.doc(m) for m in members]), "]"),)
            case Item(target, index):
                inside = ", ".join([flat(self.doc(i)) for i in index])
                return (*self.tight(target), f"[{inside}]")
            case Range():
                return (_range(expr),)
        raise TypeError(f"{expr!r} is no expression")

    def leaf(self) -> str:
        if self.module is None:
            raise ValueError("the expression reads a leaf module, but the lowering has none")
        return self.module

    def function(self, function: str | Module) -> str:
        return function.removeprefix("support.") if isinstance(function, str) else self.leaf()

    def arguments(self, args: Sequence[Expr], kwargs: Sequence[tuple[str, Expr]]) -> Group:
        named: list[Doc] = [(f"{name}=", *self.doc(value)) for name, value in kwargs]
        return Group("(", (*[self.doc(a) for a in args], *named), ")")

    def tight(self, target: Expr) -> Doc:
        """What `.name` or `[...]` may follow."""
        doc = self.doc(target)
        bare = isinstance(target, Infix) or (isinstance(target, Literal) and isinstance(target.value, int | float))
        return bracketed(doc) if bare else doc

    def infix(self, expr: Infix) -> Doc:
        level = _PRECEDENCE[expr.symbol]
        rest: list[tuple[str, Doc]] = []
        left: Expr = expr
        while isinstance(left, Infix) and _PRECEDENCE[left.symbol] == level:
            right = self.doc(left.right)
            # Floating point addition is not associative: `a + (b + c)` keeps its brackets.
            tight = isinstance(left.right, Infix) and _PRECEDENCE[left.right.symbol] <= level
            rest.append((left.symbol, bracketed(right) if tight else right))
            left = left.left
        first = self.doc(left)
        if isinstance(left, Infix) and _PRECEDENCE[left.symbol] < level:
            first = bracketed(first)
        return (Chain(first, tuple(rest[::-1])),)


def _range(expr: Range) -> str:
    def bound(value: int | None) -> str:
        return "" if value is None else str(value)

    text = f"{bound(expr.start)}:{bound(expr.stop)}"
    return text if expr.step is None else f"{text}:{expr.step}"
