"""A teacher: a trained network whose answers the student learns from, beside the labels.

Loss (arXiv:1503.02531, section 2), in nats, mean over the batch:
(1 - alpha) * cross entropy + alpha * T^2 * KL(softmax(teacher / T) || softmax(student / T)).
"""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from archdsl.pipeline.architecture import Architecture
from archdsl.pipeline.building import compile_architecture
from archdsl.training.classifier import Classifier, classifier, classifier_of_module
from archdsl.training.errors import TrainingError

if TYPE_CHECKING:
    from archdsl.pipeline.building import Weights


@dataclass
class Teacher:
    """A network in evaluation mode; it does not change.

    Attributes:
        module: in evaluation mode.
        shape: channels, height and width of its input.
        output: name of the output that counts, for modules that give several.
        identity: by which a checkpoint knows it: of its weights.
    """

    module: nn.Module
    shape: tuple[int, int, int]
    output: str
    identity: str

    @torch.no_grad()
    def __call__(self, images: Tensor) -> Tensor:
        """Its logits [N, classes] for the student's images [N, C, H, W], which are resized if its own are larger or
        smaller."""
        if images.shape[-2:] != self.shape[1:]:
            images = F.interpolate(images, self.shape[1:], mode="bilinear", antialias=True)
        found = self.module(images)
        logits: Tensor = found[self.output] if isinstance(found, dict) else found
        return logits.float()


def make_teacher(
    network: Architecture | nn.Module, weights: Weights | None, student: Classifier, device: torch.device
) -> Teacher:
    """A teacher for a student.

    Args:
        network: its architecture, with `weights`, or a module that has its own.
        weights: as of `archdsl.compile`.
        student: who learns from it.
        device: where both are.

    Raises:
        TrainingError: if it reads other channels or tells other classes apart than the student, or has no weights.
    """
    if isinstance(network, Architecture):
        if weights is None:
            raise TrainingError(f"the teacher {network.name} needs weights: without, there is nothing to learn from it")
        form = classifier(network.graph(), network.graph())
        module = compile_architecture(network, "inference", weights)
    else:
        module, form = network, classifier_of_module(network, student.shape)
    if form.classes != student.classes:
        raise TrainingError(f"the teacher tells {form.classes} classes apart and the student {student.classes}")
    if form.shape[0] != student.shape[0]:
        raise TrainingError(f"the teacher reads {form.shape[0]} channels and the student {student.shape[0]}")
    module = module.to(device).eval().requires_grad_(False)
    return Teacher(module, form.shape, form.outputs[0], _identity(module))


def _identity(module: nn.Module) -> str:
    digest = sha256()
    for name, tensor in module.state_dict().items():
        digest.update(name.encode() + tensor.detach().cpu().contiguous().numpy().tobytes())
    return digest.hexdigest()


def softened(student: Tensor, teacher: Tensor, temperature: float) -> Tensor:
    """T^2 * KL(teacher || student) at a temperature, mean over the batch; logits [N, classes]."""
    targets = F.softmax(teacher / temperature, 1)
    divergence = F.kl_div(F.log_softmax(student / temperature, 1), targets, reduction="batchmean")
    return divergence * temperature**2
