"""Colours of the board's pens."""

KEYS = tuple(f"board.{color}" for color in ("red", "black", "blue", "green", "white"))
