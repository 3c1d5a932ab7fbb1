"""Random expressions agree with Python."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archdsl.spec.expressions import ExpressionError, parse
from tests.spec.expressions.environment import ENV

LEAVES = st.one_of(
    st.integers(0, 1000).map(str), st.sampled_from(["a", "b", "0.5", "2.25", "widths[1]", "len(widths)", "sum(widths)"])
)


def _summed(text: str) -> str:
    """A sum over a comprehension whose variable no inner one has."""
    k = f"k{text.count('[')}"
    return f"sum([{k} + {text} for {k} in widths if {k} > 16])"


def _extend(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    operators = st.sampled_from(["+", "-", "*", "/", "//", "%", "**"])
    comparisons = st.sampled_from(["<", "<=", "==", "!=", ">", ">="])
    return st.one_of(
        st.tuples(inner, operators, inner).map(" ".join),
        st.tuples(inner, operators, inner).map(lambda t: f"({t[0]} {t[1]} {t[2]})"),
        inner.map(lambda t: f"-({t})"),
        st.tuples(inner, inner, comparisons, inner).map(lambda t: f"({t[0]} if {t[1]} {t[2]} {t[3]} else 7)"),
        st.tuples(inner, inner).map(lambda t: f"max({t[0]}, {t[1]})"),
        inner.map(lambda t: f"abs({t})"),
        inner.map(_summed),
    )


EXPRESSIONS = st.recursive(LEAVES, _extend, max_leaves=12)


@settings(max_examples=400, deadline=None)
@given(EXPRESSIONS)
def test_arithmetic_equals_pythons(text: str) -> None:
    # A value is Python's value; a refusal is a limit, or Python refuses as well.
    try:
        found = parse(text).evaluate(ENV)
    except ExpressionError as error:
        found = error
    if isinstance(found, ExpressionError):
        assert found.code in ("E0404", "E0905", "E0906")
        return
    functions = {"len": len, "sum": sum, "max": max, "abs": abs}
    expected = eval(text, {"__builtins__": functions, "a": 3, "b": 2.5, "widths": [16, 32, 64]})
    assert type(found) is type(expected)
    assert found == pytest.approx(expected, rel=1e-12) if isinstance(expected, float) else found == expected
