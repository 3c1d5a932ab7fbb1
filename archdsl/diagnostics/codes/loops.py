"""Loops."""

from __future__ import annotations

from archdsl.diagnostics.codes.code import Code

LOOPS: dict[str, Code] = {
    "E0501": Code(
        "not a valid number of rounds",
        "`repeat` takes a whole number, 0 or more. A variable of `for` takes a count, or a list whose members "
        "it walks through.",
        """\
- relu:
  repeat: 1.5
""",
        """\
- relu:
  repeat: 2
""",
    ),
    "E0502": Code(
        "loop variables of unequal length",
        "The variables of one `for` walk together, one member each in every round, so their lists have one "
        "length. For all combinations, put one loop into the other.",
        """\
- conv2d: {out_channels: width, kernel_size: size}
  for: {width: [64, 128, 256], size: [3, 5]}
""",
        """\
- conv2d: {out_channels: width, kernel_size: size}
  for: {width: [64, 128, 256], size: [3, 5, 5]}
""",
    ),
    "E0503": Code(
        "nothing to collect",
        "`collect: {list: name}` gathers what the body of the loop calls `name`. No step at the top level of "
        "that body has this name.",
        """\
- for: {width: [64, 128]}
  collect: {features: feature}
  do:
    - conv2d: {out_channels: width, kernel_size: 3}
""",
        """\
- for: {width: [64, 128]}
  collect: {features: feature}
  do:
    - conv2d: {out_channels: width, kernel_size: 3}
      name: feature
""",
    ),
    "E0504": Code(
        "a loop that does not hand on what it reads",
        "Each round after the first reads the result of the round before, so a repeated step must give as "
        "many values as it reads. A cell with two inputs that is repeated has two outputs.",
        """\
- add:
  from: [a, b]
  repeat: 2
""",
        """\
- add:
  from: [a, b]
""",
    ),
}
