"""Files of the language as trees with places: YAML and JSON, and nothing else of either than the language uses."""

from archdsl.spec.source.reader import parse_text, read
from archdsl.spec.source.tree import Entry, Mapping, Scalar, Sequence, Tree

__all__ = ["Entry", "Mapping", "Scalar", "Sequence", "Tree", "parse_text", "read"]
