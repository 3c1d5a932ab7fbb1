"""The NASNet controller: a recurrent policy trained by proximal policy optimization."""

from archdsl_search.searchers.nasnet_controller.searcher import NasnetController
from archdsl_search.searchers.nasnet_controller.settings import ControllerSettings

__all__ = ["ControllerSettings", "NasnetController"]
