"""The two forms of a network: `training` in expressions."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

import archdsl
from archdsl.ir.graph import Graph
from tests.spec.elaborate.wiring import weight_paths, wiring

Build = Callable[..., Graph]
Codes = Callable[[str], list[str]]

AUXILIARY = """
graph:
  - conv2d: {out_channels: 4, kernel_size: 3}
    name: features
  - do:
      - global_avg_pool2d
      - linear: {out_features: 10}
    if: training
    name: aux
  - global_avg_pool2d:
    from: features
  - linear: {out_features: 10}
    name: logits
outputs: [logits, aux]
"""


def test_auxiliary_parts_are_there_in_training_only(graph: Build) -> None:
    assert wiring(graph(AUXILIARY))[-1] == "logits=linear"
    assert wiring(graph(AUXILIARY, training=True))[-1] == "logits=linear2 aux=linear"
    assert weight_paths(graph(AUXILIARY, training=True)) == ["features", "aux/linear", "logits"]


def test_a_file_that_reads_no_training_has_one_form(write: Callable[[str], Path]) -> None:
    plain = archdsl.load(write("graph: [dropout]"))
    assert not plain.has_training_form
    assert plain.graph(training=True) is plain.graph()
    assert archdsl.load(write(AUXILIARY)).has_training_form


def test_training_stands_in_any_expression(graph: Build) -> None:
    text = """
cells:
  c:
    params: {p: 0.5 if training else 0.25}
    graph:
      - relu:
        repeat: 2 if training else 1
      - dropout: {p: p}
graph: [c]
"""
    assert len(graph(text).nodes) == 2
    assert len(graph(text, training=True).nodes) == 3


def test_weights_of_inference_must_be_among_those_of_training(codes: Codes) -> None:
    text = """graph:
  - conv2d: {out_channels: 4, kernel_size: 3}
    if: not training
    name: late
"""
    assert codes(text) == ["2:E0706"]


@pytest.mark.parametrize("attribute", ["bias: not training", "out_channels: 8 if training else 4"])
def test_every_weight_of_inference_is_one_of_training(codes: Codes, attribute: str) -> None:
    assert codes(f"graph:\n  - conv2d: {{{_conv(attribute)}}}\n  - global_avg_pool2d\n") == ["2:E0706"]


@pytest.mark.parametrize("attribute", ["bias: training", "dilation: 2 if training else 1"])
def test_attributes_of_steps_with_weights_may_depend_on_the_form(codes: Codes, attribute: str) -> None:
    assert codes(f"graph:\n  - conv2d: {{{_conv(attribute)}}}\n  - global_avg_pool2d\n") == []


def _conv(attribute: str) -> str:
    name, _, value = attribute.partition(": ")
    return ", ".join(f"{key}: {text}" for key, text in ({"out_channels": "4", "kernel_size": "3", name: value}).items())


def test_an_either_or_with_shared_weights_is_fine(graph: Build, codes: Codes) -> None:
    text = """graph:
  - conv2d: {out_channels: 8, kernel_size: 1}
    share: w
    if: training
    name: a
  - conv2d: {out_channels: 8, kernel_size: 1}
    share: w
    if: not training
    name: a
  - relu:
    from: a
"""
    assert codes(text) == []
    assert weight_paths(graph(text)) == ["w"]


def test_decisions_are_the_same_in_both_forms(space: Callable[..., archdsl.Space]) -> None:
    text = """
graph:
  - choose: [relu, tanh]
    name: always
  - choose: [silu, gelu]
    if: training
    name: sometimes
  - sigmoid:
    from: always
"""
    found = space(text)
    assert list(found.decisions()) == ["always", "sometimes"]
    built = found.resolve({"always": "tanh", "sometimes": "gelu"})
    assert built.decisions == {"always": "tanh", "sometimes": "gelu"}
    assert wiring(built.graph(training=True))[:2] == ["tanh(x)", "gelu(tanh)"]
    assert wiring(built.graph()) == ["tanh(x)", "sigmoid(tanh)", "output=sigmoid"]


def test_an_error_in_the_training_form_alone_is_found(codes: Codes) -> None:
    text = """graph:
  - flatten:
    if: training
    name: flat
  - conv2d: {out_channels: 4, kernel_size: 3}
    from: flat
    if: training
"""
    assert codes(text) == ["5:E0301"]
