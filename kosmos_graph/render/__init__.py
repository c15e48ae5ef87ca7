"""Reports: built from a run's record, and written as Markdown, JSON and plain text."""
