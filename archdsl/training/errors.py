"""What keeps a training from starting or going on, in words for the person who started it."""

from __future__ import annotations


class TrainingError(Exception):
    """The data, the network, the settings or a checkpoint do not go together; or the training diverged."""
