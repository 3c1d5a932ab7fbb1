"""Ray Tune as the engine. Nothing else in this project imports ray.

A Tune trial is a lease: the resources of one worker, placed by Tune, held for as long as there is something to do,
replaced when its machine is lost. Candidates reach the lease through the desk, an actor beside the driver, one after
another. They are no Tune trials themselves: Tune's own book-keeping, some 30 ms for each trial, and its habit of
giving a new trial the actor of another one while that trial's own actor is still starting, would leave most of the
workers of a sweep with short trials idle. So Tune's searcher only ever suggests "one more lease", what comes next in
the search is the driver's business, and of what Tune writes to disk nothing is kept.
"""

from __future__ import annotations

import os

# Ray reads these when it is imported, or when a cluster starts. Nothing is reported to anybody. What the raylet says of
# workers that died goes to standard output, where results are expected; the journal says it too.
_ENVIRONMENT = {
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_DEDUP_LOGS_SKIP_REGEX": ".",
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",
}
for _name, _value in _ENVIRONMENT.items():
    os.environ.setdefault(_name, _value)
