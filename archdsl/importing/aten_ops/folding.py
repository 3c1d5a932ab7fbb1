"""What an exported program computes from its weights and constants alone is computed once, when it is read.

Window attention looks its position biases up in a table, and builds the mask of shifted windows by filling parts of a
tensor in place. Arrays are therefore computed on in order, as torch does: views share their memory, and what is filled
in place is seen by all of them. Weights themselves cannot be written to.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import prod
from typing import Any, TypeAlias

import numpy as np

from archdsl.importing.aliasing import base_name
from archdsl.importing.program import SYMBOLIC_BATCH, Array, Instruction, Program
from archdsl.importing.transposition import order_of

# Larger constants are not computed: no network does that, and a hostile file could.
MOST_FOLDED = 2**26
# What goes wrong where an instruction cannot be computed; it then stays one.
FAILURES = (ArithmeticError, LookupError, TypeError, ValueError, AttributeError)

Function: TypeAlias = "Callable[[Any, Instruction], Any]"


def fold(program: Program) -> None:
    """Compute what depends on no tensor; such instructions are marked as folded."""
    read: list[Array] = []
    for one in program.instructions:
        inputs = [name for name in one.inputs if name]
        function = FUNCTIONS.get(_function_name(one.op))
        constant = bool(inputs) and all(name in program.constants for name in inputs)
        made = base_name(one.op) in FACTORIES and not inputs
        if (constant and function is not None) or made or _is_new(one):
            found = _computed(program, one, function, read)
            if found is not None:
                _keep(program, one, found)
                continue
        read += [program.constants[name] for name in inputs if name in program.constants]


def _function_name(op: str) -> str:
    base = base_name(op)
    return base if base.endswith("__") else base.removesuffix("_")


def _is_new(one: Instruction) -> bool:
    """Whether it makes a tensor that has nothing of its operand but the element type."""
    return base_name(one.op) in ("new_zeros", "new_ones", "new_full")


def _computed(program: Program, one: Instruction, function: Function | None, read: Sequence[Array]) -> Array | None:
    """The results; None if they can't be computed, or would change what an earlier instruction reads."""
    try:
        if _is_new(one) or function is None:
            return _filled(program, one)
        given = {name: _value(program, value) for name, value in one.attributes.items()}
        in_place = base_name(one.op).endswith("_")
        target: Array = given["self"] if in_place else np.zeros(0)
        if in_place and any(np.shares_memory(target, array) for array in read):
            return None
        meta = program.metas[one.outputs[0]]
        if len(one.outputs) > 1 or _too_large(meta.shape, program.batch):
            return None
        result = np.asarray(function(given, one)).astype(meta.dtype, copy=False)
        if in_place:
            target[...] = result
            result = target
        return result if result.shape == meta.shape else None
    except FAILURES:
        return None


def _value(program: Program, value: Any) -> Any:
    if isinstance(value, list):
        return [_value(program, each) for each in value]
    name = getattr(value, "name", None)
    return program.constants[name] if isinstance(name, str) else value


def _too_large(shape: Sequence[int], batch: int) -> bool:
    dependent = batch == SYMBOLIC_BATCH and any(size and size % batch == 0 for size in shape)
    return dependent or prod(shape) > MOST_FOLDED


def _keep(program: Program, one: Instruction, found: Array) -> None:
    (name,) = one.outputs
    program.constants[name] = found
    if any(each in program.learned for each in one.inputs):
        program.learned.add(name)
    one.folded = True


FACTORIES = ("zeros", "ones", "full", "arange")


def _filled(program: Program, one: Instruction) -> Array | None:
    """A new tensor. What is as large as the batch stays an instruction: it is one for each sample."""
    meta = program.metas[one.outputs[0]]
    if _too_large(meta.shape, program.batch) or meta.shape[:1] == (program.batch,):
        return None
    dtype = np.dtype(meta.dtype)
    name = base_name(one.op)
    if name == "arange":
        start, step = one.attributes.get("start", 0), one.attributes.get("step", 1)
        return np.arange(start, one.attributes["end"], step).astype(dtype)
    value = one.attributes.get("fill_value", 1 if "ones" in name else 0)
    return np.full(meta.shape, value, dtype)


def _linear(given: Any, _: Instruction) -> Array:
    result = given["input"] @ given["weight"].T
    return np.asarray(result if given.get("bias") is None else result + given["bias"])


def _index(given: Any, _: Instruction) -> Array:
    positions = given["indices"]
    if any(each is None for each in positions):
        raise ValueError("whole dimensions among the positions")
    return np.asarray(given["self"][tuple(positions)])


def _slice(given: Any, _: Instruction) -> Array:
    array = given["self"]
    cut = [slice(None)] * array.ndim
    cut[given.get("dim") or 0] = slice(given.get("start"), given.get("end"), given.get("step"))
    return np.asarray(array[tuple(cut)])


def _select(given: Any, _: Instruction) -> Array:
    array = given["self"]
    return np.asarray(array[(slice(None),) * (given.get("dim", 0) % array.ndim) + (given["index"],)])


def _reshape(given: Any, one: Instruction) -> Array:
    array = given["self"]
    if base_name(one.op) == "unsqueeze":
        return np.expand_dims(array, given["dim"])
    sizes = given.get("size") or given.get("shape")
    if sizes is None:
        raise ValueError("no shape")
    return np.asarray(array.reshape(sizes))


def _clamp(given: Any, _: Instruction) -> Array:
    return np.asarray(np.clip(given["self"], given.get("min"), given.get("max")), given["self"].dtype)


def _masked_fill(given: Any, _: Instruction) -> Array:
    return np.where(given["mask"], np.asarray(given["value"], given["self"].dtype), given["self"])


def _arithmetic(function: Any) -> Function:
    """Of two numbers or arrays; a number takes the array's element type."""

    def computed(given: Any, _: Instruction) -> Any:
        if given.get("alpha", 1) not in (1, None) or given.get("rounding_mode"):
            raise ValueError("it scales or rounds")
        return np.asarray(function(given["self"], given["other"]))

    return computed


def _unary(function: Any) -> Function:
    return lambda given, _: np.asarray(function(given["self"]), given["self"].dtype)


def _contiguous(given: Any, _: Instruction) -> Array:
    array: Array = given["self"]
    return array if array.flags.c_contiguous else array.copy()


def _turned(given: Any, one: Instruction) -> Array:
    return np.asarray(given["self"].transpose(order_of(one, given["self"].ndim)))


def _sigmoid(x: Array) -> Array:
    return np.asarray(1 / (1 + np.exp(-x)))


_BINARY = {"add": np.add, "sub": np.subtract, "mul": np.multiply, "div": np.true_divide}
_BINARY |= {"eq": np.equal, "ne": np.not_equal, "gt": np.greater, "lt": np.less}
_UNARY: dict[str, Any] = {"exp": np.exp, "neg": np.negative, "sqrt": np.sqrt, "tanh": np.tanh, "sigmoid": _sigmoid}
_UNARY |= {"relu": lambda x: np.maximum(x, 0), "zero": np.zeros_like, "clone": np.array, "lift_fresh_copy": np.array}

FUNCTIONS: dict[str, Function] = {
    **{name: _arithmetic(function) for name, function in _BINARY.items()},
    **{name: _unary(function) for name, function in _UNARY.items()},
    **dict.fromkeys(("view", "reshape", "_unsafe_view", "unsqueeze"), _reshape),
    **dict.fromkeys(("detach", "alias"), lambda given, _: given["self"]),
    **dict.fromkeys(("permute", "transpose", "t"), _turned),
    **dict.fromkeys(("clamp", "clamp_min", "clamp_max"), _clamp),
    "contiguous": _contiguous,
    "fill": lambda given, _: np.full_like(given["self"], given["value"]),
    "index": _index,
    "linear": _linear,
    "masked_fill": _masked_fill,
    "rsub": _arithmetic(lambda a, b: b - a),
    "select": _select,
    "slice": _slice,
}
