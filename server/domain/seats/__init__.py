"""Pupils' own devices: a room lets them in, sees which seats have one, and may send one out (S5)."""
