"""`archdsl resolve` adds the decisions to the text and changes nothing else."""

from __future__ import annotations

import pytest

from archdsl.diagnostics.diagnostic import ArchdslError
from archdsl.spec.format.decisions import with_decisions
from archdsl.spec.source import Mapping, Scalar, Sequence, parse_text

DECISIONS = {"cell/left[0]/from": "h", "kernel_size": 3, "take": [1, 2], "excite": True, "answer": "no"}
BLOCK = """\
decisions:
  cell/left[0]/from: h
  kernel_size: 3
  take: [1, 2]
  excite: true
  answer: "no"
"""


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("archdsl: 1\nname: x # c\n# end\n", f"archdsl: 1\nname: x # c\n{BLOCK}# end\n"),
        ("archdsl: 1\nname:   x", f"archdsl: 1\nname:   x\n{BLOCK}"),
        ("archdsl: 1\ndecisions: {kernel_size: 5}\nname: x\n", f"archdsl: 1\n{BLOCK}name: x\n"),
        ("archdsl: 1\ndecisions:\nname: x\n", f"archdsl: 1\n{BLOCK}name: x\n"),
        ("archdsl: 1\r\nname: x\r\n", f"archdsl: 1\nname: x\n{BLOCK}".replace("\n", "\r\n")),
    ],
)
def test_block_style(before: str, after: str) -> None:
    assert with_decisions(before, DECISIONS) == after


@pytest.mark.parametrize(
    ("text", "json"),
    [
        ("{archdsl: 1, name: x}\n", False),
        ("{archdsl: 1,\n name: x,\n}\n", False),
        ('{"archdsl": 1, "name": "x"}\n', True),
        ('{\n  "archdsl": 1,\n  "name": "x"\n}\n', True),
        ('{\n  "archdsl": 1,\n  "decisions": {},\n  "name": "x"\n}\n', True),
    ],
)
def test_in_brackets(text: str, json: bool) -> None:
    tree, found = parse_text(with_decisions(text, DECISIONS, json), "net", json)
    assert found == []
    assert tree is not None
    decisions = tree.get("decisions")
    assert isinstance(decisions, Mapping)
    labels = {
        entry.key.text: [item.value for item in entry.value.items if isinstance(item, Scalar)]
        if isinstance(entry.value, Sequence)
        else entry.value.value
        for entry in decisions.entries
        if isinstance(entry.value, (Scalar, Sequence))
    }
    assert labels == DECISIONS


def test_a_broken_file_is_refused() -> None:
    with pytest.raises(ArchdslError):
        with_decisions("a: [1", {})
