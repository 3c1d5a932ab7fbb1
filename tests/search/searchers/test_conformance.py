"""Every shipped searcher passes the conformance suite."""

from __future__ import annotations

from archdsl_search.searchers.enas import Enas, EnasSettings
from archdsl_search.searchers.grid import Grid
from archdsl_search.searchers.local_search import LocalSearch, LocalSearchSettings
from archdsl_search.searchers.nasnet_controller import ControllerSettings, NasnetController
from archdsl_search.searchers.nsga2 import Nsga2, Nsga2Settings
from archdsl_search.searchers.predictor import Predictor, PredictorSettings
from archdsl_search.searchers.random_search import RandomSearch, RandomSettings
from archdsl_search.searchers.registry import SHIPPED, searcher_type
from archdsl_search.searchers.regularized_evolution import EvolutionSettings, RegularizedEvolution
from archdsl_search.searchers.reinforce import Reinforce, ReinforceSettings
from archdsl_search.searchers.warm_start import WarmStart, WarmStartSettings
from archdsl_search.testing.searcher_conformance import SearcherConformance


class TestRandom(SearcherConformance):
    searcher = RandomSearch
    settings = (RandomSettings(), RandomSettings(distinct=False))


class TestGrid(SearcherConformance):
    searcher = Grid


class TestLocalSearch(SearcherConformance):
    searcher = LocalSearch
    settings = (LocalSearchSettings(), LocalSearchSettings(move="best", starts=3))


class TestRegularizedEvolution(SearcherConformance):
    searcher = RegularizedEvolution
    settings = (EvolutionSettings(), EvolutionSettings(population=10, sample=3, identity_mutation=0.2))


class TestReinforce(SearcherConformance):
    searcher = Reinforce
    settings = (ReinforceSettings(), ReinforceSettings(learning_rate=1.0, baseline_decay=0))


class TestNasnetController(SearcherConformance):
    searcher = NasnetController
    trials = 24
    settings = (
        ControllerSettings(hidden=8),
        ControllerSettings(preset="tuned", hidden=8, batch=7),
        ControllerSettings(known="learn", hidden=8, batch=5),
    )


class TestNsga2(SearcherConformance):
    searcher = Nsga2
    settings = (Nsga2Settings(population=10), Nsga2Settings(population=4, crossover=0.5, mutation=0.5))


class TestWarmStart(SearcherConformance):
    searcher = WarmStart
    trials = 30
    settings = tuple(
        WarmStartSettings(searcher=searcher, pool=12, start=6)
        for searcher in (
            {"name": "regularized_evolution", "population": 10},
            {"name": "local_search"},
            {"name": "nasnet_controller", "hidden": 8, "batch": 5},
            {"name": "reinforce"},
            {"name": "nsga2", "population": 8},
        )
    )


class TestEnas(SearcherConformance):
    searcher = Enas
    trials = 24
    settings = (EnasSettings(hidden=8, batch=4), EnasSettings(hidden=8, batch=2, entropy=0.1))


class TestPredictor(SearcherConformance):
    searcher = Predictor
    trials = 24
    settings = (
        PredictorSettings(),
        PredictorSettings(acquisition="thompson", initial=3, pool=20, memory=30),
    )


def test_every_shipped_searcher_is_here_under_its_name() -> None:
    tested = {suite.searcher.name for suite in SearcherConformance.__subclasses__()}
    assert tested == set(SHIPPED)
    for name in SHIPPED:
        assert searcher_type(name).name == name
