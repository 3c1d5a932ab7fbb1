"""`archdsl search schema`: the JSON Schema of sweep files."""

from __future__ import annotations

from archdsl_search.cli.output import print_json


def command() -> None:
    """Write the JSON Schema of sweep files, for editors.

    Options of searchers, evaluators and objectives depend on their `name` and are checked by `run`.
    """
    from archdsl_search.sweep.model import Sweep

    print_json({"$schema": "https://json-schema.org/draft/2020-12/schema", **Sweep.model_json_schema()})
