"""Fragments that WHIP and WHEP clients PATCH: trickled candidates and ICE restarts (RFC 8840 9, RFC 9725 4.3)."""

from __future__ import annotations

import re
from collections.abc import Sequence

from media.errors import BadSdp
from media.transport.sdp.offer import read_credentials
from media.transport.sdp.parse import MAX_SECTIONS, number, read_attributes, read_lines, token
from media.transport.sdp.values import Candidate, Fragment, Local
from media.transport.sdp.write import candidate_lines, group_line, transport_lines

MAX_CANDIDATES = 256
ADDRESS = re.compile(r"[0-9A-Za-z.:%_\-]{1,255}")
FOUNDATION = re.compile(r"[A-Za-z0-9+/=_\-]{1,32}")


def read_fragment(text: str) -> Fragment:
    """Read a fragment. Credentials may stand at session or media level; candidates of RTCP and of unknown transports are left out.

    `BadSdp` if it cannot be read, or has a user fragment without password.
    """
    lines = read_lines(text)
    cuts = [index for index, (kind, _) in enumerate(lines) if kind == "m"]
    if len(cuts) > MAX_SECTIONS or not {kind for kind, _ in lines} <= set("vostmica"):
        raise BadSdp("not a trickle fragment")
    levels = [read_attributes(lines[start:end]) for start, end in zip([0, *cuts], [*cuts, len(lines)], strict=True)]
    values = [value for level in levels for value in level.get("candidate", ())]
    if len(values) > MAX_CANDIDATES:
        raise BadSdp("too many candidates")
    ufrag, pwd = read_credentials(levels) or (None, None)
    candidates = tuple(found for value in values if (found := read_candidate(value)) is not None)
    return Fragment(ufrag, pwd, candidates, any("end-of-candidates" in level for level in levels))


def read_candidate(value: str) -> Candidate | None:
    """A candidate without its `candidate:`; None if it is not RTP over UDP or TCP. `BadSdp` if malformed (RFC 8839 5.1)."""
    words = value.split()
    if not 8 <= len(words) <= 64 or words[6] != "typ" or not FOUNDATION.fullmatch(words[0]) or not ADDRESS.fullmatch(words[4]):
        raise BadSdp(f"malformed candidate: {value[:40]!r}")
    component, priority, port = number(words[1], 1, 256), number(words[3], 0, 0xFFFF_FFFF), number(words[5], 0, 65535)
    transport = words[2].lower()
    extra = dict(zip(words[8::2], words[9::2], strict=False))
    tcptype = token(extra["tcptype"]) if "tcptype" in extra else None
    if component != 1:
        return None
    if transport == "udp":
        return Candidate(words[0], component, "udp", priority, words[4], port, None, token(words[7]))
    if transport == "tcp":
        return Candidate(words[0], component, "tcp", priority, words[4], port, tcptype, token(words[7]))
    return None


def write_fragment(local: Local, mids: Sequence[str]) -> str:
    """The fragment that answers an ICE restart: our new credentials and all candidates under the first mid (RFC 9725 4.3.3).

    The m-line is a placeholder, as RFC 8840 9 has it.
    """
    lines = [
        "a=ice-lite",
        "a=ice-options:ice2 trickle",
        *group_line(list(mids)),
        "m=audio 9 UDP/TLS/RTP/SAVPF 0",
        *(f"a=mid:{mid}" for mid in mids[:1]),
        *transport_lines(local),
        *candidate_lines(local),
    ]
    return "".join(f"{line}\r\n" for line in lines)
