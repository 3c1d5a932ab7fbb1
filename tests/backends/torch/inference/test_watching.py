"""What a network sees of changes to its weights and of hooks, through one number each."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

import archdsl
from archdsl.backends.torch.inference.watching import Changes, Hooks, shared_counters
from tests.backends.torch.inference.networks import SINGLE, architecture, difference, inputs, outputs, trained


def small() -> nn.Module:
    return nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.Sequential(nn.Linear(2, 2)))


def test_every_change_in_place_is_counted_and_nothing_else() -> None:
    module = small()
    values = {key: tensor.clone() for key, tensor in module.state_dict().items()}
    bearers = shared_counters(module)
    assert all(torch.equal(tensor, values[key]) for key, tensor in module.state_dict().items())
    held = [*module.parameters(), *module.buffers()]
    changes = Changes(bearers, held)
    for tensor in held:
        before = changes.count()
        assert changes.count() == before
        with torch.no_grad():
            tensor.add_(1)
        assert changes.count() > before


def test_tied_weights_stay_tied() -> None:
    module = nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 2))
    module[1].weight = module[0].weight  # type: ignore[assignment]
    shared_counters(module)
    assert module[1].weight is module[0].weight


@pytest.mark.parametrize("other", [lambda t: nn.Parameter(t.detach().clone()), lambda t: t.detach().double()])
def test_tensors_that_have_counters_of_their_own_are_counted_too(other: Callable[[Tensor], Tensor]) -> None:
    module = small()
    bearers = shared_counters(module)
    held = [*[other(each) for each in module.parameters()], *module.buffers()]
    changes = Changes(bearers, held)
    for tensor in held:
        before = changes.count()
        with torch.no_grad():
            tensor.mul_(2)
        assert changes.count() > before


def test_hooks_are_seen_as_they_come_and_go() -> None:
    module = small()
    hooks = Hooks(list(module.modules()))
    assert not hooks.any()
    other = nn.Linear(1, 1).register_forward_hook(lambda *_: None)
    assert not hooks.any()
    handle = module[2][0].register_forward_pre_hook(lambda *_: None)  # type: ignore[index]
    assert hooks.any()
    handle.remove()
    other.remove()
    assert not hooks.any()


def _copied(network: nn.Module) -> nn.Module:
    return copy.deepcopy(network)


def _pickled(network: nn.Module) -> nn.Module:
    made: nn.Module = pickle.loads(pickle.dumps(network))
    return made


@pytest.mark.parametrize("way", [nn.Module.double, _copied, _pickled], ids=["double", "copied", "pickled"])
def test_networks_that_were_moved_or_copied_see_changes(tmp_path: Path, way: Callable[[nn.Module], nn.Module]) -> None:
    net = architecture(tmp_path, SINGLE)
    module = way(archdsl.compile(net, "inference", trained(net)))
    kind = next(module.parameters()).dtype
    given = inputs(net, dtype=kind)
    first = outputs(module, given)
    for tensor in module.parameters():
        with torch.no_grad():
            tensor.mul_(1.5)
        plain = archdsl.compile(net, "inference", module.state_dict(), optimize=False).to(kind)
        assert difference(outputs(module, given), outputs(plain, given)) < 1e-5
    assert difference(outputs(module, given), first) > 1e-3


def test_gradients_flow_between_changes_of_the_statistics(tmp_path: Path) -> None:
    net = architecture(tmp_path)
    module = archdsl.compile(net, "inference", trained(net)).requires_grad_(True).train()
    optimizer = torch.optim.SGD(module.parameters(), lr=0.01)
    for _ in range(2):
        optimizer.zero_grad()
        sum(y.square().mean() for y in module(*inputs(net, 4)).values()).backward()
        optimizer.step()
    assert all(p.grad is not None for p in module.parameters())
