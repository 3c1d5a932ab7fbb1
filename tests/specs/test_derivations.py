"""Networks that torchvision and timm don't have: their figures added up from the tables of the papers."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import pytest

import archdsl
from tests.specs.derivations import classic, mobile, residual, shared
from tests.specs.derivations.evolved import AMOEBANET, CIFAR, LARGE, MOBILE, NASNET, PNASNET, network
from tests.specs.derivations.tally import Tally
from tests.specs.test_figures import rows

Derivation = Callable[[], Tally]

INFERENCE: dict[str, Derivation] = {
    "alexnet_caffe": classic.alexnet_caffe,
    "bn_inception": partial(classic.bn_inception, bias=True, excited=False),
    "googlenet_caffe": classic.googlenet_caffe,
    "inception_resnet_v1_paper": classic.inception_resnet_v1,
    "nin_imagenet": classic.nin_imagenet,
    "overfeat_accurate": classic.overfeat_accurate,
    "se_bninception_caffe": partial(classic.bn_inception, bias=False, excited=True),
    **{
        f"resnet{6 * n + 2}_cifar_{option}": partial(residual.resnet_cifar, n, projected=option == "b")
        for n, option in [(3, "a"), (3, "b"), (5, "a"), (7, "a"), (9, "a"), (9, "b"), (18, "a"), (18, "b")]
    },
    "densenet_bc_100_12_cifar": partial(residual.densenet_bc_cifar, 16, 12),
    "preresnet164_cifar": partial(residual.preresnet_cifar, 18),
    "preresnet1001_cifar": partial(residual.preresnet_cifar, 111),
    "wrn28_10_cifar": partial(residual.wide_resnet_cifar, 4, 10),
    **{
        f"condensenet74_g{groups}{suffix}": partial(residual.condensenet74, groups, learned=bool(suffix))
        for groups in (4, 8)
        for suffix in ("", "_learned")
    },
    **{
        f"mobilenet_v1{suffix}": partial(mobile.mobilenet_v1, width)
        for suffix, width in [("", 1), ("_0_75", 0.75), ("_0_5", 0.5), ("_0_25", 0.25)]
    },
    **{f"shufflenet_v1_g{groups}": partial(mobile.shufflenet_v1, groups) for groups in mobile.SHUFFLENET_V1},
    **{
        f"{prefix}shufflenet_v2_{scale}": partial(mobile.shufflenet_v2, scale, excited=bool(prefix))
        for scale in mobile.SHUFFLENET_V2
        for prefix in ("", "se_")
    },
    "nasnet_cifar_6_768": partial(network, NASNET, 6, 32, **CIFAR),
    "nasnet_mobile": partial(network, NASNET, 4, 44, **MOBILE),
    "pnasnet5_cifar": partial(network, (PNASNET, PNASNET), 3, 48, inline=True, **CIFAR),
    "pnasnet5_mobile": partial(network, (PNASNET, PNASNET), 3, 54, inline=True, **MOBILE),
    "pnasnet5_large": partial(network, (PNASNET, PNASNET), 4, 216, inline=True, stem=96, **LARGE),
    "amoebanet_a_cifar": partial(network, AMOEBANET["a"], 6, 36, **CIFAR),
    "amoebanet_a_mobile": partial(network, AMOEBANET["a"], 4, 50, **MOBILE),
    "amoebanet_a_large": partial(network, AMOEBANET["a"], 6, 190, stem=32, **LARGE),
    "amoebanet_b_cifar": partial(network, AMOEBANET["b"], 6, 36, **CIFAR),
    "amoebanet_c_cifar": partial(network, AMOEBANET["c"], 6, 36, **CIFAR),
    "amoebanet_c_mobile": partial(network, AMOEBANET["c"], 4, 50, **MOBILE),
    "amoebanet_d_imagenet": partial(network, AMOEBANET["d"], 4, 256, **MOBILE),
    "darts_v1": partial(shared.darts, "v1"),
    "darts_v2": partial(shared.darts, "v2"),
    "darts_v2_imagenet": partial(shared.darts, "v2", imagenet=True),
    "enas_micro_cifar": shared.enas_micro,
    "enas_macro_cifar": shared.enas_macro,
}
TRAINING: dict[str, Derivation] = {
    "googlenet_caffe": partial(classic.googlenet_caffe, training=True),
    "nasnet_cifar_6_768": partial(network, NASNET, 6, 32, auxiliary=True, **CIFAR),
    "nasnet_mobile": partial(network, NASNET, 4, 44, auxiliary=True, **MOBILE),
    "pnasnet5_mobile": partial(network, (PNASNET, PNASNET), 3, 54, inline=True, auxiliary=True, **MOBILE),
    "pnasnet5_large": partial(network, (PNASNET, PNASNET), 4, 216, inline=True, auxiliary=True, stem=96, **LARGE),
    "amoebanet_a_cifar": partial(network, AMOEBANET["a"], 6, 36, auxiliary=True, **CIFAR),
    "amoebanet_a_mobile": partial(network, AMOEBANET["a"], 4, 50, auxiliary=True, **MOBILE),
    "amoebanet_a_large": partial(network, AMOEBANET["a"], 6, 190, auxiliary=True, stem=32, **LARGE),
    "amoebanet_b_cifar": partial(network, AMOEBANET["b"], 6, 36, auxiliary=True, **CIFAR),
    "amoebanet_c_cifar": partial(network, AMOEBANET["c"], 6, 36, auxiliary=True, **CIFAR),
    "amoebanet_c_mobile": partial(network, AMOEBANET["c"], 4, 50, auxiliary=True, **MOBILE),
    "amoebanet_d_imagenet": partial(network, AMOEBANET["d"], 4, 256, auxiliary=True, **MOBILE),
    "darts_v1": partial(shared.darts, "v1", training=True),
    "darts_v2": partial(shared.darts, "v2", training=True),
    "darts_v2_imagenet": partial(shared.darts, "v2", imagenet=True, training=True),
    "enas_micro_cifar": partial(shared.enas_micro, training=True),
}
CASES = [(name, made, False) for name, made in INFERENCE.items()]
CASES += [(name, made, True) for name, made in TRAINING.items()]


@pytest.mark.parametrize(
    ("name", "derivation", "training"),
    CASES,
    ids=[f"{name}-{'training' if training else 'inference'}" for name, _, training in CASES],
)
def test_figures_are_those_added_up_from_the_paper(name: str, derivation: Derivation, training: bool) -> None:
    report = archdsl.cost(archdsl.load(name), training=training)
    assert (report.params, report.mult_adds) == derivation().figures


def test_derived_figures_have_a_derivation() -> None:
    derived = {(row["id"], row["form"]) for row in rows() if row["origin"] == "derived"}
    assert derived <= {(name, "training" if training else "inference") for name, _, training in CASES}


# What the papers print for the networks above, in millions: parameters, then multiply-adds where they are printed.
PRINTED = [
    ("amoebanet_a_cifar", 3.2, None),
    ("amoebanet_a_mobile", 5.1, 555),
    ("amoebanet_a_large", 86.7, 23_100),
    ("amoebanet_b_cifar", 2.8, None),
    ("amoebanet_c_mobile", 6.4, None),
    ("condensenet74_g4", 4.8, None),
    ("condensenet74_g8", 2.9, None),
    ("darts_v2_imagenet", 4.7, None),
    ("mobilenet_v1", 4.2, 569),
    ("mobilenet_v1_0_75", 2.6, 325),
    ("mobilenet_v1_0_5", 1.3, 149),
    ("mobilenet_v1_0_25", 0.5, 41),
    ("nasnet_cifar_6_768", 3.3, None),
    ("nasnet_mobile", 5.3, 564),
    ("pnasnet5_cifar", 3.2, None),
    ("pnasnet5_mobile", 5.1, None),
    ("pnasnet5_large", 86.1, None),
    ("preresnet1001_cifar", 10.3, None),
    ("wrn28_10_cifar", 36.5, None),
    ("densenet_bc_100_12_cifar", 0.8, None),
    ("resnet44_cifar_a", 0.66, None),
    ("resnet110_cifar_a", 1.7, None),
]


@pytest.mark.parametrize(("name", "params", "mult_adds"), PRINTED, ids=[name for name, *_ in PRINTED])
def test_figures_are_those_that_the_paper_prints(name: str, params: float, mult_adds: float | None) -> None:
    report = archdsl.cost(archdsl.load(name))
    digits = len(str(params).partition(".")[2])
    assert round(report.params / 1e6, digits) == pytest.approx(params, abs=1.01 * 10**-digits if params > 9 else 1e-9)
    if mult_adds is not None:
        assert report.mult_adds / 1e6 == pytest.approx(mult_adds, rel=5e-3)
