"""Which files of a folder are specs."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

YAML = (".yaml", ".yml")
# How far into a file its `archdsl:` key is looked for.
PROBE_BYTES = 65536


def specs_in(folder: Path, suffixes: Collection[str] = (*YAML, ".json")) -> list[str]:
    """The paths of the specs in a folder and below, in order; hidden files and folders are left out."""
    files = sorted(path for path in folder.rglob("*") if path.suffix in suffixes and path.is_file())
    files = [path for path in files if not any(part.startswith(".") for part in path.relative_to(folder).parts)]
    return [str(path) for path in files if _says_archdsl(path)]


def _says_archdsl(path: Path) -> bool:
    """Whether a file seems to be a spec: a key `archdsl` at its left margin, or anywhere in JSON."""
    with path.open("rb") as file:
        head = file.read(PROBE_BYTES)
    if path.suffix == ".json":
        return b'"archdsl"' in head
    return head.lstrip(b"\xef\xbb\xbf").startswith(b"archdsl") or b"\narchdsl" in head
