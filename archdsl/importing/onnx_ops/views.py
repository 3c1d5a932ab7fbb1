"""Other shapes and orders: reshapes, transpositions, and the shuffles that they make up."""

from __future__ import annotations

from math import prod

from archdsl.importing.lifted import Lifted
from archdsl.importing.onnx_ops.common import RULES, numbers
from archdsl.importing.program import Instruction, Program, Refusal
from archdsl.importing.rules import require_tensor, reshaped, step
from archdsl.importing.shuffles import shuffled

VIEWS = ("Reshape", "Flatten", "Squeeze", "Unsqueeze")


@RULES("Reshape", "Flatten")
def shuffle(program: Program, one: Instruction) -> list[Lifted] | None:
    """reshape, transpose, reshape: channel and pixel shuffles."""
    turned = program.made_by(one.inputs[0], "Transpose")
    first = None if turned is None else program.made_by(turned.inputs[0], *VIEWS)
    if turned is None or first is None:
        return None
    before, apart, after = (program.shape(name) for name in (first.inputs[0], turned.inputs[0], one.outputs[0]))
    found = shuffled(before, apart, after, numbers(turned, "perm", []))
    return None if found is None else [Lifted(found[0], found[1], [first.inputs[0]], one.outputs)]


@RULES("Reshape")
def turned_within_heads(program: Program, one: Instruction) -> list[Lifted] | None:
    """reshape to [N * H, A, B], transpose, reshape to [N, H, B, A]: how torch writes the keys of attention."""
    turned = program.made_by(one.inputs[0], "Transpose")
    first = None if turned is None else program.made_by(turned.inputs[0], "Reshape")
    if turned is None or first is None or numbers(turned, "perm", []) != [0, 2, 1]:
        return None
    before, merged, after = (program.shape(name) for name in (first.inputs[0], turned.inputs[0], one.outputs[0]))
    if len(before) != 4 or before[0] != program.batch or merged != (before[0] * before[1], *before[2:]):
        return None
    if after != (*before[:2], before[3], before[2]):
        return None
    return [Lifted("permute", {"dims": (0, 2, 1)}, [first.inputs[0]], one.outputs)]


@RULES("Flatten", "Reshape", "Squeeze")
def global_average(program: Program, one: Instruction) -> list[Lifted] | None:
    """The average of each map, and its two dimensions of size 1 dropped."""
    pooled = program.made_by(one.inputs[0], "GlobalAveragePool")
    if pooled is None or len(program.sample(pooled.inputs[0])) != 3:
        return None
    if program.sample(one.outputs[0]) != program.sample(pooled.inputs[0])[:1]:
        return None
    return [Lifted("global_avg_pool2d", {}, pooled.inputs, one.outputs)]


@RULES(*VIEWS)
def view(program: Program, one: Instruction) -> list[Lifted]:
    source = require_tensor(program, one.inputs[0])
    if one.op == "Squeeze" and program.shape(source)[1:] != program.shape(one.outputs[0])[1:]:
        before, after = program.sample(source), program.sample(one.outputs[0])
        gone = len(before) - len(after)
        places = [d for d, size in enumerate(before) if size == 1]
        if gone == len(places) and gone == 1:
            return step("squeeze", one, [source], dim=places[0])
    return reshaped(program, one, source)


@RULES("Transpose")
def transpose(program: Program, one: Instruction) -> list[Lifted]:
    rank = len(program.shape(one.inputs[0]))
    order = numbers(one, "perm", list(range(rank))[::-1])
    if order[0] != 0:
        raise Refusal("it moves the batch")
    if order == list(range(rank)):
        return step("identity", one, one.inputs)
    return step("permute", one, one.inputs, dims=tuple(place - 1 for place in order[1:]))


@RULES("DepthToSpace")
def pixel_shuffle(program: Program, one: Instruction) -> list[Lifted]:
    factor = int(one.attributes["blocksize"])
    if one.attributes.get("mode", "DCR") == "CRD":
        return step("pixel_shuffle", one, one.inputs, upscale_factor=factor)
    channels, height, width = program.sample(one.inputs[0])
    inner = channels // factor**2
    names = [f"{one.outputs[0]}%{place}" for place in range(2)]
    return [
        Lifted("reshape", {"shape": (factor, factor, inner, height, width)}, one.inputs, names[:1]),
        Lifted("permute", {"dims": (2, 3, 0, 4, 1)}, names[:1], names[1:]),
        Lifted("reshape", {"shape": (inner, height * factor, width * factor)}, names[1:], one.outputs),
    ]


@RULES("SpaceToDepth")
def pixel_unshuffle(program: Program, one: Instruction) -> list[Lifted]:
    factor = int(one.attributes["blocksize"])
    channels, height, width = program.sample(one.inputs[0])
    shape = (channels, height // factor, factor, width // factor, factor)
    names = [f"{one.outputs[0]}%{place}" for place in range(2)]
    result = (prod(shape[:1]) * factor**2, height // factor, width // factor)
    return [
        Lifted("reshape", {"shape": shape}, one.inputs, names[:1]),
        Lifted("permute", {"dims": (2, 4, 0, 1, 3)}, names[:1], names[1:]),
        Lifted("reshape", {"shape": result}, names[1:], one.outputs),
    ]
