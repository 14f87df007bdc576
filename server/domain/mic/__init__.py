"""Microphones on stage: muted, asked for, granted; the echo guard's word (S12, S25)."""
