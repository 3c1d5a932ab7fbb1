"""Whether a network can be trained to classify the images of a data set."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from archdsl.training.errors import TrainingError

if TYPE_CHECKING:
    from torch import nn

    from archdsl.ir.graph import Graph


@dataclass(frozen=True)
class Classifier:
    """What the trainer must know of a network.

    Attributes:
        shape: channels, height and width of its input.
        outputs: names of its outputs in training; the first is the one that counts.
        classes: how many classes its first output tells apart.
    """

    shape: tuple[int, int, int]
    outputs: tuple[str, ...]
    classes: int

    def expect_classes(self, count: int, data: str) -> None:
        """Raises TrainingError unless the network tells `count` classes apart."""
        if self.classes != count:
            raise TrainingError(
                f"{data} has {count} classes and the output `{self.outputs[0]}` is {self.classes} wide; "
                f"if the spec has a parameter for that, set it: --set num_classes={count}"
            )


def classifier(training: Graph, inference: Graph) -> Classifier:
    """What a network's two graphs say about it as a classifier of images.

    Raises:
        TrainingError: unless it reads one image [C, H, W] and all its outputs are of one width.
    """
    if len(training.inputs) != 1:
        raise TrainingError(f"only networks with one input are trained here; inputs: {', '.join(training.inputs)}")
    ((name, image),) = training.inputs.items()
    if image.type.rank != 3 or image.type.dtype != "float32":
        raise TrainingError(f"the input `{name}` is {image.type}; an image [N, C, H, W] is needed")
    outputs = {key: value.type for key, value in training.outputs.items()}
    first = next(iter(inference.outputs))
    wrong = [f"`{key}` {kind}" for key, kind in outputs.items() if kind.rank != 1 or kind.shape != outputs[first].shape]
    if wrong:
        raise TrainingError(
            f"every output must be [N, classes], as wide as `{first}`; these are not: {', '.join(wrong)}"
        )
    channels, height, width = image.type.shape
    order = (first, *(key for key in outputs if key != first))
    return Classifier((channels, height, width), order, outputs[first].shape[0])


def classifier_of_module(module: nn.Module, shape: tuple[int, int, int]) -> Classifier:
    """What a module of any origin does with two images of `shape`, in evaluation and in training.

    Raises:
        TrainingError: unless it gives one tensor [N, classes], or a dict of such tensors, all of one width.
    """
    import torch

    was_training = module.training
    place = next((parameter.device for parameter in module.parameters()), torch.device("cpu"))
    try:
        with torch.no_grad():
            found = module.eval()(torch.zeros(2, *shape, device=place))
    except Exception as error:
        raise TrainingError(f"the module does not take images [N, {', '.join(map(str, shape))}]: {error}") from error
    finally:
        module.train(was_training)
    outputs = found if isinstance(found, dict) else {"output": found}
    wrong = [name for name, value in outputs.items() if not isinstance(value, torch.Tensor) or value.ndim != 2]
    if wrong or not outputs:
        raise TrainingError(f"every output must be [N, classes]; these are not: {', '.join(map(str, wrong))}")
    first = next(iter(outputs.values()))
    return Classifier(shape, tuple(outputs), first.shape[1])
