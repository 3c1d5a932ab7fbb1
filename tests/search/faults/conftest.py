"""A sweep in a folder, and a Ray cluster of several nodes that a module shares."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from .harness import Nodes, Sweeping


@pytest.fixture(scope="module")
def nodes() -> Iterator[Nodes]:
    """Two nodes and a head, bound to 127.0.0.1."""
    made = Nodes.start()
    yield made
    made.stop()


@pytest.fixture
def sweeping(tmp_path: Path) -> Sweeping:
    """On worker processes."""
    return Sweeping(tmp_path)


@pytest.fixture
def sweeping_on_ray(tmp_path: Path, nodes: Nodes) -> Sweeping:
    """On the cluster."""
    return Sweeping(tmp_path, ("--engine", "ray", "--address", nodes.address))
