"""Checks a file without building anything: names, calls, attributes, keys; in cells that nobody calls too.

What can be known only with values (shapes, counts, absent names) is found by the elaborator. Where both look, both
give the same code at the same place, and the finding appears once.
"""

from __future__ import annotations

from archdsl.diagnostics.diagnostic import Diagnostic
from archdsl.diagnostics.suggest import nearest
from archdsl.spec.static.lints import lint_body, lint_cells, lint_names
from archdsl.spec.static.scopes import NO_CONDITION, Condition, Known, StaticScope, condition_of
from archdsl.spec.static.values import Enough, ValueChecker
from archdsl.spec.static.walk import has_hole, inner_bodies
from archdsl.spec.syntax.model import Body, Call, Cell, Do, Name, Param, SpecFile, Step, Unread


def check_file(spec: SpecFile) -> list[Diagnostic]:
    """Errors and warnings of one file (not of those it imports)."""
    checker = _Checker(spec)
    cells = [*spec.cells.values(), *([spec.root] if spec.root is not None else [])]
    try:
        for cell in cells:
            checker.cell(cell)
        checker.variants()
    except Enough:
        return checker.findings
    return [*checker.findings, *lint_cells(spec)]


class _Checker(ValueChecker):
    # Declarations.

    def cell(self, cell: Cell) -> None:
        """A cell, or the file's own graph."""
        outer = StaticScope()
        self.steps = set()
        self.is_open = cell.is_open
        self.later = dict.fromkeys(cell.params, ("E0201", "it is declared further down"))
        if cell.is_root:
            early = ("E0408", "root parameters are read before the inputs")
            self.later.update({name.text: early for name in cell.inputs})
        else:
            for name in cell.inputs:
                self._input(name, outer)
        for param in cell.params.values():
            self._param(param, cell, outer)
        outer.hints = dict.fromkeys(("N", "B", "batch", "batch_size"), "a shape is that of one sample, without N")
        for declared in self.spec.inputs if cell.is_root else ():
            self.value(declared.shape, outer, False)
            self._input(Name(declared.name, declared.span), outer)
        self.later = {}
        outer.hints = {}
        for requirement in cell.require:
            self.value(requirement, outer, False)
        inner = StaticScope(outer)
        if cell.body is not None:
            self.body(cell.body, inner)
        for output in cell.outputs or ():
            self.value(output.value, inner, False)
        self.findings.extend(lint_names(inner))

    def _input(self, name: Name, scope: StaticScope) -> None:
        if name.text in scope.names and scope.names[name.text].kind == "parameter":
            self.report("E0203", f"the input `{name.text}` has the name of a parameter", name.span)
        scope.names[name.text] = Known(name.text, name.span, "input", used=True)
        self.later.pop(name.text, None)

    def _param(self, param: Param, cell: Cell, scope: StaticScope) -> None:
        is_step = cell.kinds.get(param.name) == "step"
        if param.default is not None:
            self.value(param.default, scope, is_step)
        self.later.pop(param.name, None)
        if param.name in scope.names and not is_step:
            self.report("E0203", f"the parameter `{param.name}` has the name of an input", param.span)
        if is_step or param.type == "any" or isinstance(param.default, Unread):
            self.steps.add(param.name)
        if not is_step:
            scope.names[param.name] = Known(param.name, param.span, "parameter", used=True)

    def variants(self) -> None:
        """The parameters that variants give."""
        root = self.spec.root
        if root is None:
            return
        scope = StaticScope()
        for name, param in root.params.items():
            scope.names[name] = Known(name, param.span, "parameter", used=True)
        self.steps = {name for name, kind in root.kinds.items() if kind == "step"}
        self.is_open = root.is_open
        for variant in self.spec.variants.values():
            for attribute in variant.params:
                if attribute.name not in root.params:
                    if root.is_open:
                        continue
                    close = nearest(attribute.name, list(root.params))
                    hint = f"did you mean `{close}`?" if close else "parameters: " + (", ".join(root.params) or "none")
                    self.report("E0406", f"there is no parameter `{attribute.name}`", attribute.span, hint)
                elif root.params[attribute.name].type != "any":
                    self.value(attribute.value, scope, root.kinds.get(attribute.name) == "step")

    # Bodies.

    def body(self, body: Body, scope: StaticScope) -> None:
        """A body's steps in the scope of its names."""
        scope.expect(body)
        for step in body.steps:
            self._step(step, scope)
        self.findings.extend(lint_body(body))

    def _step(self, step: Step, scope: StaticScope) -> None:
        condition = condition_of(step)
        before = StaticScope(scope)
        for name, _ in step.loop.variables if step.loop else ():
            before.hints[name.text] = "loop variables are visible inside the loop, not in its own `if` and `from`"
        if step.condition is not None:
            self.value(step.condition, before, False)
        self.conditions.append(condition)
        for argument in step.reads.arguments if step.reads else ():
            self.value(argument, before, False)
        inner = self._loop(step, scope)
        for key in (step.share, step.tie):
            if key is not None and scope.find(key.text) is not None:
                message = f"the key `{key.text}` equals a visible name"
                self.report("E0704", message, key.span, "keys are literal words, not values")
        if isinstance(step.head, Call):
            self.call(step.head.name, step.head.span, step.head.attributes, inner, needs_all=True)
        for body in inner_bodies(step):
            own = inner if isinstance(step.head, Do) else StaticScope(inner)
            self.body(body, own)
            if isinstance(step.head, Do):
                self._collect(step, own)
            self.findings.extend(lint_names(own))
            scope.leave(own)
        self.conditions.pop()
        # Names that unpack a list come together: one of them may be there for the count alone.
        needed = has_hole(step) or len(step.names) > 1
        for name in step.names:
            self._define(name, "step", scope, condition, needed)
        for made, _ in step.collect:
            self._define(made, "collected list", scope, condition, from_loop=inner.names.get(made.text))

    def _loop(self, step: Step, scope: StaticScope) -> StaticScope:
        """The scope of the step's head: with the loop variables and the lists that grow."""
        inner = StaticScope(scope)
        if step.repeat is not None:
            self.value(step.repeat, scope, False)
        for _, value in step.loop.variables if step.loop else ():
            self.value(value, scope, False)
        for name, _ in step.loop.variables if step.loop else ():
            self._define(name, "loop variable", inner, NO_CONDITION, True)
        for made, _ in step.collect:
            # Whether the name is free around the loop is asked once, where the whole list is given.
            if made.text in inner.names:
                self._define(made, "growing list", inner, NO_CONDITION)
            else:
                inner.names[made.text] = Known(made.text, made.span, "growing list", labels_decision=True)
        return inner

    def _define(
        self,
        name: Name,
        kind: str,
        scope: StaticScope,
        condition: Condition,
        labels_decision: bool = False,
        from_loop: Known | None = None,
    ) -> None:
        known = scope.find(name.text)
        # Several steps may give one name, each under its own condition; whether one alone is there, values decide.
        alternative = known is not None and known.conditional and bool(condition) and name.text in scope.names
        if known is not None and not alternative:
            first = f"first at line {known.span.line}"
            self.report("E0203", f"the name `{name.text}` is given twice", name.span, f"choose another name; {first}")
            scope.refused.add(name.text)
            return
        used = (from_loop is not None and from_loop.used) or (known is not None and known.used)
        kept = NO_CONDITION if alternative else condition
        scope.names[name.text] = Known(name.text, name.span, kind, kept, bool(condition), used, labels_decision)

    def _collect(self, step: Step, body: StaticScope) -> None:
        for _, name in step.collect:
            known = body.names.get(name.text)
            if name.text in body.refused:
                continue
            if known is None or known.kind in ("loop variable", "growing list"):
                found = [n for n, k in body.names.items() if k.kind == "step"]
                close = nearest(name.text, found)
                hint = f"did you mean `{close}`?" if close else "give the step in the body this `name`"
                self.report("E0503", f"no step of this body has the name `{name.text}`", name.span, hint)
            else:
                known.used = True
