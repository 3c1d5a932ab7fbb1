"""Search over the spaces that archdsl describes.

Nothing is here yet but the name and the version: searchers, evaluators, the journal and the engines are to come. What
a space can do by itself, resolving and sampling decisions, is in `archdsl.load_space`.
"""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version

try:
    # Both packages ship in one distribution and share its version.
    __version__ = version("archdsl")
except PackageNotFoundError:  # run from a checkout that is not installed
    __version__ = "0+unknown"
