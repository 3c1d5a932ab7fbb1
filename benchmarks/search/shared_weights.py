"""Whether ranking by shared weights beats choosing at random: on digits, after the search of digits_enas.yaml.

    archdsl search run search/sweeps/digits_enas.yaml --out RUN
    python -m benchmarks.search.shared_weights RUN [--candidates 24] [--seeds 2] [-o FILE.json]

Random candidates are judged twice: with the shared weights, on all validation images, and trained by themselves as the
sweep says, the mean over seeds. What is told: the rank correlation of the two (Spearman), and what the best quarter by
shared weights is worth beside all of them, with the share of random quarters that are worth as much.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from random import Random
from statistics import mean
from typing import Any

from archdsl.pipeline.files import write_atomically
from archdsl_search.evaluators.base import Job
from archdsl_search.evaluators.shared_weights import SharedWeightsEvaluator, SharedWeightsSettings
from archdsl_search.results.run import Run
from archdsl_search.space.spec_space import SpecSpace

OUT = Path("docs/benchmarks/shared_weights.json")
DRAWS = 100_000


def main() -> int:
    """Judge candidates both ways and write what came of it."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("run", type=Path)
    parser.add_argument("--candidates", type=int, default=24)
    parser.add_argument("--seeds", type=int, default=2)
    parser.add_argument("-o", type=Path, default=OUT)
    given = parser.parse_args()
    found = judged(Run(given.run), given.candidates, given.seeds)
    write_atomically(given.o, json.dumps({**told(found), "candidates": found}, indent=1) + "\n")
    print(told(found))
    return 0


def judged(run: Run, count: int, seeds: int) -> list[dict[str, float]]:
    """Both accuracies of random candidates, each graph once."""
    options = {name: value for name, value in run.sweep["evaluator"].items() if name != "name"}
    settings = SharedWeightsSettings.model_validate(options)
    evaluator = SharedWeightsEvaluator(run.space(), settings)
    space, rng = SpecSpace(run.space()), Random(1)
    drawn: dict[str, Any] = {}
    while len(drawn) < count:
        candidate = space.sample(rng)
        drawn.setdefault(candidate.identity, candidate)
    found = []
    derive, train = settings.trials.sharing, settings.trials.sharing + settings.trials.derive
    for candidate in drawn.values():
        folder = run.folder / "trials" / "none"
        shared = evaluator.evaluate(Job(derive, candidate.decisions, candidate.identity, 0, folder))
        alone = [
            evaluator.evaluate(Job(train, candidate.decisions, candidate.identity, seed, folder))["accuracy"]
            for seed in range(seeds)
        ]
        found.append({"shared": shared["accuracy"], "alone": mean(alone)})
        print(f"\r{len(found)} of {count}", end="", flush=True)
    print()
    return found


def told(found: list[dict[str, float]]) -> dict[str, float]:
    """The figures."""
    shared, alone = [f["shared"] for f in found], [f["alone"] for f in found]
    quarter = max(1, len(found) // 4)
    chosen = mean(alone[i] for i in sorted(range(len(found)), key=lambda i: -shared[i])[:quarter])
    rng = Random(0)
    as_good = sum(mean(rng.sample(alone, quarter)) >= chosen for _ in range(DRAWS)) / DRAWS
    return {
        "spearman": round(pearson(ranks(shared), ranks(alone)), 3),
        "mean": round(mean(alone), 4),
        "best_quarter_by_shared_weights": round(chosen, 4),
        "best_quarter_possible": round(mean(sorted(alone)[-quarter:]), 4),
        "random_quarters_as_good": round(as_good, 4),
    }


def ranks(values: list[float]) -> list[float]:
    """From 0; equals share theirs."""
    order = sorted(values)
    return [order.index(v) + (order.count(v) - 1) / 2 for v in values]


def pearson(one: list[float], other: list[float]) -> float:
    """The correlation coefficient."""
    a, b = mean(one), mean(other)
    both = sum((x - a) * (y - b) for x, y in zip(one, other, strict=True))
    return float(both / (sum((x - a) ** 2 for x in one) * sum((y - b) ** 2 for y in other)) ** 0.5)


if __name__ == "__main__":
    raise SystemExit(main())
