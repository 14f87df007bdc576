"""Sending sealed batches: GSO runs, fallback, a bounded queue while a socket is full, TCP sinks (M1, M2, M13, M23)."""

from __future__ import annotations

import errno
import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from media.fanout.backlog import Backlog, Waiting
from media.fanout.counters import Counters
from media.fanout.interface import Address, Path, StreamSink
from media.fanout.plan import SOL_UDP, UDP_SEGMENT, Call, singles, split

_NO_GSO = frozenset({errno.EIO, errno.EINVAL, errno.EOPNOTSUPP, errno.ENOPROTOOPT, errno.EMSGSIZE})


@dataclass(frozen=True, slots=True)
class Origin:
    """Whose packets are sent: for the queue, and for the report of what it lost."""

    session: int
    row: int | None = None
    video: bool = False


@dataclass(slots=True)
class Port:
    """One UDP socket."""

    number: int
    sock: socket.socket
    want_write: Callable[[bool], None]
    backlog: Backlog
    gso: bool
    blocked: bool = False


@dataclass(slots=True)
class Destination:
    """Where one session's packets go: a port and an address, or a TCP sink."""

    path: Path
    port: Port | None
    sink: StreamSink | None
    gso: bool = True
    """False once this destination refused a GSO call."""


class Sender:
    """All sockets and sinks of a worker. One destination's failure never reaches another."""

    def __init__(self, counters: Counters) -> None:
        self.ports: dict[int, Port] = {}
        self.sinks: dict[int, StreamSink] = {}
        self.now = 0
        """Monotonic ns of the last call from the loop."""
        self.overflowed: set[int] = set()
        """Rows that lost packets since the last look."""
        self.on_lost: Callable[[int, int], None] = lambda row, count: None
        """Told (row, packets) of each loss."""
        self._counters = counters

    def add_port(self, number: int, sock: socket.socket, want_write: Callable[[bool], None]) -> None:
        """Take a socket; whether it can do GSO is asked once."""
        self.ports[number] = Port(number, sock, want_write, Backlog(self._lost), gso_available(sock))

    def destination(self, path: Path) -> Destination | None:
        """What a path leads to; None if its port or connection is gone."""
        if path.address is None:
            sink = self.sinks.get(path.port)
            return None if sink is None else Destination(path, None, sink)
        port = self.ports.get(path.port)
        return None if port is None else Destination(path, port, None, port.gso)

    def transmit(self, to: Destination, calls: Sequence[Call], origin: Origin) -> None:
        """Send sealed packets; what does not fit in the socket waits."""
        port, address = to.port, to.path.address
        if port is None or address is None:
            self._to_sink(to, calls, origin)
            return
        if port.blocked:
            self._queue(port, address, calls, origin)
            return
        if not to.gso:
            calls = singles(calls)
        sendto, sendmsg = port.sock.sendto, port.sock.sendmsg
        for index, call in enumerate(calls):
            try:
                if call.ancillary:
                    sendmsg(call.buffers, call.ancillary, 0, address)
                else:
                    sendto(call.view, address)
            except BlockingIOError:
                self._block(port)
                self._queue(port, address, calls[index:], origin)
                return
            except OSError as error:
                if call.ancillary and error.errno in _NO_GSO:
                    self._without_gso(to, calls[index:], origin)
                    return
                self._counters["send_errors"] += 1

    def _without_gso(self, to: Destination, calls: Sequence[Call], origin: Origin) -> None:
        self._counters["gso_refused"] += 1
        to.gso = False
        self.transmit(to, calls, origin)

    def _block(self, port: Port) -> None:
        port.blocked = True
        self._counters["blocked"] += 1
        port.want_write(True)

    def _queue(self, port: Port, address: Address, calls: Sequence[Call], origin: Origin) -> None:
        for call in calls:
            # The arena is written again by the next row: waiting packets are copies.
            data = bytes(call.view)
            port.backlog.push(Waiting(self.now, address, data, call.size, call.packets, origin.session, origin.row, origin.video))
            self._counters["queued"] += call.packets

    def _to_sink(self, to: Destination, calls: Sequence[Call], origin: Origin) -> None:
        if to.sink is None:
            return
        lost = 0
        for call in calls:
            for packet in split(call.view, call.size):
                if not to.sink.send(bytes(packet), origin.video, origin.row):
                    lost += 1
        if lost:
            self._report(origin.row, origin.video, lost)

    def send_one(self, to: Destination, packet: bytes, origin: Origin) -> None:
        """Send one packet that is not media: RTCP, STUN, DTLS."""
        view = memoryview(packet)
        self.transmit(to, (Call([view], [], view, len(packet), 1),), origin)

    def writable(self, number: int) -> None:
        """Send what waits, in order, until the socket is full again."""
        port = self.ports.get(number)
        if port is None or not port.blocked:
            return
        port.backlog.expire(self.now)
        while entry := port.backlog.peek():
            if not self._resume(port, entry):
                return
            port.backlog.pop()
        port.blocked = False
        port.want_write(False)

    def _resume(self, port: Port, entry: Waiting) -> bool:
        """Send a waiting entry packet by packet; False, with the rest kept, if the socket is full again."""
        data = memoryview(entry.data)
        for sent, packet in enumerate(split(data, entry.size)):
            try:
                port.sock.sendto(packet, entry.address)
            except BlockingIOError:
                port.backlog.shorten(sent)
                return False
            except OSError:
                self._counters["send_errors"] += 1
        return True

    def discard_row(self, session: int, row: int) -> None:
        """Drop what waits of a row: revoked or gone."""
        self._discard(lambda entry: entry.session == session and entry.row == row)
        for sink in self.sinks.values():
            self._counters["queue_discarded"] += sink.discard(row)

    def discard_session(self, session: int) -> None:
        """Drop what waits of a session that is gone."""
        self._discard(lambda entry: entry.session == session)

    def _discard(self, unwanted: Callable[[Waiting], bool]) -> None:
        for port in self.ports.values():
            if port.backlog:
                self._counters["queue_discarded"] += port.backlog.discard(unwanted)

    def _lost(self, entry: Waiting) -> None:
        self._report(entry.row, entry.video, entry.packets)

    def _report(self, row: int | None, video: bool, count: int) -> None:
        kind = "other" if row is None else "video" if video else "audio"
        self._counters[f"queue_dropped_{kind}"] += count
        if row is not None:
            self.overflowed.add(row)
            self.on_lost(row, count)


def gso_available(sock: socket.socket) -> bool:
    """Whether the kernel knows UDP_SEGMENT on this socket (Linux 4.18)."""
    try:
        sock.getsockopt(SOL_UDP, UDP_SEGMENT)
    except OSError:
        return False
    return True
