"""RTCP of RFC 3550: sender and receiver reports (6.4), source description (6.5), goodbye (6.6)."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Self

from media.errors import MalformedPacket
from media.wire.rtcp_header import pack

SR, RR, SDES, BYE = 200, 201, 202, 203
_SENDER = struct.Struct("!IQIII")
_BLOCK = struct.Struct("!IIIIII")
_WORD = struct.Struct("!I")
_LOST_MAX = 0x7FFFFF
_CNAME = 1


@dataclass(frozen=True, slots=True)
class ReportBlock:
    """What a receiver says of one source (RFC 3550 6.4.1)."""

    ssrc: int
    fraction_lost: int
    """Loss since the last report, in 1/256."""
    lost: int
    """Cumulative loss, signed (duplicates make it negative); clamped to 24 bits on the wire."""
    highest: int
    """Highest sequence received, with the low 16 bits of its cycle count above."""
    jitter: int
    """In RTP ticks."""
    lsr: int = 0
    """Middle 32 bits of the last SR's NTP time; 0 without an SR."""
    dlsr: int = 0
    """Time since that SR, in 1/65536 s."""

    @classmethod
    def parse(cls, body: bytes, offset: int) -> Self:
        """Read the 24 octets at `offset`, which must be there."""
        ssrc, loss, highest, jitter, lsr, dlsr = _BLOCK.unpack_from(body, offset)
        lost = loss & 0xFFFFFF
        return cls(ssrc, loss >> 24, lost - (1 << 24) if lost > _LOST_MAX else lost, highest, jitter, lsr, dlsr)

    def build(self) -> bytes:
        """The 24 octets."""
        lost = max(-_LOST_MAX - 1, min(_LOST_MAX, self.lost)) & 0xFFFFFF
        return _BLOCK.pack(
            self.ssrc, self.fraction_lost << 24 | lost, self.highest & 0xFFFFFFFF, self.jitter & 0xFFFFFFFF, self.lsr, self.dlsr
        )


def _blocks(count: int, body: bytes, offset: int) -> tuple[ReportBlock, ...]:
    """`count` report blocks; what follows them is a profile's own extension and ignored."""
    if len(body) < offset + count * _BLOCK.size:
        raise MalformedPacket("rtcp: report blocks past the end")
    return tuple(ReportBlock.parse(body, offset + i * _BLOCK.size) for i in range(count))


def _join(reports: tuple[ReportBlock, ...]) -> bytes:
    if len(reports) > 31:
        raise ValueError("more than 31 report blocks")
    return b"".join(block.build() for block in reports)


@dataclass(frozen=True, slots=True)
class SenderReport:
    """SR: what a sender has sent, and the clock its timestamps follow."""

    ssrc: int
    ntp: int
    """64-bit NTP time (see `ntp`)."""
    rtp: int
    """RTP timestamp of the same moment; truncated to 32 bits on the wire."""
    packets: int
    octets: int
    """Payload octets, no headers or padding."""
    reports: tuple[ReportBlock, ...] = ()

    @classmethod
    def parse(cls, count: int, body: bytes) -> Self:
        """Read what follows the common header."""
        if len(body) < _SENDER.size:
            raise MalformedPacket("rtcp: sender report too short")
        ssrc, ntp, rtp, packets, octets = _SENDER.unpack_from(body)
        return cls(ssrc, ntp, rtp, packets, octets, _blocks(count, body, _SENDER.size))

    def build(self) -> bytes:
        """The whole packet."""
        low = 0xFFFFFFFF
        info = _SENDER.pack(self.ssrc, self.ntp, self.rtp & low, self.packets & low, self.octets & low)
        return pack(len(self.reports), SR, info + _join(self.reports))


@dataclass(frozen=True, slots=True)
class ReceiverReport:
    """RR: reports of one who sends nothing."""

    ssrc: int
    reports: tuple[ReportBlock, ...] = ()

    @classmethod
    def parse(cls, count: int, body: bytes) -> Self:
        """Read what follows the common header."""
        if len(body) < _WORD.size:
            raise MalformedPacket("rtcp: receiver report too short")
        return cls(_WORD.unpack_from(body)[0], _blocks(count, body, _WORD.size))

    def build(self) -> bytes:
        """The whole packet."""
        return pack(len(self.reports), RR, _WORD.pack(self.ssrc) + _join(self.reports))


@dataclass(frozen=True, slots=True)
class Sdes:
    """SDES: canonical names; other items are skipped."""

    cnames: tuple[tuple[int, str], ...]
    """(SSRC, CNAME) of each chunk that has one."""

    @classmethod
    def parse(cls, count: int, body: bytes) -> Self:
        """Read what follows the common header."""
        cnames: list[tuple[int, str]] = []
        at = 0
        for _ in range(count):
            if at + 4 > len(body):
                raise MalformedPacket("rtcp: sdes chunk past the end")
            ssrc = _WORD.unpack_from(body, at)[0]
            cname, at = _chunk(body, at + 4)
            if cname is not None:
                cnames.append((ssrc, cname))
        return cls(tuple(cnames))

    def build(self) -> bytes:
        """The whole packet; `ValueError` for more than 31 names or a name over 255 octets."""
        if len(self.cnames) > 31:
            raise ValueError("more than 31 sdes chunks")
        body = bytearray()
        for ssrc, cname in self.cnames:
            text = cname.encode()
            body += _WORD.pack(ssrc) + bytes((_CNAME, len(text))) + text + b"\0"
            body += bytes(-len(body) % 4)
        return pack(len(self.cnames), SDES, bytes(body))


def _chunk(body: bytes, at: int) -> tuple[str | None, int]:
    """The CNAME among a chunk's items, and where the next chunk begins."""
    cname: str | None = None
    while at < len(body):
        kind = body[at]
        if kind == 0:
            return cname, at + 4 - at % 4
        if at + 2 > len(body) or at + 2 + body[at + 1] > len(body):
            break
        value = body[at + 2 : at + 2 + body[at + 1]]
        at += 2 + len(value)
        if kind == _CNAME and cname is None:
            cname = value.decode(errors="replace")
    raise MalformedPacket("rtcp: sdes item past the end")


@dataclass(frozen=True, slots=True)
class Bye:
    """BYE: sources that end."""

    ssrcs: tuple[int, ...]
    reason: str = ""

    @classmethod
    def parse(cls, count: int, body: bytes) -> Self:
        """Read what follows the common header."""
        end = count * 4
        if len(body) < end:
            raise MalformedPacket("rtcp: bye too short")
        reason = b""
        if len(body) > end:
            reason = body[end + 1 : end + 1 + body[end]]
            if len(reason) != body[end]:
                raise MalformedPacket("rtcp: bye reason past the end")
        return cls(struct.unpack_from(f"!{count}I", body), reason.decode(errors="replace"))

    def build(self) -> bytes:
        """The whole packet; `ValueError` for more than 31 sources or a reason over 255 octets."""
        if len(self.ssrcs) > 31:
            raise ValueError("more than 31 sources")
        text = self.reason.encode()
        body = struct.pack(f"!{len(self.ssrcs)}I", *self.ssrcs)
        return pack(len(self.ssrcs), BYE, body + (bytes((len(text),)) + text if text else b""))
