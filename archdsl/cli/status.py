"""Exit statuses."""

from __future__ import annotations

FINE = 0
FINDINGS = 1
FAILURE = 2
INTERRUPTED = 130  # what a shell reports for a program that SIGINT ended
PIPE_CLOSED = 141  # likewise for SIGPIPE
