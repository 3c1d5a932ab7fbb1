"""The space of a file: every operation gives candidates of the space, and only what was asked for changes."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from random import Random

import pytest

import archdsl
from archdsl_search.candidate import Candidate, Decisions
from archdsl_search.space.spec_space import OutsideError, SpecSpace

Make = Callable[[str], SpecSpace]
SIZES = {"plain": 18, "conditional": 156, "required": 5, "joint": 5, "labels": 12}
EVERY = sorted(SIZES)


def key(decisions: Decisions) -> str:
    return json.dumps(decisions)


def is_valid(space: SpecSpace, candidate: Candidate) -> bool:
    built = space.space.resolve(candidate.decisions)
    return built.identity == candidate.identity and built.decisions == candidate.decisions


@pytest.mark.parametrize("name", EVERY)
def test_enumeration_gives_every_valid_candidate_once(make: Make, name: str) -> None:
    space = make(name)
    found = list(space.enumerate())
    assert len({key(c.decisions) for c in found}) == len(found) == SIZES[name] == space.count(1000)
    assert all(is_valid(space, c) for c in found)
    rng = Random(0)
    drawn = {key(space.space.sample(rng)) for _ in range(400)}
    assert drawn <= {key(c.decisions) for c in found}


def test_counting_stops_at_the_limit(make: Make) -> None:
    space = make("required")
    assert space.count(9) == 5
    assert space.count(8) is None  # nine ways have to be looked at


@pytest.mark.parametrize("name", EVERY)
def test_samples_are_valid_and_each_decision_is_uniform(make: Make, name: str) -> None:
    space, rng = make(name), Random(1)
    drawn = [space.sample(rng) for _ in range(600)]
    assert all(is_valid(space, c) for c in drawn[:20])
    if name != "required":
        first = space.points(drawn[0])[0]
        counts = Counter(str(c.decisions[first.id]) for c in drawn)
        assert len(counts) == first.outcomes
        assert all(abs(n - 600 / first.outcomes) < 90 for n in counts.values())


@pytest.mark.parametrize("name", EVERY)
def test_a_known_way_and_a_new_one_give_the_same(make: Make, name: str) -> None:
    warm, cold = make(name), make(name)
    for _ in range(2):
        for candidate in warm.enumerate():
            again = cold.candidate(json.loads(key(candidate.decisions)))
            assert (again.decisions, again.identity) == (candidate.decisions, candidate.identity)
            assert cold.points(again) == warm.points(candidate)
            assert warm.candidate(candidate.decisions) is candidate


@pytest.mark.parametrize("name", EVERY)
def test_draws_do_not_depend_on_what_is_known(make: Make, name: str) -> None:
    warm, cold = make(name), make(name)
    list(warm.enumerate())
    one, other = Random(3), Random(3)
    for _ in range(30):
        a, b = warm.sample(one), cold.sample(other)
        a, b = warm.mutate(a, one), cold.mutate(b, other)
        assert a.decisions == b.decisions
    assert one.getstate() == other.getstate()


@pytest.mark.parametrize("name", EVERY)
def test_neighbours_differ_in_one_decision_that_both_reach(make: Make, name: str) -> None:
    space = make(name)
    for start in list(space.enumerate())[::3]:
        around = list(space.neighbours(start))
        assert len({key(c.decisions) for c in around}) == len(around)
        for other in around:
            both = [i for i in start.decisions if i in other.decisions]
            assert sum(start.decisions[i] != other.decisions[i] for i in both) == 1
            assert is_valid(space, other)


def test_decisions_that_a_neighbour_opens_are_at_their_first_option(make: Make) -> None:
    space = make("conditional")
    start = next(c for c in space.enumerate() if len(c.decisions) == 3)
    opened = [c for c in space.neighbours(start) if len(c.decisions) > 3]
    assert opened
    for other in opened:
        new = [p for p in space.points(other) if p.id not in start.decisions]
        assert new
        assert all(other.decisions[p.id] == p.outcome(0) for p in new)


@pytest.mark.parametrize("name", EVERY)
def test_a_mutation_changes_one_decision_and_keeps_the_rest(make: Make, name: str) -> None:
    space, rng = make(name), Random(2)
    for _ in range(40):
        start = space.sample(rng)
        other = space.mutate(start, rng)
        both = [i for i in start.decisions if i in other.decisions]
        assert sum(start.decisions[i] != other.decisions[i] for i in both) == 1
        assert is_valid(space, other)


@pytest.mark.parametrize("name", EVERY)
def test_a_child_has_what_its_parents_have(make: Make, name: str) -> None:
    space, rng = make(name), Random(4)
    for _ in range(40):
        one, other = space.sample(rng), space.sample(rng)
        child = space.crossover(one, other, rng)
        assert is_valid(space, child)
        for name_, label in child.decisions.items():
            parents = [p.decisions[name_] for p in (one, other) if name_ in p.decisions]
            assert not parents or label in parents


def test_completion_follows_what_is_wanted(make: Make) -> None:
    space, rng = make("conditional"), Random(5)
    for _ in range(20):
        found = space.complete({"gate": True, "no_such": 3}, rng)
        assert found.decisions["gate"] is True
    required = make("required")
    assert required.complete({"a": 2}, rng).decisions["a"] == 2
    assert required.complete({"a": 3, "b": 1}, rng).decisions["a"] <= 3  # impossible together: one of them gives way


def test_impossible_decisions_are_refused_with_diagnostics(make: Make) -> None:
    space = make("required")
    for wrong, code in (({"a": 3, "b": 1}, "E0407"), ({"a": 1}, "E0601"), ({"a": 9, "b": 1}, "E0603")):
        with pytest.raises(archdsl.ArchdslError) as error:
            space.candidate(wrong)
        assert error.value.diagnostics[0].code == code
    with pytest.raises(archdsl.ArchdslError) as error:
        space.candidate({"a": 1, "b": 1, "c": 1})
    assert error.value.diagnostics[0].code == "E0602"
    with pytest.raises(archdsl.ArchdslError):
        make("labels").candidate({"sizes": [1, 1], "first/bias": 1, "act": "relu"})  # 1 is not true


def test_a_space_with_nothing_in_it_is_an_error(make: Make) -> None:
    space = make("required")
    empty = SpecSpace(archdsl.load_space(space.space.file, decisions={"a": 3, "b": 1}))
    with pytest.raises(OutsideError):
        empty.sample(Random(0))


def test_fixed_decisions_are_no_points(make: Make) -> None:
    space = make("conditional")
    fixed = SpecSpace(archdsl.load_space(space.space.file, decisions={"gate": True}))
    found = fixed.sample(Random(0))
    assert "gate" not in found.decisions
    assert fixed.count(1000) == 117


def test_memory_is_bounded(make: Make) -> None:
    space = make("conditional")
    small = SpecSpace(space.space, capacity=20)
    rng = Random(0)
    for _ in range(300):
        assert small._known._branches <= 20
        small.sample(rng)
    assert [c.identity for c in small.enumerate()] == [c.identity for c in space.enumerate()]


def test_equal_graphs_have_one_identity(make: Make) -> None:
    found = list(make("labels").enumerate())
    assert len({c.identity for c in found}) == 8  # `nothing` and `also_nothing` are one


def test_every_outcome_has_its_number() -> None:
    for point in (
        archdsl.Decision("a", ("x", "y", "z")),
        archdsl.Decision("a", (1, 2, 3, 4, 5), (2, 0, 4)),
        archdsl.Decision("a", (True, 1, [1, 2])),
    ):
        assert [point.index(point.outcome(i)) for i in range(point.outcomes)] == list(range(point.outcomes))
        assert point.index("nothing of that") is None
        assert point.index(["x", "nothing"]) is None
