"""Reads a spec file with everything it imports, and settles which parameters are steps."""

from __future__ import annotations

from pathlib import Path

from archdsl.diagnostics.diagnostic import Diagnostic
from archdsl.diagnostics.span import Span
from archdsl.diagnostics.suggest import nearest
from archdsl.ops.registry import operators
from archdsl.spec.expressions import WORDS, Branch, ExpressionError, parse
from archdsl.spec.library import SUFFIXES, library_root
from archdsl.spec.source import read
from archdsl.spec.syntax.files import parse_file
from archdsl.spec.syntax.model import (
    Cell,
    Choice,
    Import,
    ImportedCell,
    Listing,
    Param,
    ParamKind,
    SpecFile,
    StepCall,
    Text,
    Written,
)

# Parsed files of the shipped library, by path, modification time and size: a process reads each of them once.
_library_cache: dict[tuple[Path, int, int], SpecFile] = {}
_FILES_LIMIT = 1000


class Files:
    """The files of one spec: the main one and all it imports, each read once."""

    def __init__(self) -> None:
        self.by_path: dict[Path, SpecFile] = {}
        self._open: list[Path] = []

    def load(self, path: Path, display: str) -> SpecFile:
        """The parsed file with its imports resolved; findings stand in it and in the files it imports."""
        resolved = path.resolve()
        known = self.by_path.get(resolved)
        if known is not None:
            return known
        cached = self._cached(resolved)
        if cached is not None:
            self._remember(cached)
            return cached
        spec = _parsed(path, display)
        self.by_path[resolved] = spec
        self._open.append(resolved)
        self._resolve_imports(spec)
        self._open.pop()
        for cell in [*spec.cells.values(), *([spec.root] if spec.root else [])]:
            _settle_kinds(cell, spec.findings)
        if resolved.is_relative_to(library_root()) and not self.findings_of(spec):
            _library_cache[_stamp(resolved)] = spec
        return spec

    @property
    def findings(self) -> list[Diagnostic]:
        """The findings of all files."""
        return [finding for spec in self.by_path.values() for finding in spec.findings]

    def findings_of(self, spec: SpecFile) -> list[Diagnostic]:
        """The findings of a file and of those whose cells it sees."""
        files = {id(spec): spec, **{id(cell.file): cell.file for cell in spec.visible_cells.values()}}
        return [finding for file in files.values() for finding in file.findings]

    def _cached(self, resolved: Path) -> SpecFile | None:
        if not resolved.is_relative_to(library_root()):
            return None
        try:
            return _library_cache.get(_stamp(resolved))
        except OSError:
            return None

    def _remember(self, spec: SpecFile) -> None:
        self.by_path[spec.path.resolve()] = spec
        for cell in spec.visible_cells.values():
            if cell.file.path.resolve() not in self.by_path:
                self._remember(cell.file)

    def _resolve_imports(self, spec: SpecFile) -> None:
        visible = dict(spec.cells)
        seen: set[Path] = set()
        for entry in spec.imports:
            path = self._target(spec, entry)
            if path is None:
                spec.unread_cells.update(cell.name for cell in entry.cells)
                continue
            resolved = path.resolve()
            if resolved in self._open:
                message = f"`{entry.target}` imports this file, directly or through others"
                _report(spec, "E0803", message, entry.span, "put what both need into a third file")
                spec.unread_cells.update(cell.name for cell in entry.cells)
                continue
            if resolved in seen:
                _report(spec, "E0805", f"`{entry.target}` is imported twice", entry.span, "name all cells in one list")
            seen.add(resolved)
            if len(self.by_path) > _FILES_LIMIT:
                _report(spec, "E0903", f"more than {_FILES_LIMIT} files are imported", entry.span)
                return
            imported = self.load(path, _display(spec, entry, path))
            for wanted in entry.cells:
                self._import_cell(spec, visible, imported, entry.target, wanted)
        spec.visible_cells = visible

    def _import_cell(
        self, spec: SpecFile, visible: dict[str, Cell], imported: SpecFile, target: str, wanted: ImportedCell
    ) -> None:
        name, span = wanted.name, wanted.span
        cell = imported.cells.get(name)
        if cell is None:
            spec.unread_cells.add(name)
            if imported.may_have(name) or (imported.findings and not imported.cells):
                return  # the cell could not be read, and that is reported
            close = nearest(name, list(imported.cells))
            hint = f"did you mean `{close}`?" if close else "it has " + (", ".join(imported.cells) or "no cells")
            _report(spec, "E0802", f"`{target}` has no cell `{name}`", span, hint)
        elif name in visible:
            _report(spec, "E0805", f"a cell `{name}` is there already", span)
        else:
            visible[name] = cell

    def _target(self, spec: SpecFile, entry: Import) -> Path | None:
        """The imported file inside the folder it must lie in; reports and gives None otherwise."""
        target = entry.target
        own = target.startswith("./")
        base = spec.path.resolve().parent if own else library_root()
        relative = target[2:] if own else target
        parts = relative.split("/")
        if target.startswith(("/", "~")) or "\\" in target or ":" in target or ".." in parts or "" in parts:
            hint = "`./name` for a file in this folder or below, `cells/name` for the library"
            _report(spec, "E0804", f"`{target}` leads out of the folders that may be imported", entry.span, hint)
            return None
        if parts[-1].endswith(SUFFIXES):
            _report(spec, "E0801", f"no file is named `{target}`", entry.span, "leave the ending out")
            return None
        for suffix in SUFFIXES:
            path = base.joinpath(*parts[:-1], parts[-1] + suffix)
            if path.is_file():
                if path.resolve().is_relative_to(base):
                    return path
                _report(spec, "E0804", f"`{target}` is a link that leads out of its folder", entry.span)
                return None
        where = f"in {base}" if own else "in the library"
        hint = _nearest_file(base, relative, target)
        _report(spec, "E0801", f"there is no file `{relative}` {where}", entry.span, hint)
        return None


def _parsed(path: Path, display: str) -> SpecFile:
    tree, findings = read(path, display)
    if tree is None:
        spec = SpecFile(path, display, Span.start_of(display))
    else:
        spec = parse_file(tree, path, display)
    spec.findings = [*findings, *spec.findings]
    return spec


def _display(spec: SpecFile, entry: Import, path: Path) -> str:
    if not entry.target.startswith("./"):
        return str(path)
    return str(Path(spec.display).parent / path.relative_to(spec.path.resolve().parent))


def _stamp(path: Path) -> tuple[Path, int, int]:
    status = path.stat()
    return path, status.st_mtime_ns, status.st_size


def _nearest_file(base: Path, relative: str, written: str) -> str:
    folder = base.joinpath(*relative.split("/")[:-1])
    if not folder.is_dir():
        return ""
    names = sorted(p.stem for p in folder.iterdir() if p.suffix in SUFFIXES)
    word = relative.split("/")[-1]
    close = nearest(word, names)
    return f"did you mean `{written.removesuffix(word)}{close}`?" if close else ""


def _report(spec: SpecFile, code: str, message: str, span: Span, label: str = "") -> None:
    spec.findings.append(Diagnostic(code, message, span, label))


# Step or data: a default settles it (a type name does so by itself).


def _settle_kinds(cell: Cell, findings: list[Diagnostic]) -> None:
    cell.required = tuple(name for name, param in cell.params.items() if param.default is None)
    values = {name.text for name in cell.inputs} if not cell.is_root else set()
    steps: set[str] = set()
    for param in cell.params.values():
        try:
            kind = _kind(param, cell, values, steps)
        except ExpressionError as error:
            findings.append(Diagnostic(error.code, str(error), param.span, error.hint))
            kind = "data"
        cell.kinds[param.name] = kind
        if kind == "step":
            steps.add(param.name)
        else:
            values.add(param.name)


def _kind(param: Param, cell: Cell, values: set[str], steps: set[str]) -> ParamKind:
    if param.default is None:
        return "step" if param.type == "step" else "data"
    return "step" if _is_step(param.default, cell, values, steps) else "data"


def _is_step(written: Written, cell: Cell, values: set[str], steps: set[str]) -> bool:
    if isinstance(written, StepCall):
        return True
    if isinstance(written, Text):
        return _text_is_step(written, cell, values, steps)
    if isinstance(written, Choice) and written.take is None and not isinstance(written.options, Text):
        options = written.options
        items = options.items if isinstance(options, Listing) else tuple(value for _, value in options)
        return all(_is_step(item, cell, values, steps) for item in items)
    return False


def _text_is_step(text: Text, cell: Cell, values: set[str], steps: set[str]) -> bool:
    def is_callable(name: str) -> bool:
        known = name in steps or name in cell.file.visible_cells or name in operators()
        if known and name in values:
            message = f"`{name}` is both a value and a callable here"
            raise ExpressionError("E0211", message, "rename the parameter or input")
        return known

    if text.text in WORDS:
        return False
    try:
        expression = parse(text.text)
    except ExpressionError:
        return False  # reported where it is evaluated
    if expression.simple_name is not None:
        return is_callable(expression.simple_name)
    return expression.conditional is not None and _all_callable(expression.conditional, is_callable)


def _all_callable(branch: Branch | str, is_callable: object) -> bool:
    if isinstance(branch, str):
        return bool(is_callable(branch))  # type: ignore[operator]
    return _all_callable(branch.then, is_callable) and _all_callable(branch.otherwise, is_callable)
