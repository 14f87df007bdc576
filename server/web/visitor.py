"""Where a request comes from: address, scheme and origin, with or without a proxy in front."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass

from aiohttp import HttpVersion11, hdrs, web

from server.reading import Network
from server.web.keys import SETTINGS

FORWARDING = ("Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Real-IP", "Via")


@dataclass(frozen=True, slots=True)
class Visitor:
    """One request's source."""

    address: str
    secure: bool
    forwarded: bool
    """Something says that another program passed the request on."""
    trusted: bool
    """It was a trusted proxy that passed it on."""
    host: str
    """The Host header: what the visitor calls us."""

    @property
    def origin(self) -> str:
        """The origin of our pages as this visitor's browser names it."""
        return f"{'https' if self.secure else 'http'}://{self.host}"

    @property
    def local(self) -> bool:
        """A person at this very machine: not a rebinding foreign page, not somebody behind a proxy."""
        name = self.host.rsplit(":", 1)[0] if not self.host.endswith("]") else self.host
        return _in(self.address, _LOOPBACK) and name in ("127.0.0.1", "localhost", "[::1]") and not self.forwarded


_LOOPBACK: tuple[Network, ...] = (ipaddress.ip_network("127.0.0.0/8"), ipaddress.ip_network("::1/128"))


def visitor(request: web.Request) -> Visitor:
    """Read the source of a request; forwarding headers count only when a trusted proxy sent them."""
    peer = _peer(request)
    trusted = _in(peer, request.app[SETTINGS].trusted_proxies)
    secure = request.secure
    address = peer
    if trusted:
        secure = secure or request.headers.get("X-Forwarded-Proto", "").strip().lower() == "https"
        address = _last_untrusted(request, peer)
    # nginx without settings of its own adds no header and names us as the host, but speaks HTTP/1.0, which no browser does
    forwarded = any(name in request.headers for name in FORWARDING) or request.version < HttpVersion11
    return Visitor(address, secure, forwarded, trusted, request.headers.get(hdrs.HOST, ""))


def _peer(request: web.Request) -> str:
    """The other end's address, empty when it is gone already."""
    name = request.transport.get_extra_info("peername") if request.transport else None
    return _plain(name[0]) if name else ""


def _last_untrusted(request: web.Request, peer: str) -> str:
    chain = ",".join(request.headers.getall("X-Forwarded-For", [])).split(",")
    for hop in reversed([part.strip() for part in chain if part.strip()][-16:]):
        if not _in(hop, request.app[SETTINGS].trusted_proxies):
            return _plain(hop) if _is_address(hop) else peer  # a client may send any bytes here
    return peer


def within(address: str, networks: tuple[Network, ...]) -> bool:
    """The address lies in one of the networks; a text that is no address lies in none."""
    return _in(address, networks)


def _in(address: str, networks: tuple[Network, ...]) -> bool:
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return False
    return any(parsed in network for network in networks)


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def _plain(address: str) -> str:
    """IPv4 in IPv6 as IPv4; without a zone."""
    address = address.split("%")[0][:64]
    return address[7:] if address.startswith("::ffff:") and "." in address else address
