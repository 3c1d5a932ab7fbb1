"""Candidates that are added up instead of built: the same decisions, validity and costs, whatever was seen before."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

import pytest

import archdsl
from archdsl.pipeline.elaboration import Forms
from archdsl.pipeline.space import Space
from archdsl.pipeline.tallying import simplified
from archdsl.spec.elaborate.decisions import Given, Sampled
from archdsl.spec.elaborate.tally.recollection import Recollection

Load = Callable[..., Space]
SHIPPED = ["nasbench201", "nasnet_space", "ofa", "ofa_elastic_excite"]


def built(space: Space, decisions: dict[str, Any]) -> Forms:
    """The candidate as the elaborator builds it."""
    request = space._request.with_decisions(decisions)
    return request.build(Given(request.decisions))


def expect_equal(space: Space, decisions: dict[str, Any]) -> None:
    forms = built(space, decisions)
    assert not forms.errors
    resolved = space.resolve(decisions)
    assert list(resolved.decisions.items()) == list(forms.decisions.items())
    assert resolved.params == forms.params
    report, price = archdsl.cost(resolved), space.price(decisions)
    assert price.nodes == len(report.layers)
    for name in set(price._fields) - {"nodes"}:
        assert getattr(price, name) == getattr(report, name), name
    walked = space.walk(lambda decision: decision.index(forms.decisions[decision.id]))
    assert (walked.decisions, walked.price, walked.errors) == (forms.decisions, price, ())
    assert list(walked.points) == list(forms.points.values())


@pytest.mark.parametrize("name", SHIPPED)
def test_shipped_spaces_cost_what_their_candidates_do(name: str) -> None:
    space, rng = archdsl.load_space(name), Random(name)
    for _ in range(8):
        expect_equal(space, space.sample(rng))


@pytest.mark.parametrize("name", SHIPPED)
def test_what_was_seen_before_changes_no_draw(name: str) -> None:
    warm, rng = archdsl.load_space(name), Random(3)
    drawn = [warm.sample(rng) for _ in range(6)]
    rng = Random(3)
    assert drawn == [archdsl.load_space(name).sample(rng) for _ in range(6)]


PARTS = """
cells:
  part:
    params: {width: {choose: [4, 8]}, deep: {choose: [true, false]}}
    graph:
      - conv2d: {out_channels: width, kernel_size: {choose: [1, 3]}, padding: half}
      - relu:
        if: deep
      - choose: {plain: [], twice: {part: {width: width, deep: false}}}
        if: deep
        name: more
"""
SPACES = {
    "shared": PARTS
    + """
graph:
  - part
  - part:
    share: one
  - part:
    share: one
""",
    "tied": PARTS
    + """
graph:
  - part:
    tie: alike
    repeat: {choose: [1, 2, 3]}
  - part:
    tie: alike
""",
    "outside": PARTS
    + """
params: {depth: {choose: [1, 2, 3]}}
require: ["depth != 2"]
graph:
  - part:
    name: one
  - part:
    from: x
    name: two
  - add:
    from: [one, two]
""",
    "training": PARTS
    + """
graph:
  - part:
    name: one
  - part:
    if: training
    name: aux
  - relu:
    from: one
""",
    "identity": """
cells:
  swap:
    inputs: [a, b]
    graph:
      - choose: {keep: [], act: relu}
        from: a
        name: c
    outputs: [b, c]
graph:
  - branches: [[], relu]
    name: [p, q]
  - swap:
    from: [p, q]
    repeat: {choose: [1, 2, 3]}
    name: [s, t]
  - concat:
    from: unused([s, t])
""",
    "options": """
cells:
  pick:
    graph:
      - add:
        from: {choose: "[x, x]", take: [1, 2]}
graph:
  - pick
  - pick
""",
}


@pytest.mark.parametrize("name", SPACES)
def test_small_spaces(space: Load, name: str) -> None:
    found, rng = space(SPACES[name]), Random(0)
    for _ in range(30):
        expect_equal(found, found.sample(rng))


@pytest.mark.parametrize("name", SPACES)
def test_what_is_no_candidate_is_none_to_both(space: Load, name: str) -> None:
    found, rng = space(SPACES[name]), Random(1)
    for _ in range(40):
        forms = found._request.build(Sampled(rng))
        walked = found.walk(lambda decision, forms=forms: decision.index(forms.decisions[decision.id]))  # type: ignore[misc]
        assert (walked.architecture is None) == (walked.price is None) == bool(forms.errors)
        assert bool(walked.errors) == bool(forms.errors)
        if forms.errors:
            with pytest.raises(archdsl.ArchdslError) as raised:
                found.price(forms.decisions)
            assert [d.code for d in raised.value.diagnostics] == [
                d.code for d in built(found, dict(forms.decisions)).errors
            ]


def test_wrong_decisions_are_errors(space: Load) -> None:
    found = space(SPACES["tied"])
    decisions = found.sample(Random(0))
    for wrong, code in (
        ({**decisions, "nowhere": 1}, "E0602"),
        ({}, "E0601"),
        ({**decisions, "part/repeat": 9}, "E0603"),
    ):
        with pytest.raises(archdsl.ArchdslError) as raised:
            found.price(wrong)
        assert code in {d.code for d in raised.value.diagnostics}


def test_memory_is_bounded_and_forgetting_changes_nothing(space: Load) -> None:
    found, rng = archdsl.load_space("nasbench201"), Random(5)
    drawn = [found.sample(rng) for _ in range(40)]
    prices = [found.price(decisions) for decisions in drawn]
    found._tallier._known = Recollection(simplified, most=30)
    assert [found.price(decisions) for decisions in drawn] == prices
    assert found._tallier._known.leaves <= 30


def test_spaces_travel_without_what_they_remember(space: Load) -> None:
    found = space(SPACES["training"])
    decisions = found.sample(Random(2))
    for other in (pickle.loads(pickle.dumps(found)), copy.deepcopy(found)):
        assert other.price(decisions) == found.price(decisions)


def test_a_network_of_no_steps_costs_nothing(space: Load) -> None:
    found = space("graph:\n  - choose: {nothing: [], alike: identity}\n")
    assert set(found.price(found.sample(Random(0)))) == {0}


def test_graphs_of_candidates_are_built_when_they_are_needed(space: Load, monkeypatch: pytest.MonkeyPatch) -> None:
    found = space(SPACES["tied"])
    decisions = found.sample(Random(0))
    from archdsl.pipeline import elaboration

    calls: list[Path] = []
    original = elaboration.elaborate
    monkeypatch.setattr(elaboration, "elaborate", lambda *a, **k: (calls.append(a[0].path), original(*a, **k))[1])
    resolved = found.resolve(decisions)
    assert (calls, resolved.decisions) == ([], decisions)
    assert len(resolved.graph().nodes) == found.price(decisions).nodes
    assert len(calls) == 1
