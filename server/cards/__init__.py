"""Printed answer cards (S23): made on paper, held up, read from one picture of the room's camera."""
