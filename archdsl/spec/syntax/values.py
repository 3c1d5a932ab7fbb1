"""Reads written values: numbers, expressions, lists, holes and steps as values."""

from __future__ import annotations

from dataclasses import replace

from archdsl.diagnostics.diagnostic import Diagnostic, Severity
from archdsl.diagnostics.span import Span
from archdsl.diagnostics.suggest import nearest
from archdsl.spec.source.tree import Entry, Mapping, Scalar, Sequence, Tree
from archdsl.spec.syntax.model import (
    Attribute,
    Choice,
    Constant,
    Label,
    Listing,
    Name,
    StepCall,
    Text,
    Unread,
    Written,
)
from archdsl.spec.syntax.words import HEADS, is_identifier, why_no_name


class Reader:
    """Collects findings while a file is parsed: every method goes on after a mistake."""

    def __init__(self) -> None:
        self.findings: list[Diagnostic] = []
        # Words that are no names, where names belong: whoever reads them gets no further finding.
        self._refused: set[str] = set()

    def report(self, code: str, message: str, span: Span, label: str = "", *notes: str) -> None:
        """Add a finding."""
        severity = Severity.WARNING if code[0] == "W" else Severity.ERROR
        self.findings.append(Diagnostic(code, message, span, label, notes, severity))

    def name(self, tree: Tree, what: str = "a name") -> Name | None:
        """A name; one that is reserved is reported and taken all the same, what is none at all is reported only."""
        if not isinstance(tree, Scalar):
            self.report("E0109", f"{what} must be one word", tree.span)
            return None
        why = why_no_name(tree.text)
        if why:
            self.report("E0112", why, tree.span, "choose another name")
            if not is_identifier(tree.text):
                self._refused.add(tree.text)
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

    def written(self, tree: Tree, what: str = "a value") -> Written:
        """A value as written."""
        if isinstance(tree, Scalar):
            if tree.value is None:
                self.report("E0109", f"{what} is missing", tree.span, "write a value here")
                return Unread(tree.span)
            if not isinstance(tree.value, str):
                return Constant(tree.value, tree.span)
            return Unread(tree.span) if tree.text in self._refused else Text(tree.text, tree.span, tree.content)
        if isinstance(tree, Sequence):
            return Listing(tuple(self.written(item, what) for item in tree.items), tree.span)
        if tree.get("choose") is not None or tree.get("take") is not None:
            return self.choice(tree)
        return self.step_call(tree)

    def choice(self, tree: Mapping) -> Choice | Unread:
        """A hole."""
        tree = self.keys(tree, ("choose", "take"), "a hole")
        chosen, taken = tree.get("choose"), tree.get("take")
        if chosen is None:
            self.report("E0107", "a hole needs `choose`", tree.span, "{choose: [...], take: k}")
            return Unread(tree.span)
        take = self.written(taken, "`take`") if taken is not None else None
        if isinstance(take, Choice | StepCall):
            self.report("E0605", "`take` is a number or a list of numbers, no hole", take.span)
            take = Unread(take.span)
        options = self._labelled_options(chosen) if isinstance(chosen, Mapping) else self._listed_options(chosen)
        if options == () or (isinstance(options, Listing) and not options.items):
            self.report("E0604", "`choose` has no options", chosen.span)
            return Unread(tree.span)
        if isinstance(options, Unread):
            return options
        return Choice(options, take, tree.span)

    def _labelled_options(self, tree: Mapping) -> tuple[tuple[Scalar, Written], ...] | Unread:
        """`{label: value, ...}`."""
        if tree.get("choose") is not None:
            self.report("E0605", "a hole cannot be the list of options of a hole", tree.span)
            return Unread(tree.span)
        self.option_labels([entry.key for entry in tree.entries])
        return tuple((entry.key, self.written(entry.value, "an option")) for entry in tree.entries)

    def _listed_options(self, tree: Scalar | Sequence) -> Listing | Text | Unread:
        """A list of values, or an expression that gives one."""
        for item in tree.items if isinstance(tree, Sequence) else ():
            if isinstance(item, Mapping) and item.get("choose") is None:
                hint = "give all options labels: `choose: {label: value, ...}`"
                self.report("E0606", "an option that is a mapping needs a label", item.span, hint)
                return Unread(tree.span)
        options = self.written(tree, "`choose`")
        if not isinstance(options, Listing | Text | Unread):
            self.report("E0109", "`choose` needs a list of options", tree.span, "[a, b]")
            return Unread(tree.span)
        return options

    def option_labels(self, keys: list[Scalar]) -> None:
        """Labels of options: identifiers or numbers, all different."""
        seen: set[Label | None] = set()
        for key in keys:
            number = isinstance(key.value, int | float) and not isinstance(key.value, bool)
            if not is_identifier(key.text) and not number:
                message = f"`{key.text[:60]}` is no label of an option"
                self.report("E0606", message, key.span, "an identifier or a number")
            elif number and key.value in seen:
                self.report("E0606", f"two options have the label {key.text}", key.span)
            seen.add(key.value)

    def step_call(self, tree: Mapping) -> StepCall | Unread:
        """A step as a value: a mapping with one key, the callable."""
        if len(tree.entries) != 1:
            self.report(
                "E0109",
                "a mapping as a value is a step, `{callable: {attribute: value}}`, or a hole, `{choose: [...]}`",
                tree.span,
                "one key is needed",
            )
            return Unread(tree.span)
        entry = tree.entries[0]
        attributes = self.attributes(entry.value, entry.key.text)
        if attributes is None:
            return Unread(tree.span)
        return StepCall(entry.key.text, entry.key.span, attributes, tree.span)

    def attributes(self, tree: Tree, callable_name: str) -> tuple[Attribute, ...] | None:
        """`{name: value, ...}` of a call; None if it could not be read."""
        what = f"the attributes of `{callable_name[:60]}`"
        hint = ""
        if isinstance(tree, Sequence):
            close = nearest(callable_name, HEADS)
            hint = f"did you mean `{close}`?" if close else "a list of steps stands under `do:`"
        mapping = self.mapping(tree, what, hint or f"{callable_name[:60]}: {{attribute: value}}")
        if mapping is None:
            return None
        written = ((entry.key, self.written(entry.value, f"`{entry.key.text[:60]}`")) for entry in mapping.entries)
        return tuple(Attribute(key.text, value, key.span) for key, value in written)

    def keys(self, tree: Mapping, allowed: tuple[str, ...], what: str) -> Mapping:
        """Report every key that is not allowed, with the nearest one that is; gives the mapping as probably meant."""
        given = {entry.key.text for entry in tree.entries}
        if given <= set(allowed):
            return tree
        meant: list[Entry] = []
        for entry in tree.entries:
            if entry.key.text in allowed:
                meant.append(entry)
                continue
            close = nearest(entry.key.text, allowed)
            hint = f"did you mean `{close}`?" if close else "allowed: " + ", ".join(allowed)
            self.report("E0104", f"unknown key `{entry.key.text[:60]}` in {what}", entry.key.span, hint)
            if close and close not in given:
                given.add(close)
                meant.append(Entry(replace(entry.key, text=close, value=close), entry.value))
        return Mapping(tuple(meant), tree.span)

    def label(self, tree: Tree) -> Label | None:
        """A decision's label: an identifier, a number, a truth value or a list of them."""
        if isinstance(tree, Scalar) and tree.value is not None:
            return tree.value
        if isinstance(tree, Sequence):
            labels = [self.label(item) for item in tree.items]
            return None if None in labels else [x for x in labels if x is not None]
        self.report("E0606", "a label is a word, a number or a list of them", tree.span)
        return None
