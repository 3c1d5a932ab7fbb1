"""An expression, parsed: what it reads, and its value in an environment."""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Container
from dataclasses import dataclass
from functools import lru_cache
from typing import final

from archdsl.spec.expressions.closures import Code, Place
from archdsl.spec.expressions.compiler import Compiler
from archdsl.spec.expressions.environment import Environment, Run
from archdsl.spec.expressions.errors import ExpressionError
from archdsl.spec.expressions.tokens import Token, syntax_error, tokenize

_NO_WORDS: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Branch:
    """`then if condition else otherwise` whose ends are names: a step chosen by a condition."""

    condition: Expression
    then: Branch | str
    otherwise: Branch | str


@final
class Expression:
    """A checked expression. Made by `parse`; offsets in its errors count characters of `text`.

    Attributes:
        text: as written.
        names: what it reads from the environment; no words, functions or variables of comprehensions.
        simple_name: the name, if the whole text is one (and neither word nor function), else None.
        conditional: the tree of conditions, if the whole text is an `if else` between names, else None.
    """

    __slots__ = ("_code", "_variables", "conditional", "names", "simple_name", "text")

    def __init__(self, text: str, node: ast.expr):
        compiler = Compiler(text)
        self.text = text
        self._code: Code = compiler.compile(node)
        self._variables: dict[str, Place] = compiler.variables
        self.names = frozenset(compiler.names)
        self.simple_name = node.id if isinstance(node, ast.Name) and node.id in self.names else None
        self.conditional = _branch(text, node, self.names) if isinstance(node, ast.IfExp) else None

    def evaluate(self, env: Environment, words: Container[str] = _NO_WORDS) -> object:
        """The value: int, float, bool, Word, list or tensor.

        Args:
            env: the visible names.
            words: further words that mean themselves here unless a visible name has them.

        Raises:
            ExpressionError: with the place in `text`.
            Poisoned: if it needs a value that was reported already.
        """
        if self._variables:
            self._check_variables(env)
        return self._code(Run(env, words))

    def _check_variables(self, env: Environment) -> None:
        for name in env.names():
            if name in self._variables:
                message = f"the variable `{name}` hides a name"
                raise ExpressionError("E0203", message, "choose another name", *self._variables[name])

    @property
    def variables(self) -> dict[str, Place]:
        """The variables of its comprehensions, each with the place that declares it."""
        return self._variables

    def place_of(self, name: str) -> Place:
        """Offset and length of the first mention of a name; of the whole text if there is none."""
        found = re.search(rf"(?<![\w.]){re.escape(name)}(?!\w)", self.text)
        return (found.start(), len(name)) if found else (0, len(self.text))

    def __repr__(self) -> str:
        return f"Expression({self.text!r})"


def _branch(text: str, node: ast.IfExp, names: frozenset[str]) -> Branch | None:
    ends: list[Branch | str] = []
    for end in (node.body, node.orelse):
        if isinstance(end, ast.Name) and end.id in names:
            ends.append(end.id)
        elif isinstance(end, ast.IfExp) and (inner := _branch(text, end, names)) is not None:
            ends.append(inner)
        else:
            return None
    return Branch(Expression(text, node.test), ends[0], ends[1])


@lru_cache(maxsize=1 << 14)
def parse(text: str) -> Expression:
    """The expression that a text stands for; the same object for the same text.

    Raises:
        ExpressionError: E0401 if it is none, E0402 for what the language lacks, E0905 and E0906 past a limit.
    """
    line = text.replace("\n", " ").replace("\r", " ").replace("\t", " ")
    tokens = tokenize(line)
    if len(tokens) == 1 and tokens[0].kind == "name" and tokens[0].text not in _PYTHON_WORDS:
        return Expression(text, ast.Name(tokens[0].text, col_offset=tokens[0].offset, end_col_offset=_end(tokens[0])))
    return Expression(text, _syntax_tree(line, tokens))


def _end(token: Token) -> int:
    return token.offset + len(token.text)


def _syntax_tree(line: str, tokens: list[Token]) -> ast.expr:
    indent = tokens[0].offset
    # Python's parser takes no leading space; brackets keep every offset one or more to the right.
    source = line if indent == 0 else "(" + line[1:].rstrip() + ")"
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse(source, mode="eval").body
    except SyntaxError as error:
        raise _translated(error, tokens) from None
    except (RecursionError, MemoryError):
        raise ExpressionError("E0906", "the expression is nested too deeply", "", indent, 1) from None


def _translated(error: SyntaxError, tokens: list[Token]) -> ExpressionError:
    if "digits" in str(error.msg):
        longest = max((t for t in tokens if t.kind == "number"), key=lambda t: len(t.text), default=tokens[0])
        hint = "integers stay below 2**53"
        return ExpressionError("E0905", "the number is too large", hint, longest.offset, len(longest.text))
    return syntax_error(tokens, (error.offset or 0) - 1)


_PYTHON_WORDS = frozenset(("True", "False", "None", "and", "or", "not", "if", "else", "for", "in", "is", "lambda"))
