"""Captures as a media worker writes them, of media that real encoders made."""

from __future__ import annotations

import heapq
import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cache
from pathlib import Path

import av
import numpy as np

from media.recording.records import ClockMap, Packet, Record, TakeEnded, TrackBegan
from media.recording.take import Head, Take

MS = 1_000_000
SECOND = 1_000 * MS
START = 7_000 * SECOND
WALL = 1_795_000_000_000
MTU = 1150
ENCODERS = {"VP8": "libvpx", "VP9": "libvpx-vp9", "H264": "libx264", "AV1": "libsvtav1"}
OPTIONS = {
    "VP8": {"deadline": "realtime", "cpu-used": "8", "lag-in-frames": "0"},
    "VP9": {"deadline": "realtime", "cpu-used": "8", "lag-in-frames": "0"},
    "H264": {"preset": "ultrafast", "tune": "zerolatency", "profile": "baseline"},
    "AV1": {"preset": "10", "svtav1-params": "pred-struct=1:rc=2:rtc=1"},
}
PAYLOAD_TYPES = {"VP8": 96, "VP9": 98, "H264": 102, "AV1": 45, "opus": 111}


@cache
def pictures(
    codec: str, width: int, height: int, count: int, gop: int = 30, bits: int = 300_000, detail: int = 0, light: int = 20
) -> tuple[bytes, ...]:
    """So many coded pictures of a moving scene; each `gop`-th decodes by itself. `detail` adds noise, so that the bits are used; `light` is
    that of the darkest spot.
    """
    encoder = av.CodecContext.create(ENCODERS[codec], "w")
    encoder.width, encoder.height, encoder.pix_fmt = width, height, "yuv420p"
    encoder.time_base, encoder.framerate = Fraction(1, 30), Fraction(30)
    encoder.gop_size, encoder.bit_rate, encoder.options = gop, bits, OPTIONS[codec]
    with _nobody():
        encoder.open()
    chance, out = np.random.default_rng(1), list[bytes]()
    for number in range(count):
        plane = np.full((height * 3 // 2, width), 128, np.uint8)
        plane[:height] = (np.arange(width) * 2 + number * 3) % (220 - light) + light
        if detail:
            plane[:height] += chance.integers(0, detail, (height, width), dtype=np.uint8)
        frame = av.VideoFrame.from_ndarray(plane, format="yuv420p")
        frame.pts = number
        out += [bytes(packet) for packet in encoder.encode(frame)]
    out += [bytes(packet) for packet in encoder.encode(None)]
    assert len(out) == count
    return tuple(out)


@contextmanager
def _nobody() -> Iterator[None]:
    """SVT-AV1 gives itself and whoever called it SCHED_FIFO 99 where it finds root, and then nothing else runs on a small machine."""
    root = os.geteuid() == 0
    if root:
        os.seteuid(65534)
    try:
        yield
    finally:
        if root:
            os.seteuid(0)
    assert os.sched_getscheduler(0) == os.SCHED_OTHER, "an encoder made the tests a real-time process"


@cache
def sounds(count: int, tone: float = 440.0, bits: int = 32_000) -> tuple[bytes, ...]:
    """So many packets of 20 ms of a tone."""
    encoder = av.CodecContext.create("libopus", "w")
    encoder.sample_rate, encoder.layout, encoder.format = 48_000, "mono", "s16"
    encoder.bit_rate = bits
    out: list[bytes] = []
    for number in range(count):
        time = (np.arange(960) + number * 960) / 48_000
        frame = av.AudioFrame.from_ndarray((np.sin(2 * np.pi * tone * time) * 9_000).astype(np.int16)[None, :], format="s16", layout="mono")
        frame.sample_rate, frame.pts = 48_000, number * 960
        out += [bytes(packet) for packet in encoder.encode(frame)]
    return tuple(out)


def payloads(codec: str, data: bytes, mtu: int = MTU) -> list[bytes]:
    """RTP payloads of one coded picture or packet of sound (RFC 7741, 9628, 6184, 7587, AV1 4)."""
    if codec == "opus":
        return [data]
    if codec == "H264":
        return [payload for unit in nal_units(data) for payload in _h264(unit, mtu)]
    if codec == "AV1":
        return _av1(data, mtu)
    pieces = [data[at : at + mtu] for at in range(0, len(data), mtu)]
    if codec == "VP8":
        return [(b"\x90\x80\x81\x05" if not number else b"\x80\x80\x81\x05") + piece for number, piece in enumerate(pieces)]
    begin = 0x80 | (0 if data[0] & 4 == 0 else 0x40)
    last = len(pieces) - 1
    return [bytes((begin | (8 if not n else 0) | (4 if n == last else 0), 0x81, 5)) + piece for n, piece in enumerate(pieces)]


def nal_units(data: bytes) -> list[bytes]:
    """Of an Annex B stream."""
    parts = data.replace(b"\x00\x00\x00\x01", b"\x00\x00\x01").split(b"\x00\x00\x01")
    return [part for part in parts if part]


def _h264(unit: bytes, mtu: int) -> list[bytes]:
    if len(unit) <= mtu:
        return [unit]
    pieces = [unit[at : at + mtu - 2] for at in range(1, len(unit), mtu - 2)]
    head = unit[0] & 0xE0 | 28
    last = len(pieces) - 1
    return [bytes((head, unit[0] & 0x1F | (0x80 if not n else 0) | (0x40 if n == last else 0))) + piece for n, piece in enumerate(pieces)]


def _av1(data: bytes, mtu: int) -> list[bytes]:
    """Each OBU alone, without size; the first packet says whether a sequence begins."""
    units = [unit for unit in obus(data) if unit[0] >> 3 & 15 != 2]
    new = any(unit[0] >> 3 & 15 == 1 for unit in units)
    out: list[bytes] = []
    for unit in units:
        pieces = [unit[at : at + mtu] for at in range(0, len(unit), mtu)]
        for number, piece in enumerate(pieces):
            head = 0x10 | (0x80 if number else 0) | (0x40 if number < len(pieces) - 1 else 0) | (8 if new and not out else 0)
            out.append(bytes((head,)) + piece)
    return out


def obus(data: bytes) -> Iterator[bytes]:
    """Of a temporal unit, their sizes taken out."""
    at = 0
    while at < len(data):
        head, at = data[at], at + 1
        size = shift = 0
        while True:
            size |= (data[at] & 0x7F) << shift
            shift, at = shift + 7, at + 1
            if data[at - 1] < 128:
                break
        yield bytes((head & ~2,)) + data[at : at + size]
        at += size


@dataclass
class Sender:
    """One track as it arrives at the worker."""

    track: int
    source: str
    codec: str
    ppm: float = 0.0
    """Of its clock: too fast."""
    lag: int = 30 * MS
    """From capture to arrival."""
    parameters: str = ""
    layer: int = 0
    seq: int = 70_000
    rtp: int = 5_000_000_000
    """Of the moment `since`."""
    since: int = START
    mtu: int = MTU

    @property
    def rate(self) -> int:
        return 48_000 if self.codec == "opus" else 90_000

    def began(self, at: int = START) -> TrackBegan:
        return TrackBegan(
            track=self.track,
            source=self.source,
            codec=self.codec,
            clock_rate=self.rate,
            payload_type=PAYLOAD_TYPES[self.codec],
            parameters=self.parameters,
            at=at,
        )

    def timestamp(self, at: int) -> int:
        """What its clock shows at a moment of the worker's."""
        return self.rtp + round((at - self.since) * self.rate * (1 + self.ppm / 1e6) / SECOND)

    def map(self, at: int, lesson: int) -> ClockMap:
        return ClockMap(track=self.track, rtp=self.timestamp(at), at=at, lesson=lesson)

    def packets(self, at: int, data: bytes) -> list[Packet]:
        """One picture or packet of sound that is captured at this time."""
        parts = payloads(self.codec, data, self.mtu)
        out = []
        for number, payload in enumerate(parts):
            marker = 0x80 if number == len(parts) - 1 and self.codec != "opus" else 0
            kind = marker | PAYLOAD_TYPES[self.codec]
            out.append(Packet(self.track, self.layer, kind, self.seq, self.timestamp(at), at + self.lag + number * 100_000, payload))
            self.seq += 1
        return out

    def stream(self, media: Sequence[bytes], every: int, begin: int = START, count: int | None = None) -> Iterator[Packet]:
        """One after the other, again and again, up to `count`."""
        for number in range(len(media) if count is None else count):
            yield from self.packets(begin + number * every, media[number % len(media)])

    def maps(self, begin: int, end: int, lesson: int = 0) -> Iterator[ClockMap]:
        """One each ten seconds; `lesson`: ms at `START`."""
        for at in range(begin, end, 10 * SECOND):
            yield self.map(at, (at - START) // MS + lesson)


def when(record: Record) -> int:
    """When the worker wrote it."""
    return record.arrival if isinstance(record, Packet) else getattr(record, "at", 0) or getattr(record, "end", 0)


@dataclass
class Written:
    """A folder with takes."""

    folder: Path
    takes: int = 0
    files: list[Path] = field(default_factory=list)

    def take(self, *streams: Iterable[Record], ended: int | None = None, epoch: str = "e", started: int = START) -> Path:
        """Write one: records in order of time; `ended` closes it on purpose."""
        self.takes += 1
        path = self.folder / f"take-{self.takes:04}.capture"
        wall = WALL + (started - START) // MS
        take = Take(Head(recording="r1", take=self.takes, epoch=epoch, started=started, wall=wall))
        with path.open("wb") as file:
            file.write(take.begin())
            now = started
            for record in heapq.merge(*streams, key=when):
                now = when(record)
                take.add(record, now)
                if take.due(now):
                    file.write(take.flush())
            if ended is not None:
                take.add(TakeEnded(at=ended), ended)
            file.write(take.flush())
        self.files.append(path)
        return path


def lesson(written: Written, codec: str = "VP8", seconds: int = 4, width: int = 160, height: int = 96) -> None:
    """One whole take of camera and microphone."""
    camera, mic = Sender(1, "camera", codec), Sender(2, "mic", "opus")
    end = START + seconds * SECOND
    written.take(
        [camera.began(), mic.began()],
        camera.maps(START, end),
        mic.maps(START, end),
        camera.stream(pictures(codec, width, height, 60), SECOND // 15, count=15 * seconds),
        mic.stream(sounds(50), 20 * MS, count=50 * seconds),
        ended=end,
    )
