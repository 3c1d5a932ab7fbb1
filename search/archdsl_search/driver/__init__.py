"""The driver: asks, submits, journals, tells; resumes by replay."""
