"""Transport-wide congestion control feedback (draft-holmer-rmcat-transport-wide-cc-extensions-01 3.1).

A message covers consecutive transport sequence numbers. Symbols say for each whether it came, packed into 16-bit chunks: a run
of one symbol, 14 symbols of one bit, or 7 of two bits. Then one delta for each packet that came, in ticks of 250 µs from the one
before; the first counts from the reference time, in units of 64 ms.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Self

from media.errors import MalformedPacket
from media.wire.feedback import FMT_TWCC, RTPFB
from media.wire.rtcp_header import pack

TICK_NS = 250_000
TICKS_PER_REFERENCE = 256
"""64 ms in ticks."""
MAX_PACKETS = 16_384
"""Most packets one message may cover; a few octets can claim 65535."""
LOST, SMALL, LARGE = 0, 1, 2
_HEAD = struct.Struct("!IIHHI")
_LONGEST_RUN = 0x1FFF
_LARGE_MIN, _LARGE_MAX = -0x8000, 0x7FFF


@dataclass(frozen=True, slots=True)
class TransportFeedback:
    """Arrival of consecutive packets of a whole transport."""

    sender_ssrc: int
    media_ssrc: int
    base_sequence: int
    """Transport sequence number of the first packet, 16 bits."""
    reference_time: int
    """In units of 64 ms, signed 24 bits, wrapping."""
    feedback_count: int
    """8 bits, one more with each message."""
    deltas: tuple[int | None, ...]
    """Per packet: ticks of 250 µs since the packet that came before (or the reference); None if it did not come."""

    @classmethod
    def parse(cls, body: bytes) -> Self:
        """Read what follows the common header."""
        if len(body) < _HEAD.size:
            raise MalformedPacket("twcc: too short")
        sender, media, base, count, tail = _HEAD.unpack_from(body)
        if not 0 < count <= MAX_PACKETS:
            raise MalformedPacket("twcc: packet count")
        symbols, at = _read_symbols(body, _HEAD.size, count)
        reference = tail >> 8
        signed = reference - (1 << 24) if reference >> 23 else reference
        return cls(sender, media, base, signed, tail & 0xFF, _read_deltas(body, at, symbols))

    def build(self) -> bytes:
        """The whole packet; `ValueError` if there is no packet, or too many, or a delta beyond 16 bits."""
        if not 0 < len(self.deltas) <= MAX_PACKETS:
            raise ValueError("twcc: packet count")
        tail = (self.reference_time & 0xFFFFFF) << 8 | self.feedback_count & 0xFF
        head = _HEAD.pack(self.sender_ssrc, self.media_ssrc, self.base_sequence & 0xFFFF, len(self.deltas), tail)
        chunks = _write_symbols([_symbol(delta) for delta in self.deltas])
        return pack(FMT_TWCC, RTPFB, head + chunks + _write_deltas(self.deltas))

    @classmethod
    def from_arrivals(
        cls, sender_ssrc: int, media_ssrc: int, feedback_count: int, base_sequence: int, arrivals: Sequence[int | None]
    ) -> Self:
        """Report arrival times in ns (None: lost) of the packets from `base_sequence` on.

        Covers the longest prefix one message can carry: go on at `base_sequence + len(result.deltas)`. At least one packet of
        `arrivals` must have come, within the first `MAX_PACKETS`, else `ValueError`.
        """
        window = arrivals[:MAX_PACKETS]
        first = next((at for at in window if at is not None), None)
        if first is None:
            raise ValueError("twcc: nothing arrived")
        reference = first // TICK_NS // TICKS_PER_REFERENCE
        deltas = tuple(_ticks(window, reference * TICKS_PER_REFERENCE))
        signed = (reference + (1 << 23) & 0xFFFFFF) - (1 << 23)
        return cls(sender_ssrc, media_ssrc, base_sequence & 0xFFFF, signed, feedback_count & 0xFF, deltas)

    def arrivals(self) -> list[tuple[int, int | None]]:
        """(transport sequence, arrival in ns of the receiver's clock, wrapping with the reference; None: lost) in order."""
        result: list[tuple[int, int | None]] = []
        ticks = self.reference_time * TICKS_PER_REFERENCE
        for index, delta in enumerate(self.deltas):
            if delta is not None:
                ticks += delta
            result.append((self.base_sequence + index & 0xFFFF, None if delta is None else ticks * TICK_NS))
        return result


def _ticks(arrivals: Sequence[int | None], last: int) -> Iterator[int | None]:
    """Deltas in ticks, up to the first that 16 bits cannot hold; rounding of one is made good by the next."""
    for at in arrivals:
        if at is None:
            yield None
            continue
        ticks = at // TICK_NS
        if not _LARGE_MIN <= ticks - last <= _LARGE_MAX:
            return
        yield ticks - last
        last = ticks


def _symbol(delta: int | None) -> int:
    if delta is None:
        return LOST
    return SMALL if 0 <= delta <= 0xFF else LARGE


def _read_symbols(body: bytes, at: int, count: int) -> tuple[list[int], int]:
    """`count` symbols of the chunks at `at`, and where the deltas begin."""
    symbols: list[int] = []
    while len(symbols) < count:
        if at + 2 > len(body):
            raise MalformedPacket("twcc: chunks past the end")
        chunk = body[at] << 8 | body[at + 1]
        at += 2
        if chunk < 0x8000:
            symbols += [chunk >> 13] * min(chunk & _LONGEST_RUN, count - len(symbols))
        elif chunk & 0x4000:
            symbols += [chunk >> shift & 3 for shift in range(12, -1, -2)]
        else:
            symbols += [chunk >> shift & 1 for shift in range(13, -1, -1)]
    return symbols[:count], at


def _read_deltas(body: bytes, at: int, symbols: Sequence[int]) -> tuple[int | None, ...]:
    if 3 in symbols:
        raise MalformedPacket("twcc: reserved symbol")
    if at + symbols.count(SMALL) + 2 * symbols.count(LARGE) > len(body):
        raise MalformedPacket("twcc: deltas past the end")
    deltas: list[int | None] = []
    for symbol in symbols:
        if symbol == LOST:
            deltas.append(None)
            continue
        deltas.append(int.from_bytes(body[at : at + symbol], "big", signed=symbol == LARGE))
        at += symbol
    return tuple(deltas)


def _write_symbols(symbols: Sequence[int]) -> bytes:
    """Chunks for the symbols: a run where it is at least as long as a vector would be, else the vector."""
    out = bytearray()
    at, size = 0, len(symbols)
    while at < size:
        run = _run(symbols, at)
        narrow = LARGE not in symbols[at : at + 14]
        width = 14 if narrow else 7
        if run >= min(width, size - at):
            taken, chunk = run, symbols[at] << 13 | run
        else:
            taken, chunk = width, _vector(symbols[at : at + width], narrow)
        out += chunk.to_bytes(2, "big")
        at += taken
    return bytes(out)


def _run(symbols: Sequence[int], at: int) -> int:
    """Length of the run of one symbol from `at`."""
    end = min(len(symbols), at + _LONGEST_RUN)
    return next((i for i in range(at + 1, end) if symbols[i] != symbols[at]), end) - at


def _vector(symbols: Sequence[int], narrow: bool) -> int:
    """A status vector chunk; missing symbols at its end are 0."""
    bits = 1 if narrow else 2
    chunk = 0x8000 if narrow else 0xC000
    for index, symbol in enumerate(symbols):
        chunk |= symbol << (14 - bits * (index + 1))
    return chunk


def _write_deltas(deltas: Sequence[int | None]) -> bytes:
    out = bytearray()
    for delta in deltas:
        if delta is None:
            continue
        if not _LARGE_MIN <= delta <= _LARGE_MAX:
            raise ValueError("twcc: delta beyond 16 bits")
        symbol = _symbol(delta)
        out += delta.to_bytes(symbol, "big", signed=symbol == LARGE)
    return bytes(out)
