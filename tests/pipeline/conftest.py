"""Fixtures that write, build and check small specs."""

from tests.written_specs import codes, graph, space, write

__all__ = ["codes", "graph", "space", "write"]
