"""What every searcher does: inherit `SearcherConformance` in your tests, name your searcher, and pytest runs it all.

class TestMine(SearcherConformance):
    searcher = MySearcher
    settings = (MySettings(), MySettings(batch=3))
"""

from __future__ import annotations

import random
import sys
from random import Random
from typing import Any, ClassVar

import numpy as np

from archdsl_search.outcome import Outcome, State
from archdsl_search.searchers.base import Searcher, SearcherSettings
from archdsl_search.space.search_space import SearchSpace
from archdsl_search.testing.driving import Judge, Record, drive, finished, hopeless, replay, troubled, two_values
from archdsl_search.testing.spaces import SPACES

JUDGES: dict[str, Judge] = {"finished": finished, "troubled": troubled, "hopeless": hopeless}


class SearcherConformance:
    """The suite. Every test runs over all `spaces` and all `settings`.

    Class attributes:
        searcher: the class under test.
        settings: settings to test it with; the default ones if empty.
        spaces: spaces by name.
        trials: length of the searches.
    """

    searcher: ClassVar[type[Searcher[Any]]]
    settings: ClassVar[tuple[SearcherSettings, ...]] = ()
    spaces: ClassVar[dict[str, SearchSpace]] = dict(SPACES)
    trials: ClassVar[int] = 120

    def make(self, space: SearchSpace, settings: SearcherSettings, seed: int = 0) -> Searcher[Any]:
        """A searcher to test."""
        return self.searcher(space, settings, Random(seed))

    def cases(self) -> list[tuple[str, SearchSpace, SearcherSettings]]:
        """Everything to test on."""
        chosen = self.settings or (self.searcher.settings_type(),)
        return [(name, space, settings) for name, space in self.spaces.items() for settings in chosen]

    def search(self, space: SearchSpace, settings: SearcherSettings, judge: Judge, slots: int, seed: int = 0) -> Record:
        """One search of `trials` trials."""
        return drive(self.make(space, settings, seed), self.trials, judge, slots, order=seed)

    def test_it_is_described(self) -> None:
        """It has a name, a docstring, and a description for each option; its options have defaults."""
        assert self.searcher.name.isidentifier()
        assert self.searcher.__doc__
        assert issubclass(self.searcher.settings_type, SearcherSettings)
        self.searcher.settings_type()
        for name, field in self.searcher.settings_type.model_fields.items():
            assert field.description, name

    def test_proposals_are_in_the_space(self) -> None:
        """Every candidate has complete decisions that give the identity it bears."""
        for name, space, settings in self.cases():
            for judge in JUDGES.values():
                for candidate in self.search(space, settings, judge, slots=3).candidates.values():
                    again = space.candidate(candidate.decisions)
                    assert again.identity == candidate.identity, name
                    assert list(again.decisions) == list(candidate.decisions), name

    def test_the_same_seed_gives_the_same_search(self) -> None:
        """Two searchers that are told the same propose the same."""
        for name, space, settings in self.cases():
            one, other = (self.search(space, settings, finished, slots=4, seed=7) for _ in range(2))
            assert one.proposals() == other.proposals(), name

    def test_replay_rebuilds_the_state(self) -> None:
        """The recorded calls, made again, give the recorded candidates, whatever the outcomes and the order were."""
        for name, space, settings in self.cases():
            for label, judge in JUDGES.items():
                record = self.search(space, settings, judge, slots=5, seed=3)
                for then, now in replay(self.make(space, settings, 3), record):
                    assert (then is None) == (now is None), (name, label)
                    if then is not None and now is not None:
                        assert dict(then.decisions) == dict(now.decisions), (name, label)

    def test_outcomes_may_come_in_any_order(self) -> None:
        """With many open trials and shuffled tells, it goes on to its end."""
        for name, space, settings in self.cases():
            for slots in (2, 7, 40):
                record = self.search(space, settings, finished, slots, seed=slots)
                assert len(record.candidates) == self.trials or record.ended, (name, slots)
                assert record.candidates, (name, slots)

    def test_trouble_neither_stops_nor_poisons_it(self) -> None:
        """Failed, infeasible, rejected and non-finite outcomes: it goes on, and learns from the next good ones."""
        for name, space, settings in self.cases():
            searcher = self.make(space, settings)
            for label, judge in JUDGES.items():
                record = drive(searcher, 40, judge, slots=3)
                assert record.candidates or record.ended, (name, label)
            drive(searcher, 40, finished, slots=3)

    def test_what_failed_leaves_no_number_behind(self) -> None:
        """The numbers of an outcome that did not finish, should there be any, change nothing."""

        def tempting(value: float) -> Judge:
            def judge(trial: int, candidate: Any) -> Outcome:
                if trial % 3 == 0:
                    return Outcome(State.INFEASIBLE, (value,), {"score": value}, "told by a test")
                return finished(trial, candidate)

            return judge

        for name, space, settings in self.cases():
            one, other = (self.search(space, settings, tempting(v), slots=2) for v in (1e9, -1e9))
            assert one.proposals() == other.proposals(), name

    def test_it_ends_or_goes_on_where_the_space_is_small(self) -> None:
        """In a space of few candidates it proposes valid ones or says that it has no more; once over, it stays so."""
        for name in ("tiny", "single"):
            space = SPACES[name]
            for settings in self.settings or (self.searcher.settings_type(),):
                searcher = self.make(space, settings)
                record = drive(searcher, 50, finished)
                assert record.candidates, name
                if record.ended:
                    assert searcher.ask(1000) is None, name

    def test_global_random_generators_are_untouched(self) -> None:
        """It draws from its own generator alone: Python's, NumPy's and torch's stay as they are."""
        python, numpy = random.getstate(), np.random.get_state(legacy=False)
        torch = sys.modules.get("torch")
        before = None if torch is None else torch.random.get_rng_state()
        for _, space, settings in self.cases():
            self.search(space, settings, troubled, slots=3)
        assert random.getstate() == python
        assert repr(np.random.get_state(legacy=False)) == repr(numpy)
        if torch is not None:
            assert bool((torch.random.get_rng_state() == before).all())

    def test_global_seeds_change_nothing(self) -> None:
        """The search is the same whatever the global generators are at."""
        name, space, settings = self.cases()[0]
        found = []
        for seed in (1, 2):
            state = random.getstate()
            random.seed(seed)
            found.append(self.search(space, settings, finished, slots=2).proposals())
            random.setstate(state)
        assert found[0] == found[1], name

    def test_candidates_of_others_are_adopted(self) -> None:
        """Candidates that somebody else proposes are taken in and told, before and between its own."""
        for name, space, settings in self.cases():
            found = []
            for _ in range(2):
                searcher, rng = self.make(space, settings), Random(5)
                for trial in range(6):
                    candidate = space.sample(rng)
                    searcher.adopt(trial, candidate)
                    searcher.tell(trial, candidate, (finished, hopeless)[trial % 2](trial, candidate))
                found.append(drive(searcher, 12, finished, slots=2, first=100).proposals())
            assert found[0] == found[1], name

    def test_several_objectives(self) -> None:
        """A searcher that claims to follow several values takes them."""
        if not self.searcher.multi_objective:
            return
        for name, space, settings in self.cases():
            record = self.search(space, settings, two_values, slots=3)
            assert record.candidates, name

    def test_another_seed_gives_another_search(self) -> None:
        """Unless it draws nothing at all, the seed matters."""
        space, settings = SPACES["flat"], (self.settings or (self.searcher.settings_type(),))[0]
        searches = [self.search(space, settings, finished, slots=1, seed=seed).proposals() for seed in (0, 0, 1)]
        assert searches[0] == searches[1]
        assert searches[0] != searches[2] or self.searcher.name == "grid"
