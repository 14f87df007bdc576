"""WebM of one video track as a byte stream: a head, then clusters (RFC 8794, RFC 9559; W3C "WebM Byte Stream Format"). Pure."""

from __future__ import annotations

from collections.abc import Sequence

from media.recording.live.boxes import Sample

_UNKNOWN = b"\x01\xff\xff\xff\xff\xff\xff\xff"
_TRACK = b"\x81"
CODECS = {"VP8": b"V_VP8", "VP9": b"V_VP9"}


def _size(length: int) -> bytes:
    return (1 << 56 | length).to_bytes(8, "big")


def _element(name: str, *parts: bytes) -> bytes:
    return b"".join((bytes.fromhex(name), _size(sum(map(len, parts))), *parts))


def _number(name: str, value: int) -> bytes:
    return _element(name, value.to_bytes(max(1, (value.bit_length() + 7) // 8), "big"))


def head(codec: str, width: int, height: int) -> bytes:
    """What comes before the first cluster; times are milliseconds."""
    ebml = _element(
        "1A45DFA3",
        *(_number(name, value) for name, value in (("4286", 1), ("42F7", 1), ("42F2", 4), ("42F3", 8))),
        _element("4282", b"webm"),
        _number("4287", 4),
        _number("4285", 2),
    )
    info = _element("1549A966", _number("2AD7B1", 1_000_000), _element("4D80", b"shuangshi"), _element("5741", b"shuangshi"))
    video = _element("E0", _number("B0", width), _number("BA", height))
    track = _element("AE", _number("D7", 1), _number("73C5", 1), _number("9C", 0), _number("83", 1), _element("86", CODECS[codec]), video)
    return ebml + bytes.fromhex("18538067") + _UNKNOWN + info + _element("1654AE6B", track)


def cluster(time: int, samples: Sequence[Sample]) -> bytes:
    """One that begins at `time`; its last block says how long it lasts, as no other follows it here. All within 32 s."""
    blocks, at = [], 0
    for sample in samples[:-1]:
        blocks.append(_element("A3", _TRACK, at.to_bytes(2, "big"), b"\x80" if sample.key else b"\0", sample.data))
        at += sample.duration
    last = samples[-1]
    block = _element("A1", _TRACK, at.to_bytes(2, "big"), b"\0", last.data)
    before = () if last.key else (_element("FB", (-1).to_bytes(1, "big", signed=True)),)
    blocks.append(_element("A0", block, _number("9B", last.duration), *before))
    return _element("1F43B675", _number("E7", time), *blocks)
