"""The sockets of one worker: UDP ports and TCP listeners by local address, rescanned, and the candidates they give."""

from __future__ import annotations

import logging
import socket
import time
from asyncio import AbstractEventLoop
from collections.abc import Callable, Sequence
from functools import partial

from media.fanout.interface import Fanout, Path
from media.transport import addresses
from media.transport.candidates import announced, make_candidates
from media.transport.config import LoopConfig
from media.transport.ports import PortSet, granted, open_pair
from media.transport.sdp import Candidate
from media.transport.tcp import FIRST_CONNECTION, TcpConnection, TcpServer

log = logging.getLogger(__name__)

SECOND = 1_000_000_000


class Network:
    """Opens, rescans and closes sockets; the loop is told what is readable, writable and gone."""

    def __init__(
        self,
        fanout: Fanout,
        config: LoopConfig,
        loop: AbstractEventLoop,
        on_readable: Callable[[int], None],
        on_writable: Callable[[int], None],
        on_frames: Callable[[TcpConnection, list[bytes]], None],
        on_gone: Callable[[int], None],
        on_deadline: Callable[[], None],
    ) -> None:
        """Callbacks get the port index or connection number. Raises `BadAnnounce`."""
        self._fanout, self._config, self._loop = fanout, config, loop
        self._on_readable, self._on_writable, self._on_gone = on_readable, on_writable, on_gone
        self._announce = [addresses.parse_announce(text) for text in config.announce]
        self._tcp_announce = [addresses.parse_announce(text) for text in config.tcp_announce]
        self._udp = PortSet.empty()
        self._tcp: PortSet | None = None
        self._indexes: dict[str, int] = {}
        self._next_index = 0
        self._rescan_at: int | None = None
        self._server = TcpServer(loop, time.monotonic_ns, self._stream_opened, on_frames, self._stream_closed, on_deadline)

    def open(self, now: int) -> None:
        """Bind; raises OSError."""
        self._udp, self._tcp = open_pair(self._wanted(), self._config.port, self._config.tcp_port)
        for address, sock in self._udp.sockets.items():
            self._serve(address, sock)
        for sock in self._tcp.sockets.values() if self._tcp else ():
            self._server.listen(sock)
        if self._config.host in addresses.WILDCARDS:
            self._rescan_at = now + int(self._config.rescan_seconds * SECOND)

    def close(self) -> None:
        """Close every socket."""
        self._rescan_at = None
        self._server.close()
        for address in list(self._indexes):
            self._unserve(address)
        self._udp.close()
        if self._tcp:
            self._tcp.close()

    def candidates(self) -> tuple[Candidate, ...]:
        """What answers announce now, in order of preference."""
        udp = announced(addresses.usable(self._udp.sockets), self._udp.port, self._announce)
        if self._tcp is None:
            return make_candidates(udp, ())
        announce = self._tcp_announce or self._announce
        if not self._tcp_announce and self._tcp.port != self._udp.port:
            announce = [endpoint._replace(port=None) for endpoint in announce]
        return make_candidates(udp, announced(addresses.usable(self._tcp.sockets), self._tcp.port, announce))

    def source(self, path: Path) -> tuple[str, int] | None:
        """(ip, port) of the far end; None if the connection is gone."""
        if path.address is None:
            return self._server.peer(path.port)
        return path.address[0].partition("%")[0], path.address[1]

    def keep(self, path: Path) -> None:
        """The path was validated."""
        if path.address is None:
            self._server.validated(path.port)

    def release(self, path: Path) -> None:
        """The path is nobody's any more: its connection, if it is one, closes."""
        if path.address is None:
            self._server.remove(path.port)

    def poll_timeout(self) -> int | None:
        """When `handle_timeout` is due."""
        times = [at for at in (self._rescan_at, self._server.poll_timeout()) if at is not None]
        return min(times, default=None)

    def handle_timeout(self, now: int) -> None:
        """Close idle strangers' connections; look for addresses that came or went."""
        self._server.handle_timeout(now)
        if self._rescan_at is not None and now >= self._rescan_at:
            self._rescan_at = now + int(self._config.rescan_seconds * SECOND)
            self.rescan(self._wanted())

    def rescan(self, wanted: Sequence[str]) -> None:
        """Bind the addresses that appeared, drop those that vanished."""
        appeared, vanished = self._udp.changes(wanted)
        for address in vanished:
            log.info("address %s is gone", address)
            self._unserve(address)
            self._udp.close_one(address)
        for address in appeared:
            if sock := self._udp.try_open(address):
                log.info("address %s is new", address)
                self._serve(address, sock)
        if self._tcp is not None:
            self._rescan_tcp(self._tcp, wanted)

    def stats(self) -> dict[str, int]:
        """Sockets, connections and granted buffers."""
        buffers = [granted(sock) for sock in self._udp.sockets.values()]
        return {
            **self._server.count,
            "tcp_connections": len(self._server),
            "udp_sockets": len(buffers),
            "udp_receive_buffer": min((receive for receive, _ in buffers), default=0),
            "udp_send_buffer": min((send for _, send in buffers), default=0),
        }

    def _wanted(self) -> list[str]:
        return addresses.to_bind(self._config.host, addresses.enumerate_local())

    def _rescan_tcp(self, tcp: PortSet, wanted: Sequence[str]) -> None:
        appeared, vanished = tcp.changes(wanted)
        for address in vanished:
            self._server.unlisten(tcp.sockets[address])
            tcp.close_one(address)
        for address in appeared:
            if sock := tcp.try_open(address):
                self._server.listen(sock)

    def _serve(self, address: str, sock: socket.socket) -> None:
        index, self._next_index = self._next_index, self._next_index + 1
        self._indexes[address] = index
        self._fanout.add_port(index, sock, partial(self._want_write, index, sock))
        self._loop.add_reader(sock.fileno(), self._on_readable, index)

    def _unserve(self, address: str) -> None:
        index, sock = self._indexes.pop(address), self._udp.sockets[address]
        self._loop.remove_reader(sock.fileno())
        self._loop.remove_writer(sock.fileno())
        self._on_gone(index)
        self._fanout.remove_port(index)

    def _want_write(self, index: int, sock: socket.socket, wanted: bool) -> None:
        if sock.fileno() < 0:
            return
        if wanted:
            self._loop.add_writer(sock.fileno(), self._on_writable, index)
        else:
            self._loop.remove_writer(sock.fileno())

    def _stream_opened(self, connection: TcpConnection) -> None:
        self._fanout.add_stream(connection.number, connection)

    def _stream_closed(self, number: int) -> None:
        self._on_gone(number)
        self._fanout.remove_stream(number)


def is_stream(port: int) -> bool:
    """Whether a `Path.port` is a TCP connection's number."""
    return port >= FIRST_CONNECTION
