"""The pixels that interpolation takes, for the lowerings that compute them themselves."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F

from archdsl.ops.families.resampling import _float32_factor, _nearest


def test_nearest_positions_are_torchs() -> None:
    for size in range(1, 50):
        x = torch.arange(float(size)).reshape(1, 1, 1, size)
        for wanted in range(1, 50):
            expected = F.interpolate(x, size=(1, wanted)).flatten().long()
            assert _nearest(size, wanted, None).tolist() == expected.tolist()
        for factor in (0.3, 0.7, 1.26, 4 / 3, 2.0, 2.3):
            if int(size * factor):
                expected = F.interpolate(x, scale_factor=(1.0, factor)).flatten().long()
                assert _nearest(size, len(expected), factor).tolist() == expected.tolist()


@pytest.mark.parametrize(("factor", "size"), [(2.3, 10), (0.7, 10), (1.26, 50), (1 / 3, 9), (0.1, 30)])
def test_float32_factors_give_the_size(factor: float, size: int) -> None:
    near = _float32_factor(factor, size, int(factor * size))
    assert int(near * size) == int(factor * size)
    assert near == pytest.approx(factor, rel=1e-6)
