"""Expressions as text."""

from __future__ import annotations

import pytest

from archdsl.backends.torch.layout import LINE_LENGTH, Group, layout
from archdsl.backends.torch.printing import print_constant, print_expression
from archdsl.ops.lowering import (
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
    call,
    method,
)

A, B, C = Operand(0), Operand(1), Operand(2)


@pytest.mark.parametrize(
    ("expr", "text"),
    [
        (call("F.relu", A), "F.relu(a)"),
        (call("support.drop_path", A, p=0.5, training=Training()), "drop_path(a, p=0.5, training=self.training)"),
        (call(Module(), A), "self.conv(a)"),
        (call("torch.cat", Items((A, B)), dim=1), "torch.cat([a, b], dim=1)"),
        (method(A, "reshape", -1, 3), "a.reshape(-1, 3)"),
        (method(Infix("+", A, B), "mean", 1), "(a + b).mean(1)"),
        (Infix("+", Infix("+", A, B), C), "a + b + c"),
        (Infix("+", A, Infix("+", B, C)), "a + (b + c)"),
        (Infix("*", Infix("-", A, B), C), "(a - b) * c"),
        (Infix("-", Infix("*", A, B), Infix("/", B, C)), "a * b - b / c"),
        (Item(A, (Range(), Range(1, None, 2), Literal(0))), "a[:, 1::2, 0]"),
        (Item(Infix("+", A, B), (Range(None, -1),)), "(a + b)[:-1]"),
        (Method(Literal(2), "bit_length"), "(2).bit_length()"),
    ],
)
def test_print_expression(expr: Expr, text: str) -> None:
    assert print_expression(expr, ["a", "b", "c"], "self.conv") == text


def test_a_leaf_is_needed_where_it_is_called() -> None:
    with pytest.raises(ValueError, match="leaf module"):
        print_expression(call(Module(), A), ["a"], None)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (1e-5, "1e-05"),
        ((3,), "(3,)"),
        ((1, (2.0, None)), "(1, (2.0, None))"),
        ("same", '"same"'),
        ("it's", '"it\'s"'),
        (float("-inf"), 'float("-inf")'),
        (True, "True"),
    ],
)
def test_print_constant(value: object, text: str) -> None:
    assert print_constant(value) == text  # type: ignore[arg-type]


def test_long_lines_are_broken_at_the_last_bracket_first() -> None:
    inner = Group("(", tuple((f"argument_{i}",) for i in range(12)), ")")
    lines = list(layout(("y = f", inner), 8))
    assert lines[0] == "        y = f("
    assert lines[1:-1] == [f"            argument_{i}," for i in range(12)]
    assert lines[-1] == "        )"
    short = Group("(", (("a",),), ")")
    assert list(layout(("y = f", short), 8)) == ["        y = f(a)"]
    assert max(map(len, lines)) <= LINE_LENGTH
