"""What the transport's tests share: checks as a client sends them, a small fan-out, a handler that listens."""

from __future__ import annotations

import socket
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

from aioice import stun

from media.fanout.interface import Batch, Path, StreamSink

SECOND = 1_000_000_000


def request(
    ufrag: str,
    pwd: str,
    *,
    nominate: bool = False,
    role: str | None = "ICE-CONTROLLING",
    peer_ufrag: str = "peer",
    integrity: bool = True,
    transaction: bytes | None = None,
) -> bytes:
    """A Binding request as a full agent sends it."""
    attributes: dict[str, Any] = {"USERNAME": f"{ufrag}:{peer_ufrag}", "PRIORITY": 1853824767}
    if role:
        attributes[role] = 1
    if nominate:
        attributes["USE-CANDIDATE"] = None
    message = stun.Message(stun.Method.BINDING, stun.Class.REQUEST, transaction, attributes)
    if integrity:
        message.add_message_integrity(pwd.encode())
    else:
        message.add_fingerprint()
    return bytes(message)


class FakeFanout:
    """Demultiplexes by first byte, keeps what it is told, forwards nothing."""

    def __init__(self) -> None:
        self.ports: dict[int, socket.socket] = {}
        self.streams: dict[int, StreamSink] = {}
        self.sessions: set[int] = set()
        self.allowed: dict[Path, int] = {}
        self.paths: dict[int, Path | None] = {}
        self.keys: dict[int, tuple[str, bytes, bytes]] = {}
        self.media: list[tuple[int, bytes]] = []
        self.sent: list[tuple[Path, bytes]] = []
        self.overflows: list[int] = []
        self.count: Counter[str] = Counter()
        self.want_write: dict[int, Callable[[bool], None]] = {}
        self.fail_on: str | None = None
        self.held: list[bool] = []

    def add_port(self, port: int, sock: socket.socket, want_write: Callable[[bool], None]) -> None:
        self.ports[port] = sock
        self.want_write[port] = want_write

    def remove_port(self, port: int) -> None:
        del self.ports[port]

    def add_stream(self, connection: int, sink: StreamSink) -> None:
        self.streams[connection] = sink

    def remove_stream(self, connection: int) -> None:
        del self.streams[connection]

    def receive(self, port: int, now: int) -> Batch:
        self._maybe_fail("receive")
        batch = Batch()
        for _ in range(64):
            try:
                data, address = self.ports[port].recvfrom(2048)
            except OSError:
                return batch
            self._sort(Path(port, address), data, batch)
        batch.more = True
        return batch

    def feed(self, path: Path, packet: bytes, now: int) -> Batch:
        batch = Batch()
        self._sort(path, packet, batch)
        return batch

    def _sort(self, path: Path, data: bytes, batch: Batch) -> None:
        if data and (data[0] <= 3 or 20 <= data[0] <= 63):
            batch.slow.append((path, data))
        elif data and 128 <= data[0] <= 191 and path in self.allowed:
            session = self.allowed[path]
            self.media.append((session, data))
            batch.heard.add(session)
            if len(data) > 1 and 192 <= data[1] <= 223:
                batch.rtcp.append((session, data))
            else:
                batch.arrivals += bytes(52)
        else:
            self.count["dropped"] += 1

    def flush(self, now: int, hold_video: bool = False) -> bool:
        self.count["flushes"] += 1
        self._maybe_fail("flush")
        self.held.append(hold_video)
        return hold_video

    def writable(self, port: int, now: int) -> None:
        self.count["writable"] += 1
        self.want_write[port](False)

    def send_slow(self, path: Path, packet: bytes) -> None:
        self.sent.append((path, packet))
        if path.address is None:
            if path.port in self.streams:
                self.streams[path.port].send(packet, False)
        elif path.port in self.ports:
            self.ports[path.port].sendto(packet, path.address)

    def add_session(self, session: int) -> None:
        self.sessions.add(session)

    def set_keys(self, session: int, profile: str, ours: bytes, theirs: bytes) -> None:
        self.keys[session] = (profile, ours, theirs)

    def allow(self, path: Path, session: int) -> None:
        self.allowed[path] = session

    def disallow(self, path: Path) -> None:
        del self.allowed[path]

    def set_path(self, session: int, path: Path | None) -> None:
        self.paths[session] = path

    def remove_session(self, session: int) -> None:
        self.sessions.discard(session)
        self.keys.pop(session, None)
        self.paths.pop(session, None)
        self.allowed = {path: owner for path, owner in self.allowed.items() if owner != session}

    def take_overflows(self) -> list[int]:
        taken, self.overflows = self.overflows, []
        return taken

    def _maybe_fail(self, where: str) -> None:
        if self.fail_on == where:
            raise RuntimeError(f"{where} is broken")


class FakeHandler:
    """Remembers what the loop told it."""

    def __init__(self) -> None:
        self.arrivals = 0
        self.rtcp: list[tuple[int, bytes]] = []
        self.overflow: list[int] = []
        self.deadline: int | None = None
        self.rang: list[int] = []
        self.holds: list[bool] = []

    def on_arrivals(self, arrivals: bytearray, now: int) -> None:
        self.arrivals += len(arrivals)

    def on_hold(self, video_waits: bool) -> None:
        self.holds.append(video_waits)

    def on_rtcp(self, session: int, compound: bytes, now: int) -> None:
        self.rtcp.append((session, compound))

    def on_overflow(self, rows: Sequence[int], now: int) -> None:
        self.overflow.extend(rows)

    def poll_timeout(self) -> int | None:
        return self.deadline

    def handle_timeout(self, now: int) -> None:
        self.rang.append(now)
        self.deadline = None
