"""Small networks whose weights can be confused, as specs and as graphs."""

from __future__ import annotations

from pathlib import Path

import archdsl

HEAD = "archdsl: 1\nname: net\ninputs: {x: [4, 8, 8]}\ngraph:\n"

# Two branches of one shape: in a sum they can change places, in a concatenation they can't.
BRANCHES = """\
  - branches:
      - conv2d: {{out_channels: 4, kernel_size: 1}}
      - {second}conv2d: {{out_channels: 4, kernel_size: 1}}
  - {join}
"""
CHAIN = """\
  - conv2d: {out_channels: 4, kernel_size: 1}
    name: first
  - relu
  - conv2d: {out_channels: 4, kernel_size: 1}
    name: second
"""


def network(folder: Path, body: str) -> archdsl.Architecture:
    """The network with this body, from a file in the folder."""
    path = folder / "net.yaml"
    path.write_text(HEAD + body)
    return archdsl.load(path)


def branches(folder: Path, join: str, second: str = "") -> archdsl.Architecture:
    """Two convolutions side by side."""
    return network(folder, BRANCHES.format(join=join, second=second))
