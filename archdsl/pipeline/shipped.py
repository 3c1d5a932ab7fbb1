"""The index of the shipped networks and spaces, generated from the specs so that `zoo list` need not load them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from archdsl.pipeline.building import cost
from archdsl.pipeline.loading import load, load_space
from archdsl.spec.files import Files
from archdsl.spec.library import library_root
from archdsl.spec.syntax.model import SpecFile

# Raised when a field changes its meaning or goes.
INDEX_VERSION = 1
FOLDERS = {"models": "model", "spaces": "space"}


def index_text() -> str:
    """The text of specs/index.json."""
    entries = [entry for folder in FOLDERS for file in _files(folder) for entry in _entries(file, FOLDERS[folder])]
    lines = ",\n".join("    " + json.dumps(entry) for entry in sorted(entries, key=lambda entry: str(entry["name"])))
    return f'{{\n  "version": {INDEX_VERSION},\n  "networks": [\n{lines}\n  ]\n}}\n'


def _files(folder: str) -> list[Path]:
    return sorted((library_root() / folder).glob("*.yaml"))


def _entries(path: Path, kind: str) -> list[dict[str, Any]]:
    spec = Files().load(path, str(path))
    return [_entry(spec, path, kind, variant) for variant in spec.variants or [""]]


def _entry(spec: SpecFile, path: Path, kind: str, variant: str) -> dict[str, Any]:
    reference = f"{path}@{variant}" if variant else str(path)
    entry: dict[str, Any] = {
        "name": variant or path.stem,
        "kind": kind,
        "file": path.relative_to(library_root()).as_posix(),
        "variant": variant,
        "description": spec.description.strip(),
        "references": list(spec.references),
    }
    if kind == "space":
        points = load_space(reference).decisions()
        given = {each.id.text for each in (*spec.decisions, *(spec.variants[variant].decisions if variant else ()))}
        if not given.issuperset(points):
            # Of the first candidate; which decisions are reached can depend on others.
            return {**entry, "decisions": len(points)}
        entry["kind"] = "model"  # a variant that decides everything: the genotype of a found network
    architecture = load(reference)
    report = cost(architecture)
    figures = {"params": report.params, "mult_adds": report.mult_adds, "input": dict(report.inputs)}
    if architecture.has_training_form:
        training = cost(architecture, training=True)
        figures |= {"training_params": training.params, "training_mult_adds": training.mult_adds}
    return {**entry, **figures}
