"""One-touch signals of a room to the teacher, each acknowledged (S11)."""
