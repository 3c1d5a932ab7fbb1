"""What is no architecture is refused in words that say what is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

import archdsl


@pytest.mark.parametrize("function", [archdsl.compile, archdsl.cost, archdsl.to_source])
@pytest.mark.parametrize("argument", ["resnet18", None])
def test_a_name_is_no_architecture(function: Callable[..., Any], argument: object) -> None:
    with pytest.raises(TypeError, match=r"archdsl\.load"):
        function(argument)
