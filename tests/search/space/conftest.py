"""Small spaces as files: plain, conditional, with a requirement, and one without a tree."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

import archdsl
from archdsl_search.space.spec_space import SpecSpace

HEADER = "archdsl: 1\nname: small\ninputs: {x: [4, 8, 8]}\n"

PLAIN = """
graph:
  - choose: [relu, tanh, sigmoid]
    name: one
  - conv2d: {out_channels: 4, kernel_size: {choose: [1, 3]}, padding: half}
    name: two
  - add:
    from: {choose: "[one, two]", take: [1, 2]}
    name: three
outputs: [three]
"""

# The depth decides how many kernels there are; a gate whether there is a ratio: 2 * (3 + 9 + 27) * (1 + 3) / 2 ways.
CONDITIONAL = """
params: {gate: {choose: [false, true]}}
graph:
  - do:
      - conv2d: {out_channels: 4, kernel_size: {choose: [1, 3, 5]}, padding: half}
        name: conv
    for: {i: {choose: [1, 2, 3]}}
    name: depth
  - conv2d: {out_channels: {choose: [2, 4, 8]}, kernel_size: 1}
    if: gate
    name: squeezed
"""

# Of nine pairs, the three with a > b are left out, and one more has shapes that don't fit.
REQUIRED = """
params: {a: {choose: [1, 2, 3]}, b: {choose: [1, 2, 3]}}
require: ["a <= b"]
graph:
  - conv2d: {out_channels: 4, kernel_size: 3, groups: "3 if a == 1 and b == 2 else 1"}
"""

# The kernel is only there where both gates are open.
JOINT = """
params: {a: {choose: [false, true]}, b: {choose: [false, true]}}
graph:
  - conv2d: {out_channels: 4, kernel_size: {choose: [1, 3]}, padding: half}
    if: a and b
    name: conv
  - relu
"""

# Labels that are lists, truth values and numbers; a tied decision; equal graphs by several decisions.
LABELS = """
params: {sizes: {choose: [[1, 1], [3, 3]]}}
graph:
  - conv2d: {out_channels: 4, kernel_size: sizes, padding: half, bias: {choose: [true, false]}}
    name: first
  - choose:
      nothing: []
      also_nothing: identity
      relu: relu
    repeat: 2
    tie: act
    name: act
"""

TEXTS = {"plain": PLAIN, "conditional": CONDITIONAL, "required": REQUIRED, "joint": JOINT, "labels": LABELS}
Make = Callable[[str], SpecSpace]


@pytest.fixture
def make(tmp_path: Path) -> Make:
    """Makes one of the spaces above, by name."""

    def made(name: str) -> SpecSpace:
        path = tmp_path / f"{name}.yaml"
        path.write_text(HEADER + TEXTS[name], encoding="utf-8")
        return SpecSpace(archdsl.load_space(path))

    return made
