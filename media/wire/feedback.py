"""Feedback messages: generic NACK and PLI (RFC 4585 6.2.1, 6.3.1), FIR (RFC 5104 4.3.1), REMB (draft-alvestrand-rmcat-remb)."""

from __future__ import annotations

import struct
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self

from media.errors import MalformedPacket
from media.wire.rtcp_header import pack

RTPFB, PSFB = 205, 206
FMT_NACK, FMT_TWCC = 1, 15
FMT_PLI, FMT_FIR, FMT_AFB = 1, 4, 15
MAX_NACK_ENTRIES = 372
"""Entries a 1500-octet datagram can hold; more is refused."""

_SSRCS = struct.Struct("!II")
_NACK = struct.Struct("!HH")
_FIR = struct.Struct("!IB3x")
_REMB_TAG = b"REMB"


def ssrcs(body: bytes) -> tuple[int, int]:
    """(sender SSRC, media SSRC), with which every feedback message begins."""
    if len(body) < _SSRCS.size:
        raise MalformedPacket("rtcp: feedback too short")
    sender, media = _SSRCS.unpack_from(body)
    return sender, media


@dataclass(frozen=True, slots=True)
class Nack:
    """Packets of one source that did not arrive."""

    sender_ssrc: int
    media_ssrc: int
    sequences: tuple[int, ...]
    """16-bit sequence numbers, at least one; in ascending (wrapping) order they take the fewest octets."""

    @classmethod
    def parse(cls, body: bytes) -> Self:
        """Read what follows the common header."""
        sender, media = ssrcs(body)
        size = len(body) - _SSRCS.size
        if not 0 < size <= MAX_NACK_ENTRIES * _NACK.size or size % _NACK.size:
            raise MalformedPacket("rtcp: nack entries")
        sequences: list[int] = []
        for pid, mask in _NACK.iter_unpack(body[_SSRCS.size :]):
            sequences.append(pid)
            sequences += [pid + 1 + bit & 0xFFFF for bit in range(16) if mask >> bit & 1]
        return cls(sender, media, tuple(sequences))

    def build(self) -> bytes:
        """The whole packet; `ValueError` without sequences."""
        if not self.sequences:
            raise ValueError("nack without sequences")
        entries = b"".join(_NACK.pack(pid, mask) for pid, mask in _masks(self.sequences))
        return pack(FMT_NACK, RTPFB, _SSRCS.pack(self.sender_ssrc, self.media_ssrc) + entries)


def _masks(sequences: Iterable[int]) -> list[tuple[int, int]]:
    """PID and BLP pairs that cover the sequences."""
    entries: list[tuple[int, int]] = []
    for sequence in sequences:
        if entries:
            pid, mask = entries[-1]
            bit = (sequence - pid & 0xFFFF) - 1
            if 0 <= bit < 16:
                entries[-1] = pid, mask | 1 << bit
                continue
        entries.append((sequence & 0xFFFF, 0))
    return entries


@dataclass(frozen=True, slots=True)
class Pli:
    """Picture loss: send a keyframe."""

    sender_ssrc: int
    media_ssrc: int

    @classmethod
    def parse(cls, body: bytes) -> Self:
        """Read what follows the common header."""
        return cls(*ssrcs(body))

    def build(self) -> bytes:
        """The whole packet."""
        return pack(FMT_PLI, PSFB, _SSRCS.pack(self.sender_ssrc, self.media_ssrc))


@dataclass(frozen=True, slots=True)
class Fir:
    """Full intra request, by command sequence."""

    sender_ssrc: int
    entries: tuple[tuple[int, int], ...]
    """(media SSRC, command sequence of 8 bits)."""

    @classmethod
    def parse(cls, body: bytes) -> Self:
        """Read what follows the common header."""
        sender, _ = ssrcs(body)
        entries = body[_SSRCS.size :]
        if not entries or len(entries) % _FIR.size:
            raise MalformedPacket("rtcp: fir entries")
        return cls(sender, tuple((ssrc, sequence) for ssrc, sequence in _FIR.iter_unpack(entries)))

    def build(self) -> bytes:
        """The whole packet."""
        entries = b"".join(_FIR.pack(ssrc, sequence & 0xFF) for ssrc, sequence in self.entries)
        return pack(FMT_FIR, PSFB, _SSRCS.pack(self.sender_ssrc, 0) + entries)


@dataclass(frozen=True, slots=True)
class Remb:
    """Receiver's estimate of the path."""

    sender_ssrc: int
    bitrate: int
    """Bit/s; 18 bits of precision on the wire, rounded down."""
    ssrcs: tuple[int, ...] = ()

    @staticmethod
    def matches(body: bytes) -> bool:
        """Whether an application layer feedback message is a REMB."""
        return body[8:12] == _REMB_TAG

    @classmethod
    def parse(cls, body: bytes) -> Self:
        """Read what follows the common header."""
        sender, _ = ssrcs(body)
        if len(body) < 16 or not cls.matches(body) or len(body) < 16 + 4 * body[12]:
            raise MalformedPacket("rtcp: remb")
        mantissa = (body[13] & 3) << 16 | body[14] << 8 | body[15]
        return cls(sender, mantissa << (body[13] >> 2), struct.unpack_from(f"!{body[12]}I", body, 16))

    def build(self) -> bytes:
        """The whole packet; `ValueError` for more than 255 sources."""
        exponent = max(0, self.bitrate.bit_length() - 18)
        value = len(self.ssrcs) << 24 | exponent << 18 | self.bitrate >> exponent
        if len(self.ssrcs) > 255 or exponent > 63:
            raise ValueError("remb out of range")
        body = _SSRCS.pack(self.sender_ssrc, 0) + _REMB_TAG + struct.pack(f"!I{len(self.ssrcs)}I", value, *self.ssrcs)
        return pack(FMT_AFB, PSFB, body)
