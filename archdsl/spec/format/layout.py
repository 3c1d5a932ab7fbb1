"""YAML laid out anew: the nodes written line by line, with the comments of the text between and behind them."""

from __future__ import annotations

from archdsl.spec.format.nodes import Branch, Leaf, Node, read_nodes
from archdsl.spec.format.quoting import keeps_quotes, leaf_text
from archdsl.spec.format.remarks import Remarks

INDENT = 2


def laid_out(text: str) -> str:
    """The layout of a text that is valid and has newlines as line ends."""
    root = read_nodes(text)
    layout = _Layout(text, Remarks(text, root))
    layout.block(root, 0, "")
    return layout.finished()


class _Layout:
    def __init__(self, text: str, remarks: Remarks):
        self._text = text
        self._remarks = remarks
        self._lines: list[str] = []
        # How many lines are written for values: empty ones among them belong to a text.
        self._kept = 0
        # The line of the text up to which comments have been written.
        self._done = 0
        # For each open list or mapping the column that it had, and the one that it has now.
        self._levels: list[tuple[int, int]] = []

    def block(self, node: Node, column: int, prefix: str) -> None:
        """Writes a node whose first line begins with `prefix`, which ends at `column`."""
        if isinstance(node, Leaf) or node.flow or not node.items:
            self._line(
                node.line, node.column, column, prefix + self._value(node, column - INDENT, column - node.column)
            )
        elif node.mapping:
            for key, value in node.pairs():
                self._entry(key, value, column, prefix)
                prefix = " " * column
        else:
            for item in node.items:
                self._note_level(node.column, column)
                self.block(item, column + INDENT, f"{prefix or ' ' * column}- ")
                prefix = " " * column

    def _entry(self, key: Leaf, value: Node, column: int, prefix: str) -> None:
        head = f"{prefix}{leaf_text(self._text, key, flow=False, key=True)}:"
        nested = isinstance(value, Branch) and not value.flow
        written = "" if nested else self._value(value, column, column - key.column)
        line = key.line
        if isinstance(value, Leaf) and value.line > line and "\n" in written and value.style not in ("|", ">"):
            self._lift_comment(key, column)
            line = value.line
        self._line(line, key.column, column, f"{head} {written}" if written else head)
        if nested:
            self.block(value, column + INDENT, "" if column + INDENT == 0 else " " * (column + INDENT))

    def _lift_comment(self, key: Leaf, column: int) -> None:
        """Writes the comment behind a key in front of it: the text over several lines that joins it takes none."""
        self._between(key.line, key.column, column)
        if key.line in self._remarks.trailing:
            self._lines.append(" " * column + self._remarks.trailing[key.line][1])

    def _value(self, node: Node, column: int, shift: int) -> str:
        """A scalar or something in brackets, which belongs to a key or dash at `column` that has moved by `shift`."""
        if isinstance(node, Leaf):
            written = self._text[node.start : node.end]
            if node.style in ("|", ">"):
                return self._block_scalar(node, column)
            if "\n" in written:
                return self._folded(written, column)
            return leaf_text(self._text, node, flow=False)
        written = self._text[node.start : node.end]
        if "\n" not in written:
            return self._flow(node)
        return self._moved(written, column, shift)

    def _flow(self, node: Node, keep: bool = False) -> str:
        if isinstance(node, Leaf):
            return leaf_text(self._text, node, flow=True, keep=keep)
        if not node.mapping:
            keep = keeps_quotes(node)
            return f"[{', '.join(self._flow(item, keep) for item in node.items)}]"
        return f"{{{', '.join(self._pair(key, value) for key, value in node.pairs())}}}"

    def _pair(self, key: Leaf, value: Node) -> str:
        name = leaf_text(self._text, key, flow=True, key=True)
        if isinstance(value, Leaf) and value.start == value.end:
            # `{relu}` and `{relu: }` say the same; each stays.
            return f"{name}: " if ":" in self._text[key.end : value.end] else name
        return f"{name}: {self._flow(value)}"

    def _folded(self, written: str, column: int) -> str:
        """A scalar over several lines, whose indentation means nothing."""
        first, *others = written.split("\n")
        indent = " " * (max(column, 0) + INDENT)
        return "\n".join([first.rstrip(), *(f"{indent}{line.strip()}".rstrip() for line in others)])

    def _moved(self, written: str, column: int, shift: int) -> str:
        """Brackets over several lines, moved with the line in which they open."""
        first, *others = written.split("\n")
        moved = []
        for line in others:
            depth = max(column, len(line) - len(line.lstrip(" ")) + shift, 0)
            moved.append((" " * depth + line.lstrip(" ")).rstrip())
        return "\n".join([first.rstrip(), *moved])

    def _block_scalar(self, node: Leaf, column: int) -> str:
        header, *lines = self._text[node.start : node.end].split("\n")
        first = next((line for line in lines if line.strip()), "")
        start = node.value.lstrip("\n")
        # Where the text begins that the value has; deeper first lines come with a number in the header.
        depth = len(first) - len(first.lstrip(" ")) - (len(start) - len(start.lstrip(" ")))
        indent = " " * (max(column, 0) + INDENT)
        indicator, space, comment = header.partition(" ")
        indicator = "".join(str(INDENT) if char.isdigit() else char for char in indicator)
        moved = [f"{indent}{line[depth:]}".rstrip(" ") if line.strip() else "" for line in lines]
        if "+" in indicator:
            # The empty lines behind it are part of the text; the last newline ends the last line.
            moved = moved[:-1]
        return "\n".join([f"{indicator}{space}{comment}".rstrip(), *moved])

    def _line(self, source: int, old: int, new: int, written: str) -> None:
        """Writes what began in line `source` at column `old` of the text, behind the comments in front of it."""
        self._between(source, old, new)
        first, *others = written.split("\n")
        ends_on = source + len(others)
        self._note_level(old, new)
        lines = [first, *others]
        for number in range(source, max(source, ends_on) + 1):
            if number in self._remarks.trailing:
                column, comment = self._remarks.trailing[number]
                place = number - source
                lines[place] = f"{lines[place].ljust(max(column, len(lines[place]) + 2))}{comment}"
        self._lines += lines
        self._kept = len(self._lines)
        self._done = max(self._done, ends_on + 1)

    def _between(self, until: int, old: int, new: int) -> None:
        for column, comment in self._remarks.between(self._done, until):
            if comment:
                self._lines.append(" " * self._comment_column(column, old, new) + comment)
            elif self._lines and self._lines[-1]:
                self._lines.append("")
        self._done = max(self._done, until)

    def _comment_column(self, column: int, old: int, new: int) -> int:
        """A comment goes with the line behind it, or with an open list or mapping if it is indented like that."""
        inner = [now for before, now in self._levels if old < before <= column]
        return inner[-1] if column > old and inner else new

    def _note_level(self, old: int, new: int) -> None:
        while self._levels and self._levels[-1][1] >= new:
            self._levels.pop()
        self._levels.append((old, new))

    def finished(self) -> str:
        """The text, with what comments stand at its end."""
        self._between(self._text.count("\n") + 1, 0, 0)
        while len(self._lines) > self._kept and not self._lines[-1]:
            self._lines.pop()
        return "\n".join(self._lines) + "\n"
