"""Warnings: the file can be used, but probably says something else than meant."""

from __future__ import annotations

from archdsl.diagnostics.codes.code import Code

WARNINGS: dict[str, Code] = {
    "W0201": Code(
        "a cell hides an operator",
        "A cell has the name of an operator, which can't be called in this file any more. A reader will take "
        "one for the other.",
        """\
cells:
  conv2d:
    graph: [relu]
""",
        """\
cells:
  conv_relu:
    graph: [relu]
""",
    ),
    "W0202": Code(
        "a name that nobody uses",
        "A step is given a name, or a list is collected, that nothing reads. Leave the name out; or read it, "
        "if a `from` or an output was forgotten.",
        """\
- relu:
  name: activated
- flatten
""",
        """\
- relu
- flatten
""",
    ),
    "W0203": Code(
        "a cell that nobody uses",
        "A cell is defined or imported, and no step calls it.",
        """\
import: {cells/conv: [conv_bn, conv_bn_act]}
graph:
  - conv_bn: {out_channels: 64}
""",
        """\
import: {cells/conv: [conv_bn]}
graph:
  - conv_bn: {out_channels: 64}
""",
    ),
    "W0204": Code(
        "a name that may be absent is read",
        "The name is given only under an `if`, or in some options of a choice, and is read where it may be "
        "absent. That works as long as the condition holds; otherwise it is an error.",
        """\
- conv2d: {out_channels: 64, kernel_size: 1}
  if: stride > 1
  name: shortcut
- add:
  from: [x, shortcut]
""",
        """\
- conv2d: {out_channels: 64, kernel_size: 1}
  if: stride > 1
  name: shortcut
- add:
  from: [x, shortcut]
  if: stride > 1
""",
    ),
    "W0205": Code(
        "the last round of a loop is read silently",
        "The rounds of the loop ignore each other, since each begins with a `from` of its own. A step behind "
        "the loop then reads the last round only. If that is meant, say so with `from`; if all rounds are "
        "meant, `collect` them.",
        """\
- for: {level: features}
  do:
    - conv2d: {out_channels: 64, kernel_size: 1}
      from: level
- relu
""",
        """\
- for: {level: features}
  collect: {laterals: lateral}
  do:
    - conv2d: {out_channels: 64, kernel_size: 1}
      from: level
      name: lateral
- concat:
  from: laterals
""",
    ),
    "W0206": Code(
        "a step that reads a training-only step",
        "The step before is there in training only, so that this step reads it in training, and the step "
        "before that one in inference. Say with `from` what it reads.",
        """\
- aux_head: {num_classes: 10}
  if: training
  name: aux
- relu
""",
        """\
- aux_head: {num_classes: 10}
  if: training
  name: aux
- relu:
  from: features
""",
    ),
    "W0207": Code(
        "an allowance that silences nothing",
        "`allow` names a code that this file does not cause, or causes no more. Remove it, so that it does "
        "not hide a later mistake.",
        """\
allow: [{code: W0203, reason: kept for later}]
""",
        """\
allow: []
""",
    ),
    "W0601": Code(
        "an option that gives no valid architecture",
        "With this option alone changed, the network has a mistake. The space holds candidates that no search "
        "can use; exclude them with `require`, or mend the option.",
    ),
}
