"""What is given beside a file: parameters, input shapes, variants, decisions."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import archdsl
from archdsl.ir.graph import Graph
from tests.spec.elaborate.wiring import wiring

Write = Callable[..., Path]
Build = Callable[..., Graph]

FAMILY = """
params: {width: 8, widths: [4, 4], act: relu, deep: false, kernel: {choose: [1, 3]}}
cells:
  leaky: {params: {slope: 0.1}, graph: {leaky_relu: {negative_slope: slope}}}
graph:
  - conv2d: {out_channels: width, kernel_size: kernel, padding: half}
  - conv2d: {out_channels: w, kernel_size: 1}
    for: {w: widths}
  - act
  - tanh:
    if: deep
variants:
  small: {params: {width: 2}, decisions: {kernel: 1}}
  large: {params: {width: 32, act: {leaky: {slope: 0.3}}}, decisions: {kernel: 3}}
  open: {params: {kernel: {choose: [5, 7]}}}
"""


def shapes(graph: Graph) -> list[tuple[int, ...]]:
    return [node.output_types[0].shape for node in graph.nodes]


def failure(load: Callable[[], Any]) -> list[str]:
    with pytest.raises(archdsl.ArchdslError) as caught:
        load()
    return [d.code for d in caught.value.diagnostics]


@pytest.mark.parametrize("width", [16, "16", "2 * 8", "width_of"])
def test_numbers_and_expressions(graph: Build, width: int | str) -> None:
    given = {"width": width, "kernel": 1}
    if width == "width_of":
        assert failure(lambda: graph(FAMILY, params=given)) == ["E0201"]
    else:
        assert shapes(graph(FAMILY, params=given))[0] == (16, 16, 16)


@pytest.mark.parametrize("widths", [[5, 6], (5, 6), "[5, 6]", "[5] + [6]", ["5", "2 * 3"]])
def test_lists(graph: Build, widths: Any) -> None:
    assert [s[0] for s in shapes(graph(FAMILY, params={"widths": widths, "kernel": 1}))[1:3]] == [5, 6]


@pytest.mark.parametrize(
    ("act", "operator"),
    [
        ("silu", "silu"),
        ({"leaky": {"slope": 0.2}}, "leaky_relu"),
        ("{leaky: {slope: 0.2}}", "leaky_relu"),
        ("leaky", "leaky_relu"),
    ],
)
def test_steps(graph: Build, act: Any, operator: str) -> None:
    assert wiring(graph(FAMILY, params={"act": act, "kernel": 1}))[3].startswith(operator)


@pytest.mark.parametrize(("deep", "last"), [(True, "tanh"), ("true", "tanh"), ("1 > 2", "relu"), (False, "relu")])
def test_truth_values(graph: Build, deep: Any, last: str) -> None:
    assert wiring(graph(FAMILY, params={"deep": deep, "kernel": 1}))[-1] == f"output={last}"


def test_a_root_parameter_can_be_a_hole(space: Callable[..., archdsl.Space]) -> None:
    assert space(FAMILY).decisions()["kernel"].options == (1, 3)
    assert space(FAMILY, params={"kernel": 3}).decisions() == {}
    assert space(FAMILY, params={"width": {"choose": [2, 4]}}).decisions()["width"].options == (2, 4)


def test_unknown_and_unfit_parameters(graph: Build) -> None:
    assert failure(lambda: graph(FAMILY, params={"widht": 3})) == ["E0406", "E0601"]
    assert failure(lambda: graph(FAMILY, params={"width": object()})) == ["E0109"]
    assert failure(lambda: graph(FAMILY, params={"act": 3, "kernel": 1})) == ["E0208"]
    text = "params: {n: int}\ngraph:\n  - relu:\n    repeat: n\n"
    assert failure(lambda: graph(text)) == ["E0206"]
    assert failure(lambda: graph(text, params={"n": 1.5})) == ["E0405"]
    assert len(graph(text, params={"n": 2}).nodes) == 2


# Variants.


def test_variants(write: Write) -> None:
    path = write(FAMILY)
    small, large = archdsl.load(f"{path}@small"), archdsl.load(f"{path}@large")
    assert (small.name, large.name) == ("small", "large")
    assert shapes(small.graph())[0][0] == 2
    assert wiring(large.graph())[3].startswith("leaky_relu")
    assert large.decisions == {"kernel": 3}


def test_what_is_given_wins_over_the_variant(write: Write) -> None:
    built = archdsl.load(f"{write(FAMILY)}@large", params={"width": 3}, decisions={"kernel": 1})
    assert shapes(built.graph())[0][0] == 3
    assert built.decisions == {"kernel": 1}
    assert wiring(built.graph())[3].startswith("leaky_relu")


def test_a_variants_hole_has_the_parameters_name(write: Write) -> None:
    assert archdsl.load_space(f"{write(FAMILY)}@open").decisions()["kernel"].options == (5, 7)


def test_unknown_variants(write: Write) -> None:
    assert failure(lambda: archdsl.load(f"{write(FAMILY)}@smal")) == ["E0409"]


def test_check_looks_at_every_variant(write: Write) -> None:
    text = FAMILY.replace("width: 2}", "width: 0}")
    found = archdsl.check(write(text))
    assert [d.code for d in found] == ["E0303"]
    assert archdsl.check(f"{write(text)}@large") == []


def test_parameters_that_every_variant_gives_may_be_required(write: Write) -> None:
    text = (
        "params: {n: int}\ngraph:\n  - relu:\n    repeat: n\nvariants: {one: {params: {n: 1}}, two: {params: {n: 2}}}\n"
    )
    assert archdsl.check(write(text)) == []
    assert len(archdsl.load(f"{write(text)}@two").graph().nodes) == 2
    assert failure(lambda: archdsl.load(write(text))) == ["E0206"]


# Inputs.


def test_inputs_can_be_overridden(graph: Build) -> None:
    built = graph("graph: [relu]", inputs={"x": [3, 4, 5]})
    assert shapes(built) == [(3, 4, 5)]
    assert failure(lambda: graph("graph: [relu]", inputs={"y": [3]})) == ["E0410"]
    assert failure(lambda: graph("graph: [relu]", inputs={"x": [0]})) == ["E0113"]


def test_input_shapes_are_expressions_over_parameters(graph: Build) -> None:
    text = (
        "params: {size: 4, shape: [2, 3]}\ninputs: {a: [3, size, 2 * size], b: shape}\ngraph:\n  - relu:\n    from: a\n"
    )
    assert shapes(graph(text)) == [(3, 4, 8)]
    assert [v.type.shape for v in graph(text, params={"size": 1}).inputs.values()] == [(3, 1, 2), (2, 3)]


def test_integer_inputs(graph: Build) -> None:
    text = (
        "inputs: {words: {shape: [20], dtype: int64}}\ngraph:\n  - embedding: {num_embeddings: 5, embedding_dim: 3}\n"
    )
    assert shapes(graph(text)) == [(20, 3)]


# Outputs.


@pytest.mark.parametrize(
    ("outputs", "names"),
    [
        ("", "output=tanh"),
        ("outputs: [a]", "a=relu"),
        ("outputs: [b, a]", "b=tanh a=relu"),
        ("outputs: {first: a, list: '[a, b]'}", None),
        ("outputs: {first: a, both: '[a, b]'}", "first=relu both_0=relu both_1=tanh"),
        ("outputs: {y: 'b if b.height > 3 else a'}", "y=tanh"),
    ],
)
def test_outputs(graph: Build, outputs: str, names: str | None) -> None:
    text = f"graph:\n  - relu:\n    name: a\n  - tanh:\n    name: b\n{outputs}\n"
    if names is None:
        assert failure(lambda: graph(text)) == ["E0112"]
    else:
        assert wiring(graph(text))[-1] == names


@pytest.mark.parametrize(
    ("outputs", "code"),
    [
        ("[c]", "E0201"),
        ("[n]", "E0212"),
        ("['[a, b]']", "E0212"),
        ("[a, a]", "E0212"),
        ("[]", "E0212"),
        ("{a_0: b, a: '[a]'}", "E0212"),
    ],
)
def test_outputs_that_are_refused(graph: Build, outputs: str, code: str) -> None:
    text = f"params: {{n: 3}}\ngraph:\n  - relu:\n    name: a\n  - tanh:\n    name: b\noutputs: {outputs}\n"
    assert failure(lambda: graph(text)) == [code]
