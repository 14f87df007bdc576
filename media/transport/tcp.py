"""ICE-TCP, the passive side (RFC 6544, framing of RFC 4571): the last resort, which may never hold up anybody else (M23)."""

from __future__ import annotations

import logging
import socket
from asyncio import AbstractEventLoop
from collections import Counter, OrderedDict, deque
from collections.abc import Callable

from media.errors import MalformedPacket
from media.wire.framing import Deframer, frame

log = logging.getLogger(__name__)

SECOND = 1_000_000_000
UNVALIDATED_FOR = 5 * SECOND
"""A connection without a valid check closes after this, ns (M22)."""
VIDEO_QUEUE = 128 * 1024
"""Octets queued above which droppable packets are dropped."""
QUEUE = 192 * 1024
"""Octets queued above which every packet is dropped: the difference belongs to audio and control."""
SEND_BUFFER = 128 * 1024
READ = 65536
MAX_CONNECTIONS = 1024
MAX_PER_ADDRESS = 128
"""A school behind one NAT address has all its classrooms there."""
FIRST_CONNECTION = 1 << 16
"""Connections are numbered above every UDP port index: both share `Path.port`."""
ACCEPTS = 16
"""Connections taken per wake-up of a listener."""


class TcpConnection:
    """One accepted connection: a `StreamSink` with two bounded queues, audio and control before video."""

    def __init__(self, number: int, sock: socket.socket, peer: tuple[str, int], server: TcpServer) -> None:
        self.number, self.peer = number, peer
        self.queued = 0
        """Octets waiting."""
        self._sock, self._server, self._loop = sock, server, server.loop
        self._deframer = Deframer()
        self._urgent: deque[tuple[int | None, bytes]] = deque()
        self._video: deque[tuple[int | None, bytes]] = deque()
        """Framed packets, each with the row it belongs to."""
        self._rest = b""
        """Unsent end of a frame already begun: nothing may overtake it."""
        self._waiting = False
        self._closed = False
        self._loop.add_reader(sock.fileno(), self._readable)

    def send(self, packet: bytes | bytearray | memoryview, droppable: bool, row: int | None = None) -> bool:
        """Queue one packet; False if the bounded queue was full and it was dropped."""
        if self._closed or self.queued + len(packet) + 2 > (VIDEO_QUEUE if droppable else QUEUE):
            self._server.count["tcp_dropped"] += 1
            return False
        framed = frame(packet)
        (self._video if droppable else self._urgent).append((row, framed))
        self.queued += len(framed)
        if not self._waiting:
            self._push()
        return not self._closed

    def discard(self, row: int) -> int:
        """Take back the queued packets of a row; one whose beginning has left must follow it, or the framing is lost."""
        waiting = len(self._urgent) + len(self._video)
        if not waiting:
            return 0
        self._urgent = deque(entry for entry in self._urgent if entry[0] != row)
        self._video = deque(entry for entry in self._video if entry[0] != row)
        self.queued = len(self._rest) + sum(len(framed) for _, framed in (*self._urgent, *self._video))
        return waiting - len(self._urgent) - len(self._video)

    def close(self) -> None:
        """Close now; what is queued is lost."""
        if self._closed:
            return
        self._closed = True
        self._loop.remove_reader(self._sock.fileno())
        self._want_write(False)
        self._sock.close()
        self._urgent.clear()
        self._video.clear()

    def _readable(self) -> None:
        try:
            data = self._sock.recv(READ)
            packets = self._deframer.feed(data) if data else None
        except (BlockingIOError, InterruptedError):
            return
        except MalformedPacket:
            self._server.count["tcp_malformed"] += 1
            packets = None
        except OSError:
            packets = None
        if packets is None:
            self._server.remove(self.number)
        elif packets:
            self._server.on_packets(self, packets)

    def _push(self) -> None:
        try:
            while self.queued:
                queue = self._urgent or self._video
                chunk = self._rest or queue[0][1]
                sent = self._sock.send(chunk)
                if not self._rest:
                    queue.popleft()
                self.queued -= sent
                self._rest = chunk[sent:]
                if self._rest:
                    break
        except (BlockingIOError, InterruptedError):
            pass
        except OSError:
            self._loop.call_soon(self._server.remove, self.number)
        self._want_write(self.queued > 0)

    def _want_write(self, wanted: bool) -> None:
        if wanted == self._waiting:
            return
        self._waiting = wanted
        if wanted:
            self._loop.add_writer(self._sock.fileno(), self._push)
        else:
            self._loop.remove_writer(self._sock.fileno())


class TcpServer:
    """All listeners and connections of one worker."""

    def __init__(
        self,
        loop: AbstractEventLoop,
        clock: Callable[[], int],
        on_open: Callable[[TcpConnection], None],
        on_packets: Callable[[TcpConnection, list[bytes]], None],
        on_close: Callable[[int], None],
        on_deadline: Callable[[], None],
    ) -> None:
        """`on_close` gets the connection's number once it is closed, whoever closed it; `on_deadline`: `poll_timeout` may be earlier now."""
        self.loop, self.on_packets = loop, on_packets
        self.count: Counter[str] = Counter()
        self._clock, self._on_open, self._on_close, self._on_deadline = clock, on_open, on_close, on_deadline
        self._listeners: dict[int, socket.socket] = {}
        self._connections: dict[int, TcpConnection] = {}
        self._per_address: Counter[str] = Counter()
        self._unvalidated: OrderedDict[int, int] = OrderedDict()
        self._next_number = FIRST_CONNECTION
        self._paused_until: int | None = None

    def __len__(self) -> int:
        """Open connections."""
        return len(self._connections)

    def listen(self, sock: socket.socket) -> None:
        """Accept on this listening socket."""
        self._listeners[sock.fileno()] = sock
        self.loop.add_reader(sock.fileno(), self._accept, sock)

    def unlisten(self, sock: socket.socket) -> None:
        """Stop accepting on it; its connections go on."""
        self._listeners.pop(sock.fileno(), None)
        self.loop.remove_reader(sock.fileno())

    def peer(self, number: int) -> tuple[str, int] | None:
        """Address of a connection's far end."""
        connection = self._connections.get(number)
        return connection.peer if connection else None

    def validated(self, number: int) -> None:
        """A valid check came: the connection may stay."""
        self._unvalidated.pop(number, None)

    def remove(self, number: int) -> None:
        """Close one connection; one that is gone already is no error."""
        connection = self._connections.pop(number, None)
        if connection is None:
            return
        self._unvalidated.pop(number, None)
        self._per_address[connection.peer[0]] -= 1
        if self._per_address[connection.peer[0]] <= 0:
            del self._per_address[connection.peer[0]]
        connection.close()
        self._on_close(number)

    def poll_timeout(self) -> int | None:
        """When `handle_timeout` is due."""
        first = next(iter(self._unvalidated.values()), None)
        times = [time for time in (first, self._paused_until) if time is not None]
        return min(times, default=None)

    def handle_timeout(self, now: int) -> None:
        """Close what was not validated in time; accept again after a pause."""
        for number in [number for number, deadline in self._unvalidated.items() if deadline <= now]:
            self.count["tcp_unvalidated"] += 1
            self.remove(number)
        if self._paused_until is not None and now >= self._paused_until:
            self._paused_until = None
            for descriptor, sock in self._listeners.items():
                self.loop.add_reader(descriptor, self._accept, sock)

    def close(self) -> None:
        """Close everything but the listening sockets themselves, which the port set owns."""
        for sock in list(self._listeners.values()):
            self.unlisten(sock)
        for number in list(self._connections):
            self.remove(number)

    def _accept(self, listener: socket.socket) -> None:
        for _ in range(ACCEPTS):
            try:
                sock, address = listener.accept()
            except (BlockingIOError, InterruptedError, ConnectionAbortedError):
                return
            except OSError as error:
                self._pause(error)
                return
            self._admit(sock, (str(address[0]).partition("%")[0], int(address[1])))

    def _pause(self, error: OSError) -> None:
        """Out of descriptors or memory: a level-triggered listener would spin, so rest for a second."""
        log.warning("accept: %s", error)
        self.count["tcp_accept_failed"] += 1
        self._paused_until = self._clock() + SECOND
        for descriptor in self._listeners:
            self.loop.remove_reader(descriptor)
        self._on_deadline()

    def _admit(self, sock: socket.socket, peer: tuple[str, int]) -> None:
        if len(self._connections) >= MAX_CONNECTIONS or self._per_address[peer[0]] >= MAX_PER_ADDRESS:
            self.count["tcp_refused"] += 1
            sock.close()
            return
        try:
            sock.setblocking(False)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER)
        except OSError:
            sock.close()
            return
        number, self._next_number = self._next_number, self._next_number + 1
        connection = TcpConnection(number, sock, peer, self)
        self._connections[number] = connection
        self._per_address[peer[0]] += 1
        self._unvalidated[number] = self._clock() + UNVALIDATED_FOR
        self.count["tcp_accepted"] += 1
        self._on_open(connection)
        self._on_deadline()
