"""One media session: ICE-lite and DTLS joined, their results installed in the fan-out. No asyncio; time is an argument (ns)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from media.fanout.interface import Fanout, Path
from media.transport import dtls, ice
from media.transport.directory import Directory
from media.transport.sdp import Local, Peer
from media.transport.stun import Check

LOOK_AGAIN = ice.SECOND
State = Literal["new", "connected", "disconnected", "closed"]
Transport = Literal["", "udp", "tcp"]


@dataclass(frozen=True, slots=True)
class SessionEvent:
    """What a session is now; sent when its state or its transport changes."""

    state: State
    transport: Transport = ""
    reason: str = ""
    """With `closed`: `closed` (the peer's goodbye), `timeout` (75 s without a check), `failed` (no DTLS handshake)."""
    detail: str = ""
    """For the log."""


@dataclass(frozen=True, slots=True)
class PathNews:
    """A path became the session's or stopped to be."""

    path: Path
    ours: bool
    before: int | None = None
    """The session it was taken over from: that one must `drop_path`."""


class MediaSession:
    """ICE and DTLS of one peer. After each call: `take_events`, `poll_timeout`; a session whose state is `closed` is to be closed."""

    def __init__(
        self, number: int, local: Local, peer: Peer, identity: dtls.Identity, fanout: Fanout, directory: Directory, now: int
    ) -> None:
        self.number = number
        self.local = local
        self.remote_ufrag = peer.ufrag
        self.state: State = "new"
        self.transport: Transport = ""
        self._fanout, self._directory = fanout, directory
        self._ice = ice.IceAgent(ice.Credentials(local.ufrag, local.pwd), now)
        self._dtls = dtls.Dtls(identity, peer.our_setup, peer.fingerprints, now)
        self._dtls_path: Path | None = None
        self._media_at = now
        self._look_again: int | None = None
        self._events: list[SessionEvent] = []
        self._paths: list[PathNews] = []
        directory.add_fragment(local.ufrag, number)
        fanout.add_session(number)

    @property
    def wrong_integrity(self) -> int:
        """Checks with our fragment that did not authenticate."""
        return self._ice.wrong_integrity

    @property
    def profile(self) -> str:
        """SRTP profile of the finished handshake, else empty."""
        return self._dtls.profile

    def on_check(self, check: Check, path: Path, source: tuple[str, int], now: int) -> bool:
        """A Binding request with one of our fragments; whether it authenticated."""
        actions = self._ice.receive(check, path, source, now)
        self._apply(actions, now)
        if path in self._ice.paths and actions:
            self._dtls.start(now)
            self._after_dtls(now)
        return bool(actions)

    def on_dtls(self, datagram: bytes, path: Path, now: int) -> None:
        """A datagram with first byte 20–63 from one of our validated paths."""
        self._dtls_path = path
        self._dtls.receive(datagram, now)
        self._after_dtls(now)

    def on_media(self, now: int) -> None:
        """An authenticated packet came. Called for each read, so it only notes the time."""
        self._media_at = now

    def restart(self, local: Local, remote_ufrag: str, now: int) -> None:
        """ICE restart: DTLS and media go on meanwhile."""
        self.local, self.remote_ufrag = local, remote_ufrag
        self._directory.add_fragment(local.ufrag, self.number)
        self._apply(self._ice.restart(ice.Credentials(local.ufrag, local.pwd), now), now)

    def drop_path(self, path: Path, now: int) -> None:
        """A connection ended, a local address vanished, or another session took the path over."""
        self._apply(self._ice.drop(path), now)

    def poll_timeout(self) -> int | None:
        """When `handle_timeout` is due."""
        times = [time for time in (self._ice.poll_timeout(), self._dtls.poll_timeout(), self._look_again) if time is not None]
        return min(times, default=None)

    def handle_timeout(self, now: int) -> None:
        """Consent times and DTLS retransmissions. While the peer is silent its media is looked for every second."""
        self._apply(self._ice.heard(self._media_at), now)
        self._apply(self._ice.handle_timeout(now), now)
        self._look_again = now + LOOK_AGAIN if self._ice.state is ice.IceState.DISCONNECTED else None
        self._dtls.handle_timeout(now)
        self._after_dtls(now)

    def close(self, now: int) -> None:
        """Say goodbye, forget everything in directory and fan-out. The session is not to be used any more."""
        self._dtls.close(now)
        self._send_dtls()
        self.state = "closed"
        for path in self._ice.paths:
            if self._directory.leave_path(path, self.number):
                self._fanout.disallow(path)
        for fragment in self._ice.ufrags:
            self._directory.remove_fragment(fragment)
        self._fanout.remove_session(self.number)

    @property
    def paths(self) -> tuple[Path, ...]:
        """Validated paths."""
        return self._ice.paths

    def take_events(self) -> list[SessionEvent]:
        """What changed since the last call."""
        taken, self._events = self._events, []
        return taken

    def take_paths(self) -> list[PathNews]:
        """Paths that came and went since the last call."""
        taken, self._paths = self._paths, []
        return taken

    def _apply(self, actions: list[ice.Action], now: int) -> None:
        for action in actions:
            match action:
                case ice.Respond(path, packet):
                    self._fanout.send_slow(path, packet)
                case ice.Validated(path):
                    self._fanout.allow(path, self.number)
                    self._paths.append(PathNews(path, True, self._directory.take_path(path, self.number)))
                case ice.Evicted(path):
                    self._evict(path)
                case ice.Selected(path):
                    self._fanout.set_path(self.number, path)
                case ice.Retired(fragment):
                    self._directory.remove_fragment(fragment)
                case ice.Changed():
                    pass
        if actions:
            self._refresh()

    def _evict(self, path: Path) -> None:
        if self._directory.leave_path(path, self.number):
            self._fanout.disallow(path)
            self._paths.append(PathNews(path, False))

    def _after_dtls(self, now: int) -> None:
        self._send_dtls()
        for event in self._dtls.take_events():
            match event:
                case dtls.Connected(profile, ours, theirs):
                    self._fanout.set_keys(self.number, profile, ours, theirs)
                case dtls.Failed(detail):
                    self._end("failed", detail)
                case dtls.Closed():
                    self._end("closed", "close_notify")
        self._refresh()

    def _send_dtls(self) -> None:
        path = self._ice.reply_path
        if self._ice.selected is None and self._dtls_path in self._ice.paths:
            path = self._dtls_path
        for datagram in self._dtls.take_datagrams():
            if path is not None:
                self._fanout.send_slow(path, datagram)

    def _refresh(self) -> None:
        """Tell when state or transport are other than last told."""
        if self.state == "closed":
            return
        if self._ice.state is ice.IceState.DEAD:
            self._end("timeout", "no valid check")
            return
        state, transport = self._now()
        if (state, transport) != (self.state, self.transport) and state != "new":
            self.state, self.transport = state, transport
            self._events.append(SessionEvent(state, transport))

    def _now(self) -> tuple[State, Transport]:
        selected = self._ice.selected
        transport: Transport = self.transport if selected is None else "tcp" if selected.address is None else "udp"
        if not self._dtls.connected:
            return "new", transport
        if self._ice.state is ice.IceState.CONNECTED:
            return "connected", transport
        return ("new" if self.state == "new" else "disconnected"), transport

    def _end(self, reason: str, detail: str) -> None:
        if self.state != "closed":
            self.state = "closed"
            self._events.append(SessionEvent("closed", self.transport, reason, detail))
