"""Small spaces in memory, each with what makes searchers stumble."""

from __future__ import annotations

from archdsl_search.testing.program_space import Decide, OutsideError, ProgramSpace


def flat(decide: Decide) -> str:
    """Six independent decisions with five outcomes each, as in NAS-Bench-201: 15,625 candidates."""
    return "|".join(str(decide(f"edge[{i}]", ["none", "skip", "conv1", "conv3", "pool"])) for i in range(6))


def conditional(decide: Decide) -> str:
    """Stages of elastic depth, as in Once-for-All: deeper blocks exist only where they are reached."""
    made = [str(decide("resolution", [160, 192, 224]))]
    for stage in range(3):
        depth = decide(f"stage[{stage}]/depth", [1, 2, 3])
        assert isinstance(depth, int)
        for block in range(depth):
            kernel = decide(f"stage[{stage}]/block[{block}]/kernel_size", [3, 5, 7])
            width = decide(f"stage[{stage}]/block[{block}]/expand", [3, 6])
            made.append(f"{stage}.{block}:{kernel}x{width}")
    return " ".join(made)


def taking(decide: Decide) -> str:
    """A cell whose blocks take one or two of all earlier states, options growing with the block."""
    made = []
    for block in range(3):
        states = decide(f"block[{block}]/from", list(range(block + 2)), [1, 2])
        op = decide(f"block[{block}]/op", ["conv", "pool"])
        made.append(f"{states}{op}")
    return " ".join(made)


def constrained(decide: Decide) -> str:
    """Most decisions are outside: the sum of four numbers must be even and above eight."""
    numbers = [decide(f"n[{i}]", [1, 2, 3, 4]) for i in range(4)]
    total = sum(n for n in numbers if isinstance(n, int))
    if total % 2 or total <= 8:
        raise OutsideError(f"the sum is {total}")
    return str(numbers)


def aliased(decide: Decide) -> str:
    """Eighty-one sets of decisions that are fifteen candidates: operands commute."""
    return str(sorted(str(decide(f"operand[{i}]", ["a", "b", "c"])) for i in range(4)))


def changing(decide: Decide) -> str:
    """One id whose options depend on an earlier decision, in number and in labels."""
    family = decide("family", ["plain", "wide", "tiny"])
    options: dict[object, list[int | str]] = {"plain": [8, 16], "wide": [16, 32, 64], "tiny": ["a", "b"]}
    return f"{family} {decide('width', list(options[family]))} {decide('last', [True, False])}"


def tiny(decide: Decide) -> str:
    """Four candidates: over before anything is learned."""
    return f"{decide('a', [0, 1])}{decide('b', [False, True])}"


def single(decide: Decide) -> str:
    """One candidate and no decision."""
    return str(decide("only", ["x"]))


SPACES: dict[str, ProgramSpace] = {
    program.__name__: ProgramSpace(program)
    for program in (flat, conditional, taking, constrained, aliased, changing, tiny, single)
}
