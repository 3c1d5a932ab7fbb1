"""Sweep files: space, searcher, evaluator, objective, constraints, budget, resources, seed."""
