"""Ways to carry out a step: the same training, as far as numbers are concerned."""

from __future__ import annotations

import pytest
import torch
from safetensors.torch import load_file
from torch import nn

import archdsl
from archdsl.training import stepping
from archdsl.training.classifier import Classifier
from archdsl.training.keeping import LAST
from archdsl.training.settings import TrainingSettings
from archdsl.training.stepping import Stepper, choose_way
from archdsl.training.ways import Way, candidates, fastest, regions, way_by_rule
from tests.training.conftest import Network
from tests.training.test_loop import records, without_time

CPU, GPU = torch.device("cpu"), torch.device("cuda")


class Cell(nn.Module):
    def __init__(self):
        super().__init__()
        self.convolution = nn.Conv2d(3, 3, 3, padding=1)
        self.normalization = nn.BatchNorm2d(3)

    def forward(self, x):
        return torch.relu(self.normalization(self.convolution(x))) + x


class Cells(nn.Module):
    def __init__(self):
        super().__init__()
        self.cells = nn.ModuleList([Cell() for _ in range(4)])
        self.logits = nn.Linear(3 * 64, 4)

    def forward(self, x):
        for cell in self.cells:
            x = cell(x)
        return self.logits(x.flatten(1))


def test_the_rules():
    assert way_by_rule(TrainingSettings(), CPU) == Way(channels_last=True)
    assert way_by_rule(TrainingSettings(), GPU) == Way(channels_last=True, bfloat16=True)
    assert way_by_rule(TrainingSettings(speed="plain"), CPU) == Way()
    assert way_by_rule(TrainingSettings(speed="compile"), CPU) == Way(channels_last=True, compiled=True)
    assert way_by_rule(TrainingSettings(precision="float32"), GPU) == Way(channels_last=True)


def test_what_is_measured():
    assert Way(channels_last=True, bfloat16=True) in candidates(TrainingSettings(), CPU)
    assert {way.bfloat16 for way in candidates(TrainingSettings(precision="float32"), CPU)} == {False}
    assert not any(way.graphed for way in candidates(TrainingSettings(), CPU))
    assert any(way.graphed for way in candidates(TrainingSettings(), GPU))


def test_the_fastest_is_taken_and_trouble_must_pay():
    ways = [Way(), Way(channels_last=True), Way(bfloat16=True)]
    times = {ways[0]: 1.0, ways[1]: 0.99, ways[2]: 0.5}
    assert fastest(ways, times.__getitem__) == (ways[2], 0.5)
    assert fastest(ways[:2], times.__getitem__) == (ways[0], 1.0)


def one_step(way: Way) -> tuple[float, dict[str, torch.Tensor]]:
    torch.manual_seed(2)
    module = Network().train()
    settings = TrainingSettings(speed="plain", optimizer="sgd")
    stepper = Stepper(module, Classifier((1, 6, 6), ("logits", "aux"), 2), settings, CPU, way)
    images, labels = torch.randn(16, 1, 6, 6), torch.arange(16) % 2
    torch.manual_seed(3)
    loss, _ = stepper.step(images, labels, 0.1)
    return float(loss), {name: tensor.detach().clone() for name, tensor in module.state_dict().items()}


@pytest.mark.parametrize(
    ("way", "tolerance"), [(Way(channels_last=True), 1e-5), (Way(bfloat16=True), 0.05), (Way(True, True), 0.05)]
)
def test_every_way_makes_the_same_step_up_to_rounding(way, tolerance):
    loss, state = one_step(Way())
    other_loss, other = one_step(way)
    assert other_loss == pytest.approx(loss, rel=tolerance)
    for name, tensor in state.items():
        assert torch.allclose(tensor.float(), other[name].float(), rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize("optimizer", ["sgd", "adam", "adamw"])
def test_fused_optimizers_do_what_the_others_do(make_training, optimizer):
    runs = {}
    for speed in ("auto", "plain"):
        run = make_training(speed, optimizer=optimizer, speed=speed, epochs=2)
        run.run()
        runs[speed] = load_file(run.folder / LAST)
    for name, tensor in runs["plain"].items():
        if name in (
            "convolution.bias",
            "normalization.running_mean",
        ):  # batch norm takes it out: its gradient is rounding, which Adam makes large
            continue
        assert torch.allclose(tensor.float(), runs["auto"][name].float(), rtol=1e-3, atol=1e-4), name


def test_a_resumed_run_goes_on_in_the_way_in_which_it_began(make_training, monkeypatch):
    """Whatever a second measurement would say."""
    seconds = {Way(): 4.0, Way(True): 3.0, Way(bfloat16=True): 2.0, Way(True, True): 1.0}
    monkeypatch.setattr(stepping, "_tried", lambda stepper, batch: (0.0, seconds[stepper.way]))
    whole = make_training("whole", speed="measure")
    whole.run()
    assert whole.way == Way(True, True)
    stopped = make_training("stopped", speed="measure")
    stopped.on_epoch = lambda report: report.epoch == 2
    stopped.run()
    monkeypatch.setattr(stepping, "_tried", lambda stepper, batch: (0.0, 5.0 - seconds[stepper.way]))
    resumed = make_training("stopped", speed="measure")
    resumed.run(resume=True)
    assert resumed.way == Way(True, True)
    assert without_time(records(resumed)) == without_time(records(whole))
    expected, found = load_file(whole.folder / LAST), load_file(resumed.folder / LAST)
    assert all(torch.equal(expected[key], found[key]) for key in expected)


def test_measuring_leaves_the_module_as_it_was():
    module = Network().train()
    before = {name: tensor.clone() for name, tensor in module.state_dict().items()}
    settings = TrainingSettings(speed="measure")
    batch = (torch.randn(8, 1, 6, 6), torch.arange(8) % 2)
    way = choose_way(module, Classifier((1, 6, 6), ("logits", "aux"), 2), settings, CPU, batch, steps=10)
    assert not way.compiled
    assert all(torch.equal(before[name], tensor) for name, tensor in module.state_dict().items())


def test_compiling_is_tried_in_long_runs_only_and_must_repay_itself(monkeypatch):
    settings = TrainingSettings(speed="measure", precision="float32")
    arguments = (Network(), Classifier((1, 6, 6), ("logits", "aux"), 2), settings, CPU, None)
    tried = []

    def cost(first, compiled):
        def measure(stepper, batch):
            tried.append(stepper.way)
            return (first, compiled) if stepper.way.compiled else (0.0, 1.0)

        return measure

    monkeypatch.setattr(nn.Module, "compile", lambda module, **options: None)
    monkeypatch.setattr(stepping, "_tried", cost(100.0, 0.5))
    assert not choose_way(*arguments, steps=500).compiled
    assert not any(way.compiled for way in tried)
    assert choose_way(*arguments, steps=2000).compiled
    monkeypatch.setattr(stepping, "_tried", cost(100.0, 0.97))
    assert not choose_way(*arguments, steps=2000).compiled


def test_what_cannot_be_compiled_is_measured_without(monkeypatch):
    settings = TrainingSettings(speed="measure", precision="float32")
    arguments = (Network(), Classifier((1, 6, 6), ("logits", "aux"), 2), settings, CPU, None)

    def measure(stepper, batch):
        if stepper.way.compiled:
            raise RuntimeError("no C++ compiler")
        return 0.0, 1.0

    monkeypatch.setattr(nn.Module, "compile", lambda module, **options: None)
    monkeypatch.setattr(stepping, "_tried", measure)
    assert not choose_way(*arguments, steps=2000).compiled


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")  # torch's compiler warns of itself
def test_compiled_cells_make_the_same_step_and_are_not_used_in_evaluation():
    images, labels = torch.randn(4, 3, 8, 8), torch.arange(4)
    found = []
    for way in (Way(True), Way(True, compiled=True)):
        torch.manual_seed(0)
        module = Cells().train()
        stepper = Stepper(module, Classifier((3, 8, 8), ("logits",), 4), TrainingSettings(), CPU, way)
        losses = [float(stepper.step(images, labels, 1e-3)[0]) for _ in range(2)]
        calls = torch._dynamo.utils.counters["stats"]["calls_captured"]
        module.eval()
        with torch.no_grad():
            found.append((losses, stepper.answers(images)))
        assert torch._dynamo.utils.counters["stats"]["calls_captured"] == calls
    assert found[0][0] == pytest.approx(found[1][0], rel=1e-3)
    assert torch.allclose(found[0][1], found[1][1], rtol=1e-2, atol=1e-2)
    # One for the cell that reads the images, which need no gradient, and one for the other three.
    assert torch._dynamo.utils.counters["stats"]["unique_graphs"] == 2


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")  # torch's compiler warns of itself
def test_a_run_of_compiled_cells_is_resumed_bit_for_bit(make_training):
    whole = make_training("whole", speed="compile")
    whole.run()
    stopped = make_training("stopped", speed="compile")
    stopped.on_epoch = lambda record: record.epoch == 2
    stopped.run()
    torch.compiler.reset()  # as in another process
    resumed = make_training("stopped", speed="compile")
    resumed.run(resume=True)
    assert resumed.way == Way(True, compiled=True)
    expected, found = load_file(whole.folder / LAST), load_file(resumed.folder / LAST)
    assert all(torch.equal(expected[key], found[key]) for key in expected)
    assert without_time(records(resumed)) == without_time(records(whole))


def test_cells_are_what_is_compiled():
    """resnet18 has eight residual blocks."""
    found = regions(archdsl.compile(archdsl.load("resnet18", inputs={"image": [3, 32, 32]})))
    assert len(found) >= 8
    assert not any(type(region).__module__.startswith("torch.") for region in found)
    assert len({type(region) for region in found}) < len(found)
    assert regions(nn.Sequential(nn.Linear(2, 2)))[0].__class__ is nn.Sequential
