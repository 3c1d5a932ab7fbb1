"""What expressions refuse: code, place and words of each refusal."""

from __future__ import annotations

import pytest

from archdsl.spec.expressions import ExpressionError, Poisoned
from tests.spec.expressions.environment import value


def refusal(text: str) -> ExpressionError:
    with pytest.raises(ExpressionError) as caught:
        value(text)
    return caught.value


@pytest.mark.parametrize(
    ("text", "code", "culprit", "said"),
    [
        # Not an expression
        ("", "E0401", "", "missing"),
        ("   ", "E0401", " ", "missing"),
        ("a && yes", "E0401", "&&", "`and`"),
        ("a || yes", "E0401", "||", "`or`"),
        ("!yes", "E0401", "!", "`not`"),
        ("a === 3", "E0401", "===", "`==`"),
        ("a = 3", "E0401", "=", "`==`"),
        ("a += 3", "E0401", "+=", "not part"),
        ("yes ? 1 : 2", "E0401", "?", "b if a else c"),
        ("a & a", "E0401", "&", "and"),
        ("a ^ 2", "E0401", "^", "**"),
        ("a × 2", "E0401", "×", "`*`"),
        ("a ≤ 2", "E0401", "≤", "`<=`"),
        ("größe", "E0401", "ö", "ASCII"),
        ("(a", "E0401", "(", "not closed"),
        ("[a, (b]", "E0401", "]", "closed by"),
        ("a)", "E0401", ")", "closes nothing"),
        ("a +", "E0401", "+", "nothing follows"),
        ("a b", "E0401", "b", "missing between"),
        ("a 2", "E0401", "2", "missing between"),
        ("* a", "E0401", "*", "cannot stand here"),
        ("a if yes", "E0401", "if", "needs an `else`"),
        ("0x10", "E0401", "0x10", "no number"),
        ("3px", "E0401", "3px", "no number"),
        ("1.2.3", "E0401", "1.2.3", "no number"),
        ("a # comment", "E0401", "#", "comment"),
        ("min(widths, key=3)", "E0401", "=", "`==`"),
        # Not allowed
        ("'same'", "E0402", "'", "quotes"),
        ('a == "same"', "E0402", '"', "quotes"),
        ("{a}", "E0402", "{", "[ ]"),
        ("True", "E0402", "True", "`true`"),
        ("None", "E0402", "None", "Python's"),
        ("a, b", "E0402", "a, b", "brackets"),
        ("sum(w for w in widths)", "E0402", "(w for w in widths)", "[ ]"),
        ("lambda: a", "E0402", "lambda: a", "lambda"),
        ("a is 3", "E0402", "a is 3", "`==`"),
        ("max(*widths)", "E0402", "*widths", "`+`"),
        ("x.size", "E0402", "x.size", ".shape"),
        ("x.chanels", "E0402", "x.chanels", "`.channels`"),
        ("x.__class__", "E0402", "x.__class__", ".shape"),
        ("widths.append(3)", "E0402", "widths.append(3)", "only functions"),
        ("conv2d(3)", "E0402", "conv2d", "no function"),
        ("summ(widths)", "E0402", "summ", "`sum`"),
        ("len", "E0402", "len", "len(list)"),
        ("widths[0, 1]", "E0402", "0, 1", "[i][j]"),
        ("[i for i, j in widths]", "E0402", "i, j", "one variable"),
        ("...", "E0402", "...", "not part"),
        ("1j", "E0401", "1j", "no number"),
        # Names
        ("feature", "E0201", "feature", "`features`"),
        ("1 + width", "E0201", "width", "`widths`"),
        ("qqqq", "E0201", "qqqq", "there is no value"),
        ("[widths for widths in features]", "E0203", "widths", "hides"),
        ("[[i for i in widths] for i in widths]", "E0203", "i", "outer"),
        ("[half for half in widths]", "E0112", "half", "reserved"),
        # Kinds
        ("x + 1", "E0403", "x + 1", "a tensor [N, 64, 28, 30]"),
        ("yes + 1", "E0403", "yes + 1", "true"),
        ("half * 2", "E0403", "half * 2", "the word `half`"),
        ("features + x", "E0403", "features + x", "[a] + b"),
        ("a and yes", "E0403", "a", "true or false"),
        ("not a", "E0403", "a", "true or false"),
        ("1 if widths else 2", "E0403", "widths", "a list of 3"),
        ("-x", "E0403", "-x", "a tensor"),
        ("x == x", "E0403", "x == x", "compared"),
        ("x in features", "E0403", "x in features", "compared"),
        ("a < half", "E0403", "a < half", "`<`"),
        ("3 in a", "E0403", "3 in a", "list"),
        ("x[0]", "E0403", "x[0]", ".shape[i]"),
        ("widths[1.0]", "E0403", "widths[1.0]", "integer"),
        ("widths[yes]", "E0403", "widths[yes]", "integer"),
        ("a[1:]", "E0403", "a[1:]", "sliced"),
        ("widths[:1.5]", "E0403", "widths[:1.5]", "integers"),
        ("features.channels", "E0403", "features.channels", "[0].channels"),
        ("a.channels", "E0403", "a.channels", "the number 3"),
        ("line.height", "E0403", "line.height", ".shape"),
        ("flat.width", "E0403", "flat.width", ".shape"),
        ("scalar.channels", "E0403", "scalar.channels", ".shape"),
        ("len(x)", "E0403", "len(x)", ".shape"),
        ("len(1, 2)", "E0403", "len(1, 2)", "len(list)"),
        ("min(features)", "E0403", "min(features)", "a tensor"),
        ("sum([true])", "E0403", "sum([true])", "true"),
        ("all([1])", "E0403", "all([1])", "true or false"),
        ("range(2.0)", "E0403", "range(2.0)", "integers"),
        ("[i for i in a]", "E0403", "a", "lists"),
        # No value
        ("1 / 0", "E0404", "1 / 0", "zero"),
        ("1 + a // 0", "E0404", "a // 0", "zero"),
        ("a % 0.0", "E0404", "a % 0.0", "zero"),
        ("0 ** -1", "E0404", "0 ** -1", "zero"),
        ("(-8) ** 0.5", "E0404", "(-8) ** 0.5", "real"),
        ("widths[3]", "E0404", "widths[3]", "a list of 3"),
        ("empty[-1]", "E0404", "empty[-1]", "a list of 0"),
        ("widths[::0]", "E0404", "widths[::0]", "step 0"),
        ("min([])", "E0404", "min([])", "empty"),
        ("sqrt(-1)", "E0404", "sqrt(-1)", "real"),
        ("range(0, 3, 0)", "E0404", "range(0, 3, 0)", "step 0"),
        ("make_divisible(3, 0)", "E0404", "make_divisible(3, 0)", "divisor"),
        # Limits
        ("2 ** 53", "E0905", "2 ** 53", "2**53"),
        ("9007199254740992", "E0905", "9007199254740992", "2**53"),
        ("1e400", "E0905", "1e400", "finite"),
        ("1e300 * 1e300", "E0905", "1e300 * 1e300", "finite"),
        ("10.0 ** 400", "E0905", "10.0 ** 400", "finite"),
        ("1e300 // 1e-300", "E0905", "1e300 // 1e-300", "finite"),
        ("floor(1e300)", "E0905", "floor(1e300)", "2**53"),
        ("round(5, 10 ** 9)", "E0905", "round(5, 10 ** 9)", "digits"),
        ("range(10 ** 9)", "E0906", "range(10 ** 9)", "too long"),
        ("[0] * 10 ** 9", "E0906", "[0] * 10 ** 9", "too long"),
        ("[range(1000)] * 1000", "E0906", "[range(1000)] * 1000", "inner"),
    ],
)
def test_refusal(text: str, code: str, culprit: str, said: str) -> None:
    error = refusal(text)
    assert error.code == code
    assert text[error.offset : error.offset + error.length] == culprit
    assert said in f"{error.message} ({error.hint})"
    assert error.length >= 1


def test_offsets_count_from_the_start_of_the_text_even_with_space_in_front() -> None:
    error = refusal("   a + feature")
    assert (error.offset, error.length) == (7, 7)


@pytest.mark.parametrize("text", ["gone", "gone + 1", "gone.channels", "[gone]", "partly[1]", "3 in partly"])
def test_poison_raises_its_own_signal(text: str) -> None:
    with pytest.raises(Poisoned):
        value(text)


def test_poison_that_is_not_needed_does_not_matter() -> None:
    assert value("yes or gone") is True
    assert value("partly[0]") == 1
    assert value("1 in partly") is True
