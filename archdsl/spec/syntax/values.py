"""Reads written values: numbers, expressions, lists, holes and steps as values."""

from __future__ import annotations

from typing import Any

from archdsl.diagnostics.diagnostic import Diagnostic, Severity
from archdsl.diagnostics.span import Span
from archdsl.spec.source.tree import Mapping, Scalar, Sequence, Tree
from archdsl.spec.syntax.model import Attribute, Choice, Constant, Label, Listing, Name, StepCall, Text, Written
from archdsl.spec.syntax.words import why_no_name


class Reader:
    """Collects findings while a file is parsed: every method goes on after a mistake."""

    def __init__(self) -> None:
        self.findings: list[Diagnostic] = []

    def report(self, code: str, message: str, span: Span, label: str = "", *notes: str) -> None:
        """Add a finding."""
        severity = Severity.WARNING if code[0] == "W" else Severity.ERROR
        self.findings.append(Diagnostic(code, message, span, label, notes, severity))

    def name(self, tree: Tree, what: str = "a name") -> Name | None:
        """A name that is not reserved; reports and gives None otherwise."""
        if not isinstance(tree, Scalar):
            self.report("E0109", f"{what} must be one word", tree.span)
            return None
        why = why_no_name(tree.text)
        if why:
            self.report("E0112", why, tree.span, "choose another name")
            return None
        return Name(tree.text, tree.span)

    def text(self, tree: Tree, what: str) -> str:
        """A plain text; reports and gives an empty one otherwise."""
        if isinstance(tree, Scalar) and tree.value is not None:
            return tree.text
        self.report("E0109", f"{what} must be a text", tree.span)
        return ""

    def mapping(self, tree: Tree, what: str, example: str = "") -> Mapping | None:
        """A mapping; `key:` with nothing behind it counts as an empty one."""
        if isinstance(tree, Mapping):
            return tree
        if isinstance(tree, Scalar) and tree.value is None:
            return Mapping((), tree.span)
        self.report("E0109", f"{what} must be a mapping", tree.span, example)
        return None

    def written(self, tree: Tree, what: str = "a value") -> Written | None:
        """A value as written. None (reported) where there is none."""
        if isinstance(tree, Scalar):
            if tree.value is None:
                self.report("E0109", f"{what} is missing", tree.span, "write a value here")
                return None
            if isinstance(tree.value, str):
                return Text(tree.text, tree.span, tree.content)
            return Constant(tree.value, tree.span)
        if isinstance(tree, Sequence):
            items = [self.written(item, what) for item in tree.items]
            return None if None in items else Listing(tuple(i for i in items if i is not None), tree.span)
        if tree.get("choose") is not None or tree.get("take") is not None:
            return self.choice(tree)
        return self.step_call(tree)

    def choice(self, tree: Mapping) -> Choice | None:
        """A hole."""
        self.keys(tree, ("choose", "take"), "a hole")
        chosen = tree.get("choose")
        if chosen is None:
            self.report("E0107", "a hole needs `choose`", tree.span, "{choose: [...], take: k}")
            return None
        taken = tree.get("take")
        take = self.written(taken, "`take`") if taken is not None else None
        if isinstance(take, Choice | StepCall):
            self.report("E0605", "`take` is a number or a list of numbers, no hole", take.span)
            return None
        options: Any
        if isinstance(chosen, Mapping):
            if chosen.get("choose") is not None:
                self.report("E0605", "a hole cannot be the list of options of a hole", chosen.span)
                return None
            read = [(e.key, self.written(e.value, "an option")) for e in chosen.entries]
            if any(value is None for _, value in read):
                return None
            options = tuple(read)
        else:
            options = self.written(chosen, "`choose`")
            if options is None:
                return None
            if isinstance(options, Constant):
                self.report("E0109", "`choose` needs a list of options", chosen.span, "[a, b]")
                return None
            if isinstance(options, Listing):
                for item in options.items:
                    if isinstance(item, StepCall):
                        self.report("E0606", "an option that is a mapping needs a label", item.span, "{label: value}")
                        return None
        if options == () or (isinstance(options, Listing) and not options.items):
            self.report("E0604", "`choose` has no options", chosen.span)
            return None
        return Choice(options, take, tree.span)

    def step_call(self, tree: Mapping) -> StepCall | None:
        """A step as a value: a mapping with one key, the callable."""
        if len(tree.entries) != 1:
            self.report(
                "E0109",
                "a mapping as a value is a step, `{callable: {attribute: value}}`, or a hole, `{choose: [...]}`",
                tree.span,
                "one key is needed",
            )
            return None
        entry = tree.entries[0]
        return StepCall(entry.key.text, entry.key.span, self.attributes(entry.value, entry.key.text), tree.span)

    def attributes(self, tree: Tree, callable_name: str) -> tuple[Attribute, ...]:
        """`{name: value, ...}` of a call."""
        mapping = self.mapping(
            tree, f"the attributes of `{callable_name}`", f"{callable_name}: {{attribute: value}}"
        )
        found = []
        for entry in mapping.entries if mapping else ():
            value = self.written(entry.value, f"`{entry.key.text}`")
            if value is not None:
                found.append(Attribute(entry.key.text, value, entry.key.span))
        return tuple(found)

    def keys(self, tree: Mapping, allowed: tuple[str, ...] | list[str], what: str) -> None:
        """Report every key that is not allowed, with the nearest one that is."""
        from archdsl.diagnostics.suggest import nearest

        for entry in tree.entries:
            if entry.key.text not in allowed:
                close = nearest(entry.key.text, allowed)
                hint = f"did you mean `{close}`?" if close else "allowed: " + ", ".join(allowed)
                self.report("E0104", f"unknown key `{entry.key.text[:60]}` in {what}", entry.key.span, hint)

    def label(self, tree: Tree) -> Label | None:
        """A decision's label: an identifier, a number, a truth value or a list of them."""
        if isinstance(tree, Scalar) and tree.value is not None:
            return tree.value
        if isinstance(tree, Sequence):
            labels = [self.label(item) for item in tree.items]
            return None if None in labels else [x for x in labels if x is not None]
        self.report("E0606", "a label is a word, a number or a list of them", tree.span)
        return None
