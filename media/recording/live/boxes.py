"""Media segments of fragmented MP4 with one track (ISO/IEC 14496-12 8.8, as CMAF, ISO/IEC 23000-19, wants them). Pure."""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

_BASE_IS_MOOF = 0x020000
_TRUN = 0x000701
"""Data offset; of each sample its duration, size and flags."""
_SYNC, _NOT_SYNC = 0x02000000, 0x01010000


@dataclass(frozen=True, slots=True)
class Sample:
    """One picture or packet of sound."""

    duration: int
    """Ticks of the track."""
    data: bytes
    key: bool


def box(kind: bytes, *parts: bytes) -> bytes:
    """A box of these."""
    size = 8 + sum(map(len, parts))
    return b"".join((size.to_bytes(4, "big"), kind, *parts))


def full(kind: bytes, version: int, flags: int, *parts: bytes) -> bytes:
    """One with version and flags."""
    return box(kind, (version << 24 | flags).to_bytes(4, "big"), *parts)


def fragment(number: int, time: int, samples: Sequence[Sample]) -> bytes:
    """One whose first sample is decoded at `time`, ticks of the track."""
    moof = b""
    for offset in (0, 8):  # once to learn its size
        run = struct.pack(">Ii", len(samples), len(moof) + offset)
        run += b"".join(struct.pack(">III", s.duration, len(s.data), _SYNC if s.key else _NOT_SYNC) for s in samples)
        track = box(
            b"traf",
            full(b"tfhd", 0, _BASE_IS_MOOF, struct.pack(">I", 1)),
            full(b"tfdt", 1, 0, struct.pack(">Q", time)),
            full(b"trun", 0, _TRUN, run),
        )
        moof = box(b"moof", full(b"mfhd", 0, 0, struct.pack(">I", number)), track)
    kind = box(b"styp", b"msdh", bytes(4), b"msdhmsixcmfs")
    return b"".join((kind, moof, box(b"mdat", *(s.data for s in samples))))


def boxes(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """The boxes of a file: kind, and all of it. One that is cut, or longer than 4 GiB, is none."""
    at = 0
    while at + 8 <= len(data):
        size = int.from_bytes(data[at : at + 4], "big")
        if size < 8 or at + size > len(data):
            return
        yield data[at + 4 : at + 8], data[at : at + size]
        at += size
