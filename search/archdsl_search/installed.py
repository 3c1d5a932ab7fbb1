"""Which optional packages are there, without importing them."""

from __future__ import annotations

from importlib.util import find_spec


def is_installed(package: str) -> bool:
    """Whether a package could be imported."""
    try:
        return find_spec(package) is not None
    except ValueError:  # it has been put out of the way: its place in sys.modules is None
        return False
