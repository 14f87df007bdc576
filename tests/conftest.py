"""What every folder of tests may ask for."""

from __future__ import annotations

import os

from hypothesis import settings

from tests.harness.oidc import oidc
from tests.harness.postgres import database, postgres

__all__ = ["database", "oidc", "postgres"]

settings.register_profile("same", derandomize=True, print_blob=True)
settings.register_profile("search", print_blob=True)
# The same examples for the same code, so that what was green stays green; HYPOTHESIS_PROFILE=search looks for new ones.
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "same"))
