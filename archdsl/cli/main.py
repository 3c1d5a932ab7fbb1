"""Runs a command and turns everything that can go wrong into one clear line and an exit status."""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Sequence

import typer

from archdsl.cli.app import root_command
from archdsl.cli.status import FAILURE, FINDINGS, FINE, INTERRUPTED, PIPE_CLOSED
from archdsl.diagnostics.diagnostic import ArchdslError

# Parts that `pip install archdsl` leaves out, by the module that is then missing.
EXTRAS = {"onnx": "onnx", "onnxruntime": "onnx", "openvino": "runtimes", "ray": "ray"}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line.

    Args:
        arguments: what follows the program's name; by default this process's.

    Returns:
        The exit status: 0 fine, 1 findings, 2 wrong usage or an internal error, 130 interrupted.
    """
    given = list(sys.argv[1:] if arguments is None else arguments)
    try:
        status = _answer(given)
        sys.stdout.flush()
    except BrokenPipeError:
        # Whoever read our output has gone; what is still in the buffer goes nowhere, quietly.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return PIPE_CLOSED
    return status


def _answer(arguments: list[str]) -> int:
    """The exit status, after anything wrong has been said. Closed pipes are left to the caller."""
    try:
        return _run(arguments)
    except typer.TyperException as error:
        return _wrong_usage(error)
    except (KeyboardInterrupt, typer.Abort):
        _complain("interrupted")
        return INTERRUPTED
    except ArchdslError as error:
        from archdsl.cli.output import print_findings

        print_findings(error.diagnostics)
        return FINDINGS
    except BrokenPipeError:
        raise
    except Exception as error:
        return _failure(error, arguments)


def _run(arguments: list[str]) -> int:
    command = root_command()
    if "_ARCHDSL_COMPLETE" in os.environ:
        # A shell asks what may come next: typer answers and ends the program.
        command.main(args=arguments, prog_name="archdsl")
    try:
        with command.make_context("archdsl", list(arguments)) as context:
            command.invoke(context)
    except typer.Exit as stop:
        return stop.exit_code
    return FINE


def _wrong_usage(error: typer.TyperException) -> int:
    context = getattr(error, "ctx", None)
    hint = f"\nTry `{context.command_path} --help`." if context is not None else ""
    _complain(f"{error.format_message().replace('Value error, ', '')}{hint}")
    return FAILURE


def _failure(error: Exception, arguments: list[str]) -> int:
    """What is said about an exception that no command has answered."""
    if os.environ.get("ARCHDSL_TRACEBACK") == "1" or arguments[:1] == ["--debug"]:
        traceback.print_exception(error)
    missing = (error.name or "").partition(".")[0] if isinstance(error, ModuleNotFoundError) else ""
    if missing in EXTRAS:
        _complain(f"this needs {missing}, which is not installed: pip install 'archdsl[{EXTRAS[missing]}]'")
    elif isinstance(error, OSError):
        _complain(f"{error.filename}: {error.strerror}" if error.filename else str(error))
    elif isinstance(error, UnicodeDecodeError):
        _complain(f"a file is not UTF-8 text: {error}")
    else:
        _complain(
            f"internal error: {type(error).__name__}: {error}\n"
            "This is a mistake in archdsl, not in your file. Please report it with the file, the command and the "
            "output of `archdsl doctor`.\nARCHDSL_TRACEBACK=1 shows where it arose."
        )
    return FAILURE


def _complain(message: str) -> None:
    print(f"archdsl: {message}", file=sys.stderr)
