from __future__ import annotations

import pytest
from hypothesis import given

from media.errors import MalformedPacket
from media.wire.payload import FRAME_START, KEYFRAME, opus
from tests.media.wire.garbage import garbage, survives


# RFC 6716 3.1, table 2: configurations and frame sizes in ms.
@pytest.mark.parametrize(
    ("first", "sizes"),
    [(0, (10, 20, 40, 60)), (4, (10, 20, 40, 60)), (8, (10, 20, 40, 60)), (12, (10, 20)), (14, (10, 20))]
    + [(config, (2.5, 5, 10, 20)) for config in (16, 20, 24, 28)],
)
def test_frame_durations(first, sizes):
    assert [opus.frame_duration(config << 3) for config in range(first, first + len(sizes))] == [int(ms * 48) for ms in sizes]


@pytest.mark.parametrize(
    ("packet", "ticks"),
    [(b"\xf8x", 960), (b"\xf9x", 1920), (b"\xfax", 1920), (b"\xfb\x03", 2880), (b"\xfb\x83", 2880), (b"\x1b\x02", 5760)],
)
def test_packet_durations(packet, ticks):
    assert opus.duration(b"--" + packet, 2, 2 + len(packet)) == ticks


@pytest.mark.parametrize("packet", [b"", b"\xfb", b"\xfb\x00", b"\xfb\x07", b"\x1b\x03"])
def test_malformed(packet):
    with pytest.raises(MalformedPacket):
        opus.duration(packet, 0, len(packet))


def test_dtx_and_flags():
    assert opus.is_dtx(12, 13)
    assert opus.is_dtx(12, 14)
    assert not opus.is_dtx(12, 15)
    assert opus.describe(b"\xf8x", 0, 2) == FRAME_START | KEYFRAME
    assert opus.describe(b"", 0, 0) == 0


@given(garbage(b"\xf8x", b"\xfb\x03xyz"))
def test_garbage(packet):
    ticks = survives(opus.duration, packet, 0, len(packet))
    assert ticks is None or 0 < ticks <= opus.MAX_DURATION
