"""The training form and the inference form of one cell in one forward function.

Statements that both forms have, in the same order and with the same literals, are printed once; the others stand
under `if self.training`. Each mode executes exactly the statements of its own form, so any alignment is right.
"""

from __future__ import annotations

from collections.abc import Sequence
from difflib import SequenceMatcher

from archdsl.backends.torch.layout import Doc, Slot
from archdsl.backends.torch.printing import constant_doc
from archdsl.backends.torch.statements import Argument, Branch, Code, Statement, refilled

# difflib takes quadratic time; longer functions are compared by common beginning and end only.
ALIGNED_STATEMENTS = 1000

# Only the root may give one tensor in one mode and several in the other.
ROOT_RESULTS = {"Tensor", "dict[str, Tensor]"}


def mergeable(training: Code, inference: Code) -> bool:
    """Whether one function can hold both: same arguments, and results that the caller takes in the same way."""
    results = {training.returns, inference.returns}
    return training.arguments == inference.arguments and (len(results) == 1 or results <= ROOT_RESULTS)


def merged(training: Code, inference: Code) -> Code:
    """The function that does `training` in train mode and `inference` in eval mode."""
    one, other = training.statements, inference.statements
    offset = len(training.literals)
    literals = (*training.literals, *inference.literals)
    keys = (_keys(one, training.literals), _keys(other, inference.literals))
    shifted = refilled(other, lambda index: (Slot(index + offset),))
    aligned: list[Statement] = []
    for same, a, b, c, d in _aligned(*keys):
        aligned.extend(one[a:b] if same else [Branch(one[a:b], shifted[c:d])])
    statements, kept = _compacted(aligned, literals)
    returns = " | ".join(dict.fromkeys([inference.returns, training.returns]))
    return Code(training.arguments, statements, returns, kept, training.names | inference.names)


def _keys(statements: Sequence[Statement], literals: Sequence[Argument]) -> list[tuple[object, ...]]:
    """The statements with their literals written out, for comparison."""

    def fill(index: int) -> Doc:
        return constant_doc(literals[index].value)

    return [(type(found), found) for found in refilled(statements, fill)]


def _aligned(
    one: Sequence[tuple[object, ...]], other: Sequence[tuple[object, ...]]
) -> list[tuple[bool, int, int, int, int]]:
    """Stretches (equal, from and to in `one`, from and to in `other`) that together cover both."""
    shorter = min(len(one), len(other))
    head = next((i for i in range(shorter) if one[i] != other[i]), shorter)
    tail = next((i for i in range(shorter - head) if one[-1 - i] != other[-1 - i]), shorter - head)
    a, b, c, d = head, len(one) - tail, head, len(other) - tail
    middle = [(False, a, b, c, d)]
    if b > a and d > c and b - a + d - c <= ALIGNED_STATEMENTS:
        matcher = SequenceMatcher(None, one[a:b], other[c:d], autojunk=False)
        middle = [(tag == "equal", a + i, a + j, c + k, c + m) for tag, i, j, k, m in matcher.get_opcodes()]
    found = [(True, 0, head, 0, head), *middle, (True, b, len(one), d, len(other))]
    return [stretch for stretch in found if stretch[2] > stretch[1] or stretch[4] > stretch[3]]


def _compacted(
    statements: Sequence[Statement], literals: Sequence[Argument]
) -> tuple[tuple[Statement, ...], tuple[Argument, ...]]:
    """The statements with slots numbered from 0 on in order of appearance, and only the literals they use."""
    numbers: dict[int, int] = {}

    def fill(index: int) -> Doc:
        return (Slot(numbers.setdefault(index, len(numbers))),)

    renumbered = refilled(statements, fill)
    return renumbered, tuple([literals[index] for index in numbers])
