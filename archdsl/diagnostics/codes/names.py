"""Names and calls."""

from __future__ import annotations

from archdsl.diagnostics.codes.code import Code

NAMES: dict[str, Code] = {
    "E0201": Code(
        "unknown name",
        "An expression, `from` or `outputs` reads a name that is not visible here. A name lives from its step "
        "to the end of its body, bodies within included; out of a body lead only the step's `name` and "
        "`collect`. A cell sees its own inputs and parameters, nothing of its caller. A loop's variables are "
        "not visible in the `if` and `from` of the same step.",
        """\
- conv2d: {out_channels: width, kernel_size: 3}
  name: features
- add:
  from: [feature, x]
""",
        """\
- conv2d: {out_channels: width, kernel_size: 3}
  name: features
- add:
  from: [features, x]
""",
    ),
    "E0202": Code(
        "unknown operator, cell or step parameter",
        "The head of a step is neither a step parameter of this cell, nor a cell of this file or imported by "
        "it, nor an operator. Cells of other files must be imported. `archdsl schema` and the reference list "
        "all operators.",
        """\
- convolution2d: {out_channels: 64, kernel_size: 3}
""",
        """\
- conv2d: {out_channels: 64, kernel_size: 3}
""",
    ),
    "E0203": Code(
        "a name is given twice",
        "Within a body and the bodies around it, each name is given once; a later step can't take over or "
        "hide an earlier name, an input or a parameter. To give a value a second name, use `identity` with "
        "`from` and `name`.",
        """\
- relu:
  name: y
- sigmoid:
  name: y
""",
        """\
- relu:
  name: y
- sigmoid:
  name: z
""",
    ),
    "E0204": Code(
        "a name is read that is absent",
        "The step that gives this name is not there, since its `if` is false or another option was chosen. "
        "Read the name under the same condition, or give it on both ways: two `branches`, or two steps with "
        "opposite `if`.",
        """\
- conv2d: {out_channels: 64, kernel_size: 1}
  if: stride != 1
  name: shortcut
- add:
  from: [x, shortcut]
""",
        """\
- conv2d: {out_channels: 64, kernel_size: 1}
  if: stride != 1
  name: shortcut
- add:
  from: [x, shortcut]
  if: stride != 1
""",
    ),
    "E0205": Code(
        "unknown attribute",
        "The operator has no such attribute, or the cell no such parameter. Attributes have the names that "
        "PyTorch gives them.",
        """\
- conv2d: {channels: 64, kernel: 3}
""",
        """\
- conv2d: {out_channels: 64, kernel_size: 3}
""",
    ),
    "E0206": Code(
        "a required attribute is missing",
        "The call does not give an attribute, or parameter, that has no default.",
        """\
- conv2d: {kernel_size: 3}
""",
        """\
- conv2d: {out_channels: 64, kernel_size: 3}
""",
    ),
    "E0207": Code(
        "an attribute is given twice",
        "A step parameter brings attributes with it, and the call gives one of them again. Attributes of both "
        "are merged, so each may be given in one place only.",
        """\
cells:
  unit:
    params: {act: step}
    graph:
      - act: {negative_slope: 0.2}
graph:
  - unit: {act: {leaky_relu: {negative_slope: 0.1}}}
""",
        """\
cells:
  unit:
    params: {act: step}
    graph:
      - act
graph:
  - unit: {act: {leaky_relu: {negative_slope: 0.1}}}
""",
    ),
    "E0208": Code(
        "a callable where a value belongs, or the reverse",
        "Operators, cells and step parameters are called as heads of steps or handed to `step` parameters; "
        "tensors and numbers are read in expressions and `from`. The two are apart: a tensor can't be called, "
        "and a cell has no value.",
        """\
- features
- relu
""",
        """\
- relu:
  from: features
""",
    ),
    "E0209": Code(
        "names and values differ in number",
        "`name: [a, b]` unpacks the values of a step, so there must be as many names as values. A single name "
        "takes any number of values: it is their list.",
        """\
- chunk: {chunks: 3}
  name: [a, b]
""",
        """\
- chunk: {chunks: 3}
  name: [a, b, c]
""",
    ),
    "E0210": Code(
        "wrong number of values read",
        "The operator or cell reads another number of values than the step hands it. Without `from` a step "
        "reads all values of the step before, one argument each; `branches` give one or more for each branch. "
        '`from: [a, b]` hands two values, `from: "[a, b]"` one list.',
        """\
- lstm_cell: {hidden_size: 64}
  from: x
""",
        """\
- lstm_cell: {hidden_size: 64}
  from: [x, h, c]
""",
    ),
    "E0211": Code(
        "an ambiguous word",
        "As a default, this word could name a callable, a value or a type, and these mean different things. "
        "Rename the parameter, input or cell, so that the word has one meaning.",
        """\
cells:
  width:
    graph: [relu]
  unit:
    params: {width: 64, size: width}
    graph: [relu]
""",
        """\
cells:
  narrow:
    graph: [relu]
  unit:
    params: {width: 64, size: width}
    graph: [relu]
""",
    ),
    "E0212": Code(
        "an output is no tensor",
        "The outputs of a file are tensors: neither numbers nor lists. Name the members of a list one by one.",
        """\
outputs: [features]
""",
        """\
outputs: {low: "features[0]", high: "features[1]"}
""",
    ),
    "E0213": Code(
        "a list where one tensor belongs",
        "The operator reads single tensors, and gets a list. Only operators that take any number of values "
        "(`add concat mul mean stack`) accept lists. Pick a member, or join the list first.",
        """\
- relu:
  from: features
""",
        """\
- relu:
  from: features[-1]
""",
    ),
}
