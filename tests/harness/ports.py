"""Free port numbers on loopback."""

from __future__ import annotations

import socket


def free_tcp_port() -> int:
    """A TCP port nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def free_media_port() -> int:
    """A number free for UDP and TCP, on IPv4 and IPv6 loopback."""
    for _ in range(100):
        port = free_tcp_port()
        try:
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as v4, socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as v6:
                v4.bind(("127.0.0.1", port))
                v6.bind(("::1", port))
        except OSError:
            continue
        return port
    raise RuntimeError("no free port")
