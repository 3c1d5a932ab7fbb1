"""Optimized modules behave like the plain one: values, weights, types, copies, refusals; for every runtime."""

from __future__ import annotations

import copy
import pickle
import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import torch

import archdsl
from archdsl.backends.torch.inference import RUNTIMES, InferenceNetwork, engines
from archdsl.backends.torch.inference.engines import Preparation
from archdsl.backends.torch.inference.network import MOST_ENGINES, OFTEN
from archdsl.backends.torch.inference.recipe import Recipe, Setting
from archdsl.diagnostics.diagnostic import ArchdslError
from archdsl.ir.graph import Graph
from archdsl.passes.optimization import optimize
from tests.backends.torch.inference.networks import MIXED, SINGLE, architecture, difference, inputs, outputs, trained


@pytest.fixture
def net(tmp_path: Path) -> archdsl.Architecture:
    return architecture(tmp_path)


@pytest.mark.parametrize("runtime", RUNTIMES)
@pytest.mark.parametrize("text", [MIXED, SINGLE], ids=["mixed", "single"])
def test_it_computes_what_the_plain_module_does(tmp_path: Path, runtime: str, text: str) -> None:
    net = architecture(tmp_path, text)
    plain = trained(net)
    module = archdsl.compile(net, "inference", plain, runtime=runtime)
    for n in (1, 3, 1):
        given = inputs(net, n)
        assert difference(outputs(module, given), outputs(plain, given)) < 1e-5


def test_several_outputs_have_the_names_and_the_order_of_the_plain_module(net: archdsl.Architecture) -> None:
    plain = trained(net)
    module = archdsl.compile(net, "inference", plain)
    assert list(module(*inputs(net))) == list(plain(*inputs(net))) == ["logits", "map"]


def test_in_float64_it_is_equal_to_ten_digits(net: archdsl.Architecture) -> None:
    plain = trained(net)
    module = archdsl.compile(net, "inference", plain, dtype="float64")
    given = inputs(net, 2, torch.float64)
    assert difference(outputs(module, given), outputs(plain.double(), given)) < 1e-10
    assert module(*given)["logits"].dtype is torch.float64


@pytest.mark.parametrize("runtime", ["torch", "openvino"])
def test_bfloat16_in_and_out(net: archdsl.Architecture, runtime: str) -> None:
    plain = trained(net)
    module = archdsl.compile(net, "inference", plain, dtype=torch.bfloat16, runtime=runtime)
    made = outputs(module, inputs(net, 2, torch.bfloat16))
    assert {y.dtype for y in made} == {torch.bfloat16}
    assert difference([y.float() for y in made], outputs(plain, inputs(net, 2))) < 0.05


def test_a_half_precision_module_runs(net: archdsl.Architecture) -> None:
    plain = trained(net)
    module = archdsl.compile(net, "inference", plain).half()
    made = outputs(module, inputs(net, 2, torch.float16))
    assert difference([y.float() for y in made], outputs(plain, inputs(net, 2))) < 0.01


@pytest.mark.parametrize("runtime", RUNTIMES)
def test_the_weights_are_those_of_the_source(net: archdsl.Architecture, runtime: str) -> None:
    plain = trained(net)
    module = archdsl.compile(net, "inference", plain, runtime=runtime)
    assert isinstance(module, InferenceNetwork)
    for found in (module.state_dict(), module.source_state_dict()):
        assert list(found) == list(plain.state_dict())
        assert all(torch.equal(found[key], tensor) for key, tensor in plain.state_dict().items())
    assert [name for name, _ in module.named_modules()] == [name for name, _ in plain.named_modules()]


@pytest.mark.parametrize("runtime", RUNTIMES)
def test_a_checkpoint_that_is_loaded_later_counts(net: archdsl.Architecture, runtime: str) -> None:
    module = archdsl.compile(net, "inference", trained(net), runtime=runtime)
    given = inputs(net)
    outputs(module, given)
    other = trained(net, seed=1)
    module.load_state_dict(other.state_dict())
    assert difference(outputs(module, given), outputs(other, given)) < 1e-5


def test_a_checkpoint_of_another_network_is_refused(net: archdsl.Architecture, tmp_path: Path) -> None:
    module = archdsl.compile(net, "inference", trained(net))
    with pytest.raises(RuntimeError, match="Missing key"):
        module.load_state_dict({})
    with pytest.raises(ArchdslError, match="do not fit"):
        archdsl.compile(net, "inference", {"a": torch.zeros(1)})


def test_weights_changed_in_place_count(net: archdsl.Architecture) -> None:
    plain = trained(net)
    module = archdsl.compile(net, "inference", plain)
    given = inputs(net)
    outputs(module, given)
    for changed in (plain, module):
        with torch.no_grad():
            next(changed.parameters()).mul_(2)
    assert difference(outputs(module, given), outputs(plain, given)) < 1e-5


def test_optimized_weights_are_those_of_now(net: archdsl.Architecture) -> None:
    module = archdsl.compile(net, "inference", trained(net))
    before = module.optimized_state_dict()
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.mul_(2)
    after = module.optimized_state_dict()
    assert any(not torch.equal(after[key], tensor) for key, tensor in before.items())
    again = archdsl.compile(net, "inference", module.state_dict()).optimized_state_dict()
    assert all(torch.equal(after[key], tensor) for key, tensor in again.items())


def test_a_network_is_optimized_once(net: archdsl.Architecture, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[Graph] = []

    def counted(graph: Graph, *rest: Any) -> Any:
        made.append(graph)
        return optimize(graph, *rest)

    monkeypatch.setattr(engines, "optimize", counted)
    module = archdsl.compile(net, "inference", trained(net))
    module(*inputs(net, 1))
    assert len(made) == 1
    other = archdsl.compile(net, "inference")
    other.preparation().optimized(other.recipe())
    other(*inputs(net, 1))
    assert len(made) == 2


def test_weights_changed_behind_torchs_back_count_after_refresh(net: archdsl.Architecture) -> None:
    plain = trained(net)
    module = archdsl.compile(net, "inference", plain)
    given = inputs(net)
    outputs(module, given)
    for changed in (plain, module):
        next(changed.parameters()).data *= 2
    assert isinstance(module, InferenceNetwork)
    module.refresh()
    assert difference(outputs(module, given), outputs(plain, given)) < 1e-5


def test_optimized_weights_map_back(net: archdsl.Architecture) -> None:
    module = archdsl.compile(net, "inference", trained(net))
    assert isinstance(module, InferenceNetwork)
    given = inputs(net)
    before = outputs(module, given)
    optimized = module.optimized_state_dict()
    assert list(optimized) != list(module.state_dict())
    module.load_optimized_state_dict(optimized)
    plain = archdsl.compile(net, "inference", module.source_state_dict(), optimize=False)
    assert difference(outputs(module, given), before) < 1e-5
    assert difference(outputs(plain, given), before) < 1e-5


@pytest.mark.parametrize("runtime", RUNTIMES)
def test_copies_and_pickles_are_modules_of_their_own(net: archdsl.Architecture, runtime: str) -> None:
    module = archdsl.compile(net, "inference", trained(net), runtime=runtime)
    given = inputs(net)
    before = outputs(module, given)
    for other in (copy.deepcopy(module), pickle.loads(pickle.dumps(module))):
        assert other.runtime == runtime
        assert difference(outputs(other, given), before) < 1e-6
        with torch.no_grad():
            for parameter in other.parameters():
                parameter.zero_()
        assert difference(outputs(module, given), before) < 1e-6
        assert float(outputs(other, given)[0].abs().max()) == 0


@pytest.mark.parametrize("runtime", RUNTIMES)
def test_inference_mode_views_and_other_layouts_of_the_input(net: archdsl.Architecture, runtime: str) -> None:
    plain = trained(net)
    module = archdsl.compile(net, "inference", plain, runtime=runtime)
    image, extra = inputs(net, 4)
    expected = outputs(plain, [image[::2], extra[::2]])
    with torch.inference_mode():
        made = module(image[::2].contiguous(memory_format=torch.channels_last), extra[::2])
    assert difference(list(made.values()), expected) < 1e-5


@pytest.mark.parametrize("runtime", RUNTIMES)
@pytest.mark.parametrize("n", [1, 4])
def test_results_are_the_callers_and_inputs_are_read_anew(net: archdsl.Architecture, runtime: str, n: int) -> None:
    plain = trained(net)
    module = archdsl.compile(net, "inference", plain, runtime=runtime, batch_size=n)
    given = inputs(net, n)
    first = outputs(module, given)
    kept = [y.clone() for y in first]
    for x in given:
        x.mul_(-1)  # where it lies: the same addresses as before
    second = outputs(module, given)
    assert all(torch.equal(y, z) for y, z in zip(first, kept, strict=True))
    assert difference(second, outputs(plain, given)) < 1e-5
    del first, second
    others = [x.clone() for x in given]
    del given
    assert difference(outputs(module, others), outputs(plain, others)) < 1e-5


@pytest.mark.parametrize("runtime", RUNTIMES)
def test_callers_at_the_same_time(net: archdsl.Architecture, runtime: str) -> None:
    plain = trained(net)
    module = archdsl.compile(net, "inference", plain, runtime=runtime, batch_size=2)
    batches = [[torch.randn_like(x) for x in inputs(net)] for _ in range(24)]
    with ThreadPoolExecutor(4) as pool:
        made = list(pool.map(lambda given: outputs(module, given), batches))
    for given, found in zip(batches, made, strict=True):
        assert difference(found, outputs(plain, given)) < 1e-5


def test_gradients_of_the_input_come_from_the_plain_module(net: archdsl.Architecture) -> None:
    plain = trained(net)
    module = archdsl.compile(net, "inference", plain)
    found = []
    for each in (module, plain):
        image, extra = inputs(net)
        each(image.requires_grad_(), extra)["logits"].sum().backward()
        found.append(image.grad)
    assert torch.equal(found[0], found[1])


def test_results_need_no_gradients(net: archdsl.Architecture) -> None:
    module = archdsl.compile(net, "inference", trained(net))
    assert not any(y.requires_grad for y in module(*inputs(net)).values())
    assert not any(p.requires_grad for p in module.parameters())


def test_gradients_of_the_weights_on_request(net: archdsl.Architecture) -> None:
    module = archdsl.compile(net, "inference", trained(net)).requires_grad_()
    module(*inputs(net))["map"].sum().backward()
    assert next(module.parameters()).grad is not None


def test_train_mode_is_the_plain_modules_and_eval_comes_back_with_what_it_learned(net: archdsl.Architecture) -> None:
    plain = trained(net)
    module = archdsl.compile(net, "inference", plain)
    given = inputs(net, 8)
    before = outputs(module, given)
    outputs(module.train(), given)
    outputs(plain.train(), given)
    after = outputs(module.eval(), given)
    assert difference(after, outputs(plain.eval(), given)) < 1e-5
    assert difference(after, before) > 1e-3  # batch norms have learned


@pytest.mark.parametrize("runtime", RUNTIMES)
def test_a_batch_of_none(net: archdsl.Architecture, runtime: str) -> None:
    module = archdsl.compile(net, "inference", trained(net), runtime=runtime)
    assert [y.shape for y in outputs(module, inputs(net, 0))] == [(0, 7), (0, 6, 8, 8)]


# Every type that a runtime computes in, and how near it must come.
WAYS = [
    ("torch", "float64", 1e-10), ("torch", "float32", 1e-5), ("torch", "bfloat16", 0.05), ("torch", "float16", 0.01),
    ("onnxruntime", "float32", 1e-5), ("openvino", "float32", 1e-5), ("openvino", "bfloat16", 0.05),
    ("auto", "float64", 1e-10), ("auto", "float32", 1e-5), ("auto", "bfloat16", 0.05), ("auto", "float16", 0.01),
]  # fmt: skip


@pytest.mark.parametrize(("runtime", "dtype", "most"), WAYS)
def test_other_batches_work_and_other_sizes_and_types_are_refused(
    net: archdsl.Architecture, runtime: str, dtype: str, most: float
) -> None:
    plain = trained(net)
    kind = getattr(torch, dtype)
    module = archdsl.compile(net, "inference", plain, dtype=kind, runtime=runtime, batch_size=2)  # type: ignore[arg-type]
    plain = plain.double()
    for n in (2, 1, 5, 0, 3, 2):
        given = inputs(net, n)
        made = outputs(module, [x.to(kind) for x in given])
        assert {y.dtype for y in made} == {kind}
        expected = outputs(plain, [x.double() for x in given])
        assert [y.shape for y in made] == [y.shape for y in expected]
        assert n == 0 or difference([y.double() for y in made], expected) < most
    image, extra = (x.to(kind) for x in inputs(net, 2))
    with pytest.raises(ValueError, match=re.escape("image is [2, 4, 16, 9], compiled for [N, 4, 16, 16]")):
        module(image[..., :9], extra)
    other = torch.float32 if kind is not torch.float32 else torch.bfloat16
    with pytest.raises(TypeError, match=f"image is {str(other)[6:]}, and the network computes in {dtype}"):
        module(image.to(other), extra)


@pytest.mark.parametrize(
    ("given", "error", "message"),
    [
        (lambda image, extra: [image], TypeError, "reads 2 inputs (image, extra) and got 1"),
        (lambda image, extra: [image.numpy(), extra], TypeError, "image is ndarray, and a tensor is needed"),
        (
            lambda image, extra: [image.double(), extra],
            TypeError,
            "image is float64, and the network computes in float32",
        ),
        (lambda image, extra: [image, extra.to("meta")], ValueError, "extra is on meta, and the network is on cpu"),
        (
            lambda image, extra: [image[..., :9], extra],
            ValueError,
            "image is [2, 4, 16, 9], compiled for [N, 4, 16, 16]",
        ),
        (lambda image, extra: [image[0], extra], ValueError, "image is [4, 16, 16], compiled for [N, 4, 16, 16]"),
        (lambda image, extra: [image, extra[:1]], ValueError, "extra has 1 samples, and the inputs before it have 2"),
    ],
)
def test_wrong_inputs_are_named(net: archdsl.Architecture, given, error, message) -> None:  # type: ignore[no-untyped-def]
    module = archdsl.compile(net, "inference", trained(net))
    for _ in range(2):  # before a call that is right and after it
        with pytest.raises(error, match=re.escape(message)):
            module(*given(*inputs(net)))
        module(*inputs(net))


def test_on_the_meta_device_nothing_is_prepared(net: archdsl.Architecture) -> None:
    with torch.device("meta"):
        module = archdsl.compile(net, "inference")
        made = module(*[torch.zeros(3, *value.type.shape) for value in net.graph().inputs.values()])
    assert made["logits"].shape == (3, 7)


def test_fewer_threads_and_more(net: archdsl.Architecture) -> None:
    plain = trained(net)
    module = archdsl.compile(net, "inference", plain, runtime="onnxruntime")
    given, threads = inputs(net, 5), torch.get_num_threads()
    try:
        for number in (1, 3):
            torch.set_num_threads(number)
            assert difference(outputs(module, given), outputs(plain, given)) < 1e-5
    finally:
        torch.set_num_threads(threads)


def test_with_weights_no_random_numbers_are_drawn(net: archdsl.Architecture) -> None:
    plain = trained(net)
    before = torch.get_rng_state()
    module = archdsl.compile(net, "inference", plain)
    assert torch.equal(torch.get_rng_state(), before)
    given = inputs(net)
    assert difference(outputs(module, given), outputs(plain, given)) < 1e-5


def test_inputs_by_name(net: archdsl.Architecture) -> None:
    module = archdsl.compile(net, "inference")
    image, extra = inputs(net)
    for made in (module(extra=extra, image=image), module(image, extra=extra)):
        assert all(torch.equal(a, b) for a, b in zip(made.values(), module(image, extra).values(), strict=True))
    with pytest.raises(TypeError, match="image is given twice"):
        module(image, image=image)
    with pytest.raises(TypeError, match=re.escape("picture is no input of net (image, extra)")):
        module(image, picture=extra)
    with pytest.raises(TypeError, match="net reads extra too"):
        module(image=image)


def test_more_batch_sizes_in_turn_than_engines_are_kept(
    net: archdsl.Architecture, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = trained(net)
    module = archdsl.compile(net, "inference", weights=plain, runtime="torch")
    made: list[int] = []
    engine = Preparation.engine

    def counted(self: Preparation, recipe: Recipe, setting: Setting) -> Any:
        made.append(setting.batch_size)
        return engine(self, recipe, setting)

    monkeypatch.setattr(Preparation, "engine", counted)
    sizes = range(2, 3 + MOST_ENGINES)
    for _ in range(OFTEN - 1):
        for n in sizes:
            module(*inputs(net, n))
    # The first of them is for one sample: the others find three places, and wait for the fourth.
    assert made == list(sizes)[: MOST_ENGINES - 1]
    for n in sizes:
        assert difference(outputs(module, inputs(net, n)), outputs(plain, inputs(net, n))) < 1e-4
    assert made[MOST_ENGINES - 1] == sizes[MOST_ENGINES - 1]


def test_how_to_optimize_is_one_of_three(net: archdsl.Architecture) -> None:
    with pytest.raises(ValueError, match="optimize is True, 'measure' or False, not 'mesure'"):
        archdsl.compile(net, "inference", optimize="mesure")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match=re.escape("batch_size is a whole number, not 1.5")):
        archdsl.compile(net, "inference", batch_size=1.5)  # type: ignore[arg-type]
