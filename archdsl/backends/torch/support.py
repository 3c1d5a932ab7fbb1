"""Functions and modules that torch lacks. Generated source copies the text of those it needs.

Each stands alone: it uses `torch`, `nn`, `F` and nothing else of this module.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn


def drop_path(x: Tensor, p: float, training: bool, scale_by_keep: bool = True) -> Tensor:
    """Drop the value of each sample with probability p; those kept are divided by 1 - p."""
    if not training or p == 0:
        return x
    mask = (torch.rand(x.shape[0], *[1] * (x.ndim - 1), device=x.device) >= p).to(x.dtype)
    if scale_by_keep and p < 1:
        mask = mask / (1 - p)
    return x * mask


def drop_path_mean(xs: list[Tensor], p: float, training: bool) -> Tensor:
    """Mean of the inputs; in training each is dropped for each sample with probability p, but never all of them."""
    stacked = torch.stack(xs)
    if not training or p == 0:
        return stacked.mean(0)
    batch = xs[0].shape[0]
    kept = torch.rand(len(xs), batch, device=stacked.device) >= p
    survivor = torch.rand(len(xs), batch, device=stacked.device).argmax(0)
    chosen = F.one_hot(survivor, len(xs)).T.bool()
    weights = (kept | (chosen & ~kept.any(0))).to(stacked.dtype)
    weights = weights / weights.sum(0)
    return (stacked * weights.reshape(len(xs), batch, *[1] * (xs[0].ndim - 1))).sum(0)


def max_pool2d_with_positions(
    x: Tensor,
    kernel_size: tuple[int, int],
    stride: tuple[int, int],
    padding: tuple[int, int, int, int],
    dilation: tuple[int, int] = (1, 1),
) -> tuple[Tensor, Tensor]:
    """Max pooling with padding [left, right, top, bottom], and the positions of the maxima in the unpadded map."""
    left, right, top, _ = padding
    y, found = F.max_pool2d(
        F.pad(x, padding, value=float("-inf")), kernel_size, stride, 0, dilation, return_indices=True
    )
    width = x.shape[-1] + left + right
    return y, (found // width - top) * x.shape[-1] + found % width - left


def avg_pool2d_inside(
    x: Tensor, kernel_size: tuple[int, int], stride: tuple[int, int], padding: tuple[int, int, int, int]
) -> Tensor:
    """Average pooling with padding [left, right, top, bottom], which the averages leave out."""
    inside = F.pad(x.new_ones(1, 1, *x.shape[-2:]), padding)
    return F.avg_pool2d(F.pad(x, padding), kernel_size, stride) / F.avg_pool2d(inside, kernel_size, stride)


def avg_pool1d_inside(x: Tensor, kernel_size: tuple[int], stride: tuple[int], padding: tuple[int, int]) -> Tensor:
    """Average pooling along one axis with padding [left, right], which the averages leave out."""
    inside = F.pad(x.new_ones(1, 1, x.shape[-1]), padding)
    return F.avg_pool1d(F.pad(x, padding), kernel_size, stride) / F.avg_pool1d(inside, kernel_size, stride)


def local_response_norm(x: Tensor, size: int, alpha: float = 1e-4, beta: float = 0.75, k: float = 1.0) -> Tensor:
    """As of torch, whose averages over channels are missing for 16-bit numbers on a CPU: they are taken in float32."""
    if x.dtype in (torch.float16, torch.bfloat16):
        return F.local_response_norm(x.float(), size, alpha, beta, k).to(x.dtype)
    return F.local_response_norm(x, size, alpha, beta, k)


def index_select(x: Tensor, dim: int, index: tuple[int, ...]) -> Tensor:
    """The listed positions along one dimension, in their order."""
    return x.index_select(dim, torch.tensor(index, device=x.device))


def constant(x: Tensor, value: object, shape: tuple[int, ...], dtype: str = "float32") -> Tensor:
    """The same numbers for each sample of `x`: [N, *shape], in the float type of `x` or in int64."""
    kind = torch.int64 if dtype == "int64" else x.dtype if x.is_floating_point() else torch.get_default_dtype()
    if isinstance(value, int | float):
        numbers = torch.full((), value, dtype=kind, device=x.device)
    else:
        numbers = torch.tensor(value, dtype=kind, device=x.device)
    return numbers.expand(x.shape[0], *shape)


def anchors(
    x: Tensor, size: float, ratios: tuple[float, ...], scales: tuple[float, ...], stride: tuple[int, int]
) -> Tensor:
    """Boxes [x1, y1, x2, y2] around every position of a map [N, C, H, W], the same for each sample: [N, H * W * A, 4].

    Row by row; at each position all scales of the first ratio (height / width), then those of the next.
    """
    kind = torch.promote_types(x.dtype, torch.float32)  # half precision cannot hold the coordinates of a large image
    side = torch.tensor([size * scale for scale in scales], dtype=kind, device=x.device)
    root = torch.tensor(ratios, dtype=kind, device=x.device).sqrt()
    heights = (root[:, None] * side).flatten()
    widths = ((1 / root)[:, None] * side).flatten()
    boxes = (torch.stack([-widths, -heights, widths, heights], dim=1) / 2).round()
    rows = torch.arange(x.shape[2], dtype=kind, device=x.device) * stride[0]
    columns = torch.arange(x.shape[3], dtype=kind, device=x.device) * stride[1]
    top, left = torch.meshgrid(rows, columns, indexing="ij")
    corners = torch.stack([left, top, left, top], dim=-1).reshape(-1, 1, 4)
    return (corners + boxes).reshape(1, -1, 4).expand(x.shape[0], -1, -1)


def cross_correlation(z: Tensor, x: Tensor) -> Tensor:
    """Each sample's `z` [C, h, w] slid over its own `x` [C, H, W], summed over the channels: one channel."""
    n, _, height, width = x.shape
    made = F.conv2d(x.reshape(1, -1, height, width), z, groups=n)
    return made.reshape(n, 1, made.shape[2], made.shape[3])


def depthwise_cross_correlation(z: Tensor, x: Tensor) -> Tensor:
    """Each sample's `z` [C, h, w] slid over its own `x` [C, H, W], channel by channel: C channels."""
    n, channels, height, width = x.shape
    made = F.conv2d(x.reshape(1, -1, height, width), z.reshape(-1, 1, *z.shape[2:]), groups=n * channels)
    return made.reshape(n, channels, made.shape[2], made.shape[3])


class AddBias(nn.Module):
    """One learned number per channel (dimension 1), added."""

    def __init__(self, num_channels: int) -> None:
        super().__init__()
        self.bias = nn.Parameter(torch.zeros(num_channels))

    def forward(self, x: Tensor) -> Tensor:
        """Shapes: [N, C, ...] to the same."""
        return x + self.bias.reshape(-1, *[1] * (x.ndim - 2))


class Scale(nn.Module):
    """One learned number per channel (dimension 1), as a factor."""

    def __init__(self, num_channels: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(num_channels))

    def forward(self, x: Tensor) -> Tensor:
        """Shapes: [N, C, ...] to the same."""
        return x * self.weight.reshape(-1, *[1] * (x.ndim - 2))


class LearnedGroupConv2d(nn.Conv2d):
    """A 1x1 convolution without bias; group g = o mod output_groups of outputs reads where mask[g] is 1."""

    mask: Tensor

    def __init__(self, in_channels: int, out_channels: int, output_groups: int) -> None:
        super().__init__(in_channels, out_channels, 1, bias=False)
        self.output_groups = output_groups
        self.register_buffer("mask", torch.ones(output_groups, in_channels))

    def forward(self, x: Tensor) -> Tensor:
        """Shapes: [N, in_channels, H, W] to [N, out_channels, H, W]."""
        mask = self.mask.repeat(self.out_channels // self.output_groups, 1)
        return F.conv2d(x, self.weight * mask[:, :, None, None])


class ChannelAffine(nn.Module):
    """One learned factor and one learned number per channel (dimension 1)."""

    def __init__(self, num_channels: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(num_channels))
        self.bias = nn.Parameter(torch.zeros(num_channels))

    def forward(self, x: Tensor) -> Tensor:
        """Shapes: [N, C, ...] to the same."""
        shape = (-1, *[1] * (x.ndim - 2))
        return torch.addcmul(self.bias.reshape(shape), x, self.weight.reshape(shape))


class LSTMCell(nn.Module):
    """nn.LSTMCell with one bias in place of two; the gates stand in the same order: input, forget, cell, output."""

    def __init__(self, input_size: int, hidden_size: int) -> None:
        super().__init__()
        self.weight_ih = nn.Parameter(torch.empty(4 * hidden_size, input_size))
        self.weight_hh = nn.Parameter(torch.empty(4 * hidden_size, hidden_size))
        self.bias = nn.Parameter(torch.empty(4 * hidden_size))
        for weight in self.parameters():
            nn.init.uniform_(weight, -(hidden_size**-0.5), hidden_size**-0.5)

    def forward(self, x: Tensor, state: list[Tensor]) -> tuple[Tensor, Tensor]:
        """Shapes: x [N, F], state h and c, both [N, H]; gives the next h and c."""
        h, c = state
        gates = F.linear(x, self.weight_ih, self.bias) + F.linear(h, self.weight_hh)
        i, f, g, o = gates.chunk(4, dim=1)
        c = f.sigmoid() * c + i.sigmoid() * g.tanh()
        return o.sigmoid() * c.tanh(), c


class GRUCell(nn.Module):
    """nn.GRUCell with one bias in place of two, on the side of the input; gates in order: reset, update, new."""

    def __init__(self, input_size: int, hidden_size: int) -> None:
        super().__init__()
        self.weight_ih = nn.Parameter(torch.empty(3 * hidden_size, input_size))
        self.weight_hh = nn.Parameter(torch.empty(3 * hidden_size, hidden_size))
        self.bias = nn.Parameter(torch.empty(3 * hidden_size))
        for weight in self.parameters():
            nn.init.uniform_(weight, -(hidden_size**-0.5), hidden_size**-0.5)

    def forward(self, x: Tensor, h: Tensor) -> Tensor:
        """Shapes: x [N, F], h [N, H]; gives the next h."""
        xr, xz, xn = F.linear(x, self.weight_ih, self.bias).chunk(3, dim=1)
        hr, hz, hn = F.linear(h, self.weight_hh).chunk(3, dim=1)
        r, z = (xr + hr).sigmoid(), (xz + hz).sigmoid()
        n = (xn + r * hn).tanh()
        return n + z * (h - n)


class ByMode(nn.Module):
    """Two modules with one set of weights, which bear the names of the first: train mode runs it, eval mode the second.

    The weights of the second are some of the first's, under the same names and in the same shapes.
    """

    def __init__(self, training: nn.Module, evaluation: nn.Module) -> None:
        super().__init__()
        for name, weight in training.named_parameters():
            self.register_parameter(name, weight)
        for name, buffer in training.named_buffers():
            self.register_buffer(name, buffer)
        # Neither is a submodule, nor has weights: both borrow them for each call.
        self._forms = (evaluation.to("meta"), training.to("meta"))

    def forward(self, *args: object, **kwargs: object) -> Tensor:
        """As the module of the mode."""
        form = self._forms[self.training].train(self.training)
        names = [name for name, _ in [*form.named_parameters(), *form.named_buffers()]]
        made: Tensor = torch.func.functional_call(form, {name: getattr(self, name) for name in names}, args, kwargs)
        return made


def check_input(name: str, x: Tensor, expected: tuple[int | None, ...]) -> None:
    """Refuse an input of another rank or size; N is free, and so are sizes that `expected` has as None."""
    found = tuple(x.shape)
    fits = len(found) == len(expected) + 1
    if fits and all(size is None or size == actual for size, actual in zip(expected, found[1:], strict=True)):
        return
    letters = ("H", "W") if len(expected) == 3 else ("D", "H", "W")
    free = dict(zip(range(len(expected) - len(letters), len(expected)), letters, strict=True))
    wanted = ["N"] + [free[i] if size is None else str(size) for i, size in enumerate(expected)]
    given = ["N" if fits else str(size) for size in found[:1]] + [str(size) for size in found[1:]]
    raise ValueError(f"{name} is [{', '.join(given)}], compiled for [{', '.join(wanted)}]")


class Recurrent(nn.RNNBase):
    """nn.LSTM, nn.GRU or nn.RNN over [N, T, F] with their weights; unlike those it can be compiled into one graph.

    `mode` is LSTM, GRU, RNN_TANH or RNN_RELU. The states start as zeros, and only the outputs are given.
    """

    def __init__(
        self,
        mode: str,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        bias: bool = True,
        dropout: float = 0.0,
        bidirectional: bool = False,
    ) -> None:
        super().__init__(mode, input_size, hidden_size, num_layers, bias, True, dropout, bidirectional)

    def forward(self, x: Tensor) -> Tensor:
        """Shapes: [N, T, F] to [N, T, D * hidden_size], D = 2 where bidirectional."""
        directions = 2 if self.bidirectional else 1
        zeros = x.new_zeros(directions * self.num_layers, x.shape[0], self.hidden_size)
        weights: list[Tensor] = list(self.parameters())
        rest = (self.bias, self.num_layers, self.dropout, self.training, self.bidirectional, True)
        if self.mode == "LSTM":
            return torch.lstm(x, (zeros, zeros), weights, *rest)[0]
        if self.mode == "GRU":
            return torch.gru(x, zeros, weights, *rest)[0]
        if self.mode == "RNN_RELU":
            return torch.rnn_relu(x, zeros, weights, *rest)[0]
        return torch.rnn_tanh(x, zeros, weights, *rest)[0]
