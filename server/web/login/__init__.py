"""Logging in and out, the own account, one-time papers."""
