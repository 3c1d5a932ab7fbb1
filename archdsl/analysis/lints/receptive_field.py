"""The receptive field against the size of the objects that are to be recognised.

Each value has, for each axis, the extent of the input that one of its elements sees, and the distance in the input
between two of its neighbours (the jump). A window of extent e adds (e - 1) jumps; strides multiply the jump. What sees
the whole map (global pooling, linear layers, attention) ends a path: beyond it there are no places any more, so the
largest field in front of it counts.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar, NamedTuple

from archdsl.analysis.lints.patterns import is_convolution, is_pooling, is_transposed
from archdsl.analysis.lints.rule import Finding, Rule
from archdsl.analysis.lints.subject import Subject
from archdsl.ir.graph import Graph, Node, Value
from archdsl.ops.families.transposed_convolution import ConvTranspose2d

_LOCAL = {"activation", "normalization", "merging", "affine", "regularization", "structural", "selection"}
_LOCAL_NAMES = {"pad", "pad_channels", "center_crop", "channel_shuffle"}
_RESCALING = {"interpolate", "pixel_shuffle", "pixel_unshuffle", "max_unpool2d"}


class Field(NamedTuple):
    """What one element of a value sees of the input, in its pixels, for each axis."""

    size: tuple[float, ...]
    jump: tuple[float, ...]


@dataclass(frozen=True)
class ReceptiveField(Rule):
    """Networks no element of which sees a whole object. Looks only where `object_size` is given (pixels)."""

    code: ClassVar[str] = "D0108"
    number: ClassVar[str] = "size of the objects over the largest receptive field"

    threshold: float = 1.0
    object_size: int = 0

    @property
    def enabled(self) -> bool:
        return self.object_size > 0

    def findings(self, subject: Subject) -> Iterator[Finding]:
        alive = subject.alive
        seen = {value: field for value, field in fields(subject.graph).items() if value.producer in alive}
        if not seen:
            return
        value = max(seen, key=lambda value: min(seen[value].size))
        size = min(seen[value].size)
        if self.object_size / size > self.threshold:
            yield Finding(
                value.producer,
                self.object_size / size,
                f"no element sees more than {_pixels(seen[value])} pixels; the objects have {self.object_size}",
                "more layers, larger windows, dilation or an earlier stride",
            )


def fields(graph: Graph) -> dict[Value, Field]:
    """The receptive field of every value that has places; values that see everything are left out."""
    found: dict[Value, Field] = {}
    for value in graph.inputs.values():
        axes = value.type.rank - 1
        if axes >= 1 and value.type.dtype == "float32":
            found[value] = Field((1.0,) * axes, (1.0,) * axes)
    for node in graph.nodes:
        field = _field(node, found)
        if field is not None:
            for value in node.outputs:
                if value.type.rank == len(field.size) + 1:
                    found[value] = field
    return found


def _field(node: Node, known: dict[Value, Field]) -> Field | None:
    if is_convolution(node.op) or is_pooling(node.op):
        field = known.get(node.operands[0])
        window = node.op.window(node.operands[0].type)
        return None if field is None else _through(field, window.extents, window.stride)
    if is_transposed(node.op):
        return _enlarged(node, node.op, known.get(node.operands[0]))
    if node.op.name in _RESCALING:
        return _rescaled(node, known.get(node.operands[0]))
    if node.op.family in _LOCAL or node.op.name in _LOCAL_NAMES:
        return _widest(node, known)
    return None


def _through(field: Field, extents: tuple[int, ...], stride: tuple[int, ...]) -> Field:
    size = tuple(s + (e - 1) * j for s, e, j in zip(field.size, extents, field.jump, strict=True))
    return Field(size, tuple(j * s for j, s in zip(field.jump, stride, strict=True)))


def _enlarged(node: Node, op: ConvTranspose2d, field: Field | None) -> Field | None:
    if field is None:
        return None
    axes = zip(field.size, field.jump, op.kernel_size, op.dilation, op.stride, strict=True)
    # At most so many inputs reach one output, a jump apart.
    size = tuple(s + (d * (k - 1) // t) * j for s, j, k, d, t in axes)
    return Field(size, tuple(j / t for j, t in zip(field.jump, op.stride, strict=True)))


def _rescaled(node: Node, field: Field | None) -> Field | None:
    if field is None:
        return None
    sizes = zip(field.jump, node.operands[0].type.shape[1:], node.outputs[0].type.shape[1:], strict=True)
    return Field(field.size, tuple(j * read / made for j, read, made in sizes))


def _widest(node: Node, known: dict[Value, Field]) -> Field | None:
    """The largest field of the operands; one that was pooled to a single place (a gate) has none to add."""
    made = [known[value] for value in node.operands if value in known]
    if not made:
        return None
    rank = max(len(field.size) for field in made)
    made = [field for field in made if len(field.size) == rank]
    return Field(
        tuple(max(field.size[i] for field in made) for i in range(rank)),
        tuple(max(field.jump[i] for field in made) for i in range(rank)),
    )


def _pixels(field: Field) -> str:
    return " x ".join(f"{size:g}" for size in field.size)
