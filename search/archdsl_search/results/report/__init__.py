"""The report of a run: one offline page, Markdown or JSON, live or after a crash."""
