"""Candidates added up the short way: of every shipped space as of the elaborator, and given up where it is unusual."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from random import Random

import pytest

import archdsl
from archdsl.passes.canonical import canonical_hash
from archdsl.pipeline.space import Space
from archdsl.pipeline.tallying import Price, Tallier, _measure, simplified
from archdsl.spec.elaborate.compiled.program import Program
from archdsl.spec.elaborate.decisions import Given, Sampled
from archdsl.spec.elaborate.tally.network import Tallied

Load = Callable[..., Space]
SPACES = [
    "amoebanet",
    "darts",
    "enas_macro",
    "enas_micro",
    "hierarchical",
    "mnasnet_space",
    "nasbench101",
    "nasbench201",
    "nasbench_macro",
    "nasnet_space",
    "ofa",
    "pnasnet",
]


def compare(space: Space, count: int, seed: int, hashes: int = 0) -> None:
    """Draw candidates, in the space or not, and hold both ways against each other."""
    rng = Random(seed)
    for number in range(count):
        forms = space._request.build(Sampled(rng))
        walked = space.walk(lambda decision, forms=forms: decision.index(forms.decisions[decision.id]))  # type: ignore[misc]
        assert (walked.architecture is None) == bool(forms.errors)
        if walked.architecture is None:
            continue
        assert list(walked.decisions.items()) == list(forms.decisions.items())
        assert list(walked.points) == list(forms.points.values())
        assert walked.architecture.params == forms.params
        assert walked.price == Price.of(forms)
        if number < hashes:
            assert forms.inference.graph is not None
            assert walked.architecture.hash == canonical_hash(forms.inference.graph)


@pytest.fixture
def ways(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """How often candidates went which way."""
    found: Counter[str] = Counter()
    shortly = Tallier._shortly

    def counted(*args: object) -> object:
        result = shortly(*args)  # type: ignore[arg-type]
        found["short" if isinstance(result, Tallied) else "long"] += 1
        return result

    monkeypatch.setattr(Tallier, "_shortly", counted)
    return found


@pytest.mark.parametrize("name", SPACES)
def test_shipped_spaces_are_compiled_and_cost_the_same(name: str, ways: Counter[str]) -> None:
    space = archdsl.load_space(name)
    valid = [space.sample(Random(seed)) for seed in range(2)]
    ways.clear()
    assert [space.price(decisions) for decisions in valid]
    assert set(ways) == {"short"}
    compare(space, 4, seed=11)


@pytest.mark.slow
@pytest.mark.parametrize("name", SPACES)
def test_thousands_of_candidates(name: str) -> None:
    compare(archdsl.load_space(name), 300, seed=5, hashes=5)


UNUSUAL = {
    "names in sibling bodies": """
graph:
  - for: {i: 3}
    do:
      - choose:
          one: [{relu: {}, name: a}, {add: {}, from: [a, x]}]
          two: [{sigmoid: {}, name: a}, {mul: {}, from: [a, x]}]
        name: made
""",
    "opposite conditions": """
params: {deep: {choose: [true, false]}, many: {choose: [1, 2, 3]}}
graph:
  - for: {i: many}
    do:
      - relu:
        if: deep and i > 0
        name: y
      - sigmoid:
        if: not (deep and i > 0)
        name: y
      - add:
        from: [y, x]
""",
    "steps as parameters": """
cells:
  twice:
    params: {inner: step, scale: 2}
    graph:
      - inner
      - inner
  wide:
    params: {out_channels: int, act: relu}
    graph:
      - conv2d: {out_channels: out_channels, kernel_size: 1}
      - act
graph:
  - twice: {inner: {wide: {out_channels: {choose: [8, 16]}, act: {choose: [relu, sigmoid, identity]}}}}
  - twice:
      inner:
        choose: {plain: [], conv: {conv2d: {out_channels: 4, kernel_size: {choose: [1, 3]}, padding: half}}}
    repeat: {choose: [1, 2]}
""",
    "lists": """
graph:
  - branches: [[relu], [sigmoid], []]
    name: every
  - for: {part: every, width: [4, 8, 12]}
    collect: {made: y}
    do:
      - conv2d: {out_channels: width, kernel_size: 1}
        from: part
        if: {choose: [true, false]}
        name: y
  - concat:
    from: [x, {choose: every, take: [1, 2]}, unused(made), unused(every)]
""",
    "loops that read what was read": """
graph:
  - relu: {}
    name: a
  - sigmoid:
    from: x
    name: b
  - for: {i: {choose: [1, 2, 3]}}
    collect: {made: y}
    do:
      - add:
        from: [{choose: "[a, b] + made"}, a]
        name: y
  - concat:
    from: unused([a, b] + made)
""",
    "requirements and misfits": """
params: {groups: {choose: [1, 2, 3]}, width: {choose: [8, 12]}}
require: ["width > 8 or groups < 3"]
graph:
  - conv2d: {out_channels: width, kernel_size: 1}
  - conv2d: {out_channels: 24, kernel_size: 3, groups: groups}
""",
    "tied in two places": """
cells:
  unit:
    params: {width: int}
    graph:
      - conv2d: {out_channels: width, kernel_size: {choose: [1, 3]}, padding: half}
      - choose: {nothing: [], act: relu, both: [relu, sigmoid]}
graph:
  - for: {width: [4, 8]}
    do:
      - unit: {width: width}
        tie: one
      - unit: {width: 2 * width}
        repeat: 2
        tie: one
      - unit: {width: 3 * width}
""",
}


@pytest.mark.parametrize("name", UNUSUAL)
def test_small_spaces(name: str, space: Load) -> None:
    compare(space(UNUSUAL[name]), 40, seed=1, hashes=40)


def test_small_spaces_are_compiled_too(space: Load, ways: Counter[str]) -> None:
    for text in UNUSUAL.values():
        found = space(text)
        compare(found, 10, seed=2)
    assert ways["short"] > ways["long"]


def test_what_is_remembered_is_bounded(space: Load) -> None:
    request = archdsl.load_space("nasbench201")._request
    program = Program(request.spec, request.params, request.shapes, _measure, simplified, most=300)
    rng, other = Random(0), archdsl.load_space("nasbench201")
    most = 0
    for _ in range(60):
        decisions = other.sample(rng)
        assert Price._make(program.run(Given(decisions), {}).amounts) == other.price(decisions)
        most = max(most, program.entries)
    assert 300 < most < 600  # forgotten when the next candidate comes
