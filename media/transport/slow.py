"""The slow path: STUN and DTLS datagrams to their sessions, strangers limited (M22, M24). No asyncio; time is an argument (ns)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from media.errors import MalformedPacket
from media.fanout.interface import Path
from media.transport.directory import Directory
from media.transport.limits import StrangerLimit
from media.transport.session import MediaSession
from media.transport.stun import Check


class SlowPath:
    """Finds the session of a datagram and lets it have it; everything else is counted and dropped."""

    def __init__(self, directory: Directory, sessions: Mapping[int, MediaSession], limit: StrangerLimit, count: Counter[str]) -> None:
        self._directory, self._sessions = directory, sessions
        self._limit, self._count = limit, count

    def take(self, path: Path, source: tuple[str, int], packet: bytes, now: int) -> MediaSession | None:
        """Take in one datagram from `source` (ip, port); returns the session it changed."""
        if packet and packet[0] <= 3:
            return self._stun(path, source, packet, now)
        if packet and 20 <= packet[0] <= 63:
            return self._dtls(path, packet, now)
        self._count["slow_unknown"] += 1
        return None

    def _stun(self, path: Path, source: tuple[str, int], packet: bytes, now: int) -> MediaSession | None:
        """The fragment decides even on a known path: a port may be used again by the peer's next session."""
        number = self._directory.by_check(packet)
        session = None if number is None else self._sessions.get(number)
        if session is None:
            self._count["stun_strange"] += 1
            return None
        stranger = self._directory.by_path(path) != number
        if stranger and not self._limit.admit(source[0], now):
            self._count["stun_limited"] += 1
            return None
        try:
            check = Check(packet)
        except MalformedPacket:
            self._count["stun_malformed"] += 1
            return None
        if not session.on_check(check, path, source, now):
            self._count["stun_wrong_integrity"] += 1
            return None
        self._count["stun_checks"] += 1
        if stranger:
            self._limit.forgive(source[0])
        return session

    def _dtls(self, path: Path, packet: bytes, now: int) -> MediaSession | None:
        number = self._directory.by_path(path)
        session = None if number is None else self._sessions.get(number)
        if session is None:
            self._count["dtls_strange"] += 1
            return None
        session.on_dtls(packet, path, now)
        self._count["dtls_datagrams"] += 1
        return session
