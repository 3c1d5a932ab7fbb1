"""Evaluators: what a candidate is worth. One file each."""
