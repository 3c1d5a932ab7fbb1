"""A report for programs and for text: JSON, CSV of the layers, Markdown."""
