"""`archdsl search resume`: goes on with a search that was stopped."""

from __future__ import annotations

from archdsl_search.cli.arguments import Address, EngineName, Overrides, Quiet, Run, TextOrJson, overrides
from archdsl_search.cli.errors import reported
from archdsl_search.cli.finishing import finish
from archdsl_search.cli.output import warn
from archdsl_search.cli.watching import Log, watching


def command(
    run: Run,
    engine: EngineName = "local",
    address: Address = "",
    settings: Overrides = None,
    log: Log = None,
    quiet: Quiet = False,
    format: TextOrJson = "text",
) -> None:
    """Go on with a search that was stopped, or with one that is complete and gets a larger budget.

    The searcher is rebuilt from the journal, bit for bit. Evaluations that were under way run again under the same
    numbers, finished ones never. `--set` changes budget and resources: `--set budget.trials=500`.
    """
    from archdsl_search.driver.running import Setting, resume

    with reported(), watching(run, quiet, log) as watch:
        ended = resume(Setting(run, engine, address, watch, warn=warn), overrides(settings))
    warn(ended.warning)
    finish(run, ended, format)
