"""The addresses of this machine that others can reach."""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

_FAR = ((socket.AF_INET, "192.0.2.1"), (socket.AF_INET6, "2001:db8::1"))
"""Documentation addresses (RFC 5737, RFC 3849): asking for the route to one sends nothing."""


def of_this_machine() -> tuple[str, ...]:
    """IPv4 first, the one of the default route at the head; without loopback and link-local."""
    found = dict.fromkeys(address for address in _candidates() if _reachable(address))
    return tuple(sorted(found, key=lambda address: ":" in address))


def _candidates() -> Iterator[str]:
    for family, far in _FAR:
        with suppress(OSError), socket.socket(family, socket.SOCK_DGRAM) as probe:
            probe.connect((far, 9))
            yield probe.getsockname()[0]
    with suppress(OSError):
        for *_, address in socket.getaddrinfo(socket.gethostname(), None, type=socket.SOCK_DGRAM):
            yield str(address[0])
    yield from _interfaces_v4()
    yield from _interfaces_v6()


def _interfaces_v4() -> Iterator[str]:
    """Linux's table of local routes; elsewhere there is none."""
    previous = ""
    with suppress(OSError):
        for line in Path("/proc/net/fib_trie").read_text().splitlines():
            if "/32 host LOCAL" in line:
                yield previous
            previous = line.split()[-1] if line.split() else ""


def _interfaces_v6() -> Iterator[str]:
    with suppress(OSError):
        for line in Path("/proc/net/if_inet6").read_text().splitlines():
            yield str(ipaddress.IPv6Address(bytes.fromhex(line.split()[0])))


def _reachable(address: str) -> bool:
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return False
    return not (parsed.is_loopback or parsed.is_link_local or parsed.is_multicast or parsed.is_unspecified)
