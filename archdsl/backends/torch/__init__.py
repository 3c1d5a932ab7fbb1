"""PyTorch: modules, standalone source and exported programs, all printed from one text."""

from archdsl.backends.torch.exporting import export_program
from archdsl.backends.torch.loading import build_module, source_of
from archdsl.backends.torch.source import to_source

__all__ = ["build_module", "export_program", "source_of", "to_source"]
