"""Figures of a training as JSON lines: one for each epoch, one at the end."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from archdsl.pipeline.files import write_atomically


def append(path: Path, record: dict[str, Any]) -> None:
    """Add a line; it is on its way to the disk when this returns."""
    with path.open("a", encoding="utf-8") as file:
        file.write(json.dumps(record) + "\n")
        file.flush()


def read(path: Path) -> list[dict[str, Any]]:
    """All whole records; half a line, from a crash, is left out."""
    found = []
    for line in path.read_text(encoding="utf-8").splitlines() if path.exists() else ():
        try:
            record = json.loads(line)
        except json.JSONDecodeError:
            continue
        if isinstance(record, dict):
            found.append(record)
    return found


def keep_until(path: Path, epoch: int) -> None:
    """Drop what was written after `epoch`: those epochs are run again."""
    kept = [record for record in read(path) if record.get("epoch", epoch + 1) <= epoch]
    write_atomically(path, "".join(f"{json.dumps(record)}\n" for record in kept))
