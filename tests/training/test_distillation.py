"""Learning from a teacher."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F
from torch import nn

import archdsl
from archdsl.training.classifier import Classifier
from archdsl.training.distillation import make_teacher, softened

CPU = torch.device("cpu")


class Net(nn.Module):
    def __init__(self, classes=2, channels=1, size=6):
        super().__init__()
        self.size = size
        self.linear = nn.Linear(channels * size * size, classes)

    def forward(self, image):
        assert image.shape[-1] == self.size
        return self.linear(image.flatten(1))


def test_the_loss_is_that_of_the_paper():
    student, teacher = torch.randn(5, 3).double(), torch.randn(5, 3).double()
    p, q = F.softmax(teacher / 2.5, 1), F.softmax(student / 2.5, 1)
    expected = 2.5**2 * (p * (p / q).log()).sum(1).mean()
    assert torch.allclose(softened(student, teacher, 2.5), expected)
    assert softened(teacher, teacher, 3.0) < 1e-12


def test_with_the_teacher_alone_the_student_learns_its_answers_and_not_the_labels(dataset):
    torch.manual_seed(0)
    teacher = archdsl.train(
        Net(), dataset, archdsl.TrainingSettings(epochs=20, batch_size=16, learning_rate=0.02)
    ).module
    with torch.no_grad():  # it takes left for right
        teacher.linear.weight.neg_()
        teacher.linear.bias.neg_()
    settings = archdsl.TrainingSettings(epochs=20, batch_size=16, learning_rate=0.02, alpha=1.0)
    result = archdsl.train(Net(), dataset, settings, teacher=teacher)
    assert result.test.accuracy <= 0.1


def test_the_teacher_does_not_change_and_alpha_zero_ignores_it(dataset):
    torch.manual_seed(0)
    teacher = Net()
    before = {name: tensor.clone() for name, tensor in teacher.state_dict().items()}
    settings = archdsl.TrainingSettings(epochs=3, batch_size=16, alpha=0.0)
    runs = []
    for options in ({"teacher": teacher}, {}):
        torch.manual_seed(5)
        runs.append(archdsl.train(Net(), dataset, settings, **options))
    assert all(torch.equal(before[name], tensor) for name, tensor in teacher.state_dict().items())
    states = [run.module.state_dict() for run in runs]
    assert all(torch.equal(states[0][name], states[1][name]) for name in states[0])


SPEC = """archdsl: 1
name: teacher
params: {num_classes: 10}
inputs: {image: [1, 12, 12]}
graph:
  - conv2d: {out_channels: 4, kernel_size: 3}
  - relu
  - global_avg_pool2d
  - linear: {out_features: num_classes}
    name: logits
outputs: [logits]
"""


def test_an_architecture_with_other_image_sizes_teaches_as_well(dataset, tmp_path):
    (tmp_path / "teacher.yaml").write_text(SPEC)
    teacher = archdsl.load(tmp_path / "teacher.yaml", params={"num_classes": 2})
    settings = archdsl.TrainingSettings(epochs=1, batch_size=16)
    result = archdsl.train(Net(), dataset, settings, teacher=teacher, teacher_weights=archdsl.compile(teacher))
    assert result.epochs[0].train_loss > 0
    with pytest.raises(archdsl.TrainingError, match="needs weights"):
        archdsl.train(Net(), dataset, settings, teacher=teacher)


@pytest.mark.parametrize(("teacher", "message"), [(Net(classes=3), "3 classes apart and the student 2")])
def test_a_teacher_of_something_else_is_refused(dataset, teacher, message):
    with pytest.raises(archdsl.TrainingError, match=message):
        archdsl.train(Net(), dataset, archdsl.TrainingSettings(epochs=1), teacher=teacher)


def test_a_checkpoint_knows_its_teacher(dataset, tmp_path):
    settings = archdsl.TrainingSettings(epochs=1, batch_size=16)
    archdsl.train(Net(), dataset, settings, folder=tmp_path, teacher=Net())
    with pytest.raises(archdsl.TrainingError, match="another teacher"):
        archdsl.train(Net(), dataset, settings, folder=tmp_path, resume=True)


def test_a_teacher_is_put_into_evaluation_mode():
    teacher = make_teacher(Net().train(), None, Classifier((1, 6, 6), ("output",), 2), CPU)
    assert not teacher.module.training
    assert not any(parameter.requires_grad for parameter in teacher.module.parameters())


def test_on_the_command_line(tmp_path, capsys):
    from archdsl.cli.main import main

    spec = tmp_path / "net.yaml"
    spec.write_text(SPEC)
    run = ["train", str(spec), "--data", "digits", "--epochs", "1", "--batch-size", "256"]
    assert main([*run, "-o", str(tmp_path / "large")]) == 0
    weights = str(tmp_path / "large" / "best.safetensors")
    taught = ["--teacher", str(spec), "--teacher-weights", weights, "--temperature", "2", "--alpha", "0.5"]
    assert main([*run, "-o", str(tmp_path / "small"), *taught]) == 0
    assert "steps: channels last" in capsys.readouterr().err
    assert main([*run, "-o", str(tmp_path / "x"), "--teacher", str(spec)]) == 2
    assert "--teacher-weights" in capsys.readouterr().err
    assert main([*run, "-o", str(tmp_path / "x"), "--teacher-set", "num_classes=10"]) == 2
    assert main([*run, "-o", str(tmp_path / "x"), "--alpha", "0.5"]) == 2
    assert "--temperature and --alpha go with --teacher" in capsys.readouterr().err
