"""The demo county: made-up schools, people and a timetable around now, so that whoever starts the product can try it."""

from __future__ import annotations

CODE = "DEMO"
"""Code of its root; by it pages know that they show made-up people."""
