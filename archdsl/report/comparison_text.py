"""A comparison of two networks as text."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from archdsl.ir.text.printer import print_value

if TYPE_CHECKING:
    from archdsl.analysis.differences import CellChange, Comparison, Figure, LayerChange, WeightFit

SHOWN = 40
_SIGNS = {"added": "+", "removed": "-", "changed": "~", "renamed": "="}


def comparison_text(found: Comparison, limit: int = SHOWN) -> str:
    """Figures, then steps that differ, cell by cell, then what becomes of the weights.

    Args:
        limit: how many steps are listed.
    """
    return "\n".join(
        [*_head(found), *_figures(found), *_values(found), *_layers(found, limit), *_weights(found.weights)]
    )


def _head(found: Comparison) -> Iterator[str]:
    before, after = found.names
    if not found.equal:
        yield f"{before} and {after} differ"
    elif any(layer.kind != "renamed" for layer in found.layers):
        yield f"{before} and {after} are the same network; what differs below makes no difference to inference"
    elif found.layers:
        yield f"{before} and {after} are the same network; its steps have other names"
    else:
        yield f"{before} and {after} are the same network"


def _figures(found: Comparison) -> Iterator[str]:
    if found.equal:
        return
    rows = [("", "before", "after", "delta", "")]
    rows += [(name, f"{f.before:,}", f"{f.after:,}", f"{f.delta:+,}", _percent(f)) for name, f in found.figures.items()]
    widths = [max(len(row[i]) for row in rows) for i in range(5)]
    yield ""
    for name, *numbers in rows:
        cells = [text.rjust(width) for text, width in zip(numbers, widths[1:], strict=True)]
        yield "  ".join([name.ljust(widths[0]), *cells]).rstrip()


def _percent(figure: Figure) -> str:
    if not figure.delta:
        return ""
    return "new" if figure.percent is None else f"{figure.percent:+.2f} %"


def _values(found: Comparison) -> Iterator[str]:
    for what, differing in (("input", found.inputs), ("output", found.outputs)):
        for name, (before, after) in differing.items():
            yield f"{what} {name}: {_shape(before)} -> {_shape(after)}"


def _layers(found: Comparison, limit: int) -> Iterator[str]:
    whole = [cell for cell in found.cells if cell.kind in ("added", "removed")]
    lines = [f"{_SIGNS[cell.kind]} {cell.path} ({cell.cell}): {_counted(cell)}" for cell in whole]
    gone: set[tuple[str, str]] = {(cell.kind, cell.path) for cell in whole}
    rows = [layer for layer in found.layers if not _lies_within(layer, gone)]
    yield from ["", *lines[:limit]] if lines else []
    listed = 0
    for path, name in dict.fromkeys(layer.cell for layer in rows):
        if len(lines) + listed >= limit:
            break
        yield ""
        yield f"{path} ({name})" if path else name
        for layer in rows:
            if layer.cell == (path, name) and len(lines) + listed < limit:
                listed += 1
                yield f"  {_SIGNS[layer.kind]} {_layer(layer, path)}"
    hidden = max(0, len(lines) - limit) + len(rows) - listed
    if hidden:
        yield f"... and {hidden:,} more"


def _counted(cell: CellChange) -> str:
    steps = "1 step" if cell.layers == 1 else f"{cell.layers:,} steps"
    return f"{steps}, {cell.params:,} params" if cell.params else steps


def _lies_within(layer: LayerChange, calls: set[tuple[str, str]]) -> bool:
    """Whether a step went or came with a whole call."""
    path = layer.cell[0]
    while path:
        if (layer.kind, path) in calls:
            return True
        path = path.rpartition("/")[0]
    return False


def _layer(layer: LayerChange, cell: str) -> str:
    if layer.kind == "renamed":
        return f"{layer.path_before} -> {layer.path_after}"
    inner = (layer.path_before or layer.path_after).removeprefix(f"{cell}/")
    label = inner if inner.rpartition("/")[2] == layer.op else f"{inner}: {layer.op}"
    if layer.kind != "changed":
        params = layer.params_after or layer.params_before
        shapes = _shapes(layer.shapes_after or layer.shapes_before)
        return f"{label} {shapes}{f', {params:,} params' if params else ''}"
    parts = [f"{name} {_value(a)} -> {_value(b)}" for name, (a, b) in layer.attributes.items()]
    if layer.shapes_before != layer.shapes_after:
        parts.append(f"{_shapes(layer.shapes_before)} -> {_shapes(layer.shapes_after)}")
    if layer.reads_before != layer.reads_after:
        parts.append(f"reads {', '.join(layer.reads_before)} -> {', '.join(layer.reads_after)}")
    if layer.params_before != layer.params_after:
        parts.append(f"params {layer.params_before:,} -> {layer.params_after:,}")
    moved = f" -> {layer.path_after}" if layer.path_after != layer.path_before else ""
    return f"{label}{moved} {'; '.join(parts)}".rstrip()


def _value(value: object) -> str:
    return "none" if value is None else print_value(value)


def _weights(fit: WeightFit) -> Iterator[str]:
    share = f", {100 * fit.params_kept / fit.params:.1f} % of the parameters" if fit.params else ""
    tensors = len(fit.same) + len(fit.renamed) + len(fit.reshaped) + len(fit.gone)
    yield ""
    yield f"weights that fit: {len(fit.same) + len(fit.renamed):,} of {tensors:,} tensors{share}"
    yield from _listed("under another name", [f"{a} -> {b}" for a, b in fit.renamed])
    yield from _listed("of another shape", [f"{a} {list(c)} -> {list(d)}" for a, _, c, d in fit.reshaped])
    yield from _listed("gone", fit.gone)
    yield from _listed("new", fit.new)


def _listed(what: str, names: Sequence[str]) -> Iterator[str]:
    if names:
        yield f"  {what}: {len(names):,} ({', '.join(names[:3])}{', ...' if len(names) > 3 else ''})"


def _shapes(shapes: tuple[tuple[int, ...], ...]) -> str:
    return ", ".join(map(_shape, shapes))


def _shape(shape: tuple[int, ...] | None) -> str:
    return "none" if shape is None else f"[{', '.join(map(str, shape))}]"
