"""What holds for all tests."""

from __future__ import annotations

from hypothesis import HealthCheck, settings

# Machines that run tests are shared and slow at times: a deadline would fail by chance. The same examples everywhere.
settings.register_profile("archdsl", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("archdsl")
