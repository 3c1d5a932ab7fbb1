"""Searchers: what to try next. One file each, one conformance suite for all."""
