"""Every rule of every operator, over the operator's own samples and error cases.

The rules are held against torch: its shapes, its parameters, its FlopCounterMode. An operator that lacks a rule, a
sample for an attribute or a word of documentation fails here.
"""

from __future__ import annotations

import inspect
import json
from typing import Literal, get_args, get_origin

import pytest
import torch
from pydantic import ValidationError
from torch.utils.flop_counter import FlopCounterMode

from archdsl.diagnostics.codes import CODES
from archdsl.ops.base import ErrorCase, Operator, OperatorError, Sample, cost_of, infer, weights_of
from archdsl.ops.families.structural import Zero
from archdsl.ops.registry import make, operators
from tests.ops.samples import DTYPES, OPERATORS, SAMPLES, build_leaf, run, tensors

ERRORS = [
    pytest.param(op, case, id=f"{name}-{i}-{case.code}")
    for name, op in operators().items()
    for i, case in enumerate(op.error_cases())
]


# What it says about itself.


@pytest.mark.parametrize("op", OPERATORS)
def test_is_documented(op: type[Operator]) -> None:
    assert not inspect.isabstract(op)
    assert op.__doc__ is not None
    assert op.__doc__.strip()
    assert "__doc__" in vars(op), "the docstring must be its own"
    assert op.name.isidentifier()
    assert op.family.isidentifier()
    assert op.reference
    for name, field in op.model_fields.items():
        assert field.description, f"attribute {name} has no description"


@pytest.mark.parametrize("op", OPERATORS)
def test_samples_reach_every_attribute(op: type[Operator]) -> None:
    samples = op.samples()
    assert samples
    for name, field in op.model_fields.items():
        if get_origin(field.annotation) is Literal and len(get_args(field.annotation)) == 1:
            continue
        given = [make(op, s.attributes) for s in samples if name in s.attributes]
        assert any(getattr(made, name) != field.default for made in given), f"no sample sets {name}"


@pytest.mark.parametrize("op", OPERATORS)
def test_attributes_are_closed(op: type[Operator]) -> None:
    sample = op.samples()[0]
    with pytest.raises(ValidationError):
        make(op, {**sample.attributes, "no_such_attribute": 1})
    for name, field in op.model_fields.items():
        if field.is_required():
            with pytest.raises(ValidationError):
                make(op, {key: value for key, value in sample.attributes.items() if key != name})


@pytest.mark.parametrize("missing", ["infer", "cost", "torch", "onnx", "samples"])
def test_an_operator_without_a_rule_cannot_be_made(missing: str) -> None:
    whole = {rule: vars(Zero)[rule] for rule in ("infer", "cost", "torch", "onnx", "samples")}
    make(type("Whole", (Operator,), {"__module__": __name__, **whole}), {})
    lacking = type("Lacking", (Operator,), {"__module__": __name__, **{r: f for r, f in whole.items() if r != missing}})
    with pytest.raises(TypeError, match=missing):
        make(lacking, {})


# Shapes, weights and cost against torch.


@pytest.mark.parametrize(("op", "sample"), SAMPLES)
@pytest.mark.parametrize("batch", [1, 3])
def test_types_are_torchs(op: Operator, sample: Sample, batch: int) -> None:
    operands = [torch.empty(batch, *x.shape, dtype=DTYPES[x.dtype], device="meta") for x in sample.operands]
    made = run(op, sample, operands)
    inferred = infer(op, sample.operands)
    assert [tuple(y.shape) for y in made] == [(batch, *t.shape) for t in inferred]
    assert [y.dtype for y in made] == [DTYPES[t.dtype] for t in inferred]
    assert all(y.device.type == "meta" for y in made)


@pytest.mark.parametrize(("op", "sample"), SAMPLES)
def test_weights_are_those_of_the_module(op: Operator, sample: Sample) -> None:
    declared = weights_of(op, sample.operands)
    lowering = op.torch(sample.operands)
    assert bool(declared) == (lowering.leaf is not None)
    if lowering.leaf is None:
        return
    built = build_leaf(lowering.leaf)
    parameters = dict(built.named_parameters())
    found = [
        (name, tuple(t.shape), "parameter" if name in parameters else "buffer", t.dtype)
        for name, t in built.state_dict().items()
    ]
    assert found == [(w.name, w.shape, w.kind, DTYPES[w.dtype]) for w in declared]
    assert {name for name, _ in built.named_buffers()} == {w.name for w in declared if w.kind == "buffer"}


@pytest.mark.parametrize(("op", "sample"), SAMPLES)
def test_multiply_adds_are_half_of_torchs_flops(op: Operator, sample: Sample) -> None:
    operands = [torch.empty(1, *x.shape, dtype=DTYPES[x.dtype], device="meta") for x in sample.operands]
    counter = FlopCounterMode(display=False)
    with counter:
        run(op, sample, operands)
    cost = cost_of(op, sample.operands)
    assert 2 * cost.mult_adds == counter.get_total_flops()
    assert all(isinstance(number, int) and number >= 0 for number in cost)
    assert cost.reads <= sum(x.elements for x in sample.operands)


@pytest.mark.parametrize(("op", "sample"), SAMPLES)
def test_inference_is_deterministic(op: Operator, sample: Sample) -> None:
    operands = tensors(sample)
    for first, second in zip(run(op, sample, operands), run(op, sample, operands), strict=True):
        assert torch.equal(first, second)


# Attributes.


@pytest.mark.parametrize(("op", "sample"), SAMPLES)
def test_canonical_attributes_are_the_same_operator(op: Operator, sample: Sample) -> None:
    canonical = op.canonical_attributes(sample.operands)
    again = make(type(op), json.loads(json.dumps(canonical)))
    assert None not in canonical.values()
    assert again.canonical_attributes(sample.operands) == canonical
    assert infer(again, sample.operands) == infer(op, sample.operands)
    assert weights_of(again, sample.operands) == weights_of(op, sample.operands)
    assert cost_of(again, sample.operands) == cost_of(op, sample.operands)
    operands = tensors(sample)
    for first, second in zip(run(op, sample, operands), run(again, sample, operands), strict=True):
        torch.testing.assert_close(first, second)


@pytest.mark.parametrize(("op", "case"), ERRORS)
def test_errors_are_diagnosed(op: type[Operator], case: ErrorCase) -> None:
    with pytest.raises(OperatorError) as caught:
        infer(make(op, case.attributes), case.operands)
    assert (caught.value.code, caught.value.attribute) == (case.code, case.attribute)
    assert case.code in CODES
    assert not caught.value.message.endswith(".")
    assert case.attribute == "" or case.attribute in op.model_fields


@pytest.mark.parametrize("op", OPERATORS)
def test_wrong_numbers_of_operands_are_refused(op: type[Operator]) -> None:
    if op.reads_batch_size:
        return
    sample = op.samples()[0]
    made = make(op, sample.attributes)
    counts = [0] if op.is_variadic() else [0, len(op.operands) + 1]
    for count in counts:
        with pytest.raises(OperatorError) as caught:
            infer(made, sample.operands[:1] * count)
        assert caught.value.code == "E0210"


# Flags that passes rely on.


@pytest.mark.parametrize(("op", "sample"), SAMPLES)
def test_flags_hold(op: Operator, sample: Sample) -> None:
    operands = tensors(sample)
    made = run(op, sample, operands)
    if op.is_identity:
        assert len(made) == 1
        assert torch.equal(made[0], operands[0])
    if op.commutative and len(operands) > 1:
        turned = sample._replace(operands=sample.operands[::-1])
        torch.testing.assert_close(run(op, turned, operands[::-1]), made)
    if op.keeps_zero:
        zeroed = run(op, sample, [torch.zeros_like(operands[0]), *operands[1:]])
        assert all(not y.any() for y in zeroed if y.dtype == torch.float32)
