"""Shapes and values of operators."""

from __future__ import annotations

from archdsl.diagnostics.codes.code import Code

SHAPES: dict[str, Code] = {
    "E0301": Code(
        "an operand has the wrong rank or shape",
        "The operator reads tensors of another number of dimensions, or of another shape, than it gets. The "
        "batch dimension N is never counted: an image is [C, H, W].",
        """\
- flatten
- conv2d: {out_channels: 64, kernel_size: 3}
""",
        """\
- conv2d: {out_channels: 64, kernel_size: 3}
- flatten
""",
    ),
    "E0302": Code(
        "groups do not divide the channels",
        "The channels are split into equal groups, so their number must be a multiple of the number of "
        "groups. Grouped convolutions need that of their input and output channels.",
        """\
- conv2d: {out_channels: 64, kernel_size: 3, groups: 3}
""",
        """\
- conv2d: {out_channels: 64, kernel_size: 3, groups: 4}
""",
    ),
    "E0303": Code(
        "an attribute has the wrong kind or is out of range",
        "The attribute takes another kind of value (a number, a pair, a word), or a value within other "
        "bounds. The reference page of the operator lists its attributes.",
        """\
- dropout: {p: 50}
""",
        """\
- dropout: {p: 0.5}
""",
    ),
    "E0304": Code(
        "the output would have no elements",
        "The window is larger than the padded input, or a slice is empty, so that a dimension of the result "
        "would be 0. Reduce the kernel, stride or dilation, pad the input, or begin with a larger one.",
        """\
inputs: {image: [3, 4, 4]}
graph:
  - conv2d: {out_channels: 8, kernel_size: 7}
""",
        """\
inputs: {image: [3, 4, 4]}
graph:
  - conv2d: {out_channels: 8, kernel_size: 7, padding: half}
""",
    ),
    "E0305": Code(
        "the operands' shapes do not fit each other",
        "The operator combines tensors whose shapes must agree: element by element up to broadcasting, in all "
        "dimensions but one for `concat`, in the inner dimension for `matmul`. The message names both shapes.",
        """\
- branches:
    - conv2d: {out_channels: 64, kernel_size: 3, padding: 1}
    - conv2d: {out_channels: 32, kernel_size: 1}
- add
""",
        """\
- branches:
    - conv2d: {out_channels: 64, kernel_size: 3, padding: 1}
    - conv2d: {out_channels: 64, kernel_size: 1}
- add
""",
    ),
    "E0306": Code(
        "a dimension that does not exist",
        "A dimension number counts without N from 0, negative ones from the end: an image [C, H, W] has the "
        "dimensions 0 to 2, or -3 to -1.",
        """\
- concat: {dim: 3}
  from: [a, b]
""",
        """\
- concat: {dim: 0}
  from: [a, b]
""",
    ),
    "E0307": Code(
        "a reshape that changes the number of elements",
        "The product of the new sizes must be that of the old ones, N left out. One size may be -1: it is computed.",
        """\
inputs: {x: [64, 7, 7]}
graph:
  - reshape: {shape: [64, 48]}
""",
        """\
inputs: {x: [64, 7, 7]}
graph:
  - reshape: {shape: [64, -1]}
""",
    ),
    "E0308": Code(
        "attributes that contradict each other",
        "Two attributes of one operator can't be given together, or one of them is needed. The message says which.",
        """\
- interpolate: {size: 32, scale_factor: 2}
""",
        """\
- interpolate: {scale_factor: 2}
""",
    ),
    "E0309": Code(
        "an operand has the wrong element type",
        "Operators compute with `float32`; indices are `int64`. Declare an input of indices with `dtype: int64`.",
        """\
inputs: {tokens: [20]}
graph:
  - embedding: {num_embeddings: 1000, embedding_dim: 64}
""",
        """\
inputs: {tokens: {shape: [20], dtype: int64}}
graph:
  - embedding: {num_embeddings: 1000, embedding_dim: 64}
""",
    ),
    "E0310": Code(
        "the operator has no ONNX form",
        "ONNX cannot express this operator with these attributes. The other targets can; or write the step as others "
        "that give the same result.",
    ),
}
