"""Small networks in which channels depend on each other in every way that there is."""

from __future__ import annotations

HEAD = """archdsl: 1
name: {name}
inputs: {{image: [3, 16, 16]}}
"""
TAIL = """
  - global_avg_pool2d
  - linear: {out_features: 5}
    name: logits
outputs: [logits]
"""

BODIES = {
    "chain": """
graph:
  - conv2d: {out_channels: 8, kernel_size: 3, padding: half}
  - relu
  - max_pool2d: {kernel_size: 2}
  - conv2d: {out_channels: 12, kernel_size: 3, padding: half, stride: 2, bias: false}
  - batch_norm2d
  - relu
""",
    "residual": """
cells:
  block:
    params: {channels: int}
    graph:
      - branches:
          - - conv2d: {out_channels: channels, kernel_size: 3, padding: half, bias: false}
            - batch_norm2d
            - relu
            - conv2d: {out_channels: channels, kernel_size: 3, padding: half, bias: false}
            - batch_norm2d
          - []
      - add
      - relu
graph:
  - conv2d: {out_channels: 8, kernel_size: 3, padding: half}
  - relu
  - block: {channels: 8}
    repeat: 2
  - conv2d: {out_channels: 12, kernel_size: 3, stride: 2}
  - relu
  - block: {channels: 12}
""",
    "dense": """
graph:
  - conv2d: {out_channels: 6, kernel_size: 3, padding: half}
    name: a
  - conv2d: {out_channels: 5, kernel_size: 3, padding: half}
    name: b
  - concat:
    from: [a, b]
    name: ab
  - batch_norm2d
  - relu
  - conv2d: {out_channels: 7, kernel_size: 1}
    name: c
  - concat:
    from: [ab, c, a]
  - relu
""",
    "depthwise": """
graph:
  - conv2d: {out_channels: 8, kernel_size: 3, padding: half}
  - relu6:
    name: x
  - conv2d: {out_channels: 16, kernel_size: 1, bias: false}
  - batch_norm2d
  - relu6
  - conv2d: {out_channels: 16, kernel_size: 3, padding: half, groups: 16}
  - prelu: {num_parameters: 16}
  - conv2d: {out_channels: 8, kernel_size: 1}
    name: y
  - add:
    from: [x, y]
  - relu
""",
    "excite": """
graph:
  - conv2d: {out_channels: 8, kernel_size: 3, padding: half}
  - silu:
    name: x
  - reduce_mean: {dims: [1, 2], keepdim: true}
  - conv2d: {out_channels: 4, kernel_size: 1}
  - relu
  - conv2d: {out_channels: 8, kernel_size: 1}
  - sigmoid:
    name: gate
  - mul:
    from: [x, gate]
  - conv2d: {out_channels: 10, kernel_size: 3}
  - relu
""",
    "shuffle": """
graph:
  - conv2d: {out_channels: 12, kernel_size: 3, padding: half}
  - relu
  - chunk: {chunks: 2}
    name: [left, right]
  - conv2d: {out_channels: 6, kernel_size: 1}
    from: right
  - batch_norm2d
  - relu:
    name: right_b
  - concat:
    from: [left, right_b]
  - channel_shuffle: {groups: 2}
  - conv2d: {out_channels: 12, kernel_size: 3, groups: 3, padding: half}
  - relu
  - conv2d: {out_channels: 24, kernel_size: 3, groups: 12, padding: half}
  - relu
  - conv2d: {out_channels: 8, kernel_size: 1}
  - relu
""",
    "shared": """
graph:
  - conv2d: {out_channels: 8, kernel_size: 3, padding: half}
  - relu
  - conv2d: {out_channels: 8, kernel_size: 3, padding: half}
    share: twice
  - relu
  - conv2d: {out_channels: 8, kernel_size: 3, padding: half}
    share: twice
  - relu
""",
    "split_flat": """
graph:
  - conv2d: {out_channels: 9, kernel_size: 3, stride: 4}
  - relu
  - split: {sizes: [4, 5]}
    name: [one, other]
  - conv2d: {out_channels: 5, kernel_size: 1}
    from: one
    name: one_b
  - maximum:
    from: [one_b, other]
  - pad_channels: {after: 3}
  - conv_transpose2d: {out_channels: 6, kernel_size: 2, stride: 2}
  - relu
  - flatten
  - linear: {out_features: 20}
  - relu
  - reshape: {shape: [20, 1, 1]}
""",
    "opaque": """
graph:
  - conv2d: {out_channels: 8, kernel_size: 3, padding: half}
  - relu
  - group_norm: {num_groups: 2}
  - conv2d: {out_channels: 8, kernel_size: 3, padding: half}
  - local_response_norm: {size: 3}
  - conv2d: {out_channels: 9, kernel_size: 3, padding: half}
  - relu
  - conv2d: {out_channels: 6, kernel_size: 1}
  - relu
""",
}


def spec(name: str) -> str:
    """The text of a network."""
    return HEAD.format(name=name) + BODIES[name] + TAIL
