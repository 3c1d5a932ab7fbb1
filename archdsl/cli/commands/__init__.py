"""One file for each command: a function `command`, or a typer application `app` for a command with subcommands."""
