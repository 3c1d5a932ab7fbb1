"""Every diagnostic code, by group. The pages in docs/reference/diagnostics are generated from here.

A code is never given to another mistake, and never changes its number.
"""

from __future__ import annotations

from archdsl.diagnostics.codes.budgets import BUDGETS
from archdsl.diagnostics.codes.code import Code
from archdsl.diagnostics.codes.decisions import DECISIONS
from archdsl.diagnostics.codes.design import DESIGN
from archdsl.diagnostics.codes.form import FORM
from archdsl.diagnostics.codes.guidelines import GUIDELINES
from archdsl.diagnostics.codes.importing import IMPORTING
from archdsl.diagnostics.codes.imports import IMPORTS
from archdsl.diagnostics.codes.limits import LIMITS
from archdsl.diagnostics.codes.loops import LOOPS
from archdsl.diagnostics.codes.names import NAMES
from archdsl.diagnostics.codes.parameters import PARAMETERS
from archdsl.diagnostics.codes.shapes import SHAPES
from archdsl.diagnostics.codes.sharing import SHARING
from archdsl.diagnostics.codes.sweeps import SWEEPS
from archdsl.diagnostics.codes.warnings import WARNINGS
from archdsl.diagnostics.codes.weights import WEIGHTS

__all__ = ["CODES", "Code"]

CODES: dict[str, Code] = {
    **FORM,
    **NAMES,
    **SHAPES,
    **PARAMETERS,
    **LOOPS,
    **DECISIONS,
    **SHARING,
    **IMPORTS,
    **LIMITS,
    **WARNINGS,
    **WEIGHTS,
    **BUDGETS,
    **SWEEPS,
    **GUIDELINES,
    **DESIGN,
    **IMPORTING,
}
