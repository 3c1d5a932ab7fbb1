"""Reads bodies and steps, and labels every step (rule 12)."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

from archdsl.diagnostics.suggest import nearest
from archdsl.spec.source.tree import Entry, Mapping, Scalar, Sequence, Tree
from archdsl.spec.syntax.model import (
    Body,
    Branches,
    Call,
    ChooseBody,
    Do,
    From,
    Head,
    Loop,
    Name,
    Step,
    Written,
)
from archdsl.spec.syntax.values import Reader
from archdsl.spec.syntax.words import HEADS, STEP_WORDS, is_identifier, why_no_name


@dataclass
class _Words:
    """The step words of one step, as far as they could be read."""

    names: tuple[Name, ...] = ()
    names_listed: bool = False
    reads: From | None = None
    condition: Written | None = None
    loop: Loop | None = None
    repeat: Written | None = None
    collect: tuple[tuple[Name, Name], ...] = ()
    share: Name | None = None
    tie: Name | None = None
    broken: bool = field(default=False)


class BodyReader(Reader):
    """Reads bodies."""

    def body(self, tree: Tree) -> Body:
        """A step, or a list of steps. Steps that can't be read are left out (and reported)."""
        if isinstance(tree, Sequence):
            steps = [self.step(item) for item in tree.items]
        elif isinstance(tree, Scalar) and tree.value is None:
            self.report("E0109", "a body is missing", tree.span, "write [] for one that does nothing")
            steps = []
        else:
            steps = [self.step(tree)]
        return Body(labelled([s for s in steps if s is not None]), tree.span)

    def step(self, tree: Tree) -> Step | None:
        """One step: a callable's name, or a mapping with one head and step words."""
        if isinstance(tree, Scalar):
            if not isinstance(tree.value, str):
                self.report("E0109", "a step is a callable's name or a mapping", tree.span)
                return None
            if tree.text in HEADS or tree.text in STEP_WORDS:
                self.report("E0110", f"`{tree.text}` needs a value", tree.span)
                return None
            if not is_identifier(tree.text):
                self.report("E0109", f"`{tree.text[:60]}` is no step", tree.span, "a step is `callable` or a mapping")
                return None
            return Step(Call(tree.text, tree.span, ()), tree.span, tree.text)
        if isinstance(tree, Sequence):
            self.report("E0109", "a step cannot be a list", tree.span, "`do:` groups steps")
            return None
        entry = self._head_entry(tree)
        words = self._words(tree)
        if entry is None:
            return None
        head = self._head(entry)
        self._check_combination(tree, words, entry.key)
        if head is None or words.broken:
            return None
        return Step(
            head,
            entry.key.span,
            _base_label(head, words),
            words.names,
            words.names_listed,
            words.reads,
            words.condition,
            words.loop,
            words.repeat,
            words.collect,
            words.share,
            words.tie,
        )

    def _head_entry(self, tree: Mapping) -> Entry | None:
        """The entry that is the head; reports missing and surplus ones."""
        candidates = [e for e in tree.entries if e.key.text not in STEP_WORDS]
        if not candidates:
            self.report("E0110", "a step needs a head", tree.span, "a callable, `do`, `branches` or `choose`")
            return None
        if len(candidates) == 1:
            return candidates[0]
        from archdsl.ops.registry import operators

        known = operators()
        misspelt = [
            e for e in candidates if e.key.text not in known and e.key.text not in HEADS and nearest(e.key.text, STEP_WORDS)
        ]
        if len(misspelt) == len(candidates) - 1:
            for e in misspelt:
                close = nearest(e.key.text, STEP_WORDS)
                self.report("E0104", f"unknown step word `{e.key.text}`", e.key.span, f"did you mean `{close}`?")
            return next(e for e in candidates if e not in misspelt)
        first, second = candidates[0], candidates[1]
        empty = isinstance(first.value, Scalar) and first.value.value is None
        hint = f"indent it under `{first.key.text}:`" if empty else "write them as two steps"
        self.report("E0110", f"a step has one head, here are `{first.key.text}` and `{second.key.text}`", second.key.span, hint)
        return None

    def _head(self, entry: Entry) -> Head | None:
        key, value = entry.key, entry.value
        if key.text == "do":
            return Do(self.body(value), key.span)
        if key.text == "branches":
            if not isinstance(value, Sequence):
                self.report("E0109", "`branches` is a list of bodies", value.span, "[body, body]")
                return None
            return Branches(tuple(self.body(item) for item in value.items), key.span)
        if key.text == "choose":
            return self._choose(key, value)
        if not is_identifier(key.text):
            self.report("E0109", f"`{key.text[:60]}` is no name of a callable", key.span)
            return None
        return Call(key.text, key.span, self.attributes(value, key.text))

    def _choose(self, key: Scalar, value: Tree) -> Head | None:
        options: list[tuple[Scalar, Body]] = []
        if isinstance(value, Mapping):
            for e in value.entries:
                if not _is_label(e.key):
                    self.report("E0606", f"`{e.key.text[:60]}` is no label", e.key.span, "an identifier or a number")
                options.append((e.key, self.body(e.value)))
        elif isinstance(value, Sequence):
            for item in value.items:
                if not isinstance(item, Scalar):
                    self.report("E0606", "an option that is a mapping needs a label", item.span, "{label: body}")
                    return None
                step = self.step(item)
                if step is not None:
                    options.append((item, Body((step,), item.span)))
        else:
            self.report("E0109", "`choose` as a head needs bodies by label, or a list of callables", value.span)
            return None
        if not options:
            self.report("E0604", "`choose` has no options", value.span)
            return None
        return ChooseBody(tuple(options), key.span)

    def _words(self, tree: Mapping) -> _Words:
        words = _Words()
        for entry in tree.entries:
            word = entry.key.text
            if word in STEP_WORDS:
                before = len(self.findings)
                reader = getattr(self, f"_read_{word}")
                reader(words, entry.value)
                words.broken = words.broken or len(self.findings) > before
        return words

    def _read_name(self, words: _Words, tree: Tree) -> None:
        words.names_listed = isinstance(tree, Sequence)
        items = tree.items if isinstance(tree, Sequence) else (tree,)
        words.names = tuple(n for n in (self.name(item, "`name`") for item in items) if n is not None)

    def _read_from(self, words: _Words, tree: Tree) -> None:
        if isinstance(tree, Sequence):
            read = [self.written(item, "`from`") for item in tree.items]
            words.reads = From(tuple(r for r in read if r is not None), False, tree.span)
        else:
            value = self.written(tree, "`from`")
            words.reads = From((value,) if value is not None else (), True, tree.span)

    def _read_if(self, words: _Words, tree: Tree) -> None:
        words.condition = self.written(tree, "`if`")

    def _read_for(self, words: _Words, tree: Tree) -> None:
        mapping = self.mapping(tree, "`for`", "for: {i: 3, width: widths}")
        if mapping is None:
            return
        if not mapping.entries:
            self.report("E0109", "`for` needs at least one variable", tree.span, "for: {i: 3}")
        found = [(self.name(e.key, "a loop variable"), self.written(e.value, f"`{e.key.text}`")) for e in mapping.entries]
        words.loop = Loop(tuple((n, v) for n, v in found if n is not None and v is not None), tree.span)

    def _read_repeat(self, words: _Words, tree: Tree) -> None:
        words.repeat = self.written(tree, "`repeat`")

    def _read_collect(self, words: _Words, tree: Tree) -> None:
        mapping = self.mapping(tree, "`collect`", "collect: {list: name}")
        found = [
            (self.name(e.key, "a collected list"), self.name(e.value, "the collected name"))
            for e in (mapping.entries if mapping else ())
        ]
        words.collect = tuple((a, b) for a, b in found if a is not None and b is not None)

    def _read_share(self, words: _Words, tree: Tree) -> None:
        words.share = self._key(tree, "share")

    def _read_tie(self, words: _Words, tree: Tree) -> None:
        words.tie = self._key(tree, "tie")

    def _key(self, tree: Tree, word: str) -> Name | None:
        if not isinstance(tree, Scalar) or not isinstance(tree.value, str):
            self.report("E0704", f"the key of `{word}` is a literal word", tree.span)
            return None
        why = why_no_name(tree.text)
        if why:
            self.report("E0704", why, tree.span, f"the key of `{word}` is a literal word")
            return None
        return Name(tree.text, tree.span)

    def _check_combination(self, tree: Mapping, words: _Words, head: Scalar) -> None:
        place = {e.key.text: e.key.span for e in tree.entries}
        if "for" in place and "repeat" in place:
            self.report("E0111", "`repeat` does not go with `for`", place["repeat"], "use one of them")
        if "collect" in place and ("for" not in place or head.text != "do"):
            self.report("E0111", "`collect` needs `for` and `do`", place["collect"])


def _is_label(key: Scalar) -> bool:
    return is_identifier(key.text) or (isinstance(key.value, int | float) and not isinstance(key.value, bool))


def _base_label(head: Head, words: Any) -> str:
    if len(words.names) == 1:
        return str(words.names[0].text)
    if isinstance(head, Call):
        return head.name
    if isinstance(head, Do):
        return words.loop.variables[0][0].text if words.loop and words.loop.variables else "do"
    return "branches" if isinstance(head, Branches) else "choose"


def labelled(steps: list[Step]) -> tuple[Step, ...]:
    """The steps with their final labels: the second `conv` of a body is `conv_2`."""
    seen: dict[str, int] = {}
    result = []
    for step in steps:
        count = seen[step.label] = seen.get(step.label, 0) + 1
        result.append(step if count == 1 else replace(step, label=f"{step.label}_{count}"))
    return tuple(result)
