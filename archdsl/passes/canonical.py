"""The canonical hash: one name for all graphs that are the same network.

Two graphs have one hash exactly if, simplified, they are isomorphic. What counts: operators with canonical
attributes and the types they make; operands in order (as a multiset for commutative operators) and which output of
a producer they are; the types of inputs and the outputs, both in order; which nodes share weights. What does not:
names, paths, scopes, spans, the order of nodes. Nothing is merged: relu(x) computed twice is another network than
relu(x) computed once.

"Exactly" holds up to collisions of SHA-256 in one direction, and in the other as far as the budget of the labelling
reaches (see `archdsl.ir.labelling`): it is not exceeded by anything but graphs made to be hard. Equal hashes always
mean isomorphic graphs.
"""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import blake2b, sha256

from archdsl.ir.digests import SIZE, structure_digest
from archdsl.ir.graph import Graph
from archdsl.ir.labelling import canonical_order
from archdsl.ir.structure import Structure, structure_of
from archdsl.passes.pipeline import simplify

# Part of what is hashed: a change of the encoding changes every hash, and must change this.
VERSION = "archdsl canonical form 1"


def canonical_hash(graph: Graph) -> str:
    """SHA-256 of the canonical form of the simplified graph, 64 hexadecimal digits."""
    return sha256(canonical_form(graph).encode()).hexdigest()


def canonical_form(graph: Graph) -> str:
    """The simplified graph as text in canonical order, a line for each input, node and the outputs.

    `label <- operands` and `shares n` for a node that shares the weights of line n; operands are `line.output`.
    """
    structure = structure_of(simplify(graph).graph)
    return "\n".join([VERSION, *_lines(structure, canonical_order(structure))])


def _lines(structure: Structure, order: list[int]) -> Iterator[str]:
    line_of = [0] * len(order)
    for line, vertex in enumerate(order):
        line_of[vertex] = line
    shares = {v: min(line_of[m] for m in members) for members in structure.sharing for v in members}
    for vertex in order:
        operands = [(line_of[o], which) for o, which in structure.operands[vertex]]
        if structure.commutative[vertex]:
            operands.sort()
        read = " ".join([f"{line}.{which}" for line, which in operands])
        shared = f" shares {shares[vertex]}" if vertex in shares else ""
        yield f"{structure.labels[vertex]} <- {read}{shared}"


def identity(graph: Graph) -> str:
    """32 hexadecimal digits: equal for graphs whose canonical hash is equal, different for all others.

    The digest of the graph where that says as much as the canonical form (see `archdsl.ir.digests`), else a digest of
    the hash. So it takes a fraction of the time for most graphs.
    """
    simple = simplify(graph).graph
    found = structure_digest(structure_of(simple), len(simple.inputs), [len(node.outputs) for node in simple.nodes])
    return identity_of_hash(canonical_hash(simple)) if found is None else found.hex()


def identity_of_hash(hash: str) -> str:
    """The identity of graphs that have no digest."""
    return blake2b(b"canonical hash " + bytes.fromhex(hash), digest_size=SIZE).hexdigest()
