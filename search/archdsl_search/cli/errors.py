"""What a user did wrong, as one line and an exit status."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import typer

import archdsl
from archdsl_search.errors import EngineFailedError, SearchError


class UsageError(typer.TyperException):
    """One sentence that says what would be right. Exit status 2."""

    exit_code = 2


@contextmanager
def reported() -> Iterator[None]:
    """Errors of the search as the command line reports them.

    Raises:
        UsageError: for a run that cannot begin or go on.
        archdsl.ArchdslError: for mistakes in files.
    """
    from archdsl_search.engines.worker import BrokenEvaluatorError
    from archdsl_search.journal.writer import JournalError
    from archdsl_search.space.spec_space import OutsideError
    from archdsl_search.sweep.checking import OptionError, OptionsError

    try:
        yield
    except (OptionError, OptionsError) as error:
        found = error.problems if isinstance(error, OptionsError) else (error,)
        raise archdsl.ArchdslError([archdsl.Diagnostic(p.code, p.message, None, p.hint) for p in found]) from None
    except BrokenEvaluatorError as error:
        raise UsageError(f"the evaluator cannot be made: {error}") from None
    except EngineFailedError as error:
        raise UsageError(f"{error}. Nothing that is in the journal is lost: resume the run") from None
    except (SearchError, JournalError, OutsideError) as error:
        raise UsageError(str(error)) from None
