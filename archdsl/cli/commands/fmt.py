"""`archdsl fmt`: one way to lay out a spec."""

from __future__ import annotations

import sys
from difflib import unified_diff
from pathlib import Path
from typing import Annotated

import typer

from archdsl.cli.folders import YAML, specs_in
from archdsl.cli.output import progress
from archdsl.cli.status import FINDINGS


def command(
    files: Annotated[
        list[str], typer.Argument(metavar="FILE...", help="YAML specs, or folders of them; `-` reads standard input.")
    ],
    check: Annotated[bool, typer.Option("--check", help="Write nothing; exit 1 if a file would change.")] = False,
    diff: Annotated[bool, typer.Option("--diff", help="Write nothing; print the changes; exit 1 if any.")] = False,
) -> None:
    """Format specs; comments stay.

    A file that is not valid YAML is reported and left as it is. Nothing is written unless all files can be read.
    """
    from archdsl.pipeline.files import write_atomically
    from archdsl.spec.format import format_text

    texts = {name: _read(name) for file in files for name in _names(file)}
    formatted = {name: format_text(text, "<stdin>" if name == "-" else name) for name, text in texts.items()}
    changed = [name for name in texts if texts[name] != formatted[name]]
    for name in texts if "-" in texts and not (check or diff) else changed:
        if diff:
            _print_diff(name, texts[name], formatted[name])
        elif check:
            print(name)
        elif name == "-":
            sys.stdout.write(formatted[name])
        elif name in changed:
            write_atomically(name, formatted[name])
            progress(f"formatted {name}")
    if changed and (check or diff):
        raise typer.Exit(FINDINGS)


def _names(file: str) -> list[str]:
    return specs_in(Path(file), YAML) if Path(file).is_dir() else [file]


def _read(name: str) -> str:
    if name == "-":
        return sys.stdin.read()
    # Bytes, so that line ends are compared as they are.
    return Path(name).read_bytes().decode("utf-8", errors="strict")


def _print_diff(name: str, before: str, after: str) -> None:
    lines = unified_diff(before.splitlines(keepends=True), after.splitlines(keepends=True), name, f"{name} (formatted)")
    sys.stdout.writelines(line if line.endswith("\n") else f"{line}\n" for line in lines)
