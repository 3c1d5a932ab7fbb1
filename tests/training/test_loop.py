"""Training: it learns, it stops and goes on as if it had not stopped, it says what went wrong."""

from __future__ import annotations

import json

import pytest
import torch
from safetensors.torch import load_file

from archdsl.training.errors import TrainingError
from archdsl.training.keeping import BEST, CHECKPOINT, LAST, METRICS


def records(training):
    return [json.loads(line) for line in (training.folder / METRICS).read_text().splitlines()]


def without_time(lines):
    return [{key: value for key, value in line.items() if key != "seconds"} for line in lines]


@pytest.mark.parametrize("optimizer", ["sgd", "nesterov", "adam", "adamw", "rmsprop"])
def test_learns_to_tell_two_classes_apart(make_training, optimizer):
    training = make_training(optimizer=optimizer, epochs=12, crop=0, learning_rate=0.01)
    result = training.run()
    assert result.test.accuracy >= 0.95


def test_writes_a_line_for_each_epoch_and_one_for_the_end(make_training):
    training = make_training()
    result = training.run()
    *epochs, final = records(training)
    assert [record["epoch"] for record in epochs] == [1, 2, 3, 4]
    assert final["test_accuracy"] == result.test.accuracy
    assert final["test_images"] == 40
    assert all({"train_loss", "validation_accuracy", "learning_rate"} <= set(record) for record in epochs)


def test_the_final_figure_is_that_of_the_best_weights(make_training):
    training = make_training(epochs=6)
    result = training.run()
    best = max(records(training)[:-1], key=lambda record: (record["validation_accuracy"], -record["validation_loss"]))
    assert result.best_epoch == best["epoch"]
    stored = load_file(training.folder / BEST)
    assert all(torch.equal(stored[name], tensor) for name, tensor in training.module.state_dict().items())


class StoppedError(Exception):
    """Stands for a crash."""


@pytest.mark.parametrize("optimizer", ["nesterov", "adamw", "rmsprop"])
def test_a_resumed_run_equals_an_uninterrupted_one_bit_for_bit(make_training, optimizer):
    whole = make_training("whole", optimizer=optimizer)
    whole.run()

    stopped = make_training("stopped", optimizer=optimizer)

    def stop(report):
        if report.epoch == 3:
            raise StoppedError

    stopped.on_step = stop
    with pytest.raises(StoppedError):
        stopped.run()
    resumed = make_training("stopped", optimizer=optimizer)
    torch.rand(7)  # whatever happened in between must not matter
    resumed.run(resume=True)

    for name in (BEST, LAST):
        expected, found = load_file(whole.folder / name), load_file(resumed.folder / name)
        assert expected.keys() == found.keys()
        assert all(torch.equal(expected[key], found[key]) for key in expected)
    assert without_time(records(resumed)) == without_time(records(whole))


def test_equal_seeds_give_equal_runs_and_others_do_not(make_training):
    runs = [make_training(f"run{i}", seed=seed) for i, seed in enumerate((5, 5, 6))]
    for run in runs:
        run.run()
    first, second, other = (without_time(records(run)) for run in runs)
    assert first == second
    assert first != other


def test_resuming_a_finished_run_gives_its_result_again(make_training):
    first = make_training()
    expected = first.run()
    again = make_training()
    result = again.run(resume=True)
    assert (result.best_epoch, result.test) == (expected.best_epoch, expected.test)
    assert len(records(again)) == 5


def test_a_checkpoint_cut_off_is_refused_and_nothing_is_lost(make_training):
    training = make_training()
    training.run()
    path = training.folder / CHECKPOINT
    whole = path.read_bytes()
    before = (training.folder / METRICS).read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(TrainingError, match="not a whole checkpoint"):
        make_training().run(resume=True)
    assert (training.folder / METRICS).read_bytes() == before
    assert path.read_bytes() == whole[: len(whole) // 2]


def test_weights_are_no_checkpoint(make_training):
    training = make_training()
    training.run()
    (training.folder / CHECKPOINT).write_bytes((training.folder / LAST).read_bytes())
    with pytest.raises(TrainingError, match="no checkpoint of archdsl train"):
        make_training().run(resume=True)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"network": "other"}, "of another network"),
        ({"epochs": 9}, "epochs: 4, not 9"),
        ({"optimizer": "sgd", "momentum": 0.5}, "optimizer: adamw, not sgd; momentum: 0.9, not 0.5"),
    ],
)
def test_a_foreign_checkpoint_is_refused(make_training, changed, message):
    make_training().run()
    with pytest.raises(TrainingError, match=message):
        make_training(**changed).run(resume=True)


def test_no_checkpoint_to_resume_from(make_training):
    with pytest.raises(TrainingError, match="no checkpoint to go on from"):
        make_training().run(resume=True)


def test_a_loss_that_is_no_number_stops_the_run_and_says_what_may_help(make_training):
    training = make_training(optimizer="sgd", learning_rate=1e30, warmup_epochs=0.0)
    with pytest.raises(TrainingError, match=r"epoch 1.*--learning-rate"):
        training.run()


def test_clipping_smoothing_and_auxiliary_weight_change_the_run(make_training):
    base = make_training("base", optimizer="sgd")
    base.run()
    for number, changed in enumerate([{"clip_norm": 0.01}, {"label_smoothing": 0.2}, {"aux_weight": 0.0}]):
        other = make_training(f"other{number}", optimizer="sgd", **changed)
        other.run()
        assert without_time(records(other)) != without_time(records(base))


def test_bfloat16_trains_on_the_cpu_as_well(make_training):
    result = make_training(precision="bfloat16", epochs=10, learning_rate=0.01, crop=0).run()
    assert result.test.accuracy >= 0.9


def test_too_narrow_an_output_is_refused_with_the_setting_that_mends_it(make_training, dataset):
    training = make_training()
    training.classifier = type(training.classifier)((1, 6, 6), ("logits",), 1000)
    with pytest.raises(TrainingError, match=r"1000 wide.*--set num_classes=2"):
        training.run()
    assert not training.folder.exists()
