"""Executes the rows that `relay` decides, packet by packet."""
