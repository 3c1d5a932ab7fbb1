"""What can be said about a graph without running it: cost and liveness."""
