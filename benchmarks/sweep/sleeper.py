"""An evaluator that only takes time: the rest of a sweep's time is the engine's, the driver's and the searcher's."""

from __future__ import annotations

import time

from archdsl_search.evaluators.base import Evaluator, EvaluatorSettings, Job, Metrics


class SleeperSettings(EvaluatorSettings):
    """How long an evaluation takes."""

    seconds: float = 1.0


class Sleeper(Evaluator[SleeperSettings]):
    """Sleeps, or works if it takes less than a tenth of a second; the metric `score` follows from the seed."""

    name = "sleeper"
    settings_type = SleeperSettings
    metrics = ("score",)

    @classmethod
    def is_light(cls, settings: SleeperSettings) -> bool:
        return settings.seconds < 0.1

    def evaluate(self, job: Job) -> Metrics:
        if self.is_light(self.settings):
            until = time.perf_counter() + self.settings.seconds
            while time.perf_counter() < until:
                pass
        else:
            time.sleep(self.settings.seconds)
        return {"score": job.seed / 2**31}
