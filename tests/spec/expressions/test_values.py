"""What expressions evaluate to."""

from __future__ import annotations

import pytest

from archdsl.spec.expressions import Branch, Expression, ExpressionError, Word, parse
from tests.spec.expressions.environment import ENV, FLAT, IMAGE, PYRAMID, SEQUENCE, Names, value


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("4", 4),
        ("4.5", 4.5),
        (".5", 0.5),
        ("1e-3", 0.001),
        ("1_000", 1000),
        ("a", 3),
        (" a\n + 1 ", 4),
        ("a + b * 2", 8.0),
        ("2 ** a ** 2", 512),
        ("2 ** -1", 0.5),
        ("-2 ** 2", -4),
        ("7 / 2", 3.5),
        ("8 / 2", 4.0),
        ("7 // 2", 3),
        ("-7 // 2", -4),
        ("-7 % 3", 2),
        ("7 - 2 - 1", 4),
        ("+a", 3),
        ("--a", 3),
        ("1 < a <= 3", True),
        ("1 < a < 3", False),
        ("true and not no_", True),
        ("a == 3.0", True),
        ("true == 1", False),
        ("half == same", False),
        ("half == 1", False),
        ("[1, [half]] == [1, [half]]", True),
        ("[1] == [1, 1]", False),
        ("32 in widths", True),
        ("half not in [same]", True),
        ("1 if yes else 2", 1),
        ("widths[-1]", 64),
        ("widths[1:]", [32, 64]),
        ("widths[::-1]", [64, 32, 16]),
        ("widths + [a]", [16, 32, 64, 3]),
        ("[0] * 3", [0, 0, 0]),
        ("2 * [a]", [3, 3]),
        ("-1 * [a]", []),
        ("[w // 2 for w in widths if w > 16]", [16, 32]),
        ("[i + j for i in range(2) for j in [10, i]]", [10, 0, 11, 2]),
        ("[i for i in range(3)] + [i for i in range(1)]", [0, 1, 2, 0]),
        ("[[j for j in range(i)] for i in range(3)]", [[], [0], [0, 1]]),
        ("len(widths)", 3),
        ("min(widths)", 16),
        ("max(1, 2.5, 2)", 2.5),
        ("sum(widths)", 112),
        ("sum([])", 0),
        ("abs(-a)", 3),
        ("round(2.5)", 2),
        ("round(2.567, 1)", 2.6),
        ("floor(2.7)", 2),
        ("ceil(2.1)", 3),
        ("sqrt(9)", 3.0),
        ("range(3)", [0, 1, 2]),
        ("range(128, 225, 32)", [128, 160, 192, 224]),
        ("range(3, 0, -1)", [3, 2, 1]),
        ("reversed(range(3))", [2, 1, 0]),
        ("all([w > 1 for w in widths])", True),
        ("any([])", False),
        ("x.channels", 64),
        ("x.height", 28),
        ("x.width", 30),
        ("x.shape", [64, 28, 30]),
        ("x.shape[0] // 2", 32),
        ("line.channels", 20),
        ("line.width", 7),
        ("flat.channels", 10),
        ("scalar.shape", []),
        ("features[0].height", 28),
    ],
)
def test_value(text: str, expected: object) -> None:
    found = value(text)
    assert found == expected
    assert type(found) is type(expected)


@pytest.mark.parametrize(
    ("v", "expected"),
    [((33, 8), 32), ((12, 8), 16), ((16 * 0.35, 8), 8), ((18, 16), 32), ((3, 8, 4), 4), ((0, 8, 0), 0)],
)
def test_make_divisible_never_falls_below_nine_tenths(v: tuple[float, ...], expected: int) -> None:
    assert value(f"make_divisible({', '.join(map(str, v))})") == expected


def test_words_are_constants_and_texts() -> None:
    word = value("half")
    assert isinstance(word, Word)
    assert word == "half"


def test_words_of_the_attribute_yield_to_visible_names() -> None:
    assert value("tanh", "tanh") == "tanh"
    assert value("a", "a") == 3
    assert value("tanh if yes else none", "tanh", "none") == "tanh"


def test_tensors_are_listed_picked_and_joined() -> None:
    assert value("[x, line] + features[1:]") == [IMAGE, SEQUENCE, SEQUENCE, FLAT]
    assert value("reversed(features)[0]") is FLAT
    assert value("[f for f in features if f.channels > 10]") == [IMAGE, SEQUENCE]
    assert value("x if yes else line") is IMAGE
    assert value("features") is PYRAMID


def test_unused_asks_the_environment() -> None:
    assert value("unused(features)") == [SEQUENCE, FLAT]


def test_evaluation_is_lazy_and_lists_stay_as_they_are() -> None:
    assert value("1 if yes else missing[3]") == 1
    assert value("yes or missing") is True
    assert value("no_ and missing") is False
    assert value("3 < 2 < missing") is False
    value("widths + [1]")
    value("reversed(widths)")
    assert ENV.values["widths"] == [16, 32, 64]


def test_parse_gives_the_same_object_for_the_same_text() -> None:
    assert parse("a + 1") is parse("a + 1")


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("a", {"a"}),
        ("a + len(b) * half", {"a", "b"}),
        ("[i + k for i in rows]", {"k", "rows"}),
        ("training and true", {"training"}),
        ("x.channels", {"x"}),
        ("3", set()),
    ],
)
def test_names(text: str, names: set[str]) -> None:
    assert parse(text).names == names


@pytest.mark.parametrize(
    ("text", "name"),
    [("relu", "relu"), (" relu ", "relu"), ("(relu)", "relu"), ("half", None), ("true", None), ("a + 1", None)],
)
def test_simple_name(text: str, name: str | None) -> None:
    assert parse(text).simple_name == name


def test_conditional_of_names_is_a_tree() -> None:
    tree = parse("relu if a > 1 else (gelu if no_ else silu)").conditional
    assert isinstance(tree, Branch)
    assert tree.then == "relu"
    assert isinstance(tree.otherwise, Branch)
    assert (tree.otherwise.then, tree.otherwise.otherwise) == ("gelu", "silu")
    assert isinstance(tree.condition, Expression)
    assert tree.condition.evaluate(ENV) is True
    assert tree.otherwise.condition.evaluate(ENV) is False


@pytest.mark.parametrize("text", ["relu", "1 if a else b", "a if b else half", "f[0] if a else b"])
def test_other_expressions_are_no_conditional(text: str) -> None:
    assert parse(text).conditional is None


def test_place_of_a_name() -> None:
    assert parse("taxes + axe").place_of("axe") == (8, 3)
    assert parse("a + 1").place_of("axe") == (0, 5)


def test_environment_may_refuse_a_name_and_gets_the_place() -> None:
    class Absent(Names):
        def value(self, name: str) -> object:
            raise ExpressionError("E0204", f"`{name}` is absent")

    with pytest.raises(ExpressionError) as caught:
        parse("1 + skip").evaluate(Absent({}))
    assert (caught.value.code, caught.value.offset, caught.value.length) == ("E0204", 4, 4)
