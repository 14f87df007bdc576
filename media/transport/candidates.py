"""The candidates of an answer: UDP hosts, IPv4 first, loopback last; TCP strictly after all of them (M22, M23)."""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import ip_address
from typing import Literal

from media.transport.addresses import Endpoint
from media.transport.sdp import Candidate

HOST = 126
"""Type preference of a UDP host candidate (RFC 8445 5.1.2.2)."""
TCP_HOST = 90
"""Below every UDP type, relayed ones excepted (RFC 6544 4.2)."""
PASSIVE = 4
"""Direction preference of a passive host candidate (RFC 6544 4.2)."""
COMPONENT = 1
"""RTP and RTCP share one component (rtcp-mux)."""


def priority(transport: Literal["udp", "tcp"], rank: int) -> int:
    """RFC 8445 5.1.2.1; `rank` 0 is preferred. For TCP the local preference carries the direction (RFC 6544 4.2)."""
    if transport == "udp":
        return (HOST << 24) + ((65535 - rank) << 8) + 256 - COMPONENT
    local = (PASSIVE << 13) + 8191 - rank
    return (TCP_HOST << 24) + (local << 8) + 256 - COMPONENT


def make_candidates(udp: Sequence[tuple[str, int]], tcp: Sequence[tuple[str, int]]) -> tuple[Candidate, ...]:
    """(ip, port) in order of preference → candidates, UDP first."""
    made = [
        Candidate(str(rank + 1), COMPONENT, "udp", priority("udp", rank), ip, port) for rank, (ip, port) in enumerate(dict.fromkeys(udp))
    ]
    made += [
        Candidate(str(len(made) + rank + 1), COMPONENT, "tcp", priority("tcp", rank), ip, port, "passive")
        for rank, (ip, port) in enumerate(dict.fromkeys(tcp))
    ]
    return tuple(made)


def announced(bound: Sequence[str], port: int, announce: Sequence[Endpoint]) -> list[tuple[str, int]]:
    """(ip, port) to tell peers: `announce` in place of what is bound, IPv4 first; a missing port is the bound one."""
    if not announce:
        return [(ip, port) for ip in bound]
    ordered = sorted(announce, key=lambda endpoint: ip_address(endpoint.ip).version)
    return [(endpoint.ip, endpoint.port or port) for endpoint in ordered]
