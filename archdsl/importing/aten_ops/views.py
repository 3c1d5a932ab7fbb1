"""Views, shuffles, selections, borders."""

from __future__ import annotations

from typing import Any

from archdsl.importing.aten_ops.common import get, operand, rule, tensor
from archdsl.importing.lifted import Lifted, alias
from archdsl.importing.parts import partition, rolled, sliced
from archdsl.importing.program import Instruction, Program, Refusal
from archdsl.importing.rules import axis_of, plain, reshaped, step, written
from archdsl.importing.shuffles import shuffled
from archdsl.importing.transposition import order_of

RESHAPES = ("view", "reshape", "_unsafe_view", "unflatten", "flatten", "unsqueeze", "squeeze", "contiguous", "clone")
SAME = ("contiguous", "clone", "alias", "detach", "lift_fresh_copy", "identity", "to", "_to_copy", "type_as")


@rule(*SAME)
def same(program: Program, one: Instruction) -> list[Lifted]:
    x = operand(program, one)
    if program.metas[x].dtype != program.metas[one.outputs[0]].dtype:
        raise Refusal("element types do not change within a network")
    return alias(x, one.outputs)


TURNS = ("permute", "transpose", "t", "swapaxes")
TRANSPOSITIONS = tuple(f"aten.{name}.{end}" for name in TURNS for end in ("default", "int"))
VIEWS = tuple(f"aten.{name}.{end}" for name in RESHAPES for end in ("default", "int", "dim", "using_ints", "dims"))
COPIES = ("aten.contiguous.default", "aten.clone.default")


def _without_copies(program: Program, name: str) -> str:
    found = program.made_by(name, *COPIES)
    return name if found is None else found.inputs[0]


@rule("view", "reshape", "flatten", "_unsafe_view")
def shuffle(program: Program, one: Instruction) -> list[Lifted] | None:
    """view, transpose, view: channel and pixel shuffles."""
    turned = program.made_by(_without_copies(program, one.inputs[0]), *TRANSPOSITIONS)
    first = None if turned is None else program.made_by(turned.inputs[0], *VIEWS)
    if turned is None or first is None:
        return None
    before, apart, after = (program.shape(name) for name in (first.inputs[0], turned.inputs[0], one.outputs[0]))
    found = shuffled(before, apart, after, order_of(turned, len(apart)))
    return None if found is None else [Lifted(found[0], found[1], [first.inputs[0]], one.outputs)]


@rule("view", "reshape", "_unsafe_view", "unflatten", "flatten", "unsqueeze", "squeeze")
def view(program: Program, one: Instruction) -> list[Lifted]:
    x = operand(program, one)
    if "squeeze" in one.op and "un" not in one.op:
        before, after = program.sample(x), program.sample(one.outputs[0])
        places = [d for d, size in enumerate(before) if size == 1]
        if len(before) - len(after) == 1 == len(places):
            return step("squeeze", one, [x], dim=places[0])
    return reshaped(program, one, x)


@rule(*TURNS)
def transpose(program: Program, one: Instruction) -> list[Lifted]:
    x = operand(program, one)
    order = order_of(one, len(program.shape(x)))
    if order[0] != 0:
        raise Refusal("it moves the batch")
    if order == list(range(len(order))):
        return alias(x, one.outputs)
    return step("permute", one, [x], dims=tuple(place - 1 for place in order[1:]))


@rule("channel_shuffle", "native_channel_shuffle")
def channels(program: Program, one: Instruction) -> list[Lifted]:
    return step("channel_shuffle", one, [operand(program, one)], groups=one.attributes["groups"])


@rule("pixel_shuffle", "pixel_unshuffle")
def pixels(program: Program, one: Instruction) -> list[Lifted]:
    kind, factor = ("unshuffle", "downscale_factor") if "unshuffle" in one.op else ("shuffle", "upscale_factor")
    return step(f"pixel_{kind}", one, [operand(program, one)], **{factor: one.attributes[factor]})


@rule("chunk", "split", "split_with_sizes")
def parts(program: Program, one: Instruction) -> list[Lifted]:
    x = operand(program, one)
    dim = axis_of(get(one, "dim", 0), len(program.shape(x)))
    sizes = [program.sample(name)[dim] for name in one.outputs]
    return partition(program, one, x, sizes, dim, one.outputs)


@rule("unbind")
def unbind(program: Program, one: Instruction) -> list[Lifted]:
    x = operand(program, one)
    dim = axis_of(get(one, "dim", 0), len(program.shape(x)))
    along: dict[str, Any] = {"dim": dim} if dim else {}
    used = [(i, name) for i, name in enumerate(one.outputs) if program.uses(name)]
    return [Lifted("select", {"index": i, **along}, [x], [name]) for i, name in used]


@rule("slice")
def slices(program: Program, one: Instruction) -> list[Lifted]:
    x = operand(program, one)
    dim = get(one, "dim", 0)
    size = program.shape(x)[dim]
    cut = (dim, get(one, "start", 0), get(one, "end", size), get(one, "step", 1))
    if any(not isinstance(number, int) for number in cut):
        raise Refusal("its bounds are computed")
    return sliced(program, one, x, [cut])


@rule("select")
def select(program: Program, one: Instruction) -> list[Lifted]:
    x = operand(program, one)
    dim = axis_of(get(one, "dim", 0), len(program.shape(x)))
    return step("select", one, [x], index=one.attributes["index"], dim=dim or None)


@rule("roll")
def roll(program: Program, one: Instruction) -> list[Lifted]:
    x = operand(program, one)
    shifts, dims = (list(one.attributes.get(name) or []) for name in ("shifts", "dims"))
    if len(shifts) != len(dims):
        raise Refusal("it rolls all elements as one")
    return rolled(program, one, x, list(zip(dims, shifts, strict=True)))


@rule("index_select")
def index_select(program: Program, one: Instruction) -> list[Lifted]:
    x, positions = operand(program, one), program.constants.get(tensor(one, "index"))
    if positions is None:
        raise Refusal("its positions are computed")
    dim = axis_of(get(one, "dim", 0), len(program.shape(x)))
    return step("index_select", one, [x], index=tuple(int(i) for i in positions), dim=dim or None)


@rule("topk")
def top_k(program: Program, one: Instruction) -> list[Lifted]:
    x = operand(program, one)
    rank = len(program.shape(x))
    dim = axis_of(get(one, "dim", -1), rank)
    flags = {name: False for name in ("largest", "sorted") if not get(one, name, True)}
    return step("top_k", one, [x], k=one.attributes["k"], dim=None if dim == rank - 2 else dim, **flags)


MODES = {"constant": None, "reflect": "reflect", "replicate": "replicate"}


@rule("pad", "constant_pad_nd", "reflection_pad1d", "reflection_pad2d", "replication_pad1d", "replication_pad2d")
def pad(program: Program, one: Instruction) -> list[Lifted]:
    named = {"reflection": "reflect", "replication": "replicate"}.get(one.op.split(".")[1].partition("_")[0])
    mode = named or get(one, "mode", "constant")
    if mode not in MODES:
        raise Refusal(f"it has mode {mode}")
    x, sides = operand(program, one), one.attributes.get("pad") or one.attributes.get("padding") or []
    if len(sides) == 2 * len(program.shape(x)):
        if any(sides[-2:]):
            raise Refusal("it adds samples to the batch")
        sides = sides[:-2]
    return step("pad", one, [x], padding=tuple(sides), mode=MODES[mode], value=plain(get(one, "value", 0.0)) or None)


@rule("expand", "expand_as")
def expand(program: Program, one: Instruction) -> list[Lifted]:
    x, shape = tensor(one, "self"), program.sample(one.outputs[0])
    if x in program.constants:
        return written(program, one, x, one.outputs[0], shape)
    if len(program.shape(x)) != len(shape) + 1:
        raise Refusal("it adds a dimension in front of the batch")
    if program.sample(x) == shape:
        return alias(x, one.outputs)
    zeros = f"{one.outputs[0]}%zeros"
    return [Lifted("constant", {"value": 0, "shape": shape}, [], [zeros]), *step("add", one, [x, zeros])]
