"""VP9 out of RTP (RFC 9628 4.2), and as much of its frame header as a container wants. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from media.errors import MalformedPacket

_I, _P, _L, _F, _B, _V = 0x80, 0x40, 0x20, 0x10, 0x08, 0x02
_SYNC = 0x498342


def layers(payloads: Sequence[bytes]) -> list[bytes] | None:
    """The frames of a picture, one for each spatial layer; None where the first does not begin here. Raises `MalformedPacket`."""
    frames: list[bytearray] = []
    for payload in payloads:
        try:
            at, begins = _descriptor(payload)
        except IndexError as error:
            raise MalformedPacket("vp9: descriptor past the end") from error
        if begins:
            frames.append(bytearray())
        elif not frames:
            return None
        frames[-1] += payload[at:]
    found = [bytes(frame) for frame in frames if frame]
    if not found:
        raise MalformedPacket("vp9: empty picture")
    return found


def _descriptor(data: bytes) -> tuple[int, bool]:
    """Its size, and whether a layer's frame begins."""
    first = data[0]
    at = 1
    if first & _I:
        at += 2 if data[at] & 0x80 else 1
    if first & _L:
        at += 1 if first & _F else 2
    if first & _F and first & _P:
        at = _after_references(data, at)
    if first & _V:
        at = _after_structure(data, at)
    if at > len(data):
        raise IndexError
    return at, bool(first & _B)


def _after_references(data: bytes, at: int) -> int:
    for _ in range(3):
        at += 1
        if not data[at - 1] & 1:
            break
    return at


def _after_structure(data: bytes, at: int) -> int:
    """N_S, Y, G: sizes and the group of pictures."""
    head = data[at]
    at += 1 + (4 * ((head >> 5) + 1) if head & 0x10 else 0)
    if head & 0x08:
        pictures = data[at]
        at += 1
        for _ in range(pictures):
            at += 1 + (data[at] >> 2 & 3)
    return at


def superframe(frames: Sequence[bytes]) -> bytes:
    """One frame as it is; several with an index (VP9 bitstream, annex B)."""
    if len(frames) == 1:
        return frames[0]
    marker = bytes((0xC0 | 3 << 3 | len(frames) - 1 & 7,))
    return b"".join(frames) + marker + b"".join(len(frame).to_bytes(4, "little") for frame in frames) + marker


class _Bits:
    def __init__(self, data: bytes) -> None:
        self._value = int.from_bytes(data, "big")
        self._left = 8 * len(data)

    def read(self, count: int) -> int:
        self._left -= count
        if self._left < 0:
            raise MalformedPacket("vp9: frame header")
        return self._value >> self._left & (1 << count) - 1


def _head(frame: bytes) -> tuple[_Bits, int, bool]:
    """Bits after `frame_type`, profile, and whether it is a key frame (6.2)."""
    bits = _Bits(frame[:20])
    if bits.read(2) != 2:
        raise MalformedPacket("vp9: frame marker")
    profile = bits.read(1) | bits.read(1) << 1
    if profile == 3:
        bits.read(1)
    return bits, profile, not bits.read(1) and not bits.read(1)


def is_key(frame: bytes) -> bool:
    """Whether the frame decodes by itself."""
    return _head(frame)[2]


def size(frame: bytes) -> tuple[int, int] | None:
    """Width and height that a key frame says; None of others."""
    bits, profile, key = _head(frame)
    if not key:
        return None
    bits.read(2)
    if bits.read(24) != _SYNC:
        raise MalformedPacket("vp9: sync code")
    if profile >= 2:
        bits.read(1)
    if bits.read(3) != 7:
        bits.read(1 + (3 if profile in (1, 3) else 0))
    elif profile in (1, 3):
        bits.read(1)
    return bits.read(16) + 1, bits.read(16) + 1
