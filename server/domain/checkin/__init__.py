"""Who is here, seat by seat, also when it was taken offline (S24)."""
