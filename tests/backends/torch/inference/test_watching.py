"""What a network sees of changes to its weights and of hooks, through one number each."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn
from torch._subclasses.fake_tensor import FakeTensor, FakeTensorMode
from torch.autograd import forward_ad
from torch.utils.flop_counter import FlopCounterMode

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


@pytest.fixture
def pair(tmp_path: Path) -> tuple[nn.Module, nn.Module]:
    """A network that has run, so that calls like the last one take a short way, and the plain one."""
    net = architecture(tmp_path, SINGLE)
    plain = trained(net)
    module = archdsl.compile(net, "inference", plain)
    module(torch.randn(2, 3, 8, 8))
    return module, plain


def test_a_hook_a_mode_and_a_change_are_seen_after_a_call_like_the_last(pair: tuple[nn.Module, nn.Module]) -> None:
    module, plain = pair
    x = torch.randn(2, 3, 8, 8)
    module(x)
    seen: list[str] = []
    with plain_layer(module).register_forward_hook(lambda *_: seen.append("hook")):
        module(x)
    assert seen == ["hook"]
    with FlopCounterMode(display=False) as counter:
        module(x)
    assert counter.get_total_flops() > 0
    with torch.no_grad():
        for tensor in (*module.parameters(), *plain.parameters()):
            tensor.mul_(1.5)
    assert difference(outputs(module, [x]), outputs(plain, [x])) < 1e-5
    assert module(x.requires_grad_()).requires_grad


def plain_layer(module: nn.Module) -> nn.Module:
    return next(each for each in module.modules() if isinstance(each, nn.Linear))


@pytest.mark.filterwarnings("ignore:`torch.jit.script`:DeprecationWarning")  # of torch's own derivatives
def test_transforms_of_functions_see_the_plain_network(pair: tuple[nn.Module, nn.Module]) -> None:
    module, plain = pair
    x, direction = torch.randn(2, 2, 3, 8, 8)
    for way in (
        lambda f: torch.func.vmap(f)(torch.stack([x, direction])),
        lambda f: torch.func.grad(lambda each: f(each).sum())(x),
        lambda f: torch.func.jvp(f, (x,), (direction,))[1],
        lambda f: torch.func.jacrev(f)(x),
    ):
        torch.testing.assert_close(way(module), way(plain))


@pytest.mark.filterwarnings("ignore:`torch.jit.script`:DeprecationWarning")  # of torch's own derivatives
def test_derivatives_in_forward_mode_are_not_lost(pair: tuple[nn.Module, nn.Module]) -> None:
    x, direction = torch.randn(2, 2, 3, 8, 8)
    found = []
    for each in pair:
        with forward_ad.dual_level():
            found.append(forward_ad.unpack_dual(each(forward_ad.make_dual(x, direction))).tangent)
    torch.testing.assert_close(found[0], found[1])


def test_tensors_that_compute_for_themselves_do(pair: tuple[nn.Module, nn.Module]) -> None:
    with FakeTensorMode(allow_non_fake_inputs=True) as mode:
        fake = mode.from_tensor(torch.randn(2, 3, 8, 8))
    made = pair[0](fake)
    assert isinstance(made, FakeTensor)
    assert made.shape == (2, 4)


def test_it_compiles_within_a_larger_network(pair: tuple[nn.Module, nn.Module]) -> None:
    module, plain = pair
    head = nn.Linear(4, 2)
    x = torch.randn(2, 3, 8, 8)
    compiled = torch.compile(nn.Sequential(module, head), backend="eager")
    assert difference(outputs(compiled, [x]), outputs(nn.Sequential(plain, head), [x])) < 1e-5


# Tensors put in for others.


def test_a_functional_call_computes_with_the_weights_that_it_is_given(tmp_path: Path) -> None:
    net = architecture(tmp_path, SINGLE)
    plain = trained(net)
    module = archdsl.compile(net, "inference", weights=plain)
    x = inputs(net)
    other = {key: tensor.detach() * 2 for key, tensor in plain.state_dict().items()}
    wanted, own = torch.func.functional_call(plain, other, tuple(x)), outputs(plain, x)
    for _ in range(3):
        assert difference([torch.func.functional_call(module, other, tuple(x))], [wanted]) < 1e-5
        assert difference(outputs(module, x), own) < 1e-5
    asking = {key: other[key].requires_grad_() for key, _ in plain.named_parameters()}
    assert torch.func.functional_call(module, asking, tuple(x)).requires_grad


def test_weights_that_are_assigned_become_the_networks(tmp_path: Path) -> None:
    net = architecture(tmp_path, SINGLE)
    module = archdsl.compile(net, "inference", weights=trained(net))
    x = inputs(net)
    module(*x)
    plain = trained(net, seed=3)
    module.load_state_dict(plain.state_dict(), assign=True)
    for _ in range(3):
        assert difference(outputs(module, x), outputs(plain, x)) < 1e-5
    with torch.no_grad():
        next(iter(module.parameters())).mul_(2)  # which are the plain network's too
    assert difference(outputs(module, x), outputs(plain, x)) < 1e-5


@pytest.mark.parametrize("called", [False, True])
def test_parametrized_layers_run_on_the_plain_module(tmp_path: Path, called: bool) -> None:
    net = architecture(tmp_path, SINGLE)
    module = archdsl.compile(net, "inference")
    x = inputs(net)
    before = outputs(module, x) if called else None
    torch.nn.utils.parametrizations.weight_norm(module.get_submodule("linear"))
    for _ in range(3):
        after = outputs(module, x)
    assert before is None or difference(after, before) < 1e-5
