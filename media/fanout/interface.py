"""The whole interface of a fan-out: `Executor` for relay, and this for the transport shell. Batch first, no object per packet."""

from __future__ import annotations

import socket
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

from media.fanout.sinks import SinkTable
from media.wire.rows import Binder, Executor

Address = tuple[str, int] | tuple[str, int, int, int]
"""A peer's address as the socket module gives it."""


class Path(NamedTuple):
    """Where a datagram came from and goes back to: a UDP port and a peer address, or one TCP connection."""

    port: int
    """Index given to `add_port`, or the connection number given to `add_stream`."""
    address: Address | None
    """None on a TCP connection."""


@dataclass(slots=True)
class Batch:
    """What one read brought."""

    arrivals: bytearray = field(default_factory=bytearray)
    """`ARRIVAL` records, in order of reception; iterate with `ARRIVAL.iter_unpack`."""
    rtcp: list[tuple[int, bytes]] = field(default_factory=list)
    """(session, decrypted compound packet)."""
    slow: list[tuple[Path, bytes]] = field(default_factory=list)
    """STUN and DTLS datagrams, for the transport."""
    heard: set[int] = field(default_factory=set)
    """Sessions with an authenticated packet in this read: a publisher that sends neither consent checks nor regular RTCP
    (FFmpeg's WHIP muxer) lives by its media."""
    more: bool = False
    """The read stopped at its limit: read again after yielding."""


class StreamSink(Protocol):
    """The sending side of one ICE-TCP connection (RFC 4571 framing is the sink's)."""

    def send(self, packet: bytes | bytearray | memoryview, droppable: bool, row: int | None = None) -> bool:
        """Queue one packet of a row (None: it is no media); False if the bounded queue was full and it was dropped.

        `droppable` is true for video.
        """

    def discard(self, row: int) -> int:
        """Take back the queued packets of a row, but one already begun (M27); returns how many."""


class Fanout(Executor, Protocol):
    """What executes rows. `reference.ReferenceFanout` is its specification."""

    binder: Binder
    sinks: SinkTable
    """`sinks.taker` gets the packets of every sink, within `flush`."""

    def add_port(self, port: int, sock: socket.socket, want_write: Callable[[bool], None]) -> None:
        """Take a bound, non-blocking UDP socket; `want_write` asks the loop to call `writable` when it can send."""

    def remove_port(self, port: int) -> None:
        """Forget the socket and every path over it."""

    def add_stream(self, connection: int, sink: StreamSink) -> None:
        """Take the sending side of a TCP connection."""

    def remove_stream(self, connection: int) -> None:
        """Forget the connection and every path over it."""

    def receive(self, port: int, now: int) -> Batch:
        """Read up to 64 datagrams and take them in (demux by first byte, M24; unprotect; ring)."""

    def feed(self, path: Path, packet: bytes, now: int) -> Batch:
        """Take in one packet that came over a TCP connection."""

    def flush(self, now: int, hold_video: bool = False) -> bool:
        """Forward what arrived since the last flush to every live row, subscriber by subscriber; whether something still waits.

        Sinks get it after the rows of its layer. `hold_video` forwards sound only, unless a layer has a full batch already: video waits for the next flush (M1).
        """

    def writable(self, port: int, now: int) -> None:
        """Resume the bounded queue of a socket that can send again."""

    def send_slow(self, path: Path, packet: bytes) -> None:
        """Send a STUN or DTLS datagram."""

    def add_session(self, session: int) -> None:
        """Know a session; nothing flows before it has keys and a path."""

    def set_keys(self, session: int, profile: str, ours: bytes, theirs: bytes) -> None:
        """Keys of a finished handshake: each master key followed by its salt (RFC 5764 4.2).

        `profile` is `SRTP_AEAD_AES_128_GCM`, `SRTP_AEAD_AES_256_GCM` or `SRTP_AES128_CM_SHA1_80`.
        """

    def allow(self, path: Path, session: int) -> None:
        """Media from this validated path belongs to the session (M22)."""

    def disallow(self, path: Path) -> None:
        """Media from this path belongs to nobody."""

    def set_path(self, session: int, path: Path | None) -> None:
        """Where the session's packets go; None sends nothing."""

    def remove_session(self, session: int) -> None:
        """Forget keys, paths, rows and layers of the session."""

    def take_overflows(self) -> list[int]:
        """Rows that lost packets to a full queue since the last call: relay stops them until the next keyframe (M13)."""

    def stats(self) -> dict[str, int]:
        """Every counter by name, for metrics (M28)."""
