"""What one viewer notes of the sampled packets it gets, without a media engine."""

from __future__ import annotations

import struct
from array import array

from cryptography.exceptions import InvalidTag

from media.fanout.srtp import StreamKeys
from tests.bench.bpf import SAMPLE

STAMP = struct.Struct("!4sQ")
STAMP_MAGIC = b"SENT"
STAMP_AT = 14
"""Where in the RTP payload the publisher writes `STAMP`: after a VP8 descriptor and frame header."""
_HEADER = struct.Struct("!BBHII")


class Stream:
    """One SSRC: its extended sequence and the samples that should have come and did not."""

    __slots__ = ("highest", "missing", "samples")

    def __init__(self) -> None:
        self.highest = -1
        """Extended sequence of the newest sample, −1 before the first."""
        self.samples = 0
        self.missing = 0
        """Sampled sequence numbers skipped: lost on the way, or to a full receive buffer."""

    def extend(self, sequence: int) -> int:
        """Extended sequence of a received sample."""
        if self.highest < 0:
            self.highest = sequence
            self.samples = 1
            return sequence
        step = (sequence - self.highest + 0x8000 & 0xFFFF) - 0x8000
        extended = self.highest + step
        self.samples += 1
        if step > 0:
            self.missing += step // SAMPLE - 1
            self.highest = extended
        else:
            self.missing -= 1
        return extended


class Meter:
    """Counts of one viewer."""

    __slots__ = ("broken", "latencies", "read", "streams")

    def __init__(self, ssrcs: tuple[int, ...]) -> None:
        self.streams = {ssrc: Stream() for ssrc in ssrcs}
        self.read = 0
        """RTP packets read; with the socket's drops: packets that arrived."""
        self.broken = 0
        """Not decryptable, or of an SSRC the answer did not name."""
        self.latencies = array("q")
        """ns from the publisher's send to the kernel's receipt on the viewer's socket."""

    def take(self, packet: bytes, at: int, keys: StreamKeys) -> None:
        """One RTP packet that passed the filter at realtime `at`, ns."""
        self.read += 1
        first, _, sequence, _, ssrc = _HEADER.unpack_from(packet)
        stream = self.streams.get(ssrc)
        if stream is None:
            self.broken += 1
            return
        size = 12
        if first & 0x10:
            size += 4 + 4 * int.from_bytes(packet[14:16], "big")
        index = stream.extend(sequence)
        try:
            payload = keys.cipher.decrypt(keys.nonce_of(ssrc, index), packet[size:], packet[:size])
        except InvalidTag:
            self.broken += 1
            return
        if len(payload) >= STAMP_AT + STAMP.size:
            magic, sent = STAMP.unpack_from(payload, STAMP_AT)
            if magic == STAMP_MAGIC:
                self.latencies.append(at - sent)
