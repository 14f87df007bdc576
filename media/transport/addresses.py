"""Which local addresses to bind, and which to tell peers (M22)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import NamedTuple

import ifaddr

from media.errors import MediaError

IPAddress = IPv4Address | IPv6Address
WILDCARDS = frozenset({"", "0.0.0.0", "::", "*"})  # noqa: S104 — compared with, never bound
MAX_ADDRESSES = 16
"""Sockets one worker binds at most (containers' bridges can be many)."""


class BadAnnounce(MediaError):
    """An announced address that cannot be read."""

    code = "media.announce"


class Endpoint(NamedTuple):
    """An address told to peers."""

    ip: str
    port: int | None
    """None: the port that is really bound."""


def parse_announce(text: str) -> Endpoint:
    """Read `203.0.113.5`, `203.0.113.5:40000`, `2001:db8::1` or `[2001:db8::1]:443`; raises `BadAnnounce`."""
    host, port = _split(text.strip())
    try:
        address = ip_address(host)
    except ValueError as error:
        raise BadAnnounce(f"{text!r}: an IP address is needed") from error
    if port is None:
        return Endpoint(str(address), None)
    if not (port.isascii() and port.isdecimal() and 0 < int(port) < 65536):
        raise BadAnnounce(f"{text!r}: a port from 1 to 65535 is needed")
    return Endpoint(str(address), int(port))


def _split(text: str) -> tuple[str, str | None]:
    if text.startswith("["):
        host, bracket, rest = text[1:].partition("]")
        if not bracket or (rest and not rest.startswith(":")):
            raise BadAnnounce(f"{text!r}: brackets do not match")
        return host, rest[1:] if rest else None
    if text.count(":") == 1:
        host, _, port = text.partition(":")
        return host, port
    return text, None


def usable(addresses: Iterable[str]) -> list[str]:
    """Those a peer may reach: no link-local, multicast or mapped ones; loopback last, IPv4 before IPv6, else in the order given."""
    parsed: dict[IPAddress, None] = {}
    for text in addresses:
        try:
            address = ip_address(text)
        except ValueError:
            continue
        mapped = isinstance(address, IPv6Address) and address.ipv4_mapped is not None
        if not (address.is_link_local or address.is_multicast or address.is_unspecified or mapped):
            parsed[address] = None
    ordered = sorted(parsed, key=lambda address: (address.is_loopback, address.version))
    return [str(address) for address in ordered][:MAX_ADDRESSES]


def enumerate_local() -> list[str]:
    """Every address of the machine now, as text, scope ids removed."""
    entries = (entry.ip for adapter in ifaddr.get_adapters() for entry in adapter.ips)
    return [ip if isinstance(ip, str) else ip[0].partition("%")[0] for ip in entries]


def to_bind(host: str, local: Sequence[str]) -> list[str]:
    """Addresses to bind for a setting: a wildcard takes all of `local`, `localhost` both loopbacks, else the comma-separated ones named."""
    if host in WILDCARDS:
        return usable(local)
    names = [name.strip() for name in host.split(",")]
    if "localhost" in names:
        names = [name for name in names if name != "localhost"] + ["127.0.0.1", "::1"]
    return usable(names)
