"""Every pass runs under the verifier here."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from archdsl.passes.pipeline import VERIFY


@pytest.fixture(autouse=True, scope="session")
def _verified() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(VERIFY, "1")
        yield
