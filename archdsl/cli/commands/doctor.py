"""`archdsl doctor`: what this installation has and lacks."""

from __future__ import annotations

import os
import platform
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import typer

import archdsl
from archdsl.cli.arguments import TextOrJson
from archdsl.cli.output import print_json
from archdsl.cli.status import FINDINGS

NEEDED = ["torch", "numpy", "networkx", "pydantic", "PyYAML", "typer", "rich", "safetensors", "scikit-learn"]
OPTIONAL = {
    "onnx": "onnx", "onnxruntime": "onnx", "openvino": "runtimes", "ray": "ray", "tensorboardX": "tensorboard",
    "mlflow-skinny": "mlflow", "wandb": "wandb",
}  # fmt: skip


def command(format: TextOrJson = "text") -> None:
    """Report versions, devices and what is missing.

    Exit status 1 if something that archdsl needs is missing or does not work.
    """
    problems: list[str] = []
    facts: dict[str, Any] = {
        "archdsl": archdsl.__version__,
        "python": f"{platform.python_version()} ({sys.executable})",
        "platform": platform.platform(),
        "packages": _packages(problems),
        "devices": _devices(problems),
        "library": _library(problems),
        "folder": _folder(problems),
        "plugins": _plugins(problems),
    }
    if format == "json":
        print_json({**facts, "problems": problems})
    else:
        _print_text(facts, problems)
    if problems:
        raise typer.Exit(FINDINGS)


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def _packages(problems: list[str]) -> dict[str, str]:
    found = {}
    for name in NEEDED:
        found[name] = _version(name) or "missing"
        if found[name] == "missing":
            problems.append(f"{name} is missing: pip install archdsl installs it")
    for name, extra in OPTIONAL.items():
        found[name] = _version(name) or f"not installed (pip install 'archdsl[{extra}]')"
    return found


def _devices(problems: list[str]) -> list[str]:
    try:
        from archdsl.training.devices import device_names

        return device_names()
    except Exception as error:  # a broken torch fails in many ways, and saying so is this command's purpose
        problems.append(f"torch does not work: {type(error).__name__}: {error}")
        return []


def _library(problems: list[str]) -> str:
    from archdsl.spec.library import library_root

    root = Path(library_root())
    if not (root / "index.json").is_file():
        problems.append(f"the library of specs is not complete: {root / 'index.json'} is missing")
    return str(root)


def _folder(problems: list[str]) -> str:
    here = Path.cwd()
    if os.access(here, os.W_OK):
        return f"{here} (writable)"
    problems.append(f"{here} is not writable: give commands that write another folder (--output)")
    return f"{here} (not writable)"


def _plugins(problems: list[str]) -> dict[str, str]:
    from importlib.metadata import entry_points

    found = {}
    for group in ("archdsl.commands", "archdsl.operators"):
        for point in entry_points(group=group):
            try:
                point.load()
                found[f"{group}: {point.name}"] = point.value
            except Exception as error:  # another package's code: anything can happen
                problems.append(f"{point.name} ({point.value}) cannot be loaded: {type(error).__name__}: {error}")
    return found


def _print_text(facts: dict[str, Any], problems: list[str]) -> None:
    for name, value in facts.items():
        if isinstance(value, dict):
            for key, inner in value.items():
                print(f"{key:<14} {inner}")
        else:
            print(f"{name:<14} {', '.join(value) if isinstance(value, list) else value}")
    print()
    for problem in problems:
        print(f"problem: {problem}")
    if not problems:
        print("everything that archdsl needs is here")
