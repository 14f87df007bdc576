"""What every folder of tests may ask for."""

from __future__ import annotations

from tests.harness.oidc import oidc
from tests.harness.postgres import database, postgres

__all__ = ["database", "oidc", "postgres"]
