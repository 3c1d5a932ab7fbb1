"""Search spaces: decisions, sampling, resolving, and files with their decisions written in."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from random import Random

import pytest

import archdsl
from archdsl.spec.elaborate.decisions import Decision

Write = Callable[..., Path]
Load = Callable[..., archdsl.Space]

SPACE = """
# A comment that stays.
params: {width: {choose: [4, 8]}}
require: ["width != 4 or width > 2"]      # another
graph:
  - conv2d: {out_channels: width, kernel_size: {choose: [1, 3]}, padding: half}
    name: stem
  - choose: [relu, tanh]
    for: {i: {choose: [1, 2, 3]}}
    name: act
  - add:
    from: {choose: "[stem, act]", take: [1, 2]}
    name: joined
outputs: [joined]
"""


def test_sampled_decisions_resolve_to_themselves(space: Load) -> None:
    found = space(SPACE)
    for seed in range(20):
        decisions = found.sample(Random(seed))
        built = found.resolve(decisions)
        assert built.decisions == decisions
        assert list(built.decisions) == list(decisions)


def test_sampling_is_repeatable_and_varies(space: Load) -> None:
    found = space(SPACE)
    assert found.sample(Random(7)) == found.sample(Random(7))
    assert len({json.dumps(found.sample(Random(seed))) for seed in range(30)}) > 10


def test_sampling_is_uniform_over_each_decision(space: Load) -> None:
    found = space(SPACE)
    rng = Random(0)
    drawn = [found.sample(rng) for _ in range(300)]
    for label in (4, 8):
        assert 110 < sum(d["width"] == label for d in drawn) < 190
    pairs = sum(len(d["joined/from"]) == 2 for d in drawn)  # type: ignore[arg-type]
    assert 60 < pairs < 140  # one outcome of three


def test_fixed_decisions_are_kept(space: Load) -> None:
    found = space(SPACE, decisions={"act/i": 2})
    assert all(found.sample(Random(seed))["act/i"] == 2 for seed in range(5))


def test_decisions_describe_themselves(space: Load) -> None:
    points = space(SPACE).decisions()
    assert list(points) == ["width", "stem/kernel_size", "act/i", "act[0]", "joined/from"]
    assert points["joined/from"] == Decision("joined/from", (0, 1), (1, 2))
    assert list(space(SPACE).decisions({"act/i": 3}))[3:6] == ["act[0]", "act[1]", "act[2]"]


def test_every_outcome_can_be_enumerated() -> None:
    decision = Decision("d", ("a", "b", "c", "d"), (1, 3))
    outcomes = [decision.outcome(i) for i in range(decision.outcomes)]
    assert len(outcomes) == len({json.dumps(o) for o in outcomes}) == 4 + 4
    assert all(decision.positions(outcome) is not None for outcome in outcomes)
    with pytest.raises(IndexError):
        decision.outcome(8)


def test_outcomes_of_large_choices_are_numbered_without_listing_them() -> None:
    decision = Decision("d", tuple(range(200)), (100,))
    assert len(decision.outcome(decision.outcomes - 1)) == 100  # type: ignore[arg-type]
    assert decision.outcome(0) == list(range(100))
    assert decision.outcome(decision.outcomes - 1) == list(range(100, 200))


def test_candidates_that_a_requirement_excludes_are_not_in_the_space(space: Load) -> None:
    text = SPACE.replace('"width != 4 or width > 2"', "width > 4")
    assert {space(text).sample(Random(seed))["width"] for seed in range(10)} == {8}
    decisions = {**space(text).sample(Random(0)), "width": 4}
    with pytest.raises(archdsl.ArchdslError) as caught:
        space(text).resolve(decisions)
    assert [d.code for d in caught.value.diagnostics] == ["E0407"]


def test_a_first_candidate_outside_the_space_is_no_mistake(write: Write) -> None:
    text = """
params: {groups: {choose: [3, 2]}}
require: [8 % groups == 0]
graph:
  - channel_shuffle: {groups: groups}
"""
    assert archdsl.check(write(text)) == []


def test_an_empty_space_is_told(space: Load) -> None:
    with pytest.raises(archdsl.ArchdslError, match="E0608"):
        space(SPACE.replace('"width != 4 or width > 2"', "width > 8")).sample(Random(0))


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"width": None}, "E0601"),
        ({"width": 5}, "E0603"),
        ({"width": True}, "E0603"),
        ({"with": 4}, "E0602"),
        ({"joined/from": []}, "E0603"),
    ],
)
def test_decisions_that_do_not_fit(space: Load, change: dict[str, object], code: str) -> None:
    decisions = {**space(SPACE).sample(Random(0)), **change}
    with pytest.raises(archdsl.ArchdslError) as caught:
        space(SPACE).resolve({name: label for name, label in decisions.items() if label is not None})
    assert [d.code for d in caught.value.diagnostics] == [code]


def test_an_option_that_breaks_the_network_is_a_warning(write: Write) -> None:
    text = "graph:\n  - conv2d: {out_channels: 4, kernel_size: {choose: [3, 99]}}\n    name: stem\n  - relu\n"
    found = archdsl.check(write(text))
    assert [d.code for d in found] == ["W0601"]
    assert "99" in found[0].message


def test_an_option_with_a_mistake_of_its_own_is_found_without_being_reached(write: Write) -> None:
    text = (
        "graph:\n  - choose:\n      good: relu\n      bad: {conv2d: {out_channels: n, kernel_size: 3}}\n    name: op\n"
    )
    assert [d.code for d in archdsl.check(write(text))] == ["E0201"]


# Decisions that are fixed.

CONDITIONAL = """
graph:
  - choose:
      plain: gelu
      wide: {conv2d: {out_channels: {choose: [4, 8]}, kernel_size: 1}}
    name: body
"""
WIDTH = "body/wide/conv2d/out_channels"


def test_what_is_fixed_holds_in_the_candidates_that_reach_it(write: Write) -> None:
    path = write(CONDITIONAL)
    found = archdsl.load_space(path, decisions={WIDTH: 8})
    assert found.resolve({"body": "plain"}).decisions == {"body": "plain"}
    assert found.resolve({"body": "wide"}).decisions == {"body": "wide", WIDTH: 8}
    assert found.resolve({"body": "wide"}).graph().outputs
    drawn = [found.sample(Random(seed)) for seed in range(20)]
    assert all(found.resolve(each).decisions == each for each in drawn)
    assert {len(each) for each in drawn} == {1, 2}
    with pytest.raises(archdsl.ArchdslError, match="E0602"):  # given for this candidate, not fixed
        archdsl.load_space(path).resolve({"body": "plain", WIDTH: 8})


def test_a_file_may_fix_what_not_every_candidate_reaches(write: Write) -> None:
    path = write(f"{CONDITIONAL}decisions: {{{WIDTH}: 8}}\n")
    assert archdsl.check(path) == []
    assert archdsl.load_space(path).resolve({"body": "plain"}).decisions == {"body": "plain"}


def test_a_fixed_decision_that_nothing_reaches_is_a_mistake(write: Write) -> None:
    path = write(CONDITIONAL)
    for fixed in ({"bodi": "plain"}, {"body": "plain", WIDTH: 8}, {f"{WIDTH}x": 8}):
        with pytest.raises(archdsl.ArchdslError, match=r"E0602.*is reached"):
            archdsl.load_space(path, decisions=fixed)
    assert [d.code for d in archdsl.check(write(f"{CONDITIONAL}decisions: {{bodi: plain}}\n"))] == ["E0602"]


def test_a_rare_decision_is_found_by_its_id(write: Write) -> None:
    options = ", ".join(f"o{i}: [{{choose: [relu, tanh], name: act}}]" for i in range(300))
    path = write(f"graph:\n  - choose: {{{options}}}\n    name: body\n  - choose: [relu, tanh]\n    name: last\n")
    fixed = {"body/o250/act": "tanh", "body/o7/act": "relu"}
    assert archdsl.load_space(path, decisions=fixed).resolve({"body": "o7", "last": "tanh"}).decisions == {
        "body": "o7",
        "body/o7/act": "relu",
        "last": "tanh",
    }


# Decisions written into the file.


def test_source_with_decisions_is_an_architecture_and_changes_nothing_else(write: Write, tmp_path: Path) -> None:
    path = write(SPACE)
    found = archdsl.load_space(path)
    built = found.resolve(found.sample(Random(4)))
    text = built.source_with_decisions()
    kept = [line for line in text.splitlines() if line in path.read_text().splitlines()]
    assert kept == path.read_text().splitlines()
    (tmp_path / "resolved.yaml").write_text(text)
    again = archdsl.load(tmp_path / "resolved.yaml")
    assert again.decisions == built.decisions
    assert again.hash == built.hash
    assert again.source_with_decisions() == text


def test_ends_of_lines_stay_as_they_are(write: Write, tmp_path: Path) -> None:
    path = write(SPACE.replace("params: {", "params: {spare: 0, ").replace("width > 2", "spare < 2"))
    text = path.read_text().replace("\n", "\r\n")
    path.write_bytes(text.encode())
    found = archdsl.load_space(path, params={"spare": 1})
    built = found.resolve(found.sample(Random(4)))
    written = built.source_with_decisions()
    assert written.startswith(text)
    assert written.count("\n") == written.count("\r\n")
    (whole,) = built.spec_files().values()
    assert whole == written.replace("spare: 0", "spare: 1")


def test_json_keeps_its_form(tmp_path: Path) -> None:
    spec = {
        "archdsl": 1,
        "name": "net",
        "inputs": {"x": [8, 4, 4]},
        "graph": [{"choose": ["relu", "tanh"], "name": "act"}],
    }
    path = tmp_path / "net.json"
    path.write_text(json.dumps(spec, indent=1))
    built = archdsl.load_space(path).resolve({"act": "tanh"})
    resolved = json.loads(built.source_with_decisions())
    assert resolved == {**spec, "decisions": {"act": "tanh"}}


@pytest.mark.parametrize("name", ["nasnet_space", "ofa", "nasbench201"])
def test_the_shipped_spaces_sample_and_resolve(name: str) -> None:
    found = archdsl.load_space(name)
    decisions = found.sample(Random(0))
    assert found.resolve(decisions).decisions == decisions
