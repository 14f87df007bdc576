"""What every folder of tests may ask for."""

from __future__ import annotations

from tests.harness.postgres import database, postgres

__all__ = ["database", "postgres"]
