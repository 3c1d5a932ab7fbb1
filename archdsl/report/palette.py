"""The kinds of boxes in a drawing, and their colours on light and dark ground."""

from __future__ import annotations

from typing import NamedTuple


class Colour(NamedTuple):
    """Fill, outline and text of a box."""

    fill: str
    line: str
    text: str


class Kind(NamedTuple):
    """A kind of box: what the legend calls it, and its colours."""

    label: str
    light: Colour
    dark: Colour


def _kind(label: str, light: str, dark: str) -> Kind:
    return Kind(label, Colour(*light.split()), Colour(*dark.split()))


KINDS: dict[str, Kind] = {
    "terminal": _kind("input, output", "#263238 #263238 #ffffff", "#cfd8dc #cfd8dc #15191c"),
    "cell": _kind("cell", "#ffffff #455a64 #1b2327", "#252b30 #90a4ae #eceff1"),
    "convolution": _kind("convolution", "#dbe9fb #3b76c4 #12304f", "#1d3553 #6ea3e6 #dbe9fb"),
    "dense": _kind("linear, attention", "#e8def7 #7b52b9 #351a5e", "#37254f #b48be8 #ece2fb"),
    "recurrent": _kind("recurrent", "#fbdfe9 #c2456f #5c1230", "#4f2033 #ea86a8 #fde6ee"),
    "pooling": _kind("pooling, resizing", "#dcf1e0 #3d8f51 #123e1d", "#1c3d26 #76c58a #dff4e4"),
    "normalization": _kind("normalisation", "#d8f0f0 #2f8b8b #0d3b3b", "#173c3d #6cc5c5 #dcf3f3"),
    "activation": _kind("activation", "#fdeecf #b5851b #4a3402", "#46370f #e0b85a #fdf1d8"),
    "merging": _kind("merging", "#fde2d3 #c4622d #532408", "#4d2a17 #eb9a6c #fdebe1"),
    "other": _kind("shape, other", "#eceff1 #78909c #263238", "#30383d #90a4ae #eceff1"),
}

PAPER = Colour("#ffffff", "#b0bec5", "#263238")
NIGHT = Colour("#14181b", "#546e7a", "#e4e9ec")

# Families of operators, as the operators' classes name them; what is not here is drawn as "other".
FAMILIES: dict[str, str] = {
    "activation": "activation",
    "attention": "dense",
    "convolution": "convolution",
    "linear": "dense",
    "merging": "merging",
    "normalization": "normalization",
    "pooling": "pooling",
    "recurrent": "recurrent",
    "resampling": "pooling",
}
