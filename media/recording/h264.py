"""H.264 out of RTP (RFC 6184): NAL units of an access unit, and the parameter sets they need. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from media.errors import MalformedPacket
from media.wire.payload.h264 import AUD, FU_A, IDR, PPS, SLICE, SPS, STAP_A, parameter_sets

_START = b"\x00\x00\x00\x01"
_FILLER = 12


def units(payloads: Sequence[bytes]) -> list[bytes]:
    """The NAL units of one access unit; one whose fragments do not fit raises `MalformedPacket`."""
    found: list[bytes] = []
    fragments: bytearray | None = None
    for payload in payloads:
        kind = payload[0] & 0x1F if payload else 0
        if kind == FU_A:
            fragments = _fragment(payload, fragments)
            if payload[1] & 0x40:
                found.append(bytes(fragments))
                fragments = None
        elif fragments is not None:
            raise MalformedPacket("h264: a fragment is missing")
        elif kind == STAP_A:
            found += _aggregated(payload)
        elif 0 < kind < STAP_A:
            found.append(payload)
    if fragments is not None:
        raise MalformedPacket("h264: the last fragment is missing")
    return found


def _fragment(payload: bytes, begun: bytearray | None) -> bytearray:
    if len(payload) < 3 or bool(payload[1] & 0x80) != (begun is None):
        raise MalformedPacket("h264: fragment")
    if begun is None:
        begun = bytearray((payload[0] & 0xE0 | payload[1] & 0x1F,))
    begun += payload[2:]
    return begun


def _aggregated(payload: bytes) -> Iterator[bytes]:
    at = 1
    while at < len(payload):
        size = int.from_bytes(payload[at : at + 2], "big")
        at += 2
        if not 0 < size <= len(payload) - at:
            raise MalformedPacket("h264: aggregated unit past the end")
        yield payload[at : at + size]
        at += size


def begins(found: Sequence[bytes]) -> bool:
    """Whether its first slice is the picture's first: first_mb_in_slice, an Exp-Golomb number, is 0."""
    slices = [unit for unit in found if unit[0] & 0x1F in (SLICE, 2, IDR)]
    return bool(slices) and len(slices[0]) > 1 and slices[0][1] > 127


def is_key(found: Sequence[bytes]) -> bool:
    """An IDR picture."""
    return any(unit[0] & 0x1F == IDR for unit in found)


def annex_b(found: Sequence[bytes]) -> bytes:
    """With start codes."""
    return b"".join(_START + unit for unit in found)


class ParameterSets:
    """Those in force: from SDP until the stream brings others."""

    def __init__(self, parameters: str) -> None:
        """`parameters`: SDP's; sets in there that cannot be read are as none."""
        self._sets: dict[tuple[int, bytes], bytes] = {}
        for word in parameters.split(";"):
            name, _, value = word.strip().partition("=")
            if name == "sprop-parameter-sets":
                try:
                    self.take(parameter_sets(value))
                except MalformedPacket:
                    self._sets.clear()

    @property
    def known(self) -> bool:
        """At least one of each kind."""
        return {kind for kind, _ in self._sets} == {SPS, PPS}

    @property
    def annex_b(self) -> bytes:
        """All, sequence sets first."""
        return annex_b([self._sets[key] for key in sorted(self._sets)])

    def take(self, found: list[bytes]) -> list[bytes]:
        """Keep the sets among these; the others are returned, without delimiters and filler."""
        rest = []
        for unit in found:
            kind = unit[0] & 0x1F
            if kind == SPS:
                if self._sets.get((SPS, b"")) != unit:
                    self._sets = {(SPS, b""): unit}  # pictures sets belong to their sequence set
            elif kind == PPS:
                self._sets[PPS, unit[1:2]] = unit  # the id is in its first bits
            elif kind not in (AUD, _FILLER):
                rest.append(unit)
        return rest
