"""Rules for the operators of exported PyTorch programs."""

from archdsl.importing.aten_ops import elementwise, layers, recurrent, views
from archdsl.importing.aten_ops.common import RULES

translate = RULES.translate

__all__ = ["elementwise", "layers", "recurrent", "translate", "views"]
