"""Quiz cards and polls: opened, answered by seat, counted, closed, revealed (S23)."""
