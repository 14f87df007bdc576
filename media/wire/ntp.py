"""NTP timestamps as RTCP uses them: 32.32 fixed-point seconds since 1900 (RFC 3550 4)."""

from __future__ import annotations

EPOCH = 2_208_988_800
"""Seconds from 1900 to 1970."""
_SECOND = 1_000_000_000
_WRAP = (1 << 64) - 1


def ntp(unix_seconds: float) -> int:
    """64-bit NTP timestamp of a Unix time; a float resolves about 0.2 µs, `ntp_from_ns` all."""
    return int((unix_seconds + EPOCH) * (1 << 32)) & _WRAP


def ntp_from_ns(unix_ns: int) -> int:
    """64-bit NTP timestamp of a Unix time in nanoseconds."""
    return ((unix_ns + EPOCH * _SECOND << 32) // _SECOND) & _WRAP


def from_ntp(timestamp: int) -> float:
    """Unix time in seconds of a 64-bit NTP timestamp (era 0: up to 2036)."""
    return timestamp / (1 << 32) - EPOCH


def middle(timestamp: int) -> int:
    """The middle 32 of the 64 bits: LSR, in units of 1/65536 s."""
    return timestamp >> 16 & 0xFFFFFFFF
