"""A small space, and what a journal says without its times."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

SPACE = """\
archdsl: 1
name: small
inputs: {image: [1, 8, 8]}
graph:
  - conv2d: {out_channels: {choose: [2, 4, 6, 8]}, kernel_size: {choose: [1, 3]}, padding: half}
  - choose: [relu, tanh, sigmoid]
  - global_avg_pool2d
  - linear: {out_features: {choose: [2, 3, 4, 5]}}
"""


def lines(run: Path) -> list[dict[str, Any]]:
    """The journal's lines without `time`; none if there is no journal."""
    path = run / "journal.jsonl"
    found = [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []
    return [{key: value for key, value in line.items() if key != "time"} for line in found]
