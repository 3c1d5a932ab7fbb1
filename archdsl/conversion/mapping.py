"""From the names and shapes in a checkpoint to the keys of our `state_dict`, one to one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from archdsl.conversion.arrangement import Arrangement
from archdsl.conversion.matching import Solver, TooHardError
from archdsl.conversion.names import Tree, is_in_order_of_definition, tree_of
from archdsl.conversion.problems import ambiguous, no_arrangement, not_these_tensors, too_hard, wrong_names
from archdsl.conversion.symmetry import Symmetry
from archdsl.conversion.units import Flow, Shape, Unit, flattened, units_of
from archdsl.diagnostics.diagnostic import ArchdslError
from archdsl.ir.graph import Graph

# Open questions that are answered; each takes a labelling of the graph.
MOST_QUESTIONS = 200


@dataclass(frozen=True)
class TensorMap:
    """Which of their tensors is which of ours.

    Attributes:
        names: our key by theirs, in the order of the checkpoint.
        form: the graph that takes them: the training form, or the inference form where its further weights are absent.
        ordered: whether the order of the file was relied on.
        interchangeable: pairs of modules that could change places without any difference.
    """

    names: dict[str, str]
    form: Graph
    ordered: bool
    interchangeable: tuple[tuple[str, str], ...] = ()


def map_tensors(
    shapes: Mapping[str, Shape],
    forms: Sequence[Graph],
    *,
    definition_order: bool = False,
    pins: Iterable[tuple[str, str]] = (),
) -> TensorMap:
    """Find which tensor belongs to which step.

    Args:
        shapes: shape by name, in the order of the file.
        forms: the forms of the network that may take them, the first that fits does.
        definition_order: whether to rely on the order of the file where it can be that of definition.
        pins: pairs of prefixes, theirs and ours, that are known to belong together.

    Raises:
        ArchdslError: E1004 if tensors are missing, left over or of other shapes; E1005 if several mappings fit.
    """
    root, form, units = _tree_and_form(shapes, forms)
    ordered = definition_order and is_in_order_of_definition(shapes, root)
    solver = Solver(units, Flow(form, units), ordered, tuple(pins))
    try:
        found = solver.solve(root, 0)
    except TooHardError:
        raise ArchdslError(too_hard()) from None
    if found is None:
        raise ArchdslError(no_arrangement(list(root.leaves()), units, bool(solver.pins)))
    if any(module.incomplete for module in found.modules()):
        raise ArchdslError(too_hard())
    harmless = _settle(found, solver, Symmetry(form, units), definition_order)
    ours = {key: mine for leaf, index in found.leaves() for key, mine in _keys(leaf, units[index])}
    return TensorMap({key: ours[key] for key in shapes if key in ours}, form, ordered, tuple(harmless))


def _tree_and_form(shapes: Mapping[str, Shape], forms: Sequence[Graph]) -> tuple[Tree, Graph, list[Unit]]:
    """Their modules, and the first form with as many units of each signature.

    Where no form has, 1x1 convolutions count as linear layers.
    """
    for flat in (False, True):
        root = _tree({name: flattened(shape) for name, shape in shapes.items()} if flat else shapes)
        given = Counter(leaf.signature for leaf in root.leaves())
        for form in forms:
            units = units_of(form, flat)
            if Counter(unit.signature for unit in units) == given:
                return root, form, units
    root = _tree(shapes)
    best = min((units_of(form) for form in forms), key=lambda units: _distance(root, units))
    raise ArchdslError(not_these_tensors(list(root.leaves()), best))


def _tree(shapes: Mapping[str, Shape]) -> Tree:
    try:
        return tree_of(shapes)
    except ValueError as error:
        raise ArchdslError(wrong_names(str(error))) from None


def _distance(root: Tree, units: Sequence[Unit]) -> int:
    """How many modules have no counterpart."""
    given = Counter(leaf.signature for leaf in root.leaves())
    wanted = Counter(unit.signature for unit in units)
    return ((wanted - given) + (given - wanted)).total()


def _keys(leaf: Tree, unit: Unit) -> Iterator[tuple[str, str]]:
    """The tensors of one unit, theirs and ours. A counter may be missing; what is alone may bear any name."""
    if len(leaf.signature) == 1:
        ((name, key),) = [item for item in leaf.keys.items() if leaf.shapes[item[0]] == leaf.signature[0][1]][:1]
        (mine,) = [each for each in unit.shapes if unit.shapes[each] == leaf.signature[0][1]][:1]
        yield key, f"{unit.prefix}.{mine}" if unit.prefix else mine
        return
    for name, key in leaf.keys.items():
        if name in unit.shapes:
            yield key, f"{unit.prefix}.{name}" if unit.prefix else name


def _settle(found: Arrangement, solver: Solver, symmetry: Symmetry, definition_order: bool) -> list[tuple[str, str]]:
    """Make sure that every other arrangement comes to the same network; gives the pairs that could change places.

    Raises:
        ArchdslError: E1005 naming those that don't.
    """
    assigned = {index: leaf.prefix for leaf, index in found.leaves()}
    plain = ""
    open_questions, harmless = [], []
    for count, (pair, changed) in enumerate(_alternatives(found, solver, assigned)):
        if count == MOST_QUESTIONS:
            break
        plain = plain or symmetry.encoding(assigned)
        if symmetry.encoding({**assigned, **changed}) == plain:
            harmless.append((pair[0].tree.prefix, pair[1].tree.prefix))
        else:
            open_questions.append(pair)
    else:
        if not open_questions:
            return harmless
    raise ArchdslError(ambiguous(open_questions, solver.units, definition_order))


def _alternatives(
    found: Arrangement, solver: Solver, assigned: Mapping[int, str]
) -> Iterator[tuple[tuple[Arrangement, Arrangement], dict[int, str]]]:
    """Other arrangements for which as much speaks: two modules that change places, and the assignment then."""
    for module in found.modules():
        for one, other in module.alike:
            moved = [solver.solve(one.tree, other.at), solver.solve(other.tree, one.at)]
            if all(each is not None for each in moved):
                yield (one, other), _assigned(each for each in moved if each is not None)
        for rival in module.rivals:
            changed = _assigned([rival])
            yield _first_difference(module, rival), {i: n for i, n in changed.items() if assigned[i] != n}


def _assigned(arrangements: Iterable[Arrangement]) -> dict[int, str]:
    return {index: leaf.prefix for each in arrangements for leaf, index in each.leaves()}


def _first_difference(one: Arrangement, other: Arrangement) -> tuple[Arrangement, Arrangement]:
    """The first parts at one place that are not the same module."""
    for a, b in zip(one.parts, other.parts, strict=False):
        if a.tree is not b.tree:
            return a, next((part for part in one.parts if part.tree.prefix == b.tree.prefix), b)
        if dict(a.leaves()) != dict(b.leaves()):
            return _first_difference(a, b)
    return one, other
