"""All lints, in the order of their codes. A new one is a file beside this and a line here."""

from __future__ import annotations

from archdsl.analysis.lints.bias_before_norm import BiasBeforeNorm
from archdsl.analysis.lints.channel_balance import ChannelBalance
from archdsl.analysis.lints.checkerboard import Checkerboard
from archdsl.analysis.lints.classifier_parameters import ClassifierParameters
from archdsl.analysis.lints.dead_steps import DeadSteps
from archdsl.analysis.lints.elementwise_share import ElementwiseShare
from archdsl.analysis.lints.fragmentation import Fragmentation
from archdsl.analysis.lints.group_price import GroupPrice
from archdsl.analysis.lints.identity_nonlinearity import IdentityNonlinearity
from archdsl.analysis.lints.large_kernel import LargeKernel
from archdsl.analysis.lints.narrow_nonlinearity import NarrowNonlinearity
from archdsl.analysis.lints.receptive_field import ReceptiveField
from archdsl.analysis.lints.representational_bottleneck import RepresentationalBottleneck
from archdsl.analysis.lints.rule import Rule
from archdsl.analysis.lints.unused_values import UnusedValues

RULES: tuple[type[Rule], ...] = (
    ChannelBalance,
    GroupPrice,
    Fragmentation,
    ElementwiseShare,
    RepresentationalBottleneck,
    LargeKernel,
    ClassifierParameters,
    BiasBeforeNorm,
    NarrowNonlinearity,
    IdentityNonlinearity,
    Checkerboard,
    ReceptiveField,
    DeadSteps,
    UnusedValues,
)
BY_NAME: dict[str, type[Rule]] = {
    **{rule.code: rule for rule in RULES},
    **{rule.short: rule for rule in RULES if rule.short},
}
