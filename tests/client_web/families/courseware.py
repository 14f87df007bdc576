"""The report on a file's pages."""

KEYS = tuple(f"courseware.report.{about}" for about in ("animation", "media", "unplayable", "font"))
