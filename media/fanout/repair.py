"""Retransmissions to a subscriber (RFC 4588 4): the packet as it was sent, behind its sequence number, on an SSRC of its own."""

from __future__ import annotations

from media.fanout.ring import PictureFields, Stored
from media.fanout.stream import INDEX_LIMIT, OutStream, Segment
from media.wire.rtx import OSN_SIZE


class RtxMapping(Segment):
    """How retransmissions of one segment are sealed: its extensions and timestamps, on the RTX stream."""

    __slots__ = ()

    def __init__(self, original: Segment, ssrc: int) -> None:
        super().__init__(original.row, original.ring, 0)
        self.ssrc, self.base = ssrc, ssrc << 48
        self.seq_offset, self.ts_offset = 0, original.ts_offset
        self.words = original.rtx_words


def rtx_packet(segment: Segment, stored: Stored, out: int, stream: OutStream) -> tuple[Segment, Stored] | None:
    """What repeats outgoing sequence `out`, under the next number of `stream`; None without an RTX type for it."""
    sequence = stream.highest + 1
    if stored.kind not in segment.rtx_words or sequence >= INDEX_LIMIT:
        return None
    stream.highest = sequence
    if segment.repair is None or segment.repair.ssrc != stream.ssrc:
        segment.repair = RtxMapping(segment, stream.ssrc)
    payload = bytearray((out & 0xFFFF).to_bytes(OSN_SIZE, "big"))
    payload += stored.payload
    picture = None if stored.picture is None else _shifted(stored.picture)
    return segment.repair, Stored(sequence, stored.timestamp, stored.kind, payload, stored.level, picture)


def _shifted(picture: PictureFields) -> PictureFields:
    at, bits, number, tl0_at, tl0 = picture
    return PictureFields(at + OSN_SIZE if bits else -1, bits, number, tl0_at + OSN_SIZE if tl0_at >= 0 else -1, tl0)
