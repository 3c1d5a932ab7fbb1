"""Networks made ready for inference: optimized graphs on the kernels of torch, ONNX Runtime or OpenVINO."""

from archdsl.backends.torch.inference.network import InferenceNetwork, inference_network
from archdsl.backends.torch.inference.recipe import RUNTIMES, Recipe

__all__ = ["RUNTIMES", "InferenceNetwork", "Recipe", "inference_network"]
