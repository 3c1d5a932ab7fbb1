"""Weight sharing: all candidates of a space are paths through one supernet (Pham et al. 2018, arXiv:1802.03268)."""

from archdsl_search.evaluators.shared_weights.evaluator import SharedWeightsEvaluator, SharedWeightsSettings

__all__ = ["SharedWeightsEvaluator", "SharedWeightsSettings"]
