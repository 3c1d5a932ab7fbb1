"""Engines: who carries out evaluations."""
