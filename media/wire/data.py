"""The one type every parser of `wire` reads from."""

from __future__ import annotations

Data = bytes | bytearray | memoryview
"""A buffer of octets; slicing a memoryview copies nothing."""
