"""What keeps a network from being compressed, in words for the person who asked for it."""

from __future__ import annotations


class CompressionError(Exception):
    """The budget cannot be reached, or nothing in the network can be changed in the way that was asked for."""
