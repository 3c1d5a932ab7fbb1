"""Rules for the operators of exported PyTorch programs."""

from archdsl.importing.aten_ops import elementwise, joining, layers, recurrent, views
from archdsl.importing.aten_ops.common import RULES

translate = RULES.translate

__all__ = ["elementwise", "joining", "layers", "recurrent", "translate", "views"]
