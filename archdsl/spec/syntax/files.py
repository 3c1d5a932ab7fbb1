"""Reads a whole file: its declarations, cells, variants and graph."""

from __future__ import annotations

from pathlib import Path

from archdsl.diagnostics.codes import CODES
from archdsl.diagnostics.span import Span
from archdsl.diagnostics.suggest import nearest
from archdsl.spec.source.tree import Entry, Mapping, Scalar, Sequence, Tree
from archdsl.spec.syntax.model import (
    Cell,
    Choice,
    GivenLabel,
    Import,
    ImportedCell,
    Input,
    Listing,
    Name,
    Output,
    Param,
    SpecFile,
    Text,
    Unread,
    Variant,
    Written,
)
from archdsl.spec.syntax.steps import BodyReader
from archdsl.spec.syntax.words import CELL_KEYS, FILE_KEYS, TYPES, is_file_name, is_identifier


def parse_file(tree: Mapping, path: Path, display: str) -> SpecFile:
    """The file as declarations; what is wrong stands in its `findings`."""
    return _FileReader(SpecFile(path, display, Span.start_of(display))).read(tree)


class _FileReader(BodyReader):
    def __init__(self, spec: SpecFile):
        super().__init__()
        self.spec = spec

    def read(self, tree: Mapping) -> SpecFile:
        spec = self.spec
        tree = self.keys(tree, FILE_KEYS, "a spec file")
        self._version(tree)
        self._name(tree)
        if (text := tree.get("description")) is not None:
            spec.description = self.text(text, "`description`")
        if (references := tree.get("references")) is not None:
            spec.references = self._texts(references, "`references`")
        if (imports := tree.get("import")) is not None:
            spec.imports = self._imports(imports)
        if (cells := tree.get("cells")) is not None:
            self._cells(cells)
        self._root(tree)
        if (variants := tree.get("variants")) is not None:
            self._variants(variants)
        if (decisions := tree.get("decisions")) is not None:
            spec.decisions = self._decisions(decisions)
        if (allow := tree.get("allow")) is not None:
            spec.allow = self._allow(allow)
        spec.findings = self.findings
        return spec

    def _name(self, tree: Mapping) -> None:
        """The file's name; what is made of the network is called so, so it must do as a file name anywhere."""
        name = tree.get("name")
        self.spec.name = self.spec.path.stem
        if name is not None:
            before = len(self.findings)
            text = self.text(name, "`name`")
            if is_file_name(text):
                self.spec.name = text
            elif len(self.findings) == before:
                hint = "letters, digits, `_`, `-` and `.`"
                self.report("E0112", f"`{text[:60]}` cannot be the name of a network", name.span, hint)

    def _version(self, tree: Mapping) -> None:
        version = tree.get("archdsl")
        if version is None:
            self.report("E0107", "the file does not say `archdsl: 1`", tree.span.part(0, 1), "archdsl: 1")
        elif not isinstance(version, Scalar) or version.value != 1 or not isinstance(version.value, int):
            self.report("E0108", "this is no version of the language that is known here", version.span, "archdsl: 1")
        elif version.text != "1":  # true, 01
            self.report("E0108", "the version is written as a plain number", version.span, "archdsl: 1")

    def _texts(self, tree: Tree, what: str) -> tuple[str, ...]:
        if isinstance(tree, Sequence):
            return tuple(self.text(item, what) for item in tree.items)
        self.report("E0109", f"{what} must be a list of texts", tree.span)
        return ()

    def _imports(self, tree: Tree) -> tuple[Import, ...]:
        mapping = self.mapping(tree, "`import`", "import: {cells/conv: [conv_bn]}")
        self.spec.is_open = self.spec.is_open or mapping is None
        found = []
        for entry in mapping.entries if mapping else ():
            if not isinstance(entry.value, Sequence):
                self.report("E0109", "an import names its cells in a list", entry.value.span, "[cell, cell]")
                self.spec.is_open = True
                continue
            names = (self.name(item, "an imported cell") for item in entry.value.items)
            cells = tuple(ImportedCell(n.text, n.span) for n in names if n is not None)
            found.append(Import(entry.key.text, entry.key.span, cells))
        return tuple(found)

    def _cells(self, tree: Tree) -> None:
        mapping = self.mapping(tree, "`cells`", "cells: {name: {graph: [...]}}")
        self.spec.is_open = self.spec.is_open or mapping is None
        for entry in mapping.entries if mapping else ():
            name = self.name(entry.key, "a cell's name")
            body = self.mapping(entry.value, f"the cell `{entry.key.text[:60]}`", "{params: ..., graph: [...]}")
            if name is None or body is None:
                self.spec.unread_cells.add(entry.key.text)
                continue
            body = self.keys(body, CELL_KEYS, f"the cell `{name.text}`")
            cell = Cell(name.text, name.span, self.spec)
            self._callable(cell, body)
            inputs = body.get("inputs")
            cell.inputs = (Name("x", entry.key.span),) if inputs is None else self._input_names(inputs, cell)
            if body.get("graph") is None:
                self.report("E0107", f"the cell `{name.text}` has no `graph`", name.span, "graph: [...]")
            self.spec.cells[name.text] = cell

    def _input_names(self, tree: Tree, cell: Cell) -> tuple[Name, ...]:
        if not isinstance(tree, Sequence):
            self.report("E0109", "a cell's inputs are a list of names", tree.span, "[x, y]")
            cell.is_open = True
            return ()
        read = [self.name(item, "an input") for item in tree.items]
        names = [name for name in read if name is not None]
        cell.is_open = cell.is_open or len(names) < len(read)
        for i, name in enumerate(names):
            if name.text in {n.text for n in names[:i]}:
                self.report("E0203", f"input `{name.text}` stands here twice", name.span)
        return tuple(names)

    def _callable(self, cell: Cell, tree: Mapping) -> None:
        """What a cell and a file's graph have in common: params, require, graph, outputs, description."""
        if (text := tree.get("description")) is not None:
            cell.description = self.text(text, "`description`")
        if (params := tree.get("params")) is not None:
            mapping = self.mapping(params, "`params`", "params: {width: int, stride: 1}")
            cell.is_open = mapping is None
            for entry in mapping.entries if mapping else ():
                param = self._param(entry)
                cell.is_open = cell.is_open or param is None
                if param is not None:
                    cell.params[param.name] = param
        if (require := tree.get("require")) is not None:
            items = require.items if isinstance(require, Sequence) else (require,)
            cell.require = tuple(
                self._without_holes(self.written(item, "`require`"), "a requirement") for item in items
            )
        if (graph := tree.get("graph")) is not None:
            cell.body = self.body(graph)
        if (outputs := tree.get("outputs")) is not None:
            cell.outputs, cell.outputs_span = self._outputs(outputs), outputs.span

    def _param(self, entry: Entry) -> Param | None:
        name = self.name(entry.key, "a parameter")
        value = self.written(entry.value, f"the default of `{entry.key.text[:60]}`")
        if name is None:
            return None
        if isinstance(value, Text) and value.text in TYPES:
            return Param(name.text, name.span, type=value.text)
        return Param(name.text, name.span, default=value)

    def _outputs(self, tree: Tree) -> tuple[Output, ...]:
        if isinstance(tree, Mapping):
            found = []
            for entry in tree.entries:
                name = self.name(entry.key, "an output")
                value = self._without_holes(self.written(entry.value, "an output"), "an output")
                if name is not None:
                    found.append(Output(name.text, value, value.span))
            return tuple(found)
        if isinstance(tree, Sequence):
            values = [self._without_holes(self.written(item, "an output"), "an output") for item in tree.items]
            return tuple(Output(_plain_name(value), value, value.span) for value in values)
        self.report("E0109", "`outputs` is a list of names, or names with expressions", tree.span, "[a, b]")
        return (Output("", Unread(tree.span), tree.span),)

    def _without_holes(self, value: Written, what: str) -> Written:
        """The value, unless a hole stands in it, which would have no id there."""
        if isinstance(value, Choice):
            self.report("E0605", f"{what} can't be left open", value.span, "give a step or parameter the hole")
            return Unread(value.span)
        if isinstance(value, Listing):
            return Listing(tuple(self._without_holes(item, what) for item in value.items), value.span)
        return value

    def _root(self, tree: Mapping) -> None:
        spec = self.spec
        graph = tree.get("graph")
        if graph is None:
            for key in ("params", "require", "inputs", "outputs", "variants", "decisions"):
                entry = next((e for e in tree.entries if e.key.text == key), None)
                if entry is not None:
                    self.report("E0107", f"`{key}` without a `graph`", entry.key.span, "a library has only cells")
            if not spec.cells and tree.get("cells") is None:
                self.report("E0107", "the file has neither `graph` nor `cells`", tree.span.part(0, 1))
            return
        root = Cell(spec.name or "network", spec.span, spec, is_root=True)
        self._callable(root, tree)
        root.description = spec.description
        inputs = tree.get("inputs")
        if inputs is None:
            self.report("E0107", "a graph needs `inputs`", tree.span.part(0, 1), "inputs: {image: [3, 224, 224]}")
        else:
            spec.inputs = self._inputs(inputs)
        root.is_open = root.is_open or not spec.inputs
        root.inputs = tuple(Name(i.name, i.span) for i in spec.inputs)
        spec.root = root

    def _inputs(self, tree: Tree) -> tuple[Input, ...]:
        mapping = self.mapping(tree, "`inputs`", "inputs: {image: [3, 224, 224]}")
        if mapping is not None and not mapping.entries:
            self.report("E0113", "a network needs at least one input", tree.span, "{image: [3, 224, 224]}")
        found = []
        for entry in mapping.entries if mapping else ():
            name = self.name(entry.key, "an input")
            shape: Tree | None = entry.value
            dtype = "float32"
            if isinstance(shape, Mapping):
                declared = self.keys(shape, ("shape", "dtype"), "an input")
                dtype_tree, shape_tree = declared.get("dtype"), declared.get("shape")
                if dtype_tree is not None:
                    dtype = self.text(dtype_tree, "`dtype`")
                    if dtype not in ("float32", "int64"):
                        self.report("E0113", f"`{dtype}` is no element type", dtype_tree.span, "float32 or int64")
                if shape_tree is None:
                    self.report("E0107", "an input needs `shape`", shape.span, "{shape: [20], dtype: int64}")
                shape = shape_tree
            value = Unread(entry.value.span) if shape is None else self.written(shape, "a shape")
            if name is not None:
                found.append(Input(name.text, name.span, value, dtype))
        return tuple(found)

    def _variants(self, tree: Tree) -> None:
        mapping = self.mapping(tree, "`variants`", "variants: {small: {params: {width: 32}}}")
        for entry in mapping.entries if mapping else ():
            if not is_identifier(entry.key.text):
                self.report("E0112", f"`{entry.key.text[:60]}` is no name of a variant", entry.key.span)
                continue
            body = self.mapping(entry.value, f"the variant `{entry.key.text}`", "{params: {...}}")
            if body is None:
                continue
            body = self.keys(body, ("params", "decisions"), f"the variant `{entry.key.text}`")
            params = body.get("params")
            decisions = body.get("decisions")
            self.spec.variants[entry.key.text] = Variant(
                entry.key.text,
                entry.key.span,
                (self.attributes(params, "params") if params is not None else None) or (),
                self._decisions(decisions) if decisions is not None else (),
            )

    def _decisions(self, tree: Tree) -> tuple[GivenLabel, ...]:
        mapping = self.mapping(tree, "`decisions`", "decisions: {id: label}")
        found = []
        for entry in mapping.entries if mapping else ():
            label = self.label(entry.value)
            if label is not None:
                found.append(GivenLabel(entry.key, label, entry.value.span))
        return tuple(found)

    def _allow(self, tree: Tree) -> tuple[Name, ...]:
        if not isinstance(tree, Sequence):
            self.report("E0109", "`allow` is a list", tree.span, "[{code: W0202, reason: ...}]")
            return ()
        found = []
        for item in tree.items:
            entry = self.mapping(item, "an allowance", "{code: W0202, reason: ...}")
            if entry is None:
                continue
            entry = self.keys(entry, ("code", "reason"), "an allowance")
            code, reason = entry.get("code"), entry.get("reason")
            if code is None or reason is None:
                self.report("E0107", "an allowance needs `code` and `reason`", item.span)
                continue
            self.text(reason, "`reason`")
            text = self.text(code, "`code`")
            if text.startswith("E"):
                self.report("E0109", f"`{text}` is an error and cannot be allowed", code.span, "codes W, G and D")
            elif text and text not in CODES:
                close = nearest(text, CODES)
                hint = f"did you mean `{close}`?" if close else "remove this"
                self.report("W0207", f"there is no code `{text}`", code.span, hint)
                continue
            found.append(Name(text, code.span))
        return tuple(found)


def _plain_name(value: Written) -> str:
    return value.text if isinstance(value, Text) and is_identifier(value.text) else ""
