"""How the parts of a track are packed: WebM for VP8 and VP9, fragmented MP4 for everything else. Nothing is encoded anew."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache

import av
from av.container import OutputContainer
from av.stream import Stream

from media.recording.live import boxes, webm
from media.recording.live.boxes import Sample
from media.recording.mux import VIDEO_TICK, checked, codec_parameter, opus
from media.recording.picture import Picture
from media.recording.sound import RATE

MP4 = {"movflags": "empty_moov+default_base_moof+frag_custom", "use_editlist": "0", "fflags": "+bitexact"}
_START = b"\x00\x00\x01"


@dataclass(frozen=True, slots=True)
class Packing:
    """Of one run."""

    head: bytes
    """The init part."""
    media_type: str
    ending: str
    rate: int
    """Ticks in a second."""
    pack: Callable[[int, int, Sequence[Sample]], bytes]
    """Number of the segment from 1, ticks of its first sample, samples."""
    width: int = 0
    height: int = 0


def of_pictures(codec: str, first: Picture) -> Packing:
    """For pictures like this one. Raises `Unplayable`."""
    source = checked(codec, first)
    name = codec_parameter(codec, first.setup)
    if source is None:
        head = webm.head(codec, first.width, first.height)
        return Packing(head, f'video/webm; codecs="{name}"', "webm", 1000, _cluster, first.width, first.height)
    with source:
        template = source.streams.video[0]
        head = init_of(lambda file: file.add_stream_from_template(template, opaque=True))
        pack = h264_fragment if codec == "H264" else boxes.fragment
        return Packing(head, f'video/mp4; codecs="{name}"', "m4s", VIDEO_TICK.denominator, pack, template.width, template.height)


@cache
def of_sound() -> Packing:
    """For Opus."""
    return Packing(
        init_of(lambda file: file.add_stream_from_template(opus(), opaque=True)), 'audio/mp4; codecs="opus"', "m4s", RATE, boxes.fragment
    )


def init_of(add: Callable[[OutputContainer], Stream]) -> bytes:
    """The init part of a file with this one stream."""
    data = io.BytesIO()
    with av.open(data, "w", format="mp4", options=MP4) as file:
        stream = add(file)
        if stream.type == "video":
            stream.time_base = VIDEO_TICK
        file.start_encoding()
    return b"".join(whole for kind, whole in boxes.boxes(data.getvalue()) if kind in (b"ftyp", b"moov"))


def _cluster(_: int, time: int, samples: Sequence[Sample]) -> bytes:
    return webm.cluster(time, samples)


def h264_fragment(number: int, time: int, samples: Sequence[Sample]) -> bytes:
    """Of pictures in Annex B: MP4 wants sizes where that has start codes (ISO/IEC 14496-15 5.3.3)."""
    return boxes.fragment(number, time, [Sample(s.duration, _sized(s.data), s.key) for s in samples])


def _sized(data: bytes) -> bytes:
    """Start codes have three or four octets; a unit ends in no zero (ITU-T H.264 7.4.1)."""
    units = [unit.rstrip(b"\0") for unit in data.split(_START)[1:]]
    return b"".join(len(unit).to_bytes(4, "big") + unit for unit in units)
