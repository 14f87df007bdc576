"""What the publisher sends as video is VP8 to the product's parser, and the clip to a decoder."""

from __future__ import annotations

import av

from media.wire.payload import vp8
from tests.bench.frames import GROUP, PACKETS_PER_FRAME, Clip, Filler


def test_filler_has_its_shape_and_keyframes_in_time_and_on_request() -> None:
    filler = Filler(1122)
    frames = [filler.next(keyframe=index == 7) for index in range(GROUP + 1)]
    assert {len(frame) for frame in frames} == {PACKETS_PER_FRAME}
    assert {len(payload) for frame in frames for payload in frame} == {1122}
    parsed = [vp8.parse(frame[0], 0, len(frame[0])) for frame in frames]
    assert [index for index, one in enumerate(parsed) if one.keyframe] == [0, 7, GROUP]
    assert [one.picture_id for one in parsed] == list(range(1, GROUP + 2))
    assert not any(vp8.parse(frame[1], 0, len(frame[1])).frame_start for frame in frames)


def test_clip_decodes_without_end() -> None:
    clip = Clip()
    decoder = av.CodecContext.create("vp8", "r")
    assert isinstance(decoder, av.VideoCodecContext)
    pictures = 0
    for index in range(GROUP + 5):
        payloads = clip.next(keyframe=index == 30)
        pictures += len(decoder.decode(av.Packet(b"".join(bytes(payload[4:]) for payload in payloads))))
    assert pictures == GROUP + 5
