"""Opaque ids."""

from __future__ import annotations

import secrets


def draw() -> str:
    """An unused id: 64 random bits, 16 hex digits."""
    return secrets.token_hex(8)
