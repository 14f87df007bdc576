"""Types of form fields that hold numbers: none is larger than its column."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

Version = Annotated[int, Meta(ge=1, le=2**31 - 1)]
"""The version of the row that the form showed."""
Moment = Annotated[int, Meta(ge=0, le=2**53 - 1)]
"""UTC ms."""
