"""Which elements stay when borders are cut, and what is put in their place."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F

from archdsl.ops.families.cropping import CenterCrop, Pad, PadChannels
from archdsl.ops.families.shuffling import ChannelShuffle
from tests.ops.applied import applied
from tests.ops.reference import torchvision_module


def image(height: int, width: int) -> torch.Tensor:
    return torch.arange(2.0 * height * width).reshape(1, 2, height, width)


def test_center_crop_rounds_halves_to_even() -> None:
    column = torch.arange(9.0).reshape(1, 1, 9, 1)
    firsts = {size: applied(CenterCrop, {"size": [size, 1]}, column)[0][0, 0, 0, 0].item() for size in range(1, 10)}
    # (9 - size) / 2 = 4, 3.5, 3, 2.5, 2, 1.5, 1, 0.5, 0
    assert firsts == {1: 4, 2: 4, 3: 3, 4: 2, 5: 2, 6: 2, 7: 1, 8: 0, 9: 0}


def test_center_crop_is_torchvisions() -> None:
    center_crop = torchvision_module("torchvision.transforms.functional").center_crop
    x = image(7, 10)
    for height in range(1, 8):
        for width in range(1, 11):
            (made,) = applied(CenterCrop, {"size": [height, width]}, x)
            assert torch.equal(made, center_crop(x, [height, width]))


def test_negative_padding_shifts() -> None:
    """Left and top cut, right and bottom padded: the odd positions come where the even ones were."""
    x = image(4, 5)
    (made,) = applied(Pad, {"padding": [-1, 1, -1, 1]}, x)
    assert torch.equal(made[:, :, :-1, :-1], x[:, :, 1:, 1:])
    assert not made[:, :, -1].any()
    assert not made[:, :, :, -1].any()


def test_the_order_is_left_right_top_bottom() -> None:
    (made,) = applied(Pad, {"padding": [1, 2, 3, 4], "value": 9.0}, image(2, 2))
    assert made.shape[2:] == (2 + 3 + 4, 2 + 1 + 2)
    assert torch.equal(made[:, :, 3:5, 1:3], image(2, 2))
    assert (made[:, :, :3] == 9).all()
    assert (made[:, :, 5:] == 9).all()


@pytest.mark.parametrize("mode", ["reflect", "replicate"])
@pytest.mark.parametrize("shape", [(6,), (3, 6), (2, 3, 6), (2, 2, 3, 6)])
def test_modes_pad_one_dimension_of_any_rank(mode: str, shape: tuple[int, ...]) -> None:
    x = torch.randn(2, *shape, generator=torch.Generator().manual_seed(0))
    (made,) = applied(Pad, {"padding": [2, 1], "mode": mode}, x)
    expected = F.pad(x.reshape(2, -1, 6), (2, 1), mode=mode)
    assert torch.equal(made, expected.reshape(2, *shape[:-1], 9))


def test_channels_are_padded_with_zeros() -> None:
    x = image(2, 3)
    (made,) = applied(PadChannels, {"before": 1, "after": 2}, x)
    assert torch.equal(made[:, 1:3], x)
    assert not made[:, :1].any()
    assert not made[:, 3:].any()


def test_channel_shuffle_deals_out() -> None:
    x = torch.arange(6.0).reshape(1, 6, 1, 1)
    assert applied(ChannelShuffle, {"groups": 2}, x)[0].flatten().tolist() == [0, 3, 1, 4, 2, 5]
    assert torch.equal(applied(ChannelShuffle, {"groups": 3}, x)[0], F.channel_shuffle(x, 3))
