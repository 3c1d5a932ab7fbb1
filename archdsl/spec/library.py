"""Where the shipped specs lie, and which file a name means."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

from archdsl.diagnostics.diagnostic import ArchdslError, Diagnostic
from archdsl.diagnostics.suggest import nearest

SUFFIXES = (".yaml", ".yml", ".json")


@cache
def library_root() -> Path:
    """The folder with the shipped specs: inside the installed package, or beside it in a checkout."""
    package = Path(__file__).resolve().parent.parent
    installed = package / "specs"
    return installed if installed.is_dir() else package.parent / "specs"


@cache
def index() -> dict[str, dict[str, Any]]:
    """The generated index of the shipped networks and spaces by name; empty if there is none."""
    path = library_root() / "index.json"
    if not path.is_file():
        return {}
    entries: list[dict[str, Any]] = json.loads(path.read_text(encoding="utf-8"))["networks"]
    return {entry["name"]: entry for entry in entries}


@cache
def _files() -> dict[str, Path]:
    """The shipped files whose variants have other names, by their own, as far as that names but one."""
    found: dict[str, set[str]] = {}
    for entry in index().values():
        found.setdefault(Path(entry["file"]).stem, set()).add(entry["file"])
    return {stem: library_root() / next(iter(files)) for stem, files in found.items() if len(files) == 1}


def locate(reference: str) -> tuple[Path, str, str]:
    """The file that `name`, `file.yaml` or `file.yaml@variant` means: its path, how to show it, the variant or "".

    Raises:
        ArchdslError: E0101 if there is no such file or name.
    """
    # A folder may have an `@` in its name.
    stem, _, variant = (reference, "", "") if Path(reference).is_file() else reference.rpartition("@")
    if not stem:
        stem, variant = variant, ""
    path = Path(stem)
    if path.suffix in SUFFIXES or path.is_file():
        return path, stem, variant
    entry = index().get(stem)
    if entry is not None:
        file = library_root() / entry["file"]
        return file, str(file), variant or entry.get("variant", "")
    named = _files().get(stem)
    if named is not None:
        return named, str(named), variant
    beside = library_root() / f"{stem}.yaml"
    if beside.is_file() and beside.resolve().is_relative_to(library_root()):
        return beside, str(beside), variant
    if path.is_dir():
        raise ArchdslError(
            Diagnostic("E0101", f"`{stem}` is a folder", None, "a file or the name of a network is needed")
        )
    close = nearest(stem, list(index()))
    hint = f"did you mean `{close}`?" if close else "a file ends in .yaml or .json; `archdsl zoo list` shows the names"
    raise ArchdslError(Diagnostic("E0101", f"there is no file and no shipped network `{stem}`", None, hint))
