"""A digest of a network, much cheaper than its canonical form, for the many networks in which it says as much.

The digest of a node is made of its label and the digests of what it reads (Merkle 1987). Such digests tell what is
computed, not which computations are one node: f(a, a) and f(a, b) agree where a and b are computed alike. Here a digest
is only given where this can be told as well. Call a node private that is read exactly once, and shared otherwise:

- A chain of nodes that read one value each, all private but the last, is one vertex with all their labels.
- The digest of a shared vertex also covers the labels of all that depends on it, which tells most of those apart that
  are computed alike.
- Vertices that have equal digests after all must all be private: each place that reads such a digest reads a vertex of
  its own. Any other digest stands for one vertex, whoever reads it. The digest of the network covers those of its
  outputs and which digests are of the first kind, so that the network can be written down from it.

So equal digests are of isomorphic networks, isomorphic networks have equal digests, and whether there is one at all is
the same for isomorphic networks: `None` sends all of them to their canonical form.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from itertools import accumulate

from archdsl.ir.structure import Structure

# Bytes of a digest.
SIZE = 16
# Part of what is digested: a change of the rules must change this.
VERSION = b"archdsl identity 1"
_NUMBERS = [number.to_bytes(4, "big") for number in range(4096)]


def label_digest(label: str) -> bytes:
    """A label, of fixed size."""
    return blake2b(label.encode(), digest_size=SIZE).digest()


@dataclass(slots=True)
class Vertices:
    """Nodes in topological order, by place; values are numbered: the network's inputs, then outputs in order.

    Attributes:
        labels: digests of labels: of a node, and of nodes on top of it that read one value each.
        operands: numbers of the values that it reads.
        commutes: whether their order means nothing.
        outputs: how many values it makes.
    """

    labels: list[bytes] = field(default_factory=list)
    operands: list[tuple[int, ...]] = field(default_factory=list)
    commutes: list[bool] = field(default_factory=list)
    outputs: list[int] = field(default_factory=list)

    def add(self, labels: bytes, operands: tuple[int, ...], commutes: bool, outputs: int) -> None:
        """One more."""
        self.labels.append(labels)
        self.operands.append(operands)
        self.commutes.append(commutes)
        self.outputs.append(outputs)

    def makers(self, inputs: int) -> list[int]:
        """For each value the place of what makes it; -1 for inputs."""
        found = [-1] * inputs
        for place, count in enumerate(self.outputs):
            if count == 1:
                found.append(place)
            else:
                found += [place] * count
        return found

    def merge(self, makers: Sequence[int], reads: list[int]) -> None:
        """Make chains one vertex, in the place of its last node; the others are not read any more.

        Args:
            makers: as of `makers`.
            reads: how often each vertex is read; 0 for those that no output depends on. Changed in place.
        """
        labels, operands, commutes = self.labels, self.operands, self.commutes
        for place, count in enumerate(reads):
            if count and len(operands[place]) == 1:
                below = makers[operands[place][0]]
                if below >= 0 and reads[below] == 1 and self.outputs[below] == 1:
                    labels[place] = labels[below] + labels[place]
                    operands[place], commutes[place] = operands[below], commutes[below]
                    reads[below] = 0


def count_reads(vertices: Vertices, makers: Sequence[int], results: Iterable[int], each: int = 1) -> list[int]:
    """How often each vertex is read, by others that results depend on and as a result (that counts `each`)."""
    reads = [0] * len(vertices.labels)
    for value in results:
        if makers[value] >= 0:
            reads[makers[value]] += each
    for place in range(len(reads) - 1, -1, -1):
        if reads[place]:
            for value in vertices.operands[place]:
                maker = makers[value]
                if maker >= 0:
                    reads[maker] += 1
    return reads


def network_digest(inputs: Sequence[bytes], vertices: Vertices, results: Sequence[int]) -> bytes | None:
    """The digest of a simplified network; None if only its canonical form can tell it from others.

    Args:
        inputs: digests of their labels.
        vertices: changed: chains become one.
        results: numbers of the values that are the network's outputs, in order.
    """
    makers = vertices.makers(len(inputs))
    reads = count_reads(vertices, makers, results)
    vertices.merge(makers, reads)
    return _digest(inputs, vertices, results, makers, reads)


def _digest(
    inputs: Sequence[bytes], vertices: Vertices, results: Sequence[int], makers: Sequence[int], reads: Sequence[int]
) -> bytes | None:
    uses = _uses(vertices, results, makers, reads)
    digests = list(inputs)
    met = _Met()
    for place, count in enumerate(vertices.outputs):
        times = reads[place]
        if not times:
            digests += [b""] * count
            continue
        found = _vertex_digest(vertices, place, digests, uses[place] if times > 1 else b"")
        if not met.tells_apart(found, times == 1):
            return None
        if count == 1:
            digests.append(found)
        else:
            digests += [blake2b(found + _number(which), digest_size=SIZE).digest() for which in range(count)]
    told = VERSION + _number(len(inputs)) + _number(len(results)) + b"".join(inputs)
    told += b"".join([digests[value] for value in results]) + b"".join(sorted(met.repeated))
    return blake2b(told, digest_size=SIZE).digest()


def _vertex_digest(vertices: Vertices, place: int, digests: Sequence[bytes], use: bytes) -> bytes:
    own, read = vertices.labels[place], [digests[value] for value in vertices.operands[place]]
    if len(read) > 1 and vertices.commutes[place]:
        read.sort()
    told = _number(len(own)) + _number(len(read)) + own + b"".join(read) + use
    return blake2b(told, digest_size=SIZE).digest()


class _Met:
    """Digests so far.

    Attributes:
        repeated: those of several vertices, each private.
    """

    __slots__ = ("_private", "repeated")

    def __init__(self) -> None:
        self._private: dict[bytes, bool] = {}
        self.repeated: set[bytes] = set()

    def tells_apart(self, digest: bytes, private: bool) -> bool:
        """Take one more; false if it is that of an earlier vertex, and not both are private."""
        before = self._private.get(digest)
        if before is None:
            self._private[digest] = private
            return True
        self.repeated.add(digest)
        return private and before


def _uses(vertices: Vertices, results: Sequence[int], makers: Sequence[int], reads: Sequence[int]) -> list[bytes]:
    """For each vertex a digest of its labels and of those of what reads it, up to the outputs, with positions."""
    labels, operands, commutes = vertices.labels, vertices.operands, vertices.commutes
    around: list[list[bytes]] = [[] for _ in labels]
    for position, value in enumerate(results):
        if makers[value] >= 0:
            around[makers[value]].append(b"output" + _number(position))
    found = [b""] * len(labels)
    for place in range(len(labels) - 1, -1, -1):
        if not reads[place]:
            continue
        own = around[place]
        if len(own) > 1:
            own.sort()
        use = found[place] = blake2b(labels[place] + b"".join(own), digest_size=SIZE).digest()
        for position, value in enumerate(operands[place]):
            maker = makers[value]
            if maker >= 0:
                around[maker].append(use if commutes[place] else use + _number(position))
    return found


def _number(value: int) -> bytes:
    return _NUMBERS[value] if value < len(_NUMBERS) else value.to_bytes(4, "big")


def structure_digest(structure: Structure, inputs: int, outputs: Sequence[int]) -> bytes | None:
    """As `network_digest`, of a structure; None also where nodes share weights.

    Args:
        inputs: how many of its vertices are the network's inputs.
        outputs: how many values each of the nodes makes.
    """
    if structure.sharing:
        return None
    first = [*range(inputs), *accumulate(outputs, initial=inputs)]
    numbered = [tuple([first[vertex] + which for vertex, which in read]) for read in structure.operands]
    digests = [label_digest(label) for label in structure.labels]
    inner = slice(inputs, len(digests) - 1)
    vertices = Vertices(digests[inner], numbered[inner], structure.commutative[inner], list(outputs))
    return network_digest(digests[:inputs], vertices, numbered[-1])
