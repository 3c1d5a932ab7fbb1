"""Predictor-guided search: an ensemble of Gaussian processes says which of a pool of candidates is worth a trial."""

from archdsl_search.searchers.predictor.searcher import Predictor
from archdsl_search.searchers.predictor.settings import PredictorSettings

__all__ = ["Predictor", "PredictorSettings"]
