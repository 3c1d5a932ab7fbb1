"""The hash of a candidate that was only added up is that of the network that is built."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from random import Random

import pytest

import archdsl
from archdsl.passes.canonical import canonical_hash

SMALL = {"nasbench201": {"repeats": 1}, "nasnet_space": {"repeats": 1, "blocks": 3}, "darts": {"layers": 3}}
SPACES = ["nasbench201", "nasnet_space", "darts", "enas_macro", "nasbench101", "hierarchical", "mnasnet_space", "ofa"]

# Constants and zeros inside calls, calls that share weights, calls that give what they read, a call without inputs'
# use, tied and untied repeats.
TRICKY = """
cells:
  offset:
    graph:
      - constant: {value: 1.0, shape: [8, 1, 1]}
        name: c
      - choose: {plus: {add: {}}, nothing: {zero: {}}, same: []}
        from: x
        name: o
      - add:
        from: [o, c]
        if: true
  shared:
    graph:
      - conv2d: {out_channels: 8, kernel_size: {choose: [1, 3]}, padding: half, bias: false}
        name: conv
  either:
    inputs: [a, b]
    graph:
      - choose:
          first: {identity: {}}
          second: {relu: {}}
        from: a
        name: one
      - relu:
        from: b
        name: two
    outputs: [two, one, b]
graph:
  - for: {i: 3}
    do:
      - shared:
        share: conv
      - offset:
    name: moved
  - either:
    from: [moved, x]
    name: [p, q, r]
  - shared:
    from: q
    repeat: 2
    tie: twice
    name: s
  - concat:
    from: [p, s, r]
"""


@pytest.mark.parametrize("name", SPACES)
def test_hashes_of_shipped_spaces(name: str) -> None:
    space, rng = archdsl.load_space(name, params=SMALL.get(name, {})), Random(0)
    for _ in range(4):
        found = space.resolve(space.sample(rng))
        assert found.hash == canonical_hash(found.graph())


def test_forms_of_a_space_of_corner_cases(write: Callable[..., Path]) -> None:
    space, rng = archdsl.load_space(write(TRICKY)), Random(0)
    hashes = set()
    for _ in range(40):
        walk = space.walk(lambda point: rng.randrange(point.outcomes))
        assert walk.architecture is not None
        found = walk.architecture.hash
        assert found == canonical_hash(walk.architecture.graph())
        hashes.add(found)
    assert len(hashes) > 10
