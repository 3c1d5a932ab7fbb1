"""What runs on a GPU, as far as a CPU can tell: recorded graphs (with stand-ins), compiled engines, what is tried."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

import archdsl
from archdsl.backends.runtimes.session import UnfitError
from archdsl.backends.torch.inference.engines import Preparation
from archdsl.backends.torch.inference.generic import GenericEngine
from archdsl.backends.torch.inference.recipe import PIPELINES, Recipe, Setting, candidates, chosen
from tests.backends.torch.inference.networks import MIXED, architecture, difference, inputs, outputs, trained

CPU = torch.device("cpu")


class Graph:
    """Like torch.cuda.CUDAGraph: holds what was run while it was recorded, and does it again on the same tensors."""

    recording: Graph | None = None

    def __init__(self) -> None:
        self.steps: list[Callable[[], None]] = []
        self.replays = 0

    def replay(self) -> None:
        self.replays += 1
        for step in self.steps:
            step()

    @classmethod
    def watched(cls, run: Callable[[Any], Any]) -> Callable[[Any], Any]:
        """The function, recorded while a graph is."""

        def kept(given: Any) -> Any:
            results = run(given)

            def again() -> None:
                for place, result in zip(results, run(given), strict=True):
                    place.copy_(result)

            if cls.recording is not None:
                cls.recording.steps.append(again)
            return results

        return kept


@pytest.fixture
def recorded(monkeypatch: pytest.MonkeyPatch) -> list[Graph]:
    """Stand-ins for CUDA: the graphs that were recorded."""
    made: list[Graph] = []

    class Stream:
        def wait_stream(self, other: object) -> None:
            """Nothing runs beside anything else."""

    @contextmanager
    def recording(graph: Graph) -> Iterator[None]:
        made.append(graph)
        monkeypatch.setattr(Graph, "recording", graph)
        yield
        monkeypatch.setattr(Graph, "recording", None)

    monkeypatch.setattr(torch.cuda, "Stream", Stream)
    monkeypatch.setattr(torch.cuda, "current_stream", Stream)
    monkeypatch.setattr(torch.cuda, "stream", lambda stream: nullcontext())
    monkeypatch.setattr(torch.cuda, "device", lambda device: nullcontext())
    monkeypatch.setattr(torch.cuda, "CUDAGraph", Graph)
    monkeypatch.setattr(torch.cuda, "graph", recording)
    return made


def engine(net: archdsl.Architecture, plain: nn.Module, dtype: torch.dtype, compiled: bool = False) -> GenericEngine:
    """The engine of a GPU, on the CPU."""
    setting = Setting(CPU, dtype, 2, 1)
    preparation = Preparation(net.graph(), plain.state_dict())
    recipe = Recipe("torch", compiled=compiled)
    return GenericEngine(preparation.optimized(recipe).graph, preparation.weights(recipe), setting, compiled)


@pytest.mark.parametrize(("dtype", "most"), [(torch.float32, 1e-5), (torch.bfloat16, 0.05), (torch.float16, 0.01)])
def test_the_optimized_graph_channels_last_in_every_type(tmp_path: Path, dtype: torch.dtype, most: float) -> None:
    net = architecture(tmp_path, MIXED)
    plain = trained(net)
    made = engine(net, plain, dtype)(inputs(net, 2, dtype))
    assert {y.dtype for y in made} == {dtype}
    assert difference([y.float() for y in made], outputs(plain, inputs(net, 2))) < most


def test_a_recording_gives_fresh_results_for_each_batch(
    tmp_path: Path, recorded: list[Graph], monkeypatch: pytest.MonkeyPatch
) -> None:
    net = architecture(tmp_path, MIXED)
    plain = trained(net)
    made = engine(net, plain, torch.float32)
    made._records = True
    monkeypatch.setattr(made, "_run", Graph.watched(made._run))
    batches = [[x * scale for x in inputs(net, 2)] for scale in (1, -2, 0.5)]
    found = [list(made(batch)) for batch in batches]
    for batch, results in zip(batches, found, strict=True):
        assert difference(results, outputs(plain, batch)) < 1e-5
    (graph,) = recorded
    assert graph.replays == 3


def test_a_recording_made_in_inference_mode_serves_outside_of_it(
    tmp_path: Path, recorded: list[Graph], monkeypatch: pytest.MonkeyPatch
) -> None:
    net = architecture(tmp_path, MIXED)
    plain = trained(net)
    made = engine(net, plain, torch.float32)
    made._records = True
    monkeypatch.setattr(made, "_run", Graph.watched(made._run))
    with torch.inference_mode():
        first = list(made(inputs(net, 2)))
    second = list(made([2 * x for x in inputs(net, 2)]))
    assert difference(first, outputs(plain, inputs(net, 2))) < 1e-5
    assert difference(second, outputs(plain, [2 * x for x in inputs(net, 2)])) < 1e-5
    assert len(recorded) == 1


def test_on_a_gpu_a_compiled_graph_is_a_candidate_of_measurement_and_of_nothing_else(tmp_path: Path) -> None:
    cuda = Setting(torch.device("cuda"), torch.bfloat16, 8, 2)
    tried = list(candidates(cuda, "auto"))
    assert [recipe for recipe in tried if recipe.compiled] == [Recipe("torch", compiled=True)]
    assert chosen(cuda, "auto", architecture(tmp_path, MIXED).graph()) == Recipe("torch")
    assert {recipe.pipeline for recipe in tried} == set(PIPELINES)
    assert not any(recipe.compiled for recipe in candidates(Setting(CPU, torch.float32, 8, 2), "auto"))
    assert str(Recipe("torch", compiled=True)) == "torch every compiled"


def test_a_compiled_engine_computes_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    compile_with(monkeypatch, "aot_eager")  # no compiler is needed
    net = architecture(tmp_path, MIXED)
    plain = trained(net)
    made = engine(net, plain, torch.float32, compiled=True)
    for scale in (1, -2):
        batch = [x * scale for x in inputs(net, 2)]
        assert difference(list(made(batch)), outputs(plain, batch)) < 1e-5


def test_where_nothing_can_be_compiled_it_is_no_candidate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(module: object, given: object) -> None:
        raise OSError("no compiler")

    compile_with(monkeypatch, broken)
    net = architecture(tmp_path, MIXED)
    with pytest.raises(UnfitError, match=r"torch\.compile does not take this network: .*no compiler"):
        engine(net, trained(net), torch.float32, compiled=True)(inputs(net, 2))


def compile_with(monkeypatch: pytest.MonkeyPatch, backend: Any) -> None:
    """`nn.Module.compile` with another backend."""
    compile_module = nn.Module.compile
    monkeypatch.setattr(nn.Module, "compile", lambda self, **options: compile_module(self, backend=backend, **options))
