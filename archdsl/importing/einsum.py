"""Sums of products with named dimensions: the same for all formats."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

from archdsl.importing.lifted import Lifted
from archdsl.importing.program import Instruction, Program, Refusal


def summed_product(program: Program, one: Instruction, equation: str, names: Sequence[str]) -> list[Lifted]:
    """Steps for `einsum` of two values: both brought into the order of a matrix product, and the result back.

    Args:
        program: the program.
        one: the instruction.
        equation: as in torch and ONNX, with the batch as first letter of all three terms.
        names: the operands.

    Raises:
        Refusal: if it is no product of matrices for each sample.
    """
    left, right, result = _terms(program, equation, names)
    sizes = dict(zip(left, program.sample(names[0]), strict=True)) | dict(
        zip(right, program.sample(names[1]), strict=True)
    )
    shared = [c for c in left if c in right and c in result]
    summed = [c for c in left if c in right and c not in result]
    rows, columns = ([c for c in term if c not in other] for term, other in ((left, right), (right, left)))
    if not summed or set(result) != {*shared, *rows, *columns}:
        raise Refusal("it sums over one operand alone, or over nothing")
    steps: list[Lifted] = []
    operands = [
        _matrices(steps, f"{one.outputs[0]}%{place}", name, term, (shared, *parts), sizes)
        for place, (name, term, parts) in enumerate(
            ((names[0], left, (rows, summed)), (names[1], right, (summed, columns)))
        )
    ]
    product = f"{one.outputs[0]}%product"
    steps.append(Lifted("matmul", {}, operands, [product]))
    order = [*shared, *rows, *columns]
    if len(rows) != 1 or len(columns) != 1:
        apart = f"{product}%apart"
        steps.append(Lifted("reshape", {"shape": tuple(sizes[c] for c in order)}, [product], [apart]))
        product = apart
    return [*steps, _turned(product, order, result, one.outputs[0])]


def _terms(program: Program, equation: str, names: Sequence[str]) -> tuple[str, str, str]:
    """The letters of the operands and of the result, the batch's left out. Raises Refusal."""
    given, arrow, result = equation.replace(" ", "").partition("->")
    terms = given.split(",")
    if not arrow or len(terms) != 2 or len(names) != 2 or "." in equation:
        raise Refusal(f"only products of two values that are written out have a counterpart, not {equation}")
    every = [*terms, result]
    if any(len(set(term)) != len(term) or not term for term in every):
        raise Refusal("it takes a diagonal")
    if len({term[0] for term in every}) > 1 or any(name in program.constants for name in names):
        raise Refusal("its operands and its result don't all have the batch in front")
    return terms[0][1:], terms[1][1:], result[1:]


def _matrices(
    steps: list[Lifted], stem: str, name: str, term: str, parts: Sequence[Sequence[str]], sizes: dict[str, int]
) -> str:
    """Append steps that make [shared..., A, B] of a value, A and B joined from what stands in the two last parts."""
    shared, first, second = parts
    turned = _turned(name, term, [*shared, *first, *second], f"{stem}%turned")
    if turned.operator != "identity":
        steps.append(turned)
        name = turned.outputs[0]
    if len(first) == len(second) == 1:
        return name
    shape = (*(sizes[c] for c in shared), prod(sizes[c] for c in first), prod(sizes[c] for c in second))
    steps.append(Lifted("reshape", {"shape": shape}, [name], [f"{stem}%joined"]))
    return f"{stem}%joined"


def _turned(name: str, before: Sequence[str], after: Sequence[str], result: str) -> Lifted:
    if list(before) == list(after):
        return Lifted("identity", {}, [name], [result])
    return Lifted("permute", {"dims": tuple(list(before).index(c) for c in after)}, [name], [result])
