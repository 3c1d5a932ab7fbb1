"""Experiments from papers as graphs, with the figures that were published."""
