"""What every operator says about itself, in one class: attributes, shapes, weights, cost and lowerings.

An operator object is an operator together with its attributes (a frozen pydantic model). Operators are made by
`archdsl.ops.registry.make`, which gives the same object for the same attributes; results of the shape rule are
remembered for each distinct operator and operand types, because networks repeat themselves.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from functools import lru_cache
from math import prod
from typing import Any, ClassVar, Literal, NamedTuple

from pydantic import BaseModel, ConfigDict

from archdsl.ops.lowering import TorchLowering
from archdsl.ops.onnx import OnnxBuilder
from archdsl.ops.rules.attributes import LARGEST
from archdsl.types import DType, TensorType

MOST_WEIGHTS = 2**40


class OperatorError(Exception):
    """An operator refuses its operands or attributes. Whoever knows the file adds the place and the call path.

    Attributes:
        code: diagnostic code, E03xx.
        message: one sentence without a full stop, with the numbers in it (`groups=3 does not divide in_channels=64`).
        attribute: the attribute to point at; empty for the step itself.
        hint: what would be right, a few words.
    """

    def __init__(self, code: str, message: str, attribute: str = "", hint: str = ""):
        super().__init__(message)
        self.code = code
        self.message = message
        self.attribute = attribute
        self.hint = hint


class WeightSpec(NamedTuple):
    """One weight of a node, named as in the torch module that holds it.

    `kind`: a `parameter` is trained and counted in `params`; a `buffer` is state (running mean) and is not.
    """

    name: str
    shape: tuple[int, ...]
    kind: Literal["parameter", "buffer"] = "parameter"
    dtype: DType = "float32"


class OpCost(NamedTuple):
    """Cost of one application to one sample, exact integers.

    Attributes:
        mult_adds: multiply-accumulates of convolutions, linears, matmuls, attention, recurrent layers and
            correlations, without biases; half of what torch's FlopCounterMode counts.
        elementwise: further floating-point operations: biases, activations, normalisation, pooling, sums.
        reads: elements of operands read from memory, weights not included.
        writes: elements written to memory; 0 for views.
    """

    mult_adds: int = 0
    elementwise: int = 0
    reads: int = 0
    writes: int = 0


class Sample(NamedTuple):
    """One valid application: attributes and operand types. The conformance suite runs every rule over it.

    `integer_range`: for int64 operands, the exclusive upper bound of the values that make sense.
    """

    attributes: dict[str, Any]
    operands: tuple[TensorType, ...]
    integer_range: int = 10


class ErrorCase(NamedTuple):
    """One invalid application and the code (and attribute) of the error it must give."""

    attributes: dict[str, Any]
    operands: tuple[TensorType, ...]
    code: str
    attribute: str = ""


class Operator(BaseModel):
    """Base class of all operators. Fields are the attributes a file may give; their descriptions are documentation.

    Class attributes:
        name: what files call it.
        family: the page of the reference it stands on.
        operands: names of the operands, in order; `("*xs",)` means one or more, lists spliced (variadic).
        optional_operands: how many of the last operands may be left out.
        reads_batch_size: reads nothing, but needs N: whoever builds the graph passes the network's first input as
            a hidden first operand (`constant`).
        internal: made by passes only; files can't name it.
        reference: paper, section or torch function that defines it.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, defer_build=True)

    name: ClassVar[str]
    family: ClassVar[str]
    operands: ClassVar[tuple[str, ...]] = ("x",)
    optional_operands: ClassVar[int] = 0
    reads_batch_size: ClassVar[bool] = False
    internal: ClassVar[bool] = False
    reference: ClassVar[str] = ""

    # Simplification rules that hold for any operands; see archdsl.passes.
    is_identity: ClassVar[bool] = False
    commutative: ClassVar[bool] = False
    keeps_zero: ClassVar[bool] = False
    "Given only zeros as first operand, gives only zeros (int64 outputs, such as positions of maxima, aside)."

    __hash__ = object.__hash__  # operators are interned: identity is equality, and hashing must be fast

    def __eq__(self, other: object) -> bool:
        return self is other

    @classmethod
    def is_variadic(cls) -> bool:
        """Whether it takes any number of operands, lists spliced."""
        return bool(cls.operands) and cls.operands[0].startswith("*")

    @abstractmethod
    def infer(self, *operands: TensorType) -> tuple[TensorType, ...]:
        """Types of the outputs.

        Raises:
            OperatorError: if the operands don't fit the attributes.
        """
        raise NotImplementedError

    def weights(self, *operands: TensorType) -> tuple[WeightSpec, ...]:
        """The weights, in the order of the torch module's `state_dict`. Called only on operands that `infer` takes."""
        return ()

    @abstractmethod
    def cost(self, operands: Sequence[TensorType], outputs: Sequence[TensorType]) -> OpCost:
        """Cost of one sample."""
        raise NotImplementedError

    @abstractmethod
    def torch(self, operands: Sequence[TensorType]) -> TorchLowering:
        """The node in PyTorch. Tensors there have N as dimension 0."""
        raise NotImplementedError

    @abstractmethod
    def onnx(self, b: OnnxBuilder, inputs: Sequence[str], operands: Sequence[TensorType]) -> Sequence[str]:
        """Add the node to an ONNX graph; gives the names of the outputs."""
        raise NotImplementedError

    def canonical_attributes(self, operands: Sequence[TensorType]) -> dict[str, Any]:
        """The attributes with every shorthand resolved (`half` to numbers), for text form and hash.

        They build an operator that does the same on these operands. Attributes without a value (None) are left out:
        the language has no null.
        """
        values = {name: getattr(self, name) for name in type(self).model_fields}
        return {name: value for name, value in values.items() if value is not None}

    def changed(self, *names: str) -> dict[str, Any]:
        """The named attributes (all, without names) that differ from their defaults.

        For lowerings: where the default is torch's too, the generated source need not say it.
        """
        fields = type(self).model_fields
        values = {name: getattr(self, name) for name in names or fields}
        return {name: value for name, value in values.items() if value != fields[name].default}

    @classmethod
    @abstractmethod
    def samples(cls) -> list[Sample]:
        """Valid applications that together reach every attribute and every branch of the rules."""
        raise NotImplementedError

    @classmethod
    def error_cases(cls) -> list[ErrorCase]:
        """Invalid applications with the error each must give."""
        return []


@lru_cache(maxsize=1 << 16)
def infer(op: Operator, operands: tuple[TensorType, ...]) -> tuple[TensorType, ...]:
    """`op.infer` with arity and sizes checked, remembered.

    Raises:
        OperatorError: E0210 for a wrong number of operands, E0905 for sizes past the limits, else as `op.infer`.
    """
    check_arity(op, len(operands))
    outputs = op.infer(*operands)
    check_size(op, operands, outputs)
    return outputs


@lru_cache(maxsize=1 << 16)
def weights_of(op: Operator, operands: tuple[TensorType, ...]) -> tuple[WeightSpec, ...]:
    """`op.weights`, remembered."""
    return op.weights(*operands)


@lru_cache(maxsize=1 << 16)
def cost_of(op: Operator, operands: tuple[TensorType, ...]) -> OpCost:
    """`op.cost`, remembered."""
    return op.cost(operands, infer(op, operands))


def check_size(op: Operator, operands: Sequence[TensorType], outputs: Sequence[TensorType]) -> None:
    """Raises OperatorError E0905 if outputs, weights or cost grow past what can be counted exactly."""
    for made in outputs:
        if made.elements >= LARGEST:
            raise OperatorError("E0905", f"`{op.name}` would make {made.elements:,} elements per sample")
    held = sum(prod(weight.shape) for weight in op.weights(*operands))
    if held > MOST_WEIGHTS:
        raise OperatorError("E0905", f"`{op.name}` would have {held:,} weights; the most are 2**40")
    work = op.cost(operands, outputs).mult_adds
    if work >= LARGEST:
        raise OperatorError("E0905", f"`{op.name}` would take {work:,} multiply-adds per sample")


def check_arity(op: Operator | type[Operator], count: int) -> None:
    """Raises OperatorError E0210 unless `op` can read `count` operands."""
    if op.reads_batch_size:
        return
    if op.is_variadic():
        if count == 0:
            raise OperatorError("E0210", f"`{op.name}` reads at least one value and got none")
        return
    most = len(op.operands)
    least = most - op.optional_operands
    if not least <= count <= most:
        wanted = str(most) if least == most else f"{least} to {most}"
        plural = "value" if wanted == "1" else "values"
        names = ", ".join(op.operands)
        message = f"`{op.name}` reads {wanted} {plural} ({names}) and got {count}"
        raise OperatorError("E0210", message, hint="say what it reads with `from`")
