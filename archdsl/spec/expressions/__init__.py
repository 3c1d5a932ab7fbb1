"""Expressions: every value in a file that is not plainly a number, a word or a list of them.

Python's expression grammar, read by Python's own parser, checked against a whitelist, compiled to closures, bounded
in size, steps and magnitude. `parse` gives an `Expression`; `Expression.evaluate` its value.
"""

from archdsl.spec.expressions.environment import Environment
from archdsl.spec.expressions.errors import ExpressionError, Poisoned, callable_as_value, unknown_name
from archdsl.spec.expressions.expression import Branch, Expression, parse
from archdsl.spec.expressions.functions import FUNCTIONS
from archdsl.spec.expressions.reserved import HEADS, RESERVED, STEP_WORDS, TYPE_NAMES
from archdsl.spec.expressions.values import POISON, WORDS, Poison, Word, describe

__all__ = [
    "FUNCTIONS",
    "HEADS",
    "POISON",
    "RESERVED",
    "STEP_WORDS",
    "TYPE_NAMES",
    "WORDS",
    "Branch",
    "Environment",
    "Expression",
    "ExpressionError",
    "Poison",
    "Poisoned",
    "Word",
    "callable_as_value",
    "describe",
    "parse",
    "unknown_name",
]
