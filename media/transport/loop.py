"""The media loop: sockets in, sessions and fan-out in the middle, one timer for everything. Nothing raises out of it (M28).

receive → relay sees records and RTCP → sessions see STUN and DTLS → flush → events → re-arm the timer. A read that stopped at
its limit needs no call of its own: readiness is level-triggered, the loop comes back after everybody else had a turn.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
import string
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from typing import ParamSpec, TypeVar

from media.errors import NoSuchSession, TableFull
from media.fanout.interface import Batch, Fanout, Path
from media.transport import dtls
from media.transport.config import Handler, LoopConfig
from media.transport.directory import Directory
from media.transport.limits import StrangerLimit
from media.transport.load import Load
from media.transport.network import Network, is_stream
from media.transport.sdp import Candidate, Local, Peer
from media.transport.session import MediaSession, SessionEvent
from media.transport.slow import SlowPath
from media.transport.tcp import TcpConnection
from media.transport.timers import Deadlines

__all__ = ["Handler", "LoopConfig", "MediaLoop"]

log = logging.getLogger(__name__)

ICE_CHARACTERS = string.ascii_letters + string.digits
UFRAG_RANDOM, PWD_LENGTH = 8, 24
"""Random characters: 47 and 142 bits (RFC 8445 5.3 asks for 24 and 128)."""
TIMER_SLACK = 1_000_000
"""The timer never rings sooner than this after now, ns: a deadline in the past cannot spin the loop."""
LOG_EVERY = 1_000_000_000
"""Tracebacks of swallowed exceptions are logged at most this often, ns; each is counted."""

P = ParamSpec("P")
R = TypeVar("R")


def ice_string(length: int) -> str:
    """Unguessable ICE characters (RFC 8839 5.4)."""
    return "".join(secrets.choice(ICE_CHARACTERS) for _ in range(length))


class MediaLoop:
    """One worker's transport. All methods belong to the event loop's thread; `open` makes one."""

    def __init__(self, fanout: Fanout, handler: Handler, config: LoopConfig, loop: asyncio.AbstractEventLoop) -> None:
        self.on_event: Callable[[int, SessionEvent], None] = lambda session, event: None
        """Called with the session's number when its state or transport changes; a `closed` session is forgotten right after."""
        self.after_work: Callable[[], None] = lambda: None
        """Called after each batch and timer, when the relay may have something to tell."""
        self.count: Counter[str] = Counter()
        self._fanout, self._handler, self._config, self._loop = fanout, handler, config, loop
        self._identity = dtls.Identity()
        self._directory = Directory()
        self._sessions: dict[int, MediaSession] = {}
        self._deadlines = Deadlines()
        self._timer: asyncio.TimerHandle | None = None
        self._rings_at = 0
        self._logged_at = -LOG_EVERY
        self._closed = False
        now = time.monotonic_ns()
        self.load = Load(time.thread_time_ns, now)
        """Of the thread this loop runs on."""
        self._video_since: int | None = None
        """Since when video waits for a larger batch."""
        self._slow = SlowPath(self._directory, self._sessions, StrangerLimit(now), self.count)
        self._network = Network(fanout, config, loop, self._readable, self._writable, self._on_frames, self._path_gone, self.wake)

    @classmethod
    async def open(cls, fanout: Fanout, handler: Handler, config: LoopConfig) -> MediaLoop:
        """Bind the ports and begin; raises OSError if they are taken and `BadAnnounce` for unreadable announced addresses."""
        self = cls(fanout, handler, config, asyncio.get_running_loop())
        now = time.monotonic_ns()
        self._network.open(now)
        self._arm(now)
        return self

    # --- sessions ----------------------------------------------------------------------------------------------------

    def candidates(self) -> tuple[Candidate, ...]:
        """What answers announce now."""
        return self._network.candidates()

    def reserve(self) -> Local:
        """Our side of a session to be: nothing is kept until `open_session`, so an answer may fail in between. Raises `TableFull`."""
        if len(self._sessions) >= self._config.max_sessions:
            raise TableFull("sessions")
        return Local(
            ufrag=self._config.prefix + ice_string(UFRAG_RANDOM),
            pwd=ice_string(PWD_LENGTH),
            fingerprints=self._identity.fingerprints,
            candidates=self.candidates(),
            origin_id=secrets.randbits(62),
        )

    def open_session(self, session: int, local: Local, peer: Peer) -> None:
        """Wait for the peer's checks. Raises `TableFull`; ValueError for a number in use."""
        if session in self._sessions:
            raise ValueError(f"session {session} exists")
        if len(self._sessions) >= self._config.max_sessions:
            raise TableFull("sessions")
        now = time.monotonic_ns()
        opened = MediaSession(session, local, peer, self._identity, self._fanout, self._directory, now)
        self._sessions[session] = opened
        self._settle(opened, now)
        self._arm(now)

    def restart_ice(self, session: int, ufrag: str, pwd: str) -> Local:
        """ICE restart: the peer's new fragment in, ours out; the old ones answer until the new are nominated. Raises `NoSuchSession`.

        A lite agent sends no checks, so the peer's password has no use here.
        """
        found = self._find(session)
        now = time.monotonic_ns()
        local = self._renew(found.local)
        found.restart(local, ufrag, now)
        self._settle(found, now)
        return local

    def remote_ufrag(self, session: int) -> str:
        """The peer's username fragment of the newest ICE generation. Raises `NoSuchSession`."""
        return self._find(session).remote_ufrag

    def close_session(self, session: int) -> None:
        """Say goodbye and forget it, without an event; one that is gone already is no error."""
        closing = self._sessions.pop(session, None)
        if closing is not None:
            self._deadlines.discard(session)
            paths = closing.paths
            self._guard(closing.close, time.monotonic_ns())
            for path in paths:
                self._network.release(path)

    def wake(self) -> None:
        """The handler's `poll_timeout` may be earlier now (a command came): re-arm the timer."""
        self._arm(time.monotonic_ns())

    def stats(self) -> dict[str, int]:
        """Every counter by name (M28)."""
        held = {"sessions": len(self._sessions), "paths": len(self._directory), "errors": self.count["errors"]}
        held["load_percent"] = round(self.load.value * 100)
        return {**self.count, **self._network.stats(), **held}

    async def close(self) -> None:
        """Close every session and socket."""
        for session in list(self._sessions):
            self.close_session(session)
        self._closed = True
        if self._timer:
            self._timer.cancel()
        self._network.close()

    def _renew(self, local: Local) -> Local:
        """New ICE credentials for the same session: the origin's version goes up (RFC 8829 5.2.1)."""
        return replace(
            local,
            ufrag=self._config.prefix + ice_string(UFRAG_RANDOM),
            pwd=ice_string(PWD_LENGTH),
            candidates=self.candidates(),
            origin_version=local.origin_version + 1,
        )

    def _find(self, session: int) -> MediaSession:
        try:
            return self._sessions[session]
        except KeyError:
            raise NoSuchSession(str(session)) from None

    # --- what happens ------------------------------------------------------------------------------------------------

    def _readable(self, port: int) -> None:
        now = time.monotonic_ns()
        batch = self._guard(self._fanout.receive, port, now)
        if batch is not None:
            self._take(batch, now)
        self._finish(now)

    def _writable(self, port: int) -> None:
        self._guard(self._fanout.writable, port, time.monotonic_ns())

    def _on_frames(self, connection: TcpConnection, packets: list[bytes]) -> None:
        now = time.monotonic_ns()
        path = Path(connection.number, None)
        for packet in packets:
            batch = self._guard(self._fanout.feed, path, packet, now)
            if batch is not None:
                self._take(batch, now)
        self._finish(now)

    def _take(self, batch: Batch, now: int) -> None:
        if batch.arrivals:
            self._guard(self._handler.on_arrivals, batch.arrivals, now)
        for session, compound in batch.rtcp:
            batch.heard.add(session)
            self._guard(self._handler.on_rtcp, session, compound, now)
        for session in batch.heard:
            if session in self._sessions:
                self._sessions[session].on_media(now)
        for path, packet in batch.slow:
            self._guard(self._take_slow, path, packet, now)

    def _take_slow(self, path: Path, packet: bytes, now: int) -> None:
        source = self._network.source(path)
        touched = None if source is None else self._slow.take(path, source, packet, now)
        if touched is not None:
            self._settle(touched, now)

    def _finish(self, now: int) -> None:
        """After every wake-up: forward, tell, re-arm."""
        self.load.note(now)
        self._guard(self._forward, now)
        rows = self._guard(self._fanout.take_overflows)
        if rows:
            self._guard(self._handler.on_overflow, rows, now)
        self._guard(self.after_work)
        self._arm(now)

    def _forward(self, now: int) -> None:
        """Sound at once, and video too while the loop has time; above half load video may wait for more of it (M1)."""
        before = self._video_since
        since = now if before is None else before
        waits = self._fanout.flush(now, hold_video=now - since < self.load.hold())
        self._video_since = since if waits else None
        if waits != (before is not None):
            self._handler.on_hold(waits)

    def _settle(self, session: MediaSession, now: int) -> None:
        """Carry a session's news to everybody concerned."""
        for news in session.take_paths():
            if news.before is not None:
                self._drop_path(news.before, news.path, now)
            if news.ours:
                self._network.keep(news.path)
            else:
                self._network.release(news.path)
        self._deadlines.set(session.number, session.poll_timeout())
        for event in session.take_events():
            self._guard(self.on_event, session.number, event)
            if event.state == "closed":
                self.close_session(session.number)

    def _path_gone(self, port: int) -> None:
        self._guard(self._lose, port, time.monotonic_ns())

    def _lose(self, port: int, now: int) -> None:
        """Every session that was reached over this port or connection is told."""
        if is_stream(port):
            path = Path(port, None)
            owner = self._directory.by_path(path)
            lost = [] if owner is None else [(path, owner)]
        else:
            lost = self._directory.paths_on(port)
        for path, number in lost:
            self._drop_path(number, path, now)

    def _drop_path(self, number: int, path: Path, now: int) -> None:
        if session := self._sessions.get(number):
            session.drop_path(path, now)
            self._settle(session, now)

    # --- time --------------------------------------------------------------------------------------------------------

    def _arm(self, now: int) -> None:
        """Set the one timer if something is due before it rings."""
        flush = None if self._video_since is None else self._video_since + self.load.hold()
        wanted = (self._guard(self._handler.poll_timeout), self._deadlines.next(), self._network.poll_timeout(), flush)
        deadline = min((t for t in wanted if t is not None), default=None)
        if deadline is None or self._closed:
            return
        deadline = max(deadline, now + TIMER_SLACK)
        if self._timer is not None:
            if self._rings_at <= deadline:
                return
            self._timer.cancel()
        self._rings_at = deadline
        self._timer = self._loop.call_later((deadline - time.monotonic_ns()) / 1e9, self._ring)

    def _ring(self) -> None:
        self._timer = None
        now = time.monotonic_ns()
        for number in self._deadlines.due(now):
            if session := self._sessions.get(number):
                self._guard(session.handle_timeout, now)
                self._guard(self._settle, session, now)
        self._guard(self._network.handle_timeout, now)
        due = self._guard(self._handler.poll_timeout)
        if due is not None and due <= now:
            self._guard(self._handler.handle_timeout, now)
        self._finish(now)

    def _guard(self, function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R | None:
        """Call it; an exception is counted, logged at most once a second, and ends here."""
        try:
            return function(*args, **kwargs)
        except Exception:
            self.count["errors"] += 1
            now = time.monotonic_ns()
            if now - self._logged_at >= LOG_EVERY:
                self._logged_at = now
                log.exception("media loop: %s", getattr(function, "__qualname__", function))
            return None
