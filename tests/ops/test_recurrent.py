"""Recurrent layers and cells against torch's modules."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import nn

from archdsl.backends.torch import build_module, support
from archdsl.ops.base import Operator, cost_of
from archdsl.ops.families.recurrent import GRU, LSTM, RNN
from archdsl.ops.families.recurrent_cells import GRUCell, LSTMCell
from archdsl.ops.registry import make
from archdsl.types import TensorType
from tests.ops.applied import network

LAYERS: list[tuple[type[Operator], type[nn.Module], dict[str, Any]]] = [
    (LSTM, nn.LSTM, {}),
    (GRU, nn.GRU, {}),
    (RNN, nn.RNN, {}),
    (RNN, nn.RNN, {"nonlinearity": "relu"}),
]


def random(*shape: int) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize(("op", "module", "more"), LAYERS)
@pytest.mark.parametrize("options", [{}, {"num_layers": 2, "bidirectional": True}, {"bias": False}])
def test_takes_the_weights_of_torchs_module(
    op: type[Operator], module: type[nn.Module], more: dict[str, Any], options: dict[str, Any]
) -> None:
    attributes = {"hidden_size": 4, **options, **more}
    theirs = module(input_size=3, batch_first=True, **attributes)
    ours = build_module(network(op, attributes, TensorType((5, 3))))
    ours.load_state_dict(dict(zip(ours.state_dict(), theirs.state_dict().values(), strict=True)))
    x = random(2, 5, 3)
    torch.testing.assert_close(ours(x), theirs(x)[0])


@pytest.mark.parametrize("op", [LSTM, GRU, RNN])
def test_compiles_into_one_graph(op: type[Operator]) -> None:
    module = build_module(network(op, {"hidden_size": 4}, TensorType((5, 3))))
    compiled = torch.compile(module, fullgraph=True, backend="eager")
    x = random(2, 5, 3)
    torch.testing.assert_close(compiled(x), module(x))


def test_dropout_lies_between_layers_in_training() -> None:
    module = build_module(network(LSTM, {"hidden_size": 8, "num_layers": 2, "dropout": 0.9}, TensorType((5, 3))))
    x = random(2, 5, 3)
    torch.manual_seed(0)
    assert not torch.equal(module.train()(x), module(x))
    assert torch.equal(module.eval()(x), module(x))


def test_multiply_adds_count_every_step_and_direction() -> None:
    op = make(LSTM, {"hidden_size": 256, "num_layers": 2, "bidirectional": True})
    first, second = 4 * 256 * (512 + 256), 4 * 256 * (2 * 256 + 256)
    assert cost_of(op, (TensorType((26, 512)),)).mult_adds == 26 * 2 * (first + second)


def test_a_single_bias_is_the_sum_of_two() -> None:
    x, h, c = random(2, 3), random(2, 4), random(2, 4)
    for kind, state in (("LSTMCell", [h, c]), ("GRUCell", h)):
        single = getattr(support, kind)(3, 4)
        double = getattr(nn, kind)(3, 4)
        weights = {name: value for name, value in single.state_dict().items() if name != "bias"}
        double.load_state_dict(weights | {"bias_ih": single.bias, "bias_hh": torch.zeros_like(single.bias)})
        made, expected = single(x, state), double(x, state)
        for ours, theirs in zip(
            made if kind == "LSTMCell" else [made], expected if kind == "LSTMCell" else [expected], strict=True
        ):
            torch.testing.assert_close(ours, theirs)


def test_params_of_cells_follow_the_number_of_biases() -> None:
    operands = [TensorType((3,)), TensorType((4,)), TensorType((4,))]
    for biases, count in ((0, 0), (1, 16), (2, 32)):
        op = make(LSTMCell, {"hidden_size": 4, "biases": biases})
        total = sum(w.shape[0] * (w.shape[1] if len(w.shape) == 2 else 1) for w in op.weights(*operands))
        assert total == 16 * (3 + 4) + count
    assert [w.name for w in make(GRUCell, {"hidden_size": 4, "biases": 1}).weights(*operands[:2])] == [
        "weight_ih",
        "weight_hh",
        "bias",
    ]
