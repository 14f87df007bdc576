"""Raised hands, by room and seat, and who is called next (S22)."""
