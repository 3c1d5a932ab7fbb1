"""Rules of early stopping by name."""

from __future__ import annotations

from archdsl_search.early_stopping.asha import Asha
from archdsl_search.early_stopping.base import EarlyStopping, EarlyStoppingSettings
from archdsl_search.early_stopping.hyperband import Hyperband

RULES: dict[str, type[EarlyStopping]] = {"asha": Asha, "hyperband": Hyperband}


def early_stopping(settings: EarlyStoppingSettings) -> EarlyStopping:
    """The rule that the settings name."""
    return RULES[settings.name](settings)
