"""Zero-cost proxies against numbers worked out by hand on networks of a few weights, and against plain autograd."""

from __future__ import annotations

from math import inf, log, sqrt
from random import Random

import pytest
import torch
import torch.nn.functional as F
from torch import nn

import archdsl
from archdsl_search.evaluators.base import Job
from archdsl_search.evaluators.plan import plan_evaluator
from archdsl_search.evaluators.zero_cost.evaluator import COUNTED, proxy_score
from archdsl_search.evaluators.zero_cost.minibatch import Minibatch

PROXIES = ("synflow", "naswot", "grad_norm", "snip", "grasp", "fisher", "jacov", "zen")


def linear(*rows: list[float], bias: list[float] | None = None) -> nn.Linear:
    made = nn.Linear(len(rows[0]), len(rows), bias=bias is not None)
    made.weight.data = torch.tensor(rows)
    if bias is not None:
        made.bias.data = torch.tensor(bias)
    return made


def one_weight_each() -> tuple[nn.Module, Minibatch]:
    """Logits (2x, 0), x = 1, the right class is the first: p = sigmoid(2)."""
    return nn.Sequential(linear([2.0], [0.0])), Minibatch(torch.tensor([[1.0]]), torch.tensor([0]))


P = 1 / (1 + 2.718281828459045**-2)


def test_grad_norm_by_hand():
    # dL/dw = (p - 1, 1 - p) x
    assert proxy_score("grad_norm", *one_weight_each()) == pytest.approx(sqrt(2) * (1 - P), rel=1e-5)


def test_snip_by_hand():
    assert proxy_score("snip", *one_weight_each()) == pytest.approx(2 * (1 - P), rel=1e-5)


def test_grasp_by_hand():
    # H = p (1 - p) [[1, -1], [-1, 1]], g = (1 - p) (-1, 1), w = (2, 0): -w . H g = 4 p (1 - p)^2
    assert proxy_score("grasp", *one_weight_each()) == pytest.approx(4 * P * (1 - P) ** 2, rel=1e-5)


def test_fisher_by_hand():
    # a = (2, 0), dL/da = (p - 1, 1 - p): (2 (p - 1))^2 / 2
    assert proxy_score("fisher", *one_weight_each()) == pytest.approx(2 * (1 - P) ** 2, rel=1e-5)


def test_fisher_sums_positions_before_it_squares():
    conv = nn.Conv2d(1, 1, 1, bias=False)
    conv.weight.data.fill_(3.0)

    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv = conv

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            y = self.conv(x).flatten(1).sum(1, keepdim=True)
            return torch.cat([y, torch.zeros_like(y)], 1)

    batch = Minibatch(torch.tensor([[[[1.0, -0.5]]], [[[0.25, 0.0]]]]), torch.tensor([0, 1]))
    expected = 0.0
    for image, label in zip([1.5, 0.75], [0, 1], strict=True):
        p = 1 / (1 + 2.718281828459045**-image)
        expected += (image * (p - (label == 0))) ** 2  # the positions' a g sum to y dL/dy
    assert proxy_score("fisher", Net(), batch) == pytest.approx(expected / 4, rel=1e-5)


def test_synflow_by_hand():
    # Two layers of absolute weights: every weight's share is the flow through it, each layer's shares sum to R.
    net = nn.Sequential(linear([1.0, -2.0], [3.0, 0.5]), nn.ReLU(), linear([-1.0, 4.0]))
    flow = 1 * (1 + 2) + 4 * (3 + 0.5)
    assert proxy_score("synflow", net, Minibatch(torch.zeros(3, 2), torch.zeros(3).long())) == pytest.approx(2 * flow)


def test_synflow_leaves_batch_norm_out_and_biases_in_the_flow():
    norm = nn.BatchNorm1d(1)
    norm.running_var.fill_(100.0)
    net = nn.Sequential(linear([2.0], bias=[-1.0]), norm, linear([-3.0]))
    # R = 3 (2 + 1); the first weight's share is 6, the last one's 9; biases are no weights.
    assert proxy_score("synflow", net, Minibatch(torch.zeros(2, 1), torch.zeros(2).long())) == pytest.approx(15.0)


def test_naswot_by_hand():
    # Codes (1, 0), (0, 1), (1, 1): K = [[2, 0, 1], [0, 2, 1], [1, 1, 2]], det = 4
    images = torch.tensor([[1.0, -1.0], [-1.0, 1.0], [1.0, 1.0]])
    net = nn.Sequential(linear([1.0, 0.0], [0.0, 1.0]), nn.ReLU())
    assert proxy_score("naswot", net, Minibatch(images, torch.zeros(3).long())) == pytest.approx(log(4))


def test_naswot_adds_up_all_rectifiers_and_sees_functions():
    class Net(nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return F.hardswish(torch.relu(x) - 0.5)

    # Codes of relu then hardswish: (1, 1), (1, 0): K = [[2, 1], [1, 2]], det = 3
    batch = Minibatch(torch.tensor([[1.0], [0.1]]), torch.zeros(2).long())
    assert proxy_score("naswot", Net(), batch) == pytest.approx(log(3))


def test_naswot_without_rectifiers_is_low_and_finite():
    found = proxy_score("naswot", linear([1.0]), Minibatch(torch.ones(3, 1), torch.zeros(3).long()))
    assert -inf < found < -20


def test_jacov_by_hand():
    # Jacobians (1, 0) and (0, 1) after centring are opposite: correlations [[1, -1], [-1, 1]], eigenvalues 0 and 2.
    net = nn.Sequential(linear([1.0, 0.0], [0.0, 1.0]), nn.ReLU())
    batch = Minibatch(torch.tensor([[1.0, -1.0], [-1.0, 1.0]]), torch.zeros(2).long())
    k = 1e-5
    expected = -(log(2 + k) + 1 / (2 + k) + log(k) + 1 / k)
    assert proxy_score("jacov", net, batch) == pytest.approx(expected, rel=1e-4)


def test_zen_of_one_linear_layer():
    # f is linear, so the difference is 0.01 |w| |e|: its size follows from the generator alone.
    batch = Minibatch(torch.zeros(4, 3), torch.zeros(4).long(), seed=7)
    random = torch.Generator().manual_seed(7)
    weight = torch.randn(2, 3, generator=random)
    torch.randn(4, 3, generator=random)
    noise = torch.randn(4, 3, generator=random)
    expected = log(float((0.01 * noise @ weight.T).abs().mean()))
    assert proxy_score("zen", linear([1.0, 2.0, 3.0], [0.0, 0.0, 1.0]), batch) == pytest.approx(expected, rel=1e-3)


def test_zen_does_not_depend_on_the_scale_that_batch_norm_hides():
    def net(scale: float) -> nn.Module:
        class Scaled(nn.Module):
            def __init__(self) -> None:
                super().__init__()
                self.conv, self.norm = nn.Conv2d(3, 8, 3, bias=False), nn.BatchNorm2d(8)

            def forward(self, x: torch.Tensor) -> torch.Tensor:
                return self.norm(scale * self.conv(x)).mean((2, 3))

        return Scaled()

    batch = Minibatch(torch.zeros(16, 3, 8, 8), torch.zeros(16).long())
    one, ten = proxy_score("zen", net(1.0), batch), proxy_score("zen", net(10.0), batch)
    assert ten - one == pytest.approx(log(10), abs=0.01)  # the compensation adds what batch norm took away


@pytest.mark.parametrize("name", PROXIES)
def test_scores_are_finite_repeatable_and_leave_the_module_alone(name):
    space = archdsl.load_space("nasbench201", {"repeats": 1, "width": 4}, inputs={"image": [3, 16, 16]})
    module = archdsl.compile(space.resolve(space.sample(Random(3))))
    before = {key: tensor.clone() for key, tensor in module.state_dict().items()}
    images = torch.randn(8, 3, 16, 16, generator=torch.Generator().manual_seed(0))
    batch = Minibatch(images, torch.arange(8))
    first = proxy_score(name, module, batch)
    assert torch.tensor(first).isfinite()
    for key, tensor in module.state_dict().items():
        if not key.endswith(("running_mean", "running_var", "num_batches_tracked")):
            assert torch.equal(tensor, before[key]), key
    assert all(parameter.dtype == torch.float32 for parameter in module.parameters())
    assert proxy_score(name, module, batch) == pytest.approx(first, rel=1e-4)


def test_the_evaluator_gives_the_proxies_in_order(tmp_path):
    space = archdsl.load_space("nasbench201", {"repeats": 1, "width": 4}, inputs={"image": [3, 16, 16]})
    proxies = [*PROXIES, *COUNTED]
    plan = plan_evaluator({"name": "zero_cost", "proxies": proxies, "batch_size": 8})
    assert plan.metrics == tuple(proxies)
    decisions = space.sample(Random(1))
    metrics = plan.make(space).evaluate(Job(0, decisions, "a", 5, tmp_path))
    assert list(metrics) == proxies
    assert metrics["params"] == archdsl.cost(space.resolve(decisions)).params
    assert plan.make(space).evaluate(Job(4, decisions, "a", 5, tmp_path)) == metrics
    assert plan.make(space).evaluate(Job(0, decisions, "a", 6, tmp_path)) != metrics


def test_images_of_a_data_set_are_brought_to_the_networks_size(tmp_path):
    space = archdsl.load_space("nasbench201", {"repeats": 1, "width": 4}, inputs={"image": [3, 16, 16]})
    plan = plan_evaluator({"name": "zero_cost", "proxies": ["snip"], "batch_size": 8, "data": "digits", "repeats": 2})
    assert plan.make(space).evaluate(Job(0, space.sample(Random(1)), "a", 5, tmp_path))["snip"] > 0
