"""Offers of a raw client: any payload types, extension ids, SSRCs and rids. And RTP packets, built and read by hand."""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from tests.harness.raw import Credentials

MID = "urn:ietf:params:rtp-hdrext:sdes:mid"
RID = "urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id"
REPAIRED_RID = "urn:ietf:params:rtp-hdrext:sdes:repaired-rtp-stream-id"
LEVEL = "urn:ietf:params:rtp-hdrext:ssrc-audio-level"
TRANSPORT = "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01"
H264_BASELINE = "level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f"
EXTENSIONS = {1: MID, 2: LEVEL, 3: TRANSPORT, 4: RID, 5: REPAIRED_RID}


@dataclass(frozen=True)
class Format:
    """One payload type."""

    number: int
    name: str
    parameters: str = ""
    rtx: int | None = None


@dataclass(frozen=True)
class Line:
    """One m-line."""

    kind: str
    formats: tuple[Format, ...]
    extensions: Mapping[int, str] = field(default_factory=lambda: EXTENSIONS)
    ssrcs: tuple[int, ...] = ()
    rids: tuple[str, ...] = ()

    def text(self, mid: int, local: Credentials, direction: str) -> list[str]:
        numbers = [str(n) for f in self.formats for n in (f.number, f.rtx) if n is not None]
        return [
            f"m={self.kind} 9 UDP/TLS/RTP/SAVPF {' '.join(numbers)}",
            "c=IN IP4 0.0.0.0",
            f"a=ice-ufrag:{local.ufrag}",
            f"a=ice-pwd:{local.pwd}",
            f"a=fingerprint:sha-256 {local.fingerprint}",
            "a=setup:actpass",
            f"a=mid:{mid}",
            f"a={direction}",
            "a=rtcp-mux",
            *(f"a=extmap:{number} {uri}" for number, uri in self.extensions.items()),
            *(line for found in self.formats for line in _format(found, self.kind)),
            *(f"a=ssrc:{ssrc} cname:raw" for ssrc in self.ssrcs),
            *(f"a=rid:{rid} send" for rid in self.rids),
            *([f"a=simulcast:send {';'.join(self.rids)}"] if self.rids else []),
        ]


def _format(found: Format, kind: str) -> list[str]:
    lines = [f"a=rtpmap:{found.number} {found.name}"]
    if found.parameters:
        lines.append(f"a=fmtp:{found.number} {found.parameters}")
    if kind == "video":
        lines += [f"a=rtcp-fb:{found.number} {message}" for message in ("transport-cc", "nack", "nack pli", "ccm fir")]
    if found.rtx is not None:
        lines += [f"a=rtpmap:{found.rtx} rtx/90000", f"a=fmtp:{found.rtx} apt={found.number}"]
    return lines


OPUS = Line("audio", (Format(111, "opus/48000/2", "minptime=10;useinbandfec=1"),))
VP8 = Line("video", (Format(96, "VP8/90000", rtx=97),))
H264 = Line("video", (Format(102, "H264/90000", H264_BASELINE, 103),))
VIDEO = Line("video", (*VP8.formats, *H264.formats))


def write_offer(local: Credentials, lines: Sequence[Line], direction: str) -> str:
    """The offer of these m-lines, mids counted from 0."""
    mids = " ".join(str(mid) for mid in range(len(lines)))
    head = ["v=0", "o=- 1 1 IN IP4 127.0.0.1", "s=-", "t=0 0", "a=extmap-allow-mixed", f"a=group:BUNDLE {mids}"]
    return "\r\n".join([*head, *(text for mid, line in enumerate(lines) for text in line.text(mid, local, direction)), ""])


@dataclass(frozen=True)
class Rtp:
    """One plain RTP packet, read."""

    payload_type: int
    marker: bool
    sequence: int
    timestamp: int
    ssrc: int
    extensions: Mapping[int, bytes]
    payload: bytes
    at: float = 0.0
    """When it came, s of the monotonic clock."""


def build(
    payload_type: int,
    sequence: int,
    timestamp: int,
    ssrc: int,
    payload: bytes,
    *,
    marker: bool = False,
    extensions: Sequence[tuple[int, bytes]] = (),
    two_byte: bool = False,
    padding: int = 0,
) -> bytes:
    """An RTP packet (RFC 3550 5.1, RFC 8285 4)."""
    first = 0x80 | (0x10 if extensions else 0) | (0x20 if padding else 0)
    header = struct.pack("!BBHII", first, payload_type | (0x80 if marker else 0), sequence & 0xFFFF, timestamp & 0xFFFFFFFF, ssrc)
    tail = bytes(padding - 1) + bytes((padding,)) if padding else b""
    return header + (_block(extensions, two_byte) if extensions else b"") + payload + tail


def _block(extensions: Sequence[tuple[int, bytes]], two_byte: bool) -> bytes:
    if two_byte:
        body = b"".join(bytes((number, len(value))) + value for number, value in extensions)
    else:
        body = b"".join(bytes((number << 4 | len(value) - 1,)) + value for number, value in extensions)
    body += bytes(-len(body) % 4)
    return (b"\x10\x00" if two_byte else b"\xbe\xde") + (len(body) // 4).to_bytes(2, "big") + body


def read(packet: bytes, at: float = 0.0) -> Rtp:
    """Read a plain packet whose header extensions, if any, have the one-byte form."""
    first, second, sequence, timestamp, ssrc = struct.unpack_from("!BBHII", packet)
    start, found = 12 + 4 * (first & 15), {}
    if first & 0x10:
        assert packet[start : start + 2] == b"\xbe\xde", packet[:24].hex()
        end = start + 4 + 4 * int.from_bytes(packet[start + 2 : start + 4], "big")
        start += 4
        while start < end:
            if packet[start] == 0:
                start += 1
                continue
            number, size = packet[start] >> 4, (packet[start] & 15) + 1
            found[number] = packet[start + 1 : start + 1 + size]
            start += 1 + size
        start = end
    stop = len(packet) - (packet[-1] if first & 0x20 else 0)
    return Rtp(second & 0x7F, bool(second & 0x80), sequence, timestamp, ssrc, found, packet[start:stop], at)
