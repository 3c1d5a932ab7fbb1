"""Texts that are compared with files; `ARCHDSL_WRITE_GOLDEN=1` writes the files anew, to be looked at."""

from __future__ import annotations

import os
from pathlib import Path

FOLDER = Path(__file__).parents[1] / "golden" / "report"


def golden(name: str, text: str) -> str:
    """What the file `name` says; `text` is what it should say."""
    file = FOLDER / name
    if os.environ.get("ARCHDSL_WRITE_GOLDEN") == "1":
        file.write_text(text, encoding="utf-8")
    return file.read_text(encoding="utf-8")
