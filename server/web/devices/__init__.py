"""Classroom devices: pairing, the room's own page."""
