"""Shared weights and tied decisions."""

from __future__ import annotations

from archdsl.diagnostics.codes.code import Code

SHARING: dict[str, Code] = {
    "E0701": Code(
        "shared steps differ",
        "Steps that `share` one set of weights must call the same callable with the same attributes. Put "
        "several steps into a cell to share them together.",
        """\
- conv2d: {out_channels: 64, kernel_size: 3}
  share: head
- conv2d: {out_channels: 64, kernel_size: 1}
  share: head
""",
        """\
- conv2d: {out_channels: 64, kernel_size: 3}
  share: head
- conv2d: {out_channels: 64, kernel_size: 3}
  share: head
""",
    ),
    "E0702": Code(
        "shared weights differ in shape",
        "The steps that share weights read inputs of different widths, so their weights would have different "
        "shapes. Bring the inputs to one width first.",
        """\
- linear: {out_features: 64}
  share: embed
- linear: {out_features: 32}
- linear: {out_features: 64}
  share: embed
""",
        """\
- linear: {out_features: 64}
  share: embed
- linear: {out_features: 64}
  share: embed
""",
    ),
    "E0703": Code(
        "tied decisions differ",
        "Decisions that `tie` unites are one decision, so they have the same options in the same order.",
        """\
- conv2d: {out_channels: 64, kernel_size: {choose: [3, 5]}}
  tie: size
- conv2d: {out_channels: 64, kernel_size: {choose: [3, 5, 7]}}
  tie: size
""",
        """\
- conv2d: {out_channels: 64, kernel_size: {choose: [3, 5]}}
  tie: size
- conv2d: {out_channels: 64, kernel_size: {choose: [3, 5]}}
  tie: size
""",
    ),
    "E0704": Code(
        "not a valid key for share or tie",
        "The key of `share` and `tie` is a literal word. It is never computed, so one that equals a visible "
        "name is refused: it would look as if it had that name's value.",
        """\
- conv2d: {out_channels: 64, kernel_size: 3}
  for: {level: 3}
  share: level
""",
        """\
- conv2d: {out_channels: 64, kernel_size: 3}
  for: {level: 3}
  share: all_levels
""",
    ),
    "E0705": Code(
        "two sets of weights with one path",
        "Weights are named by the path of their step, which must be different for different weights. Give one "
        "of the steps another `name`; or, if the weights are meant to be shared, the same `share`.",
    ),
    "E0706": Code(
        "weights that only inference has",
        "A step with weights is there in inference and not in training, so that no training could ever set its "
        "weights. What is left out under `if: training` must be parts that training has and inference lacks. "
        "Attributes may depend on `training` (`dilation: 1 if training else 2`, `bias: training`) as long as the "
        "weights of inference are among those of training, in the same shapes.",
        """\
- linear: {out_features: 10}
  if: not training
""",
        """\
- linear: {out_features: 10}
  if: training
""",
    ),
}
