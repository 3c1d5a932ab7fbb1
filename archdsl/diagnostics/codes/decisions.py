"""Decisions of a search space."""

from __future__ import annotations

from archdsl.diagnostics.codes.code import Code

DECISIONS: dict[str, Code] = {
    "E0601": Code(
        "an open decision",
        "The file has a hole (`choose`) that nothing fills, so it is a search space and no architecture. Fill "
        "it with `decisions` in the file or in a variant, or with `--decisions`; `archdsl resolve --sample 0` "
        "fills all holes at random. In Python, `archdsl.load_space` reads the file as it is.",
        """\
- conv2d: {out_channels: 64, kernel_size: {choose: [3, 5]}}
""",
        """\
- conv2d: {out_channels: 64, kernel_size: 3}
""",
    ),
    "E0602": Code(
        "unknown decision",
        "A decision is given whose id no reached hole has. Decisions exist only where they are reached: an "
        "`if` or another decision may exclude this one. The id is the path of the step and the attribute; the "
        "nearest one is named.",
    ),
    "E0603": Code(
        "not an option of this decision",
        "The given label is none of the options. Numbers, words and lists of them name themselves, tensors "
        "are named by their positions from 0, and mappings by their keys.",
    ),
    "E0604": Code(
        "a choice without options",
        "The list of options is empty, or `take` asks for more of them than there are.",
        """\
- choose: []
""",
        """\
- choose: [relu, gelu]
""",
    ),
    "E0605": Code(
        "a hole where none can stand",
        "A hole is a whole value: an attribute, an argument, a condition, a count, a loop variable, a "
        "default. It is never part of an expression, and its own parts are no holes. Choose the operand "
        "first, as a parameter, and compute with that.",
        """\
- conv2d: {out_channels: 64, kernel_size: {choose: [1, 2]} * 2 + 1}
""",
        """\
- conv2d: {out_channels: 64, kernel_size: {choose: [3, 5]}}
""",
    ),
    "E0606": Code(
        "invalid option labels",
        "Labels are identifiers, numbers or lists of them, and each names one option. An option that is a "
        "mapping can't name itself: write the options as a mapping from labels.",
        """\
- choose: [{conv2d: {out_channels: 64, kernel_size: 3}}, identity]
""",
        """\
- choose:
    conv: {conv2d: {out_channels: 64, kernel_size: 3}}
    identity: []
""",
    ),
    "E0607": Code(
        "two decisions with one id",
        "The id of a decision is the path of its step, which must be different for different decisions. Give "
        "one of the steps a `name`; or, if both are meant to be one decision, the same `tie`.",
    ),
    "E0608": Code(
        "no valid architecture found in the space",
        "Many random candidates were drawn, and each of them had a mistake or was excluded by `require`. The "
        "note shows the last candidate's mistake: probably it concerns all.",
    ),
}
