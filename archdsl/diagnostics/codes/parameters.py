"""Parameters and expressions."""

from __future__ import annotations

from archdsl.diagnostics.codes.code import Code

PARAMETERS: dict[str, Code] = {
    "E0401": Code(
        "not an expression",
        "The text has not the form of an expression: a bracket is not closed, an operand is missing, two "
        "values stand side by side. Expressions have numbers, names, lists, `+ - * / // % **`, comparisons, "
        "`in`, `and or not`, `a if c else b`, index, slice and comprehension.",
        """\
- conv2d: {out_channels: 2 * (width + 1, kernel_size: 3}
""",
        """\
- conv2d: {out_channels: 2 * (width + 1), kernel_size: 3}
""",
    ),
    "E0402": Code(
        "not allowed in an expression",
        "Expressions compute sizes and pick values; they can't run code. No texts in quotes, no attributes "
        "but `.channels .height .width .shape`, no calls but `len min max sum abs round floor ceil sqrt range "
        "reversed all any make_divisible unused`.",
        """\
- conv2d: {out_channels: x.size(1), kernel_size: 3}
""",
        """\
- conv2d: {out_channels: x.channels, kernel_size: 3}
""",
    ),
    "E0403": Code(
        "operands of the wrong kind in an expression",
        "An operator or function of the expression does not take values of this kind: numbers and lists don't "
        "add up, conditions must be true or false (there is no truthiness), tensors can't be compared.",
        """\
- relu:
  if: depth
""",
        """\
- relu:
  if: depth > 0
""",
    ),
    "E0404": Code(
        "an expression has no value",
        "The expression divides by zero, reads past the end of a list, takes the least of an empty list or "
        "the root of a negative number.",
        """\
params: {widths: [16, 32]}
inputs: {image: ["widths[2]", 8, 8]}
""",
        """\
params: {widths: [16, 32]}
inputs: {image: ["widths[1]", 8, 8]}
""",
    ),
    "E0405": Code(
        "an argument of the wrong type",
        "A parameter declared as `int`, `float`, `bool`, `list` or `step` is given something else. An `int` "
        "is also a `float`; a `bool` is no `int`. A default fixes only whether a parameter is a step or data.",
        """\
- unit: {depth: 2.5}
""",
        """\
- unit: {depth: 2}
""",
    ),
    "E0406": Code(
        "unknown parameter",
        "`--set`, `params=` or a variant gives a parameter that the file does not declare at its root. "
        "Parameters of cells can't be set from outside: hand them on from a root parameter.",
        """\
params: {width: 64}
variants:
  wide: {params: {widht: 128}}
""",
        """\
params: {width: 64}
variants:
  wide: {params: {width: 128}}
""",
    ),
    "E0407": Code(
        "a requirement does not hold",
        "An expression under `require` is false for these parameters. In a search space such candidates are "
        "not part of the space.",
        """\
params: {width: 60, heads: 8}
require: [width % heads == 0]
""",
        """\
params: {width: 64, heads: 8}
require: [width % heads == 0]
""",
    ),
    "E0408": Code(
        "invalid parameter declaration",
        "A parameter is declared by a type (`int float bool list step any`), which makes it required, or by a "
        "default: a number, a list, a step, a hole, or an expression over inputs and earlier parameters. Root "
        "parameters are read before the inputs and can't use them.",
        """\
params: {area: height * width, height: 3, width: 3}
""",
        """\
params: {height: 3, width: 3, area: height * width}
""",
    ),
    "E0409": Code(
        "unknown variant",
        "The file has no variant of this name. `file@variant` names a key of the file's `variants`.",
    ),
    "E0410": Code(
        "an input cannot be overridden so",
        "`--input` gives an input that the file does not have, or a shape that is no list of sizes. Shapes "
        "leave N out: `--input image=3x192x192`.",
    ),
}
