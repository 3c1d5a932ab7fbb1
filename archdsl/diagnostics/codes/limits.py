"""Limits on size, depth and magnitude."""

from __future__ import annotations

from archdsl.diagnostics.codes.code import Code

LIMITS: dict[str, Code] = {
    "E0901": Code(
        "the file is too large",
        "A spec file has up to 1 MiB. Loops, parameters and imported cells say the same in less.",
    ),
    "E0902": Code(
        "nested too deeply",
        "Lists and mappings are nested up to 64 levels. Move inner parts into cells.",
    ),
    "E0903": Code(
        "too many steps",
        "The network has more than 1,000,000 steps once loops, repeats and cells are written out. Look for a "
        "`repeat` or `for` with a count that was not meant.",
    ),
    "E0904": Code(
        "cells call each other too deeply",
        "Calls of cells are nested up to 64 deep. A cell that calls itself needs an `if` that ends the recursion.",
        """\
cells:
  fractal:
    params: {depth: int}
    graph:
      - fractal: {depth: depth - 1}
""",
        """\
cells:
  fractal:
    params: {depth: int}
    graph:
      - fractal: {depth: depth - 1}
        if: depth > 1
""",
    ),
    "E0905": Code(
        "a number is too large",
        "Integers stay below 2^53, in the file, within expressions, and as products such as the number of "
        "weights; floats stay finite. Every program that reads the results can then count exactly.",
        """\
- linear: {out_features: 10 ** 16}
""",
        """\
- linear: {out_features: 10 ** 6}
""",
    ),
    "E0906": Code(
        "an expression is too large",
        "Expressions are bounded in length, nesting, steps of evaluation and length of lists, so that none "
        "can stall the program.",
        """\
params: {total: "sum(range(10 ** 9))"}
""",
        """\
params: {total: 10 ** 9 * (10 ** 6 - 1) // 2}
""",
    ),
}
