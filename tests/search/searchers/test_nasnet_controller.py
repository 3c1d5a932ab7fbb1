"""The controller: the paper's constants, gradients held to torch's, what it learns and what it never learns from."""

from __future__ import annotations

from random import Random

import numpy as np
import pytest
import torch
from torch import nn

from archdsl_search.candidate import Candidate
from archdsl_search.outcome import Outcome, State
from archdsl_search.searchers.nasnet_controller import ControllerSettings, NasnetController
from archdsl_search.searchers.nasnet_controller.adam import Adam
from archdsl_search.searchers.nasnet_controller.episodes import Episode, Forward
from archdsl_search.searchers.nasnet_controller.policy import Policy
from archdsl_search.testing.driving import drive
from archdsl_search.testing.spaces import SPACES

HIDDEN = 6


def episodes_of(policy: Policy, space: str, count: int) -> list[Episode]:
    found = []
    for _ in range(count):
        sampling = policy.begin()
        SPACES[space].walk(sampling)
        found.append(sampling.episode)
    return found


class Torch:
    """The same policy with torch's LSTM cell and autograd."""

    def __init__(self, policy: Policy):
        self.weights = {k: torch.tensor(v, requires_grad=True) for k, v in policy.weights.values.items()}

    def log_probability_and_entropy(self, episode: Episode) -> tuple[torch.Tensor, torch.Tensor]:
        w = self.weights
        # Gates in torch's order: input, forget, cell, output.
        order = [*range(2 * HIDDEN), *range(3 * HIDDEN, 4 * HIDDEN), *range(2 * HIDDEN, 3 * HIDDEN)]
        inner, outer, bias = (w[f"lstm/{name}"][..., order] for name in ("input", "hidden", "bias"))
        x, state = w["lstm/start"][0], (torch.zeros(1, HIDDEN, dtype=torch.float64),) * 2
        total, entropy = torch.zeros((), dtype=torch.float64), torch.zeros((), dtype=torch.float64)
        for name, outcome in zip(episode.names, episode.outcomes, strict=True):
            zero = torch.zeros(4 * HIDDEN, dtype=torch.float64)
            state = torch.lstm_cell(x[None], state, inner.T, outer.T, bias, zero)
            log_p = nn.functional.log_softmax(state[0][0] @ w[f"head/{name}"] + w[f"bias/{name}"], dim=-1)
            total = total + log_p[outcome]
            entropy = entropy - (log_p.exp() * log_p).sum()
            x = w[f"embed/{name}"][outcome]
        return total, entropy


@pytest.mark.parametrize("space", ["flat", "conditional", "taking", "changing"])
def test_gradients_are_those_of_autograd(space: str) -> None:
    policy = Policy(HIDDEN, 0.5, Random(0), np.float64)
    episodes = episodes_of(policy, space, 9)
    rng = np.random.default_rng(0)
    by_log_probability, by_entropy = rng.normal(size=9), rng.normal(size=9)
    forward = Forward(policy.batch(episodes))
    ours = forward.gradient(by_log_probability, by_entropy).parts

    reference = Torch(policy)
    found = [reference.log_probability_and_entropy(episode) for episode in episodes]
    assert forward.log_probabilities == pytest.approx([p.item() for p, _ in found], abs=1e-12)
    assert forward.log_probabilities == pytest.approx([episode.log_probability for episode in episodes], abs=1e-12)
    assert forward.entropies == pytest.approx([e.item() for _, e in found], abs=1e-12)
    total = sum(a * p + b * e for a, b, (p, e) in zip(by_log_probability, by_entropy, found, strict=True))
    assert isinstance(total, torch.Tensor)
    total.backward()  # type: ignore[no-untyped-call]
    for name, weight in reference.weights.items():
        expected = np.zeros(weight.shape) if weight.grad is None else weight.grad.numpy()
        assert ours.get(name, np.zeros(weight.shape)) == pytest.approx(expected, abs=1e-11), name


def test_adam_is_torchs() -> None:
    values = np.array([7.0, 1.0, -2.0, 3.0])
    weight = nn.Parameter(torch.tensor(values[1:]))
    ours, theirs = Adam(0.01), torch.optim.Adam([weight], lr=0.01, maximize=True)
    for step in range(5):
        gradient = np.array([0.1, -5.0, 1e-4]) * (step + 1)
        weight.grad = torch.tensor(gradient)
        theirs.step()
        # The first number has its first step late, and counts from there.
        ours.climb(values, np.array([0.5, *gradient]), [slice(1, 4), *([slice(0, 1)] if step == 4 else [])])
    assert values[1:] == pytest.approx(weight.detach().numpy(), rel=1e-9)
    assert values[0] == pytest.approx(7.01, rel=1e-9)


def test_the_defaults_are_the_papers() -> None:
    settings = ControllerSettings()
    assert settings.hidden == 100
    assert settings.learning_rate == 0.00035
    assert settings.entropy == 1e-5
    assert settings.baseline_decay == 0.95
    assert settings.batch == 20
    assert settings.initial_range == 0.1
    assert settings.known == "propose"


def test_a_preset_is_where_options_come_from_unless_given() -> None:
    assert ControllerSettings(preset="tuned").learning_rate > 0.00035
    assert ControllerSettings(preset="tuned", learning_rate=0.5).learning_rate == 0.5
    assert ControllerSettings(preset="tuned").model_dump() == ControllerSettings(preset="tuned").model_dump()


def test_weights_begin_within_the_range_and_the_policy_nearly_uniform() -> None:
    policy = Policy(100, 0.1, Random(0))
    episodes = episodes_of(policy, "flat", 5)
    assert all(np.abs(value).max() <= 0.1 for value in policy.weights.values.values())
    assert Forward(policy.batch(episodes)).entropies == pytest.approx(6 * np.log(5), rel=0.01)


def probability(searcher: NasnetController, label: str) -> float:
    """How often the first decision falls on a label."""
    drawn = [searcher.space.walk(searcher._policy.begin()) for _ in range(300)]
    return sum(c is not None and c.decisions["edge[0]"] == label for c in drawn) / 300


def test_it_learns_what_pays() -> None:
    def judge(trial: int, candidate: Candidate) -> Outcome:
        return Outcome(State.FINISHED, (float(candidate.decisions["edge[0]"] == "conv3"),))

    searcher = NasnetController(SPACES["flat"], ControllerSettings(learning_rate=0.01), Random(0))
    assert probability(searcher, "conv3") < 0.4
    drive(searcher, 800, judge, slots=8)
    assert probability(searcher, "conv3") > 0.8


@pytest.mark.parametrize("preset", ["paper", "tuned"])
def test_trouble_changes_no_weight(preset: str) -> None:
    def judge(trial: int, candidate: Candidate) -> Outcome:
        if trial % 2:
            return Outcome(State.FINISHED, (float("nan"),))
        return Outcome(State.FAILED, error="told by a test")

    searcher = NasnetController(SPACES["flat"], ControllerSettings.model_validate({"preset": preset}), Random(0))
    before = {name: value.copy() for name, value in searcher._policy.weights.values.items()}
    drive(searcher, 100, judge, slots=5)
    after = searcher._policy.weights.values
    assert all(np.array_equal(after[name], value) for name, value in before.items())


def test_an_outcome_told_long_after_updates_keeps_the_policy_finite() -> None:
    searcher = NasnetController(SPACES["flat"], ControllerSettings(learning_rate=0.05, epochs=4, batch=5), Random(0))
    late = [searcher.ask(trial) for trial in range(40)]
    drive_from = 40
    for trial in range(drive_from, 400):
        candidate = searcher.ask(trial)
        assert candidate is not None
        searcher.tell(trial, candidate, Outcome(State.FINISHED, (float(trial % 7),)))
    for trial, candidate in enumerate(late):
        assert candidate is not None
        searcher.tell(trial, candidate, Outcome(State.FINISHED, (100.0,)))
    assert all(np.isfinite(value).all() for value in searcher._policy.weights.values.values())


def test_with_rejection_no_identity_is_proposed_twice() -> None:
    searcher = NasnetController(SPACES["aliased"], ControllerSettings(preset="tuned", hidden=8), Random(0))
    record = drive(searcher, 50, lambda t, c: Outcome(State.FINISHED, (float(len(c.identity)),)))
    identities = [candidate.identity for candidate in record.candidates.values()]
    assert len(identities) == len(set(identities)) == 15
    assert record.ended
