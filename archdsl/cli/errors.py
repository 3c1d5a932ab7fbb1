"""What a user did that no file is to blame for."""

from __future__ import annotations

import typer


class UsageError(typer.TyperException):
    """The command was called wrongly: one sentence that says what would be right. Exit status 2."""

    exit_code = 2
