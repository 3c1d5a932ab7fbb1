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
