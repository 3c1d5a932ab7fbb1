"""Search over the spaces that archdsl describes."""

from __future__ import annotations

from archdsl import __version__

__all__ = ["__version__"]
