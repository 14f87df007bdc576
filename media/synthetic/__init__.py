"""Synthetic classrooms: generated pictures and voices that publish and watch through WHIP and WHEP."""
