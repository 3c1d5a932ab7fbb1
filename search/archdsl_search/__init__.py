"""Search over the spaces that archdsl describes.

Nothing is here yet but the name and the version: searchers, evaluators, the journal and the engines are to come. What
a space can do by itself, resolving and sampling decisions, is in `archdsl.load_space`.
"""

from __future__ import annotations

from archdsl import __version__

__all__ = ["__version__"]
