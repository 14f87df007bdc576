"""What the media loop is told at its start, and what it tells its handler."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

MAX_SESSIONS = 4096


@dataclass(frozen=True, slots=True)
class LoopConfig:
    """Settings of one worker's transport."""

    host: str = "127.0.0.1"
    """Wildcard (`0.0.0.0`, `::`): every address; `localhost`: both loopbacks; else addresses, comma-separated."""
    port: int = 0
    """UDP; 0 takes a free one."""
    tcp_port: int | None = None
    """ICE-TCP; None: the same number as UDP; −1: no TCP."""
    announce: Sequence[str] = ()
    """`ip`, `ip:port` or `[ip]:port`, told to peers in place of the bound addresses (NAT, containers)."""
    tcp_announce: Sequence[str] = ()
    """The same for TCP; empty: the addresses of `announce`."""
    prefix: str = ""
    """Begins every username fragment (M26); ICE characters only."""
    rescan_seconds: float = 10
    """How often a wildcard looks for addresses that came or went."""
    max_sessions: int = MAX_SESSIONS


class Handler(Protocol):
    """The relay, as the loop drives it. Times are monotonic ns."""

    def on_arrivals(self, arrivals: bytearray, now: int) -> None:
        """`ARRIVAL` records of one read; called before the fan-out flushes."""

    def on_hold(self, video_waits: bool) -> None:
        """Whether video of the batches so far waits in the fan-out, or all of it was forwarded."""

    def on_rtcp(self, session: int, compound: bytes, now: int) -> None:
        """One decrypted compound packet."""

    def on_overflow(self, rows: Sequence[int], now: int) -> None:
        """Rows that lost packets to a full queue (M13)."""

    def poll_timeout(self) -> int | None:
        """When `handle_timeout` is due."""

    def handle_timeout(self, now: int) -> None:
        """Do what is due."""
