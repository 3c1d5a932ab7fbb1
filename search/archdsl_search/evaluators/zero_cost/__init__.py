"""Scores of untrained networks: each proxy one file. Importing this package imports no torch."""

from archdsl_search.evaluators.zero_cost.evaluator import ZeroCostEvaluator, ZeroCostSettings

__all__ = ["ZeroCostEvaluator", "ZeroCostSettings"]
