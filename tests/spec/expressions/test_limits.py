"""Hostile expressions end quickly, and with an ExpressionError."""

from __future__ import annotations

import sys

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from archdsl.spec.expressions import ExpressionError, Poisoned, parse
from tests.spec.expressions.environment import ENV
from tests.timing import within

HOSTILE = [
    "9**9**9",
    "9**9**9**9",
    "2**1000000000",
    "(-3)**999999999999",
    "range(10**9)",
    "range(10**15, -10**15, -1)",
    "[0]*10**9",
    "[[0]*1000]*1000",
    "[[[0]*40]*40]*40*40",
    "len(range(99999) + range(99999))",
    "[[i for i in range(1000)] for j in range(1000)]",
    "[i for i in range(1000) for j in range(1000) for k in range(1000)]",
    "[0 for i in range(100000) for j in range(100000) if false]",
    "[sum(range(1000)) for i in range(100000)]",
    "[i in range(90000) for i in range(90000)]",
    "[range(90000) == range(90000) for i in range(90000)]",
    "[range(90000)[::-1] for i in range(90000)]",
    "-" * 9999 + "1",
    "not " * 2400 + "true",
    "1" + "+1" * 4900,
    "1" + "*9" * 4900,
    "1 if yes else " * 700 + "2",
    "2**" * 3300 + "2",
    "x" + ".a" * 4900,
    "a" + "[0]" * 3000,
    "(" * 5000 + "a" + ")" * 5000,
    "[" * 5000,
    "1" * 10_000,
    "1." + "1" * 9_000,
    "a" * 10_001,
    "a" * 9_999,
    "max(" * 59 + "a" + ")" * 59,
    "[i" + " for i in [0]" * 700 + "]",
    "a<" * 4000 + "a",
    "yes and " * 1200 + "yes",
    "lambda: " * 1000 + "a",
    "\x00",
    "a\x00b",
    "\ud800",
    "[a for a in",
    "().__class__.__bases__[0].__subclasses__()",
    "__import__",
    "f'{a}'",
    "a\\\n+1",
    "\u202e a",
    "0_",
    "0777",
    "1__0",
    "1e",
    "1_e5",
    "print",
    "a;b",
    "@a",
    "*",
    "**a",
    "yield a",
    "await a",
    "a := 1",
    "not",
    "[for]",
    "[a for]",
    "[a async for a in b]",
    "a[",
    "a[:::]",
    "a..b",
]


def outcome(text: str) -> object:
    """The value or the error; anything else that is raised fails the test."""
    try:
        found = parse(text).evaluate(ENV)
    except ExpressionError as error:
        found = error
    except Poisoned:
        return None
    if isinstance(found, ExpressionError):
        assert 0 <= found.offset <= len(text)
        assert found.length >= 1
        assert found.code in ("E0112", "E0201", "E0203", "E0401", "E0402", "E0403", "E0404", "E0905", "E0906")
        assert found.message
    return found


@pytest.mark.parametrize("text", HOSTILE, ids=lambda text: repr(text[:30]))
def test_hostile_text_ends_quickly(text: str) -> None:
    within(0.9, lambda: outcome(text))


@pytest.mark.parametrize("text", HOSTILE, ids=lambda text: repr(text[:30]))
def test_hostile_text_under_the_high_recursion_limit_of_the_elaborator(text: str) -> None:
    before = sys.getrecursionlimit()
    sys.setrecursionlimit(100_000)
    parse.cache_clear()
    try:
        outcome(text)
    finally:
        sys.setrecursionlimit(before)


@pytest.mark.parametrize("text", HOSTILE[:17])
def test_past_a_limit_is_refused(text: str) -> None:
    error = outcome(text)
    assert isinstance(error, ExpressionError)
    assert error.code in ("E0905", "E0906")


def test_lists_nested_step_by_step_are_bounded() -> None:
    nested: object = [1]
    for _ in range(5000):
        nested = [nested]

    class Deep:
        def value(self, name: str) -> object:
            return nested

        def names(self) -> list[str]:
            return ["deep"]

        def has_read(self, value: object) -> bool:
            return False

    with pytest.raises(ExpressionError) as caught:
        parse("[deep]").evaluate(Deep())
    assert caught.value.code == "E0906"


CHARACTERS = "abx019.+-*/%()[],:<>=! \n'\"#{}&|~^@$\\éλ"
WORDS = "** // if else for i in in and or not widths features range len( sum( yes true .channels .shape half True gone"
ALPHABET = st.sampled_from([*CHARACTERS, *(f" {word} " for word in WORDS.split())])


@settings(max_examples=300, deadline=None)
@given(st.lists(ALPHABET, max_size=25).map("".join))
@example("[i for i in widths]")
def test_arbitrary_words_give_a_value_or_an_expression_error(text: str) -> None:
    outcome(text)


@settings(max_examples=150, deadline=None)
@given(st.text(max_size=40))
def test_arbitrary_text_gives_a_value_or_an_expression_error(text: str) -> None:
    outcome(text)
