"""The page of the audit: who did what, on what, when, from where, inside the caller's scope."""

from __future__ import annotations

from server.web.audit import pages
from server.web.doors import Doors


def add_routes(doors: Doors) -> None:
    """The page and its CSV."""
    doors.get("/audit", pages.audit, "audit.see")
    doors.get("/audit.csv", pages.csv, "audit.see")
