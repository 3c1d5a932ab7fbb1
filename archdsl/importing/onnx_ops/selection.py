"""Parts of values, values joined, borders, other sizes."""

from __future__ import annotations

import numpy as np

from archdsl.importing.lifted import Lifted
from archdsl.importing.onnx_ops.common import RULES, close, integers, operand, setting
from archdsl.importing.onnx_ops.strided import taken_from_all
from archdsl.importing.parts import partition, sliced
from archdsl.importing.program import Instruction, Program, Refusal
from archdsl.importing.rules import axis_of, plain, require_constant, short, step, tensors, weight


@RULES("Concat")
def concat(program: Program, one: Instruction) -> list[Lifted]:
    rank = len(program.shape(one.outputs[0]))
    dim = axis_of(one.attributes["axis"], rank)
    steps, names = tensors(program, one, one.inputs)
    return [*steps, *step("concat", one, names, dim=dim or None)]


@RULES("Split")
def split(program: Program, one: Instruction) -> list[Lifted]:
    dim = axis_of(one.attributes.get("axis", 0), len(program.shape(one.inputs[0])))
    sizes = [program.sample(name)[dim] for name in one.outputs if name]
    if len(sizes) != len(one.outputs):
        sizes = integers(program, one, 1, "split") or []
    return partition(program, one, one.inputs[0], sizes, dim, one.outputs)


@RULES("Slice")
def slices(program: Program, one: Instruction) -> list[Lifted]:
    starts, ends = (integers(program, one, place, name) for place, name in ((1, "starts"), (2, "ends")))
    if starts is None or ends is None:
        raise Refusal("its bounds are missing")
    axes = integers(program, one, 3, "axes") or list(range(len(starts)))
    steps = integers(program, one, 4, "steps") or [1] * len(starts)
    return sliced(program, one, one.inputs[0], list(zip(axes, starts, ends, steps, strict=True)))


@RULES("Gather")
def gather_from_all(program: Program, one: Instruction) -> list[Lifted] | None:
    """Elements of all samples laid end to end."""
    return taken_from_all(program, one)


@RULES("Gather")
def gather(program: Program, one: Instruction) -> list[Lifted]:
    table, index = one.inputs
    axis = int(one.attributes.get("axis", 0))
    if table in program.constants:
        rows = program.constants[table]
        if axis or rows.ndim != 2 or index in program.constants:
            raise Refusal("it looks up something else than rows of a learned matrix")
        made = step("embedding", one, [index], num_embeddings=rows.shape[0], embedding_dim=rows.shape[1])
        made[0].weights = {"weight": weight(program, table)}
        return made
    positions = require_constant(program, index, "positions")
    dim = axis_of(axis, len(program.shape(table)))
    if positions.ndim == 0:
        return step("select", one, [table], index=int(positions), dim=dim or None)
    if positions.ndim > 1:
        raise Refusal(f"its positions have {positions.ndim} dimensions")
    return step("index_select", one, [table], index=tuple(int(i) for i in positions), dim=dim or None)


@RULES("GatherND")
def gather_each(program: Program, one: Instruction) -> list[Lifted]:
    indices = program.made_by(one.inputs[1], "Unsqueeze")
    if one.attributes.get("batch_dims", 0) != 1 or indices is None or program.shape(one.inputs[1])[-1:] != (1,):
        raise Refusal("it takes elements at several positions at once")
    return step("gather", one, [one.inputs[0], indices.inputs[0]])


@RULES("TopK")
def top_k(program: Program, one: Instruction) -> list[Lifted]:
    count = setting(program, one, 1, "k")
    rank = len(program.shape(one.inputs[0]))
    dim = axis_of(one.attributes.get("axis", -1), rank)
    assert count is not None
    flags: dict[str, object] = {name: False for name in ("largest", "sorted") if not one.attributes.get(name, 1)}
    flags |= {} if dim == rank - 2 else {"dim": dim}
    return step("top_k", one, one.inputs[:1], k=int(count.reshape(-1)[0]), **flags)


@RULES("Pad")
def pad(program: Program, one: Instruction) -> list[Lifted]:
    pads = integers(program, one, 1, "pads")
    rank = len(program.shape(one.inputs[0]))
    axes = integers(program, one, 3, "axes") or list(range(rank))
    if pads is None or len(pads) != 2 * len(axes):
        raise Refusal("it does not say how much it adds")
    sides = {axis % rank: (pads[i], pads[i + len(axes)]) for i, axis in enumerate(axes)}
    if any(sides.pop(0, (0, 0))):
        raise Refusal("it adds samples to the batch")
    mode = one.attributes.get("mode", "constant")
    if mode not in ("constant", "reflect", "edge"):
        raise Refusal(f"it has mode {mode}")
    fill = setting(program, one, 2, "value") if mode == "constant" else None
    value = 0.0 if fill is None or not fill.size else float(np.asarray(fill).reshape(-1)[0])
    used = [sides.get(axis, (0, 0)) for axis in range(min((a for a in sides if any(sides[a])), default=rank - 1), rank)]
    return step(
        "pad",
        one,
        one.inputs[:1],
        padding=tuple(side for pair in reversed(used) for side in pair),
        mode={"constant": None, "reflect": "reflect", "edge": "replicate"}[mode],
        value=plain(value) or None,
    )


MODES = {"nearest": "nearest", "linear": "bilinear", "cubic": "bicubic"}


@RULES("Resize")
def resize(program: Program, one: Instruction) -> list[Lifted]:
    sample, made = program.sample(one.inputs[0]), program.sample(one.outputs[0])
    if len(sample) != 3 or sample[0] != made[0]:
        raise Refusal("it resizes something else than height and width")
    mode = MODES.get(one.attributes.get("mode", "nearest"), "")
    place = one.attributes.get("coordinate_transformation_mode", "half_pixel")
    attributes: dict[str, object] = {} if mode == "nearest" else {"mode": mode}
    if mode == "nearest":
        usual = place == "asymmetric" and one.attributes.get("nearest_mode", "round_prefer_floor") == "floor"
        whole = all(m % n == 0 for m, n in zip(made, sample, strict=True))
        if not usual and not (whole and place in ("asymmetric", "half_pixel", "pytorch_half_pixel")):
            raise Refusal(f"its nearest neighbours are found by {place}")
    elif place == "align_corners":
        attributes["align_corners"] = True
    elif place not in ("half_pixel", "pytorch_half_pixel"):
        raise Refusal(f"its coordinates are {place}")
    if mode == "bicubic" and not close(one.attributes.get("cubic_coeff_a", -0.75), -0.75):
        raise Refusal("its cubic coefficient is not -0.75")
    if one.attributes.get("antialias") or one.attributes.get("exclude_outside"):
        raise Refusal("it smooths or leaves out the outside")
    scales = program.constants.get(operand(one, 2))
    if scales is not None and scales.size:
        factors = [short(float(f)) for f in scales[-2:]]
        attributes["scale_factor"] = plain(factors[0]) if factors[0] == factors[1] else tuple(map(plain, factors))
    else:
        attributes["size"] = made[1] if made[1] == made[2] else made[1:]
    return step("interpolate", one, one.inputs[:1], **attributes)
