"""Shapes of a network's inputs: the batch apart, every size a number."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from archdsl.diagnostics.diagnostic import ArchdslError, Diagnostic
from archdsl.importing.program import SYMBOLIC_BATCH, Meta
from archdsl.types import DTYPES

MOST_DIMENSIONS = 6


def input_shapes(
    declared: Mapping[str, tuple[str, Sequence[int | None] | None]], given: Mapping[str, Sequence[int]]
) -> tuple[int, dict[str, Meta]]:
    """The batch size to compute with, and the types of the inputs.

    Args:
        declared: dtype and sizes by input, the batch first; None for open sizes.
        given: shapes of one sample by input; they win.

    Raises:
        ArchdslError: E1103 naming every input whose shape stays open, or that is unknown.
    """
    findings = [Diagnostic("E1103", f"there is no input `{name}`") for name in given if name not in declared]
    batches = [sizes[0] if sizes else None for _, sizes in declared.values()]
    fixed = {size for size in batches if size}
    batch = fixed.pop() if len(fixed) == 1 and all(batches) else SYMBOLIC_BATCH
    metas: dict[str, Meta] = {}
    for name, (dtype, sizes) in declared.items():
        finding = _problem(name, dtype, sizes, given.get(name))
        if finding is not None:
            findings.append(finding)
            continue
        sample = given.get(name) or [size or 0 for size in (sizes or [])[1:]]
        metas[name] = Meta((batch, *sample), dtype)
    if not declared:
        findings.append(Diagnostic("E1102", "the network has no inputs"))
    if findings:
        raise ArchdslError(findings)
    return batch, metas


def _problem(
    name: str, dtype: str, sizes: Sequence[int | None] | None, given: Sequence[int] | None
) -> Diagnostic | None:
    if dtype not in DTYPES:
        return Diagnostic("E1103", f"input `{name}` has elements of {dtype}", None, "float32 or int64 is needed")
    if given is not None:
        if all(size > 0 for size in given):
            return None
        return Diagnostic("E1103", f"input `{name}` is given sizes that are no sizes")
    if not sizes or not 2 <= len(sizes) <= MOST_DIMENSIONS + 1:
        hint = f"the batch and one to {MOST_DIMENSIONS} further dimensions are needed"
        return Diagnostic("E1103", f"input `{name}` has {len(sizes or ())} dimensions", None, hint)
    shown = ", ".join("?" if size is None else str(size) for size in sizes[1:])
    if any(size is None or size < 1 for size in sizes[1:]):
        hint = f"give them: --input {name}=" + "x".join("SIZE" if not size else str(size) for size in sizes[1:])
        return Diagnostic("E1103", f"input `{name}` [N, {shown}] has open sizes", None, hint)
    return None
