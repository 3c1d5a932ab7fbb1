"""A space small enough to be trained in a test."""

from __future__ import annotations

from random import Random

import pytest

import archdsl


@pytest.fixture(scope="session")
def digits_space() -> archdsl.Space:
    """NAS-Bench-201 with one narrow cell a stage, for 8x8 grey images."""
    return archdsl.load_space("nasbench201", {"repeats": 1, "width": 8}, inputs={"image": [1, 8, 8]})


@pytest.fixture(scope="session")
def decisions(digits_space: archdsl.Space) -> dict[str, object]:
    """One candidate of it."""
    return dict(digits_space.sample(Random(1)))
