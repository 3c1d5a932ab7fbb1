"""Sweep files of `archdsl search`."""

from __future__ import annotations

from archdsl.diagnostics.codes.code import Code

SWEEPS: dict[str, Code] = {
    "E1301": Code(
        "unknown key in a sweep file",
        "A sweep file has the keys `sweep name space identity searcher evaluator objective constraints budget "
        "resources seed`. What stands under `searcher`, `evaluator` and `objective` depends on the `name` given "
        "there. Unknown keys are refused, so that a misspelt option never becomes a default.",
        """\
searcher: {name: regularized_evolution, populaton: 50}
""",
        """\
searcher: {name: regularized_evolution, population: 50}
""",
    ),
    "E1302": Code(
        "a value of a sweep file is wrong",
        "The value has the wrong kind or lies outside of what is possible, or there is no searcher, evaluator or "
        "objective of this name. The message says what is needed.",
        """\
budget: {trials: many}
""",
        """\
budget: {trials: 200}
""",
    ),
    "E1303": Code(
        "a sweep file lacks a key",
        "Every sweep says which `space` is searched and by which `evaluator` candidates are judged; some evaluators "
        "and searchers need options too. `--set KEY=VALUE` gives what a file leaves out.",
        """\
evaluator: {name: table}
""",
        """\
evaluator: {name: table, table: measured.csv.gz}
""",
    ),
    "E1304": Code(
        "parts of a sweep do not fit each other",
        "Each part is right by itself, but they cannot work together: an objective with several values for a searcher "
        "that follows one, `identity: string` with an evaluator that has no such rule, an objective that reads what "
        "is kept for the report, a table of another space.",
    ),
}
