"""What a finding suggests, for mistakes that people bring along from PyTorch, YAML and other languages."""

from __future__ import annotations

from pathlib import Path

import pytest

import archdsl

HEAD = "archdsl: 1\nname: t\ninputs: {image: [3, 8, 8]}\n"
NESTED = "  - do:\n      - for: {i: 2}\n        collect: {ones: one}\n        do: {relu: {}, name: one}\n"
CONV = "conv2d: {out_channels: 4, kernel_size: 3"


@pytest.mark.parametrize(
    ("graph", "code", "place", "label"),
    [
        (f"graph:\n  - {CONV}, bias: yes}}\n", "E0201", (5, 53), "did you mean `true`?"),
        (f"graph:\n  - {CONV}, in_channels: 3}}\n", "E0205", (5, 47), "leave it out: it is read from the operand"),
        (f"graph:\n  - {CONV}, name: a}}\n", "E0205", (5, 47), "`name` is a step word: it stands beside `conv2d`"),
        ("graph:\n  - nn.ReLU\n", "E0109", (5, 5), "did you mean `relu`?"),
        ("graph:\n  - relu:\n      - gelu\n", "E0109", (6, 7), "a list of steps stands under `do:`"),
        ("graph:\n  - chose: [relu, gelu]\n", "E0109", (5, 12), "did you mean `choose`?"),
        ("graph:\n  - convd: {out_channels: 4, kernel_size: 3}\n", "E0202", (5, 5), "did you mean `conv2d`?"),
        ("graph:\n  - relu\n  -gelu: {}\n", "E0102", (6, 3), "write `- gelu: {}`"),
        ("import: {cells/con: [conv_bn]}\ngraph: [relu]\n", "E0801", (4, 10), "did you mean `cells/conv`?"),
        ("import: {./nets/con: [a]}\ngraph: [relu]\n", "E0801", (4, 10), "did you mean `./nets/cone`?"),
        ("graph:\n  - relu\n    - gelu\n", "E0109", (5, 5), "the next line is indented deeper and read as part"),
        ("graph:\n  - max_pool2d:{kernel_size: 2}\n", "E0109", (5, 5), "after the colon: `max_pool2d: ...`"),
        ("graph:\n  - relu:\n    for: {i: 2}\n    if: i == 0\n", "E0201", (7, 9), "not in its own `if` and `from`"),
        (f"graph:\n  - {CONV}, groups: 2 * {{choose: [1, 2]}}}}\n", "E0605", (5, 55), "choose the operand first"),
        (f'graph:\n  - {CONV}, groups: "2 * {{choose: [1, 2]}}"}}\n', "E0605", (5, 60), "choose the operand first"),
        (f'graph:\n  - {CONV}, groups: "{{choose: [1, 3]}}"}}\n', "E0605", (5, 56), "take the quotes off"),
        ("graph:\n  - relu:\n    if: `training`\n", "E0114", (6, 9), "names are written plainly"),
        (
            "params: {act: {choose: [relu, {leaky: {leaky_relu: {negative_slope: 0.1}}}]}}\ngraph: [act]\n",
            "E0606",
            (4, 31),
            "give all options labels",
        ),
        (
            "graph:\n  - branches: [relu, gelu, tanh]\n    name: l\n  - scaled_dot_product_attention:\n    from: l\n",
            "E0213",
            (7, 5),
            'give its members one by one: `from: ["list[0]", "list[1]", "list[2]"]`',
        ),
        ("graph:\n  - relu\noutputs: [relu]\n", "E0208", (6, 11), "give that step a `name`"),
        ("graph:\n  - choose: [relu, gelu]\n    take: 2\n", "E0110", (6, 5), "a step chooses one body"),
        ("graph:\n  - branches: [relu, gelu]\n  - tanh\n", "E0210", (6, 5), "say what it reads with `from`"),
        ("graph:\n  - add:\n    from: [image, late]\n  - relu:\n    name: late\n", "E0201", (6, 19), "at line 8"),
        (f"graph:\n{NESTED}  - add:\n    from: ones\n", "E0201", (10, 11), "line 7 gives it inside another body"),
    ],
)
def test_the_label_says_what_would_be_right(
    graph: str, code: str, place: tuple[int, int], label: str, tmp_path: Path
) -> None:
    path = tmp_path / "t.yaml"
    path.write_text(HEAD + graph, encoding="utf-8")
    (tmp_path / "nets").mkdir()
    (tmp_path / "nets" / "cone.yaml").write_text("archdsl: 1\ncells: {}\n", encoding="utf-8")
    (found,) = archdsl.check(path)
    assert found.span is not None
    assert (found.code, (found.span.line, found.span.column)) == (code, place)
    assert label in found.label


def test_shapes_leave_the_batch_out(tmp_path: Path) -> None:
    path = tmp_path / "t.yaml"
    path.write_text("archdsl: 1\nname: t\ninputs: {image: [N, 3, 8, 8]}\ngraph: [relu]\n", encoding="utf-8")
    (found,) = archdsl.check(path)
    assert (found.code, found.label) == ("E0201", "a shape is that of one sample, without N")


def test_a_number_of_the_wrong_kind_is_shown(tmp_path: Path) -> None:
    path = tmp_path / "t.yaml"
    path.write_text(HEAD + "graph:\n  - conv2d: {out_channels: 7 / 2, kernel_size: 3}\n", encoding="utf-8")
    (found,) = archdsl.check(path)
    assert found.message == "`out_channels` of `conv2d` cannot be 3.5"
    assert "`//`" in found.label


def test_ids_with_brackets_are_quoted_as_keys(tmp_path: Path) -> None:
    graph = f"graph:\n  - {CONV.replace('4', '{choose: [3, 4]}')}}}\n    for: {{w: 2}}\n    name: c\n"
    path = tmp_path / "t.yaml"
    path.write_text(HEAD + graph + "decisions: {c[0]/out_channels: 3, c[1]/out_channels: 4}\n", encoding="utf-8")
    found = archdsl.check(path)
    assert [(d.code, d.span.line, d.span.column) for d in found if d.span] == [("E0114", 8, 13), ("E0114", 8, 35)]
    assert found[0].label == 'quote the key: "c[0]/out_channels": ...'
    quoted = 'decisions: {"c[0]/out_channels": 3, "c[1]/out_channels": 4}\n'
    path.write_text(HEAD + graph + quoted, encoding="utf-8")
    assert archdsl.check(path) == []
