"""Links, tokens, principals."""
