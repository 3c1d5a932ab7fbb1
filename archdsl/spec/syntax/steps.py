"""Reads bodies and steps, and labels every step (rule 12).

A step that can't be read keeps its place and its names: what it would give is known to be unknown, so that nothing is
said about those who read it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from archdsl.diagnostics.suggest import nearest
from archdsl.ops.registry import operators
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
    Unread,
    Written,
)
from archdsl.spec.syntax.values import Reader
from archdsl.spec.syntax.words import HEADS, STEP_WORDS, is_identifier, why_no_name

# `conv2d:{kernel_size` is all one key for YAML.
_GLUED = re.compile(r"([A-Za-z_]\w*):\S")


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
    broken: bool = False


class BodyReader(Reader):
    """Reads bodies."""

    def body(self, tree: Tree) -> Body:
        """A step, or a list of steps."""
        if isinstance(tree, Sequence):
            steps = [self.step(item) for item in tree.items]
        elif isinstance(tree, Scalar) and tree.value is None:
            self.report("E0109", "a body is missing", tree.span, "write [] for one that does nothing")
            steps = [_unread(tree)]
        else:
            steps = [self.step(tree)]
        return Body(labelled(steps), tree.span)

    def step(self, tree: Tree) -> Step:
        """One step: a callable's name, or a mapping with one head and step words."""
        if isinstance(tree, Scalar):
            return self._word(tree)
        if isinstance(tree, Sequence):
            self.report("E0109", "a step cannot be a list", tree.span, "`do:` groups steps")
            return _unread(tree)
        entry, tree = self._head_entry(tree)
        words = self._words(tree)
        head: Head = Unread(tree.span)
        if entry is not None:
            self._check_combination(tree, words, entry.key)
            read = self._head(entry)
            # A body whose loop variables are not known can't be looked at.
            head = head if tree.get("for") is not None and words.loop is None else read
        return Step(
            head,
            entry.key.span if entry is not None else tree.span,
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
            words.broken,
        )

    def _word(self, tree: Scalar) -> Step:
        if not isinstance(tree.value, str):
            self.report("E0109", "a step is a callable's name or a mapping", tree.span)
        elif tree.text in HEADS or tree.text in STEP_WORDS:
            self.report("E0110", f"`{tree.text}` needs a value", tree.span)
        elif not is_identifier(tree.text):
            # A class or function of torch by its full name is most often an operator here.
            close = nearest(tree.text.rpartition(".")[2], operators()) if "." in tree.text else ""
            hint = f"did you mean `{close}`?" if close else "a step is `callable` or a mapping"
            if tree.span.end_line > tree.span.line:
                hint = "the next line is indented deeper and read as part of this: indent both alike"
            self.report("E0109", f"`{tree.text[:60]}` is no step", tree.span, hint)
        else:
            return Step(Call(tree.text, tree.span, ()), tree.span, tree.text)
        return _unread(tree)

    def _head_entry(self, tree: Mapping) -> tuple[Entry | None, Mapping]:
        """The entry that is the head, and the step as probably meant; reports missing and surplus heads."""
        candidates = [e for e in tree.entries if e.key.text not in STEP_WORDS]
        if not candidates:
            self.report("E0110", "a step needs a head", tree.span, "a callable, `do`, `branches` or `choose`")
            return None, tree
        if len(candidates) == 1:
            return candidates[0], tree
        callables = (*operators(), *HEADS)
        given = {e.key.text for e in tree.entries}
        misspelt = {e.key.text: nearest(e.key.text, STEP_WORDS) for e in candidates if e.key.text not in callables}
        misspelt = {word: close for word, close in misspelt.items() if close and close not in given}
        if len(misspelt) == len(candidates) - 1:
            return self._with_words(tree, misspelt)
        first, second = candidates[0], candidates[1]
        if second.key.text == "take":
            message = "`take` stands beside the `choose` of a value"
            self.report("E0110", message, second.key.span, "a step chooses one body")
            return None, tree
        empty = isinstance(first.value, Scalar) and first.value.value is None
        hint = f"indent it under `{first.key.text}:`" if empty else "write them as two steps"
        message = f"a step has one head, here are `{first.key.text[:60]}` and `{second.key.text[:60]}`"
        self.report("E0110", message, second.key.span, hint)
        return None, tree

    def _with_words(self, tree: Mapping, misspelt: dict[str, str]) -> tuple[Entry | None, Mapping]:
        """The step with its misspelt words put right (and reported)."""
        meant: list[Entry] = []
        head: Entry | None = None
        for entry in tree.entries:
            close = misspelt.get(entry.key.text)
            if close is not None:
                message = f"unknown step word `{entry.key.text}`"
                self.report("E0104", message, entry.key.span, f"did you mean `{close}`?")
                meant.append(Entry(replace(entry.key, text=close, value=close), entry.value))
            else:
                meant.append(entry)
                head = entry if entry.key.text not in STEP_WORDS else head
        return head, Mapping(tuple(meant), tree.span)

    def _head(self, entry: Entry) -> Head:
        key, value = entry.key, entry.value
        if key.text == "do":
            return Do(self.body(value), key.span)
        if key.text == "branches":
            if not isinstance(value, Sequence) or not value.items:
                self.report("E0109", "`branches` is a list of bodies, at least one", value.span, "[body, body]")
                return Unread(key.span)
            return Branches(tuple(self.body(item) for item in value.items), key.span)
        if key.text == "choose":
            return self._choose(key, value)
        if not is_identifier(key.text):
            glued = _GLUED.match(key.text)
            hint = f"a space is missing after the colon: `{glued[1]}: ...`" if glued else ""
            self.report("E0109", f"`{key.text[:60]}` is no name of a callable", key.span, hint)
            return Unread(key.span)
        attributes = self.attributes(value, key.text)
        return Unread(key.span) if attributes is None else Call(key.text, key.span, attributes)

    def _choose(self, key: Scalar, value: Tree) -> Head:
        options: list[tuple[Scalar, Body]] = []
        if isinstance(value, Mapping):
            self.option_labels([entry.key for entry in value.entries])
            options = [(entry.key, self.body(entry.value)) for entry in value.entries]
        elif isinstance(value, Sequence):
            for item in value.items:
                if not isinstance(item, Scalar):
                    self.report("E0606", "an option that is a mapping needs a label", item.span, "{label: body}")
                    return Unread(key.span)
                step = self.step(item)
                if item.text not in {label.text for label, _ in options}:  # equal options count once
                    options.append((item, Body((step,), item.span)))
        else:
            self.report("E0109", "`choose` as a head needs bodies by label, or a list of callables", value.span)
            return Unread(key.span)
        if not options:
            self.report("E0604", "`choose` has no options", value.span)
            return Unread(key.span)
        return ChooseBody(tuple(options), key.span)

    def _words(self, tree: Mapping) -> _Words:
        words = _Words()
        for entry in tree.entries:
            word = entry.key.text
            if word in STEP_WORDS:
                reader = getattr(self, f"_read_{word}")
                reader(words, entry.value)
        return words

    def _read_name(self, words: _Words, tree: Tree) -> None:
        words.names_listed = isinstance(tree, Sequence)
        items = tree.items if isinstance(tree, Sequence) else (tree,)
        if not items:
            self.report("E0109", "`name` is a name or a list of names", tree.span, "leave it out, or name the result")
        read = [self.name(item, "`name`") for item in items]
        words.names = tuple(name for name in read if name is not None)
        # Without one of its names, a list of names no longer fits the values.
        words.broken = words.broken or (words.names_listed and len(words.names) < len(read))

    def _read_from(self, words: _Words, tree: Tree) -> None:
        listed = isinstance(tree, Sequence)
        items = tree.items if isinstance(tree, Sequence) else (tree,)
        words.reads = From(tuple(self.written(item, "`from`") for item in items), not listed, tree.span)

    def _read_if(self, words: _Words, tree: Tree) -> None:
        words.condition = self.written(tree, "`if`")

    def _read_for(self, words: _Words, tree: Tree) -> None:
        mapping = self.mapping(tree, "`for`", "for: {i: 3, width: widths}")
        if mapping is not None and not mapping.entries:
            self.report("E0109", "`for` needs at least one variable", tree.span, "for: {i: 3}")
        if mapping is None or not mapping.entries:
            words.broken = True
            return
        found = []
        for entry in mapping.entries:
            name, value = self.name(entry.key, "a loop variable"), self.written(entry.value, f"`{entry.key.text[:60]}`")
            if name is not None:
                found.append((name, value))
        words.loop = Loop(tuple(found), tree.span) if found else None
        words.broken = words.broken or not found

    def _read_repeat(self, words: _Words, tree: Tree) -> None:
        words.repeat = self.written(tree, "`repeat`")

    def _read_collect(self, words: _Words, tree: Tree) -> None:
        mapping = self.mapping(tree, "`collect`", "collect: {list: name}")
        words.broken = words.broken or mapping is None
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
            words.repeat = None
        if "collect" in place and ("for" not in place or head.text != "do"):
            self.report("E0111", "`collect` needs `for` and `do`", place["collect"])
            words.broken = True


def _unread(tree: Tree) -> Step:
    return Step(Unread(tree.span), tree.span)


def _base_label(head: Head, words: _Words) -> str:
    if len(words.names) == 1:
        return words.names[0].text
    if isinstance(head, Call):
        return head.name
    if isinstance(head, Do):
        return words.loop.variables[0][0].text if words.loop else "do"
    return "branches" if isinstance(head, Branches) else "choose"


def labelled(steps: list[Step]) -> tuple[Step, ...]:
    """The steps with their final labels: the second `conv` of a body is `conv_2`."""
    seen: dict[str, int] = {}
    result = []
    for step in steps:
        count = seen[step.label] = seen.get(step.label, 0) + 1
        result.append(step if count == 1 else replace(step, label=f"{step.label}_{count}"))
    return tuple(result)
