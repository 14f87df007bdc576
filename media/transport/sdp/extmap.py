"""Header extensions of an m-line (RFC 8285 5): what is offered, what we answer, under which ids."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from media.errors import BadSdp
from media.transport.sdp.parse import Section, number
from media.wire import extensions as uri
from media.wire.negotiated import ExtensionIds

ONE_BYTE_IDS = range(1, 15)
"""Ids the one-byte form can carry; we send no other form."""
FIELDS = {
    uri.MID: "mid",
    uri.RID: "rid",
    uri.REPAIRED_RID: "repaired_rid",
    uri.AUDIO_LEVEL: "audio_level",
    uri.ABS_SEND_TIME: "abs_send_time",
    uri.TRANSPORT_CC: "transport_cc",
}
"""URI → the field of `ExtensionIds`; anything else (`video-orientation` above all, M9) is not answered."""
FROM_AUDIO = (uri.MID, uri.AUDIO_LEVEL, uri.ABS_SEND_TIME, uri.TRANSPORT_CC)
FROM_VIDEO = (uri.MID, uri.RID, uri.REPAIRED_RID, uri.ABS_SEND_TIME, uri.TRANSPORT_CC)
TO_AUDIO = (uri.MID, uri.AUDIO_LEVEL)
TO_VIDEO = (uri.MID,)
REVERSED = {"sendonly": "recvonly", "recvonly": "sendonly", "sendrecv": "sendrecv", "inactive": "inactive"}
MAX_MID = 16
"""Longest value of a one-byte element, octets."""


@dataclass(frozen=True, slots=True)
class Extmap:
    """One offered extension."""

    number: int
    uri: str
    direction: str | None = None
    """As offered; None means the m-line's own."""

    def answer(self) -> str:
        """The value of our `a=extmap`: the same id, the direction turned round."""
        direction = f"/{REVERSED[self.direction]}" if self.direction else ""
        return f"{self.number}{direction} {self.uri}"


def read_extmaps(section: Section) -> list[Extmap]:
    """The offered extensions with a usable id (1–14, 16–255), the first of each URI and of each id."""
    by_uri: dict[str, Extmap] = {}
    taken: set[int] = set()
    for value in section.all("extmap"):
        found = _read(value)
        usable = 1 <= found.number <= 255 and found.number != 15
        if usable and found.number not in taken and found.uri not in by_uri:
            by_uri[found.uri] = found
            taken.add(found.number)
    return list(by_uri.values())


def choose(
    section: Section, wanted: Sequence[str], directions: Sequence[str], ids: Sequence[int], meanings: dict[int, str]
) -> list[Extmap]:
    """The offered extensions among `wanted` whose direction (as offered) and id suit.

    `meanings` is id → URI over the BUNDLE group: one id means one thing there (RFC 9143 10.1.2); it is filled on the way.
    """
    chosen = []
    for found in read_extmaps(section):
        suits = found.uri in wanted and found.number in ids and (found.direction is None or found.direction in directions)
        if suits and meanings.setdefault(found.number, found.uri) == found.uri:
            chosen.append(found)
    short = len(section.first("mid") or "") <= MAX_MID
    return [found for found in chosen if short or found.uri != uri.MID]


def extension_ids(chosen: Sequence[Extmap]) -> ExtensionIds:
    """The chosen extensions as the relay and the fan-out know them."""
    fields: Mapping[str, int] = {FIELDS[found.uri]: found.number for found in chosen}
    return ExtensionIds(**fields)


def _read(value: str) -> Extmap:
    head, *rest = value.split()[:2] or [""]
    ident, slash, direction = head.partition("/")
    if not rest or (slash and direction not in REVERSED):
        raise BadSdp(f"malformed extmap: {value[:40]!r}")
    return Extmap(number(ident, 0, 4351), rest[0], direction or None)
