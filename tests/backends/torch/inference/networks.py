"""Small networks with trained-looking weights, for the tests of optimized modules."""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor, nn

import archdsl
from tests.written_specs import complete

# Every way of computing that engines have: fused and plain convolutions, several groups and activations, sums, concats,
# a shuffle, pooling, a bare batch norm, odd padding, a linear layer, two outputs.
MIXED = """
inputs: {image: [4, 16, 16], extra: [5]}
graph:
  - conv2d: {out_channels: 16, kernel_size: 3, padding: 1, bias: false}
    from: image
  - batch_norm2d
  - relu:
    name: stem
  - conv2d: {out_channels: 16, kernel_size: 3, padding: same, stride: 2}
  - hardswish:
    name: half_size
  - conv2d: {out_channels: 16, kernel_size: 3, padding: 1, groups: 16, bias: false}
  - batch_norm2d
  - relu6
  - conv2d: {out_channels: 16, kernel_size: 1}
    name: body
  - add:
    from: [half_size, body]
  - relu:
    name: joined
  - branches:
      - - conv2d: {out_channels: 8, kernel_size: 1}
        - leaky_relu: {negative_slope: 0.2}
      - - conv2d: {out_channels: 8, kernel_size: 1}
        - silu
      - - max_pool2d: {kernel_size: 3, stride: 1, padding: 1}
        - batch_norm2d
  - concat
  - channel_shuffle: {groups: 2}
  - conv2d: {out_channels: 6, kernel_size: 3, padding_mode: reflect, padding: 1}
    name: map
  - global_avg_pool2d:
    name: pooled
  - concat:
    from: [pooled, extra]
  - linear: {out_features: 7}
  - dropout: {p: 0.5}
    name: logits
outputs: [logits, map]
"""
SINGLE = """
inputs: {x: [3, 8, 8]}
graph:
  - conv2d: {out_channels: 8, kernel_size: 3}
  - batch_norm2d
  - relu
  - flatten
  - linear: {out_features: 4}
"""


def architecture(folder: Path, text: str = MIXED) -> archdsl.Architecture:
    """The architecture with this text."""
    path = folder / "net.yaml"
    path.write_text(complete(text), encoding="utf-8")
    return archdsl.load(path)


def trained(net: archdsl.Architecture, seed: int = 0) -> nn.Module:
    """The plain module with weights and running statistics that are neither zeros nor ones."""
    torch.manual_seed(seed)
    module = archdsl.compile(net, "inference", optimize=False)
    with torch.no_grad():
        for tensor in module.state_dict().values():
            if tensor.is_floating_point() and tensor.ndim == 1:
                tensor.uniform_(0.5, 1.5)
    return module


def inputs(net: archdsl.Architecture, n: int = 2, dtype: torch.dtype = torch.float32) -> list[Tensor]:
    """Random inputs for n samples."""
    torch.manual_seed(7)
    return [torch.randn(n, *value.type.shape).to(dtype) for value in net.graph().inputs.values()]


def outputs(module: nn.Module, given: list[Tensor]) -> list[Tensor]:
    """All outputs in order, computed without gradients."""
    with torch.no_grad():
        made = module(*given)
    return list(made.values()) if isinstance(made, dict) else [made]


def difference(ours: list[Tensor], theirs: list[Tensor]) -> float:
    """The largest difference of two networks' outputs, relative to the largest value of each output."""
    assert [y.shape for y in ours] == [y.shape for y in theirs]
    return max(float((a - b).abs().max() / b.abs().max()) for a, b in zip(ours, theirs, strict=True))
