"""What people take away from a run: the best networks, transferred cells, reports."""
