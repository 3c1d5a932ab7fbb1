"""Files made to stall or crash: each gets its finding within three seconds and 300 MB."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

import archdsl
from tests.timing import within

Write = Callable[..., Path]
HEADER = "archdsl: 1\nname: net\ninputs: {x: [8, 16, 16]}\n"


def calls(deep: int, wide: int, condition: str = "") -> str:
    """Cells that call each other `wide` times each, `deep` deep."""
    cells = "".join(
        f"  c{i}:\n    params: {{n: 1, s: x.channels}}\n    graph:\n"
        + f"      - c{i + 1}: {{n: n}}\n{condition}" * wide
        for i in range(deep)
    )
    return f"cells:\n{cells}  c{deep}: {{params: {{n: 1}}, graph: [relu]}}\ngraph: [c0]\n"


def nested_lists(deep: int) -> str:
    return "graph:\n  - conv2d: {out_channels: " + "[" * deep + "]" * deep + ", kernel_size: 1}\n"


def nested_bodies(deep: int) -> str:
    return "graph: " + "{do: " * deep + "relu" + "}" * deep + "\n"


DOUBLING = """cells:
  c:
    params: {d: int}
    graph:
      - c: {d: d - 1}
        if: d > 0
        repeat: 2
      - relu
graph:
  - c: {d: 50}
"""

HOSTILE = {
    "repeats within repeats": (
        (
            "graph:\n  - do:\n      - do:\n          - relu:\n            repeat: 999\n"
            "        repeat: 999\n    repeat: 999\n"
        ),
        "E0903",
    ),
    "counts by parameters, under conditions": (
        (
            "params: {n: 1000}\ngraph:\n  - for: {i: n}\n    do:\n      - for: {j: n}\n        do:\n"
            "          - for: {k: n}\n            if: i >= 0\n            do: relu\n"
        ),
        "E0903",
    ),
    "calls ten deep": (calls(10, 10), "E0903"),
    "calls ten deep under conditions": (calls(10, 10, "        if: n > 0\n"), "E0903"),
    "calls ten deep with decisions": (calls(10, 10, "        if: {choose: [true, false]}\n"), "E0903"),
    "calls forty deep": (calls(40, 2, "        if: n > 0\n"), "E0903"),
    "a repeated group of a million steps": (
        (
            "cells:\n  c: {params: {n: 1}, graph: [relu, {relu: {}, if: n > 0}, {relu: {}, if: n > 0}]}\n"
            "graph:\n  - c:\n    repeat: 900000\n  - c:\n    repeat: 900000\n"
        ),
        "E0903",
    ),
    "a recursion that doubles": (DOUBLING, "E0903"),
    "an endless recursion": ("cells:\n  c: {graph: [{branches: [c, c]}, add]}\ngraph: [c]\n", "E0904"),
    "a power": ("graph:\n  - conv2d: {out_channels: 9**9**9**9, kernel_size: 1}\n", "E0905"),
    "a long list": ("graph:\n  - relu:\n    for: {i: 'range(10**9)'}\n", "E0906"),
    "a list that doubles": (
        "params: {a: '[0] * 1000', b: a * 1000, c: b * 1000}\ngraph:\n  - relu:\n    for: {i: c}\n",
        "E0906",
    ),
    "options without number": (
        "graph:\n  - concat:\n    from: {choose: '[x] * 99999', take: 50000}\n",
        "E0906",
    ),
    "channels without number": ("graph:\n  - conv2d: {out_channels: 10**12, kernel_size: 3}\n", "E0905"),
    "a huge constant": ("graph:\n  - constant: {value: 0.0, shape: [100000, 100000, 100000, 100000]}\n", "E0905"),
    "lists 3000 deep": (nested_lists(3000), "E0902"),
    "lists 60 deep": (nested_lists(60), "E0303"),
    "bodies 3000 deep": (nested_bodies(3000), "E0902"),
    "bodies 30 deep": (nested_bodies(30), ""),
    "brackets 3000 deep": ("graph:\n  - relu:\n    if: " + "(" * 3000 + "1" + ")" * 3000 + " > 0\n", "E0906"),
    "a file of 10 MB": ("# " + "x" * 10_000_000 + "\ngraph: [relu]\n", "E0901"),
    "a million anchors": (
        "a: &a [x, x]\n" + "".join(f"b{i}: &b{i} [*a, *a, *a]\n" for i in range(1000)) + "graph: [relu]\n",
        "E0106",
    ),
    "20,000 wrong steps": ("graph:\n" + "  - reluu\n" * 20_000, "E0202"),
    "20,000 unknown keys": ("graph: [relu]\n" + "".join(f"k{i}: 1\n" for i in range(20_000)), "E0104"),
    "20,000 steps with one name": ("graph:\n" + "  - relu:\n    name: a\n" * 10_000, "E0203"),
    "a name of a million letters": (f"graph:\n  - relu:\n    name: {'a' * 900_000}\n", "E0112"),
    "an operator of a million letters": (f"graph:\n  - {'a' * 900_000}\n", "E0202"),
    "a long sum": ("graph:\n  - relu:\n    repeat: " + "1 + " * 200_000 + "1\n", "E0906"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_files(write: Write, name: str) -> None:
    text, code = HOSTILE[name]
    path = write(text)
    found = within(3, lambda: archdsl.check(path))
    assert [d.code for d in found][:1] == ([code] if code else [])
    assert all(len(d.message) + len(d.label) < 2000 for d in found)


def test_memory_stays_within_300_mb(tmp_path: Path) -> None:
    paths = []
    for i, name in enumerate(
        ("calls ten deep under conditions", "a repeated group of a million steps", "a file of 10 MB")
    ):
        path = tmp_path / f"{i}.yaml"
        path.write_text(HEADER + HOSTILE[name][0])
        paths.append(str(path))
    script = (
        "import sys, archdsl\n"
        "for path in sys.argv[1:]:\n"
        "    assert archdsl.check(path)[0].code in ('E0903', 'E0901')\n"
        # Not getrusage: its peak begins with that of the process which started this one.
        "print(next(line.split()[1] for line in open('/proc/self/status') if line.startswith('VmHWM:')))\n"
    )
    result = subprocess.run([sys.executable, "-c", script, *paths], capture_output=True, text=True, check=True)
    assert int(result.stdout) < 300 * 1024


@pytest.mark.parametrize(
    "value",
    [
        "null",
        "3",
        "1.5",
        "true",
        "text",
        "[]",
        "{}",
        "[1]",
        "{a: 1}",
        '""',
        "[[]]",
        "{choose: [1, 2]}",
        "é",
        "~",
        "[null]",
    ],
)
@pytest.mark.parametrize(
    "place",
    [
        "archdsl: 1\nname: n\n{key}: VALUE\ninputs: {x: [3, 8, 8]}\ngraph: [relu]\n".replace("{key}", key)
        for key in (
            "description",
            "references",
            "import",
            "params",
            "require",
            "cells",
            "outputs",
            "variants",
            "decisions",
            "allow",
        )
    ]
    + [
        "archdsl: VALUE\nname: n\ninputs: {x: [3]}\ngraph: [relu]\n",
        "archdsl: 1\nname: VALUE\ninputs: {x: [3]}\ngraph: [relu]\n",
        "archdsl: 1\nname: n\ninputs: VALUE\ngraph: [relu]\n",
        "archdsl: 1\nname: n\ninputs: {x: VALUE}\ngraph: [relu]\n",
        "archdsl: 1\nname: n\ninputs: {x: {shape: VALUE}}\ngraph: [relu]\n",
        "archdsl: 1\nname: n\ninputs: {x: {shape: [3], dtype: VALUE}}\ngraph: [relu]\n",
        "archdsl: 1\nname: n\ninputs: {x: [3]}\ngraph: VALUE\n",
        "archdsl: 1\nname: n\ninputs: {x: [3]}\ngraph: [VALUE]\n",
        "archdsl: 1\nname: n\ninputs: {x: [3]}\ngraph: [{relu: VALUE}]\n",
        "archdsl: 1\nname: n\ninputs: {x: [3]}\ngraph: [{dropout: {p: VALUE}}]\n",
        "archdsl: 1\nname: n\ninputs: {x: [3]}\ncells: {c: VALUE}\ngraph: [c]\n",
        "archdsl: 1\nname: n\ninputs: {x: [3]}\ncells: {c: {inputs: VALUE, graph: relu}}\ngraph: [c]\n",
        "archdsl: 1\nname: n\ninputs: {x: [3]}\ncells: {c: {params: VALUE, graph: relu}}\ngraph: [c]\n",
        "archdsl: 1\nname: n\ninputs: {x: [3]}\ncells: {c: {params: {p: VALUE}, graph: relu}}\ngraph: [c]\n",
        "archdsl: 1\nname: n\ninputs: {x: [3]}\ncells: {c: {require: VALUE, graph: relu}}\ngraph: [c]\n",
        "archdsl: 1\nname: n\ninputs: {x: [3]}\ncells: {c: {outputs: VALUE, graph: relu}}\ngraph: [c]\n",
        "archdsl: 1\nname: n\nparams: {p: 1}\ninputs: {x: [3]}\ngraph: [relu]\nvariants: {v: {params: {p: VALUE}}}\n",
        "archdsl: 1\nname: n\ninputs: {x: [3]}\ngraph: [relu]\nvariants: {v: VALUE}\n",
        "archdsl: 1\nname: n\ninputs: {x: [3]}\ngraph: [relu]\nvariants: {v: {decisions: {d: VALUE}}}\n",
        "archdsl: 1\nname: n\ninputs: {x: [3]}\ngraph: [relu]\nallow: [VALUE]\n",
        "archdsl: 1\nname: n\ninputs: {x: [3]}\nimport: {cells/conv: VALUE}\ngraph: [relu]\n",
    ]
    + [
        f"archdsl: 1\nname: n\ninputs: {{x: [3]}}\ngraph:\n  - do: [relu]\n    {word}: VALUE\n"
        for word in ("name", "from", "if", "for", "repeat", "collect", "share", "tie")
    ]
    + [f"archdsl: 1\nname: n\ninputs: {{x: [3]}}\ngraph:\n  - {head}: VALUE\n" for head in ("do", "branches", "choose")]
    + [
        "archdsl: 1\nname: n\ninputs: {x: [3]}\ngraph:\n  - add:\n    from: {choose: VALUE}\n",
        "archdsl: 1\nname: n\ninputs: {x: [3]}\ngraph:\n  - add:\n    from: {choose: [x, x], take: VALUE}\n",
        "archdsl: 1\nname: n\ninputs: {x: [3]}\ngraph:\n  - choose: {a: VALUE, b: relu}\n",
    ],
)
def test_any_value_anywhere_is_valid_or_gets_one_finding_or_two(tmp_path: Path, place: str, value: str) -> None:
    path = tmp_path / "net.yaml"
    path.write_text(place.replace("VALUE", value))
    found = [d for d in archdsl.check(path) if d.severity == "error"]
    # One mistake, one finding; more where several things are wrong with the value (two cells that are no names).
    assert len(found) <= (3 if "[1, 2]" in value else 2), [str(d) for d in found]
    lines = {d.span.line for d in found if d.span}
    wanted = next(i for i, line in enumerate(place.splitlines(), 1) if "VALUE" in line)
    # What a cell gives, or a step reads, may turn out wrong only where it is used.
    used = {wanted + 1} if "outputs: VALUE" in place and "cells" in place else set()
    used |= {wanted - 1} if "    from: " in place and value in ("[]", "[[]]") else set()
    assert lines <= {wanted} | used
