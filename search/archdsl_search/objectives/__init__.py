"""Objectives: from metrics to the numbers that a searcher makes larger. One file each."""
