"""`archdsl.train`: the trainer as a function, for programs that train many networks in one process."""

from __future__ import annotations

import pickle

import pytest
import torch
from torch import nn

import archdsl
from archdsl.training.errors import naming_memory

SPEC = """
archdsl: 1
name: tiny
params: {filters: 4, num_classes: 2}
inputs: {image: [1, 6, 6]}
graph:
  - conv2d: {out_channels: filters, kernel_size: 3, padding: half}
  - batch_norm2d
  - relu
  - dropout: {p: 0.1}
  - global_avg_pool2d
  - linear: {out_features: num_classes}
    name: logits
outputs: [logits]
"""


@pytest.fixture
def tiny(tmp_path):
    path = tmp_path / "tiny.yaml"
    path.write_text(SPEC)
    return archdsl.load(path)


SETTINGS = archdsl.TrainingSettings(epochs=3, batch_size=16, learning_rate=0.02, seed=4)


def same_weights(one, other):
    first, second = one.module.state_dict(), other.module.state_dict()
    return first.keys() == second.keys() and all(torch.equal(first[name], second[name]) for name in first)


def numbers(result):
    return [report._replace(seconds=0.0) for report in result.epochs]


def test_trains_an_architecture_and_reports_every_epoch(tiny, dataset):
    result = archdsl.train(tiny, dataset, SETTINGS)
    assert [report.epoch for report in result.epochs] == [1, 2, 3]
    best = max(result.epochs, key=lambda report: (report.validation_accuracy, -report.validation_loss))
    assert result.best_epoch == best.epoch
    assert result.validation == (best.validation_loss, best.validation_accuracy)
    assert result.test is not None
    assert not result.module.training
    assert not result.stopped


def test_nothing_is_written_unless_a_folder_is_given(tiny, dataset, tmp_path, monkeypatch):
    empty = tmp_path / "empty"
    empty.mkdir()
    monkeypatch.chdir(empty)
    in_memory = archdsl.train(tiny, dataset, SETTINGS)
    assert list(empty.iterdir()) == []
    in_folder = archdsl.train(tiny, dataset, SETTINGS, folder=tmp_path / "run")
    assert (tmp_path / "run" / "checkpoint.safetensors").is_file()
    assert same_weights(in_memory, in_folder)
    assert numbers(in_memory) == numbers(in_folder)


def test_equal_calls_give_equal_numbers_and_leave_the_random_state(tiny, dataset):
    before = torch.random.get_rng_state()
    first = archdsl.train(tiny, dataset, SETTINGS)
    assert torch.equal(torch.random.get_rng_state(), before)
    torch.rand(5)
    assert same_weights(first, archdsl.train(tiny, dataset, SETTINGS))


def test_on_epoch_ends_the_training_where_it_returns_true(tiny, dataset):
    seen = []

    def stop_at_two(report):
        seen.append(report)
        return report.epoch == 2

    result = archdsl.train(tiny, dataset, SETTINGS, on_epoch=stop_at_two)
    assert [report.epoch for report in seen] == [1, 2]
    assert result.stopped
    assert result.epochs == tuple(seen)


def test_a_run_that_was_ended_early_goes_on(tiny, dataset, tmp_path):
    whole = archdsl.train(tiny, dataset, SETTINGS)
    archdsl.train(tiny, dataset, SETTINGS, folder=tmp_path / "run", on_epoch=lambda report: True)
    resumed = archdsl.train(tiny, dataset, SETTINGS, folder=tmp_path / "run", resume=True)
    assert numbers(resumed) == numbers(whole)
    assert same_weights(resumed, whole)


def test_the_images_held_out_are_left_alone_if_so_asked(tiny, dataset):
    result = archdsl.train(tiny, dataset, SETTINGS, test=False)
    assert result.test is None
    assert result.to_dict()["test"] is None


def test_a_fixed_number_of_validation_images(tiny, dataset):
    train, validation = dataset.parts(10, torch.device("cpu"))
    assert (len(train), len(validation)) == (70, 10)
    settings = archdsl.TrainingSettings(epochs=1, batch_size=16, validation=10)
    assert archdsl.train(tiny, dataset, settings).validation.accuracy * 10 % 1 == 0


def test_one_data_set_serves_many_trainings(tiny, dataset):
    archdsl.train(tiny, dataset, SETTINGS)
    parts = dataset.parts(SETTINGS.validation, torch.device("cpu"))
    archdsl.train(tiny, dataset, SETTINGS)
    assert dataset.parts(SETTINGS.validation, torch.device("cpu"))[0] is parts[0]
    copied = pickle.loads(pickle.dumps(dataset))
    assert torch.equal(copied.train.pixels, dataset.train.pixels)


def test_a_name_is_loaded(tiny):
    network = tiny.with_settings({"num_classes": 10}, {"image": [1, 8, 8]})
    settings = archdsl.TrainingSettings(epochs=1, batch_size=128)
    result = archdsl.train(network, "digits", settings)
    assert result.test is not None


class Plain(nn.Module):
    def __init__(self, classes=2):
        super().__init__()
        self.layers = nn.Sequential(nn.Flatten(), nn.Linear(36, classes))

    def forward(self, image):
        return self.layers(image)


def test_any_module_is_trained_in_place(dataset):
    torch.manual_seed(1)
    module = Plain()
    result = archdsl.train(module, dataset, archdsl.TrainingSettings(epochs=10, batch_size=16, learning_rate=0.01))
    assert result.module is module
    assert result.test.accuracy >= 0.9


def test_mistakes_have_types_of_their_own(tiny, dataset, tmp_path):
    with pytest.raises(archdsl.DataError, match="no data set `cifar11`"):
        archdsl.train(tiny, "cifar11", SETTINGS)
    with pytest.raises(archdsl.DataError, match=r"data_batch_1\.bin"):
        archdsl.load_dataset(f"cifar10:{tmp_path}/nowhere")
    with pytest.raises(archdsl.DivergenceError, match="diverged"):
        archdsl.train(tiny, dataset, archdsl.TrainingSettings(learning_rate=1e30, optimizer="sgd", warmup_epochs=0))
    with pytest.raises(archdsl.DataError, match="every class needs at least one"):
        archdsl.train(tiny, dataset, archdsl.TrainingSettings(validation=80))
    with pytest.raises(archdsl.TrainingError, match="has 2 classes and the output `output` is 3 wide"):
        archdsl.train(Plain(classes=3), dataset, SETTINGS)
    with pytest.raises(archdsl.TrainingError, match="does not take images"):
        archdsl.train(nn.Linear(5, 2), dataset, SETTINGS)
    with pytest.raises(archdsl.TrainingError, match="no folder to resume from"):
        archdsl.train(tiny, dataset, SETTINGS, resume=True)


class Greedy(Plain):
    def __init__(self, error):
        super().__init__()
        self.error = error

    def forward(self, image):
        if self.training:
            raise self.error
        return super().forward(image)


@pytest.mark.parametrize(
    "error",
    [
        torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB"),
        MemoryError(),
        RuntimeError("[enforce fail at alloc_cpu.cpp:121] . DefaultCPUAllocator: can't allocate memory"),
    ],
)
def test_running_out_of_memory_is_an_error_of_its_own(dataset, error):
    with pytest.raises(archdsl.OutOfMemoryError, match="out of memory on cpu, 16 images"):
        archdsl.train(Greedy(error), dataset, SETTINGS)


def test_other_errors_of_a_module_are_left_as_they_are(dataset):
    with pytest.raises(RuntimeError, match=r"^something else$"):
        archdsl.train(Greedy(RuntimeError("something else")), dataset, SETTINGS)


def test_real_exhaustion_of_memory_is_recognised():
    with pytest.raises(archdsl.OutOfMemoryError), naming_memory("here"):
        torch.empty(1 << 50)
