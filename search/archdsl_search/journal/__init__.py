"""The journal: an append-only file that is the only truth about a run."""
