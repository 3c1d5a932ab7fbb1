"""What is said when a checkpoint and a network do not come together."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import SequenceMatcher

from archdsl.conversion.arrangement import Arrangement
from archdsl.conversion.names import Tree
from archdsl.conversion.units import Shape, Unit
from archdsl.diagnostics.diagnostic import Diagnostic

SHOWN = 6
# Longer sequences are compared by their ends alone: the comparison takes quadratic time.
_LONGEST = 4000


def wrong_names(why: str) -> Diagnostic:
    """Names that no module can have."""
    return Diagnostic("E1003", why)


def too_hard() -> Diagnostic:
    """The search was given up."""
    return Diagnostic("E1005", "too many arrangements of the checkpoint's modules fit", None, "pin some of them")


def not_these_tensors(leaves: Sequence[Tree], units: Sequence[Unit]) -> Diagnostic:
    """Tensors missing, left over or of other shapes: the places where the two sequences part."""
    if len(leaves) + len(units) > _LONGEST:
        notes = [f"the checkpoint has {len(leaves):,} modules with weights, the network {len(units):,}"]
    else:
        notes = _differences(leaves, units)
    more = [f"and {len(notes) - SHOWN} more"] if len(notes) > SHOWN else []
    message = "the checkpoint's tensors are not those of this network"
    return Diagnostic("E1004", message, None, "", (*notes[:SHOWN], *more))


def _differences(leaves: Sequence[Tree], units: Sequence[Unit]) -> list[str]:
    theirs, ours = [leaf.signature for leaf in leaves], [unit.signature for unit in units]
    notes = []
    for what, a, b, c, d in SequenceMatcher(None, theirs, ours, autojunk=False).get_opcodes():
        if what == "equal":
            continue
        common = min(b - a, d - c)
        for leaf, unit in zip(leaves[a : a + common], units[c : c + common], strict=True):
            notes.append(f"{_tensors(leaf.prefix, leaf.shapes)} stands where {_tensors(unit.prefix, unit.shapes)} is")
        notes += [f"no step takes {_tensors(leaf.prefix, leaf.shapes)}" for leaf in leaves[a + common : b]]
        notes += [f"nothing for {_tensors(unit.prefix, unit.shapes)}" for unit in units[c + common : d]]
    return notes


def _tensors(prefix: str, shapes: dict[str, Shape]) -> str:
    """`conv1 (weight [64, 3, 7, 7], bias [64])`."""
    inner = ", ".join(f"{name} {list(shape)}" for name, shape in list(shapes.items())[:3])
    return f"`{prefix}` ({inner}{', ...' if len(shapes) > 3 else ''})"


def no_arrangement(leaves: Sequence[Tree], units: Sequence[Unit], pinned: bool) -> Diagnostic:
    """The tensors are those of the network, but their modules can't be laid over its order."""
    notes = []
    for leaf, unit in zip(leaves, units, strict=True):
        if leaf.signature != unit.signature:
            place = f"{_tensors(leaf.prefix, leaf.shapes)} stands where {_tensors(unit.prefix, unit.shapes)} is"
            notes.append(f"in the order of the file, {place}")
            break
    hint = "look at the pins" if pinned else "give a mapping file with --layout"
    message = "shapes agree, but no arrangement of the checkpoint's modules follows the network"
    return Diagnostic("E1005", message, None, hint, tuple(notes))


def ambiguous(
    pairs: Sequence[tuple[Arrangement, Arrangement]], units: Sequence[Unit], definition_order: bool
) -> Diagnostic:
    """Several mappings fit: which modules could change places."""
    notes = []
    for one, other in pairs[:SHOWN]:
        places = " and ".join(f"`{_common_prefix(units, part.stretch)}`" for part in (one, other))
        notes.append(f"`{one.tree.prefix}` and `{other.tree.prefix}` both fit {places}")
    if len(pairs) > SHOWN:
        notes.append(f"and {len(pairs) - SHOWN} more")
    if definition_order:
        notes.append("the file's order does not help: it is not one in which modules are defined")
        hint = "pin one of each pair with --pin THEIRS=OURS"
    else:
        hint = "--layout torchvision or timm relies on the file's order; --pin THEIRS=OURS says what belongs together"
    return Diagnostic("E1005", "several mappings fit this network equally well", None, hint, tuple(notes))


def _common_prefix(units: Sequence[Unit], stretch: range) -> str:
    """What the names of a stretch of units begin with."""
    parts = [units[index].prefix.split(".") for index in stretch]
    common = parts[0]
    for each in parts[1:]:
        same = 0
        while same < min(len(common), len(each)) and common[same] == each[same]:
            same += 1
        common = common[:same]
    return ".".join(common) or units[stretch.start].prefix
