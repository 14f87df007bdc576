"""One UDP socket (and TCP listener) per local address, all on one port number, so that replies leave from where requests came (M22)."""

from __future__ import annotations

import errno
import logging
import socket
from collections.abc import Callable, Sequence
from ipaddress import ip_address

log = logging.getLogger(__name__)

BUFFER = 4 * 1024 * 1024
"""Asked of each UDP socket in both directions, octets (M1)."""
BACKLOG = 128
_FORCE = {socket.SO_RCVBUF: 33, socket.SO_SNDBUF: 32}
"""Linux SO_RCVBUFFORCE and SO_SNDBUFFORCE, which the socket module does not name: above the system limit, for root."""
_GONE = frozenset({errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT, errno.ENODEV, errno.ENETUNREACH})

Opener = Callable[[str, int], socket.socket]


def open_udp(address: str, port: int) -> socket.socket:
    """A bound, non-blocking UDP socket with large buffers; raises OSError."""
    sock = _new(address, socket.SOCK_DGRAM)
    try:
        for option in (socket.SO_RCVBUF, socket.SO_SNDBUF):
            _grow(sock, option)
        sock.bind((address, port))
    except OSError:
        sock.close()
        raise
    return sock


def open_tcp(address: str, port: int) -> socket.socket:
    """A listening, non-blocking TCP socket; raises OSError."""
    sock = _new(address, socket.SOCK_STREAM)
    try:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind((address, port))
        sock.listen(BACKLOG)
    except OSError:
        sock.close()
        raise
    return sock


def granted(sock: socket.socket) -> tuple[int, int]:
    """Receive and send buffer really granted, octets (Linux counts its own bookkeeping in: twice the payload)."""
    return sock.getsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF), sock.getsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF)


def _new(address: str, kind: socket.SocketKind) -> socket.socket:
    family = socket.AF_INET6 if ip_address(address).version == 6 else socket.AF_INET
    sock = socket.socket(family, kind)
    sock.setblocking(False)
    if family == socket.AF_INET6:
        sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
    return sock


def _grow(sock: socket.socket, option: int) -> None:
    try:
        sock.setsockopt(socket.SOL_SOCKET, _FORCE[option], BUFFER)
    except OSError:
        sock.setsockopt(socket.SOL_SOCKET, option, BUFFER)


class PortSet:
    """Sockets of one kind by local address."""

    def __init__(self, opener: Opener, port: int) -> None:
        """`port` 0: the first socket chooses."""
        self.port = port
        self.sockets: dict[str, socket.socket] = {}
        self._open = opener

    @classmethod
    def empty(cls) -> PortSet:
        """A set that never had a socket."""
        return cls(open_udp, 0)

    def open_all(self, addresses: Sequence[str]) -> None:
        """Bind every address; one that is just gone is left out. Raises OSError if the port is taken or nothing could be bound."""
        failure: OSError | None = None
        for address in addresses:
            try:
                self.open_one(address)
            except OSError as error:
                failure = error
                if error.errno not in _GONE:
                    self.close()
                    raise
                log.warning("cannot bind %s port %d: %s", address, self.port, error)
        if not self.sockets:
            raise failure or OSError(errno.EADDRNOTAVAIL, "no address to bind")

    def open_one(self, address: str) -> socket.socket:
        """Bind one more address; raises OSError."""
        sock = self._open(address, self.port)
        self.port = sock.getsockname()[1]
        self.sockets[address] = sock
        return sock

    def try_open(self, address: str) -> socket.socket | None:
        """Bind one more address if it can be: a new IPv6 address is tentative for a second."""
        try:
            return self.open_one(address)
        except OSError as error:
            log.warning("cannot bind %s port %d: %s", address, self.port, error)
            return None

    def close_one(self, address: str) -> None:
        """Close the socket of one address."""
        self.sockets.pop(address).close()

    def changes(self, addresses: Sequence[str]) -> tuple[list[str], list[str]]:
        """(addresses that appeared, addresses that vanished) against what is bound."""
        return [a for a in addresses if a not in self.sockets], [a for a in self.sockets if a not in addresses]

    def close(self) -> None:
        """Close them all."""
        for sock in self.sockets.values():
            sock.close()
        self.sockets.clear()


def open_pair(addresses: Sequence[str], udp_port: int, tcp_port: int | None) -> tuple[PortSet, PortSet | None]:
    """UDP and TCP sockets on all addresses; `tcp_port` None is the UDP one, −1 none. A free port is sought for 0; raises OSError."""
    tries = 20 if udp_port == 0 else 1
    for attempt in range(tries):
        udp, tcp = PortSet(open_udp, udp_port), None
        try:
            udp.open_all(addresses)
            if tcp_port != -1:
                tcp = PortSet(open_tcp, udp.port if tcp_port is None else tcp_port)
                tcp.open_all(addresses)
            return udp, tcp
        except OSError as error:
            udp.close()
            if attempt == tries - 1 or error.errno != errno.EADDRINUSE:
                raise
    raise OSError(errno.EADDRINUSE, "no free port")
