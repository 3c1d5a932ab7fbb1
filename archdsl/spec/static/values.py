"""Checks what stands as a value: expressions, lists, holes, steps as values, and the attributes of calls."""

from __future__ import annotations

from archdsl.diagnostics.diagnostic import Diagnostic, Severity
from archdsl.diagnostics.span import Span
from archdsl.diagnostics.suggest import nearest
from archdsl.ops.base import Operator
from archdsl.ops.registry import offered, operators
from archdsl.spec.elaborate.parameters import parameter_kind, required, unknown_attribute
from archdsl.spec.expressions import Branch, Expression, ExpressionError, callable_as_value, parse, unknown_name
from archdsl.spec.source.limits import MOST_FINDINGS
from archdsl.spec.static.scopes import Condition, Known, StaticScope
from archdsl.spec.syntax.model import Attribute, Cell, Choice, Constant, Listing, SpecFile, StepCall, Text, Written


class Enough(Exception):  # noqa: N818 - a signal, not an error
    """More findings than anyone reads."""


class ValueChecker:
    """Collects findings about values, in the cell that is being looked at."""

    def __init__(self, spec: SpecFile):
        self.spec = spec
        self.findings: list[Diagnostic] = []
        self.operators = operators()
        self.conditions: list[Condition] = []
        self.steps: set[str] = set()
        self.is_open = False
        # Names that are declared and not yet visible, with what to say about them.
        self.later: dict[str, tuple[str, str]] = {}

    def report(self, code: str, message: str, span: Span, label: str = "") -> None:
        """Add a finding."""
        severity = Severity.WARNING if code[0] == "W" else Severity.ERROR
        self.findings.append(Diagnostic(code, message, span, label, (), severity))
        if len(self.findings) >= MOST_FINDINGS:
            raise Enough

    # Calls.

    def call(
        self, name: str, span: Span, attributes: tuple[Attribute, ...], scope: StaticScope, needs_all: bool
    ) -> None:
        """A callable's name with attributes; as a head (`needs_all`), or as a value that is completed by its caller."""
        if name in self.steps:
            for attribute in attributes:
                self._loose(attribute.value, scope)
            return
        target = self.spec.visible_cells.get(name) or self.operators.get(name)
        if target is None:
            self._no_callable(name, span, scope)
            for attribute in attributes:
                self._loose(attribute.value, scope)
            return
        for attribute in attributes:
            kind = parameter_kind(target, attribute.name)
            if kind is None:
                if isinstance(target, type) or not target.is_open:
                    message, hint = unknown_attribute(name, target, attribute.name)
                    self.report("E0205", message, attribute.span, hint)
                self._loose(attribute.value, scope)
            elif kind.takes == "any":
                self._loose(attribute.value, scope)
            else:
                self.value(attribute.value, scope, kind.takes == "step", kind.words)
        # Next to an attribute that is misspelt, a missing one is most likely the same mistake.
        if needs_all and all(parameter_kind(target, a.name) is not None for a in attributes):
            self._missing(name, target, attributes, span)

    def _missing(self, name: str, target: Cell | type[Operator], attributes: tuple[Attribute, ...], span: Span) -> None:
        given = {attribute.name for attribute in attributes}
        missing = [n for n in required(target) if n not in given]
        if missing:
            names = ", ".join(f"`{n}`" for n in missing)
            self.report("E0206", f"`{name}` needs {names}", span, f"{name}: {{{missing[0]}: ...}}")

    def _no_callable(self, name: str, span: Span, scope: StaticScope) -> None:
        if self.spec.may_have(name):
            return
        known = scope.find(name)
        if known is not None:
            known.used = True
            self.report("E0208", f"`{name}` is a value, not a callable", span, "read it with `from`")
            return
        close = nearest(name, [*self.steps, *self.spec.visible_cells, *offered()])
        hint = f"did you mean `{close}`?" if close else ""
        self.report("E0202", f"there is no operator, cell or step parameter `{name}`", span, hint)

    # Values.

    def value(self, written: Written, scope: StaticScope, is_step: bool, words: frozenset[str] = frozenset()) -> None:
        """Check a value that belongs to a step parameter (`is_step`) or to a data one."""
        if isinstance(written, Text):
            if is_step:
                self._step_text(written, scope)
            else:
                self._expression(written, scope, words)
        elif isinstance(written, Listing):
            if is_step and written.items:
                hint = "`[]` is the step that does nothing"
                self.report("E0208", "a step belongs here, not a list", written.span, hint)
            for item in () if is_step else written.items:
                self.value(item, scope, False, words)
        elif isinstance(written, Choice):
            self._choice(written, scope, is_step, words)
        elif isinstance(written, StepCall):
            self.call(written.name, written.name_span, written.attributes, scope, needs_all=False)
            if not is_step:
                message = f"`{written.name}` with attributes is a step; a value belongs here"
                self.report("E0208", message, written.span)
        elif isinstance(written, Constant) and is_step:
            self.report("E0208", "a step belongs here, not a value", written.span, "the name of a cell or operator")

    def _choice(self, hole: Choice, scope: StaticScope, is_step: bool, words: frozenset[str]) -> None:
        options = hole.options
        if isinstance(options, Text):
            self.value(options, scope, False, words)
        elif isinstance(options, Listing):
            for item in options.items:
                self.value(item, scope, is_step, words)
        else:
            for _, option in options:
                self.value(option, scope, is_step, words)
        if hole.take is not None:
            self.value(hole.take, scope, False)

    def _loose(self, written: Written, scope: StaticScope) -> None:
        """A value whose kind depends on the callable: names in it count as read, nothing is reported."""
        if isinstance(written, StepCall):
            for attribute in written.attributes:
                self._loose(attribute.value, scope)
        elif isinstance(written, Text):
            try:
                names = parse(written.text).names
            except ExpressionError:
                return
            for name in names:
                known = scope.find(name)
                if known is not None:
                    known.used = True
        elif isinstance(written, Listing):
            for item in written.items:
                self._loose(item, scope)
        elif isinstance(written, Choice):
            options = written.options
            for option in [options] if isinstance(options, Listing | Text) else [v for _, v in options]:
                self._loose(option, scope)

    def _step_text(self, text: Text, scope: StaticScope) -> None:
        expression = self._parsed(text)
        if expression is None:
            return
        if expression.simple_name is not None:
            self._callable_name(expression.simple_name, text, scope)
        elif expression.conditional is not None:
            self._branch(expression.conditional, text, scope)
        else:
            hint = "the name of a cell or operator, or `{name: {attribute: value}}`"
            self.report("E0208", "a step belongs here, not a value", text.span, hint)

    def _branch(self, branch: Branch | str, text: Text, scope: StaticScope) -> None:
        if isinstance(branch, str):
            self._callable_name(branch, text, scope)
            return
        self._names(branch.condition, text, scope, frozenset())
        self._branch(branch.then, text, scope)
        self._branch(branch.otherwise, text, scope)

    def _callable_name(self, name: str, text: Text, scope: StaticScope) -> None:
        if name not in self.steps and name not in self.spec.visible_cells and name not in self.operators:
            self._no_callable(name, text.span, scope)

    # Expressions.

    def _parsed(self, text: Text) -> Expression | None:
        try:
            return parse(text.text)
        except ExpressionError as error:
            self._expression_error(error, text)
            return None

    def _expression(self, text: Text, scope: StaticScope, words: frozenset[str]) -> None:
        expression = self._parsed(text)
        if expression is not None:
            self._names(expression, text, scope, words)

    def _names(self, expression: Expression, text: Text, scope: StaticScope, words: frozenset[str]) -> None:
        for name, place in expression.variables.items():
            if scope.find(name) is not None:
                hint = "choose another name"
                error = ExpressionError("E0203", f"the variable `{name}` hides a name", hint, *place)
                self._expression_error(error, text)
        for name in sorted(expression.names):
            known = scope.find(name)
            if known is not None:
                known.used = True
                self._absence(known, expression, text)
            elif name not in words and name != "training" and not self.is_open:
                error = self._unknown(name, scope, words)
                self._expression_error(error.placed(*expression.place_of(name)), text)

    def _unknown(self, name: str, scope: StaticScope, words: frozenset[str]) -> ExpressionError:
        if name in self.later:
            code, hint = self.later[name]
            return ExpressionError(code, f"`{name}` has no value yet", hint)
        if name in self.steps or name in self.spec.visible_cells or name in self.operators:
            return callable_as_value(name)
        error = unknown_name(name, [*scope.visible(), *words], scope.hint(name))
        if words and not error.hint:
            error.hint = f"words that can stand here: {', '.join(sorted(words))}"
        return error

    def _absence(self, known: Known, expression: Expression, text: Text) -> None:
        """A name that exists only under an `if`, read without that condition (rule 7).

        Whether one condition implies another can't be told here: one about the same names passes for such.
        """
        condition = known.condition
        if not condition or not self.conditions:
            return
        about = {name for outer in self.conditions for name in outer.names} | expression.names - {known.name}
        if not condition.names & about:
            message = f"`{known.name}` exists only if {condition.shown}, and is read without that"
            self.report("W0204", message, text.span, "read it under the same `if`")

    def _expression_error(self, error: ExpressionError, text: Text) -> None:
        span = text.span
        if error.offset >= 0 and text.content.end_column - text.content.column == len(text.text):
            span = text.content.part(error.offset, error.length)
        self.report(error.code, str(error), span, error.hint)
