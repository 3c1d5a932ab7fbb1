"""archdsl: neural architectures as data.

A file describes a network; the same file with holes in it describes a search space. Modules, source, ONNX, cost and
diagnostics are derived from it. The functions below are the public API; importing them imports no torch.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from archdsl.analysis.latency.device import DeviceProfile
    from archdsl.analysis.latency.prediction import LatencyReport
    from archdsl.analysis.latency.profile_file import read_profile, write_profile
    from archdsl.analysis.options import CostOptions
    from archdsl.analysis.report import CostReport
    from archdsl.compression.compressed import Compressed
    from archdsl.compression.deepening import deepen
    from archdsl.compression.errors import CompressionError
    from archdsl.compression.factoring import factorize
    from archdsl.compression.pruning import prune
    from archdsl.compression.widening import widen
    from archdsl.diagnostics.diagnostic import ArchdslError, Diagnostic
    from archdsl.pipeline.architecture import Architecture
    from archdsl.pipeline.building import compile_architecture as compile
    from archdsl.pipeline.building import cost, export_onnx, export_program, to_source
    from archdsl.pipeline.checking import check
    from archdsl.pipeline.costs import compat_cost, cost_formulas, fit, memory
    from archdsl.pipeline.documents import Document, nearest_word, read_document, read_value
    from archdsl.pipeline.drawing import draw, report_style
    from archdsl.pipeline.latency import ProfileReport, predict_latency
    from archdsl.pipeline.latency import measure_latency as profile
    from archdsl.pipeline.latency_fit import fit_profile
    from archdsl.pipeline.loading import load, load_space
    from archdsl.pipeline.quantizing import quantize
    from archdsl.pipeline.space import Space, Walk
    from archdsl.pipeline.tallying import Price
    from archdsl.spec.elaborate.decisions import Decision
    from archdsl.training.datasets import Dataset, Images, load_dataset
    from archdsl.training.errors import DataError, DivergenceError, OutOfMemoryError, TrainingError
    from archdsl.training.results import EpochReport, TrainingResult
    from archdsl.training.settings import TrainingSettings
    from archdsl.training.train_network import train

__version__ = "0.1.0"

_PUBLIC = {
    "ArchdslError": ("archdsl.diagnostics.diagnostic", "ArchdslError"),
    "Architecture": ("archdsl.pipeline.architecture", "Architecture"),
    "Compressed": ("archdsl.compression.compressed", "Compressed"),
    "CompressionError": ("archdsl.compression.errors", "CompressionError"),
    "CostOptions": ("archdsl.analysis.options", "CostOptions"),
    "CostReport": ("archdsl.analysis.report", "CostReport"),
    "DataError": ("archdsl.training.errors", "DataError"),
    "Dataset": ("archdsl.training.datasets", "Dataset"),
    "Decision": ("archdsl.spec.elaborate.decisions", "Decision"),
    "DeviceProfile": ("archdsl.analysis.latency.device", "DeviceProfile"),
    "Diagnostic": ("archdsl.diagnostics.diagnostic", "Diagnostic"),
    "DivergenceError": ("archdsl.training.errors", "DivergenceError"),
    "Document": ("archdsl.pipeline.documents", "Document"),
    "EpochReport": ("archdsl.training.results", "EpochReport"),
    "Images": ("archdsl.training.datasets", "Images"),
    "LatencyReport": ("archdsl.analysis.latency.prediction", "LatencyReport"),
    "OutOfMemoryError": ("archdsl.training.errors", "OutOfMemoryError"),
    "Price": ("archdsl.pipeline.tallying", "Price"),
    "ProfileReport": ("archdsl.pipeline.latency", "ProfileReport"),
    "Space": ("archdsl.pipeline.space", "Space"),
    "TrainingError": ("archdsl.training.errors", "TrainingError"),
    "TrainingResult": ("archdsl.training.results", "TrainingResult"),
    "TrainingSettings": ("archdsl.training.settings", "TrainingSettings"),
    "Walk": ("archdsl.pipeline.space", "Walk"),
    "check": ("archdsl.pipeline.checking", "check"),
    "compat_cost": ("archdsl.pipeline.costs", "compat_cost"),
    "compile": ("archdsl.pipeline.building", "compile_architecture"),
    "cost": ("archdsl.pipeline.building", "cost"),
    "cost_formulas": ("archdsl.pipeline.costs", "cost_formulas"),
    "deepen": ("archdsl.compression.deepening", "deepen"),
    "draw": ("archdsl.pipeline.drawing", "draw"),
    "export_onnx": ("archdsl.pipeline.building", "export_onnx"),
    "export_program": ("archdsl.pipeline.building", "export_program"),
    "factorize": ("archdsl.compression.factoring", "factorize"),
    "fit": ("archdsl.pipeline.costs", "fit"),
    "fit_profile": ("archdsl.pipeline.latency_fit", "fit_profile"),
    "load": ("archdsl.pipeline.loading", "load"),
    "load_dataset": ("archdsl.training.datasets", "load_dataset"),
    "load_space": ("archdsl.pipeline.loading", "load_space"),
    "memory": ("archdsl.pipeline.costs", "memory"),
    "nearest_word": ("archdsl.pipeline.documents", "nearest_word"),
    "predict_latency": ("archdsl.pipeline.latency", "predict_latency"),
    "profile": ("archdsl.pipeline.latency", "measure_latency"),
    "prune": ("archdsl.compression.pruning", "prune"),
    "quantize": ("archdsl.pipeline.quantizing", "quantize"),
    "read_document": ("archdsl.pipeline.documents", "read_document"),
    "read_profile": ("archdsl.analysis.latency.profile_file", "read_profile"),
    "read_value": ("archdsl.pipeline.documents", "read_value"),
    "report_style": ("archdsl.pipeline.drawing", "report_style"),
    "to_source": ("archdsl.pipeline.building", "to_source"),
    "train": ("archdsl.training.train_network", "train"),
    "widen": ("archdsl.compression.widening", "widen"),
    "write_profile": ("archdsl.analysis.latency.profile_file", "write_profile"),
}

__all__ = [
    "ArchdslError",
    "Architecture",
    "Compressed",
    "CompressionError",
    "CostOptions",
    "CostReport",
    "DataError",
    "Dataset",
    "Decision",
    "DeviceProfile",
    "Diagnostic",
    "DivergenceError",
    "Document",
    "EpochReport",
    "Images",
    "LatencyReport",
    "OutOfMemoryError",
    "Price",
    "ProfileReport",
    "Space",
    "TrainingError",
    "TrainingResult",
    "TrainingSettings",
    "Walk",
    "__version__",
    "check",
    "compat_cost",
    "compile",
    "cost",
    "cost_formulas",
    "deepen",
    "draw",
    "export_onnx",
    "export_program",
    "factorize",
    "fit",
    "fit_profile",
    "load",
    "load_dataset",
    "load_space",
    "memory",
    "nearest_word",
    "predict_latency",
    "profile",
    "prune",
    "quantize",
    "read_document",
    "read_profile",
    "read_value",
    "report_style",
    "to_source",
    "train",
    "widen",
    "write_profile",
]


def __getattr__(name: str) -> Any:
    """Import a public name on its first use."""
    if name not in _PUBLIC:
        raise AttributeError(f"module 'archdsl' has no attribute {name!r}")
    from importlib import import_module

    module, attribute = _PUBLIC[name]
    value = globals()[name] = getattr(import_module(module), attribute)
    return value


def __dir__() -> list[str]:
    return __all__
