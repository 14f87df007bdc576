"""The outgoing sequence space of one (session, SSRC), cut into segments.

The sacred rule (M5) is that no (key, SSRC, ROC, sequence) ever seals two different packets. It holds by construction:

- every outgoing sequence belongs to one segment for good, because a new segment starts above everything used before;
- a segment is a pure function from outgoing sequence to packet: constant offsets, types and extensions over one ring;
- a ring never changes what it stores under a sequence.

So a resend and a straggler are byte for byte what was or would have been sent, or they are refused. A stream outlives its row,
so that a new row on the same SSRC goes on above it.
"""

from __future__ import annotations

from collections.abc import Mapping

from media.fanout.ring import Ring, Stored
from media.wire import extensions
from media.wire.rows import Row
from media.wire.rtp import HEADER_SIZE

SEGMENTS = 32
"""Remembered per stream; a NACK for something older is refused."""
INDEX_LIMIT = 1 << 48


def header_words(types: Mapping[int, int], extended: bool) -> dict[int, int]:
    """Second octet as received → first four octets of the outgoing header, sequence zero."""
    first = 0x90000000 if extended else 0x80000000
    return {marker | source: first | (marker | ours) << 16 for source, ours in types.items() for marker in (0, 0x80)}


def extension_blocks(row: Row) -> tuple[bytes, bytes, int]:
    """(block, block for a packet without level, offset of the level octet in the header or 0) of a row (RFC 8285)."""
    items = [(row.mid_id, row.mid)] if row.mid_id and 0 < len(row.mid) < 256 else []
    if not row.audio_level_id:
        block = extensions.build(items)
        return block, block, 0
    items.append((row.audio_level_id, b"\xff"))
    block = extensions.build(items)
    at = block.rindex(b"\xff")  # The level is the last element; what follows is padding.
    head = 1 if block[0] == 0xBE else 2
    silent = block[: at - head] + bytes(head + 1) + block[at + 1 :]  # Padding octets instead (RFC 8285 4.1.2).
    return block, silent, HEADER_SIZE + at


class Segment:
    """A run of outgoing sequences with one mapping. Never changed once a packet was sealed in it."""

    __slots__ = (
        "base",
        "head",
        "head_size",
        "key",
        "kinds",
        "level_at",
        "min_seq",
        "own",
        "picture_offset",
        "plain",
        "repair",
        "ring",
        "row",
        "rtx_words",
        "seq_offset",
        "silent",
        "ssrc",
        "start",
        "tl0_offset",
        "ts_offset",
        "words",
    )  # fmt: skip

    def __init__(self, row: Row, ring: Ring, start: int) -> None:
        self.row = row
        self.ring = ring
        self.start = start
        self.own: Stored | None = None
        self.repair: Segment | None = None
        """How its packets are retransmitted, once one was."""
        self.ssrc = row.ssrc
        self.base = row.ssrc << 48
        self.seq_offset, self.ts_offset = row.seq_offset, row.ts_offset
        self.picture_offset, self.tl0_offset = row.picture_id_offset & 0x7FFF, row.tl0_offset & 0xFF
        self.head, self.silent, self.level_at = extension_blocks(row)
        self.head_size = HEADER_SIZE + len(self.head)
        self.plain = not (self.head or self.picture_offset or self.tl0_offset)
        self.words = header_words(row.payload_types, bool(self.head))
        self.rtx_words = self._rtx_words()
        self.kinds = frozenset(self.words)
        self.min_seq = max(row.first_seq, start - row.seq_offset)
        self.key = _content_key(row, ring)

    def _rtx_words(self) -> dict[int, int]:
        row = self.row
        types = {source: row.rtx_payload_types[ours] for source, ours in row.payload_types.items() if ours in row.rtx_payload_types}
        return header_words(types, bool(self.head))

    def at(self, out: int) -> Stored | None:
        """The packet that has this outgoing sequence, if it is still held and of a mapped type."""
        if self.own is not None:
            return self.own if self.ring.head >= 0 else None
        seq = out - self.seq_offset
        if seq < self.row.first_seq:
            return None
        stored = self.ring.get(seq)
        return stored if stored is not None and stored.kind in self.words else None


def _content_key(row: Row, ring: Ring) -> tuple[object, ...]:
    """What the bytes of a segment depend on; a row that differs only elsewhere goes on in the same segment."""
    return (
        id(ring), row.ssrc, row.seq_offset, row.ts_offset, row.first_seq, tuple(sorted(row.payload_types.items())),
        tuple(sorted(row.rtx_payload_types.items())), row.mid if row.mid_id else b"", row.mid_id, row.audio_level_id,
        row.picture_id_offset, row.tl0_offset,
    )  # fmt: skip


class OutStream:
    """One outgoing SSRC of one session."""

    __slots__ = ("highest", "owner", "segments", "ssrc")

    def __init__(self, ssrc: int) -> None:
        self.ssrc = ssrc
        self.highest = -1
        """Highest sequence ever sealed on this SSRC, −1 before the first."""
        self.owner: int | None = None
        """The row that uses it now."""
        self.segments: list[Segment] = []

    def begin(self, row: Row, ring: Ring) -> Segment:
        """The segment for the packets to come: the current one if its bytes would be the same."""
        if self.segments and self.segments[-1].key == _content_key(row, ring):
            return self.segments[-1]
        return self._append(Segment(row, ring, self.highest + 1))

    def _append(self, segment: Segment) -> Segment:
        while self.segments and self.segments[-1].start >= segment.start:
            self.segments.pop()  # Nothing was sealed in it: it began above `highest`.
        self.segments.append(segment)
        del self.segments[:-SEGMENTS]
        return segment

    def insert(self, current: Segment, out: int, timestamp: int, payload_type: int, payload: bytes) -> tuple[Segment, Segment] | None:
        """Give the unused sequence `out` to a packet of our own: (its segment, the one that goes on); None if used (M5)."""
        if not self.highest < out < INDEX_LIMIT - 1:
            return None
        own = Segment(current.row, current.ring, out)
        own.own = Stored(0, 0, payload_type, bytearray(payload), -1, None)
        own.seq_offset, own.ts_offset = out, timestamp
        own.words = header_words({payload_type: payload_type}, bool(own.head))
        ours = current.row.rtx_payload_types.get(payload_type)
        own.rtx_words = {} if ours is None else header_words({payload_type: ours}, bool(own.head))
        self._append(own)
        self.highest = out
        return own, self._append(Segment(current.row, current.ring, out + 1))

    def find(self, out: int) -> Segment | None:
        """The segment a sequence belongs to; None if it is forgotten."""
        for segment in reversed(self.segments):
            if segment.start <= out:
                return segment
        return None

    def sent(self, sequence: int) -> int:
        """The extended sequence of the newest sealed packet with these 16 bits; negative if there was none."""
        return self.highest - ((self.highest - sequence) & 0xFFFF)

    def forget(self, current: Segment | None) -> Segment | None:
        """Drop what was sent; returns the segment that goes on above it, if there was a current one."""
        self.segments.clear()
        return None if current is None else self._append(Segment(current.row, current.ring, self.highest + 1))
