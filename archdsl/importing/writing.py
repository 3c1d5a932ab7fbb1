"""The spec of an imported network: rolled up as far as it stays exactly the same network."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

import numpy as np

from archdsl.analysis.report import CostReport
from archdsl.diagnostics.diagnostic import ArchdslError
from archdsl.importing.lifting import Network
from archdsl.importing.program import Array
from archdsl.importing.rollup.auxiliary import ungroup
from archdsl.importing.rollup.cells import add_cells
from archdsl.importing.rollup.loops import add_loops
from archdsl.importing.rollup.printing import print_tree
from archdsl.importing.rollup.regions import body_of
from archdsl.importing.rollup.tree import Tree, leaves
from archdsl.ir.graph import Graph, Node, Value
from archdsl.ir.naming import state_key
from archdsl.ir.text import canonical_attributes
from archdsl.pipeline.architecture import Architecture
from archdsl.pipeline.building import cost
from archdsl.pipeline.loading import load


class Form(NamedTuple):
    """How far a spec is rolled up."""

    branches: bool
    cells: bool
    loops: bool


# From the shortest spec to the plainest; the first that says exactly the same is taken.
FORMS = (
    Form(True, True, True),
    Form(True, True, False),
    Form(True, False, True),
    Form(True, False, False),
    Form(False, False, False),
)


# Larger networks are written as they are: looking for repetition takes more than linear time.
MOST_ROLLED = 10_000


class Written(NamedTuple):
    """A spec and its weights.

    Attributes:
        text: of the file.
        architecture: what it elaborates to.
        state: weights by `state_dict` key of the spec.
        form: how far it is rolled up.
    """

    text: str
    architecture: Architecture
    state: dict[str, Array]
    form: Form

    @property
    def graph(self) -> Graph:
        """The spec's graph."""
        return self.architecture.graph()

    def cost(self) -> CostReport:
        """What the network costs."""
        return cost(self.architecture)


def write(network: Network, description: str, forms: Sequence[Form] = FORMS) -> Written:
    """The spec of a network.

    Every form is elaborated and held against the network node by node; only an exact one is given.

    Args:
        network: what was imported.
        description: of the file.
        forms: those to try, in order.

    Raises:
        ArchdslError: if not even the plainest form can be elaborated: the network passes a limit of the language.
    """
    problem: ArchdslError | None = None
    large = len(network.graph.nodes) > MOST_ROLLED
    for form in FORMS[-1:] if large else forms:
        tree = _tree(network, form)
        outputs = (network.training or network.graph).outputs
        text = print_tree(tree, network.graph.inputs, outputs, description)
        try:
            made = _elaborated(text)
        except ArchdslError as error:
            problem = error
            continue
        order = leaves(tree.root.steps)
        if _exact(network, order, made):
            return Written(text, made, _state(network, order, made.graph(training=True)), form)
    if problem is not None:
        raise problem
    raise AssertionError("no form of the spec gives the imported network")


def _tree(network: Network, form: Form) -> Tree:
    tree = Tree(network.graph.name, body_of(network, form.branches))
    if form.cells:
        add_cells(tree)
    if form.loops:
        add_loops(tree)
    ungroup(tree.root)
    return tree


def _elaborated(text: str) -> Architecture:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "imported.yaml"
        path.write_text(text, encoding="utf-8")
        return load(path)


def _exact(network: Network, order: Sequence[Node], made: Architecture) -> bool:
    main = set(network.graph.nodes)
    if not same(network.graph, [node for node in order if node in main], made.graph()):
        return False
    return network.training is None or same(network.training, order, made.graph(training=True))


def same(imported: Graph, order: Sequence[Node], made: Graph) -> bool:
    """Whether two graphs are the same network, node by node.

    Args:
        imported: a graph.
        order: its nodes in the order in which the other has them.
        made: the other.
    """
    if len(order) != len(made.nodes) or len(order) != len(imported.nodes):
        return False
    values: dict[Value, Value] = {}
    for one, other in zip(imported.inputs.values(), made.inputs.values(), strict=True):
        if one.type != other.type:
            return False
        values[one] = other
    paths: dict[str, str] = {}
    back: dict[str, str] = {}
    for node, twin in zip(order, made.nodes, strict=True):
        if not _alike(node, twin) or tuple(values.get(v) for v in node.operands) != twin.operands:
            return False
        if node.weights and (paths.setdefault(node.path, twin.path), back.setdefault(twin.path, node.path)) != (
            twin.path,
            node.path,
        ):
            return False
        values.update(zip(node.outputs, twin.outputs, strict=True))
    return [values[v] for v in imported.outputs.values()] == list(made.outputs.values())


def _alike(node: Node, twin: Node) -> bool:
    if node.op.name != twin.op.name or node.operand_types != twin.operand_types:
        return False
    return node.op is twin.op or canonical_attributes(node) == canonical_attributes(twin)


def _state(network: Network, order: Sequence[Node], made: Graph) -> dict[str, Array]:
    """The weights under the keys of the spec; buffers that the file doesn't have get what they start with."""
    state: dict[str, Array] = {}
    for node, twin in zip(order, made.nodes, strict=True):
        given: Mapping[str, Array] = {n: w.array for n, w in network.weights.get(node, {}).items()}
        for spec in twin.weights:
            key = state_key(twin.path, spec.name)
            if key in state:
                continue
            if spec.name in given:
                state[key] = np.array(given[spec.name], dtype=spec.dtype, order="C")
            elif spec.name == "num_batches_tracked":
                state[key] = np.zeros(spec.shape, spec.dtype)
    return state
