"""The resource library: what is made of lessons, who finds it."""
