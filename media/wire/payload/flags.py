"""What a payload descriptor tells of a packet. The low bits are those of `rows.ArrivalFlag`."""

from __future__ import annotations

KEYFRAME = 1
"""First packet of a frame that decodes by itself (`ArrivalFlag.KEYFRAME`)."""
FRAME_START = 2
"""The packet can be the first of a frame (`ArrivalFlag.FRAME_START`)."""
HAS_SPS = 1 << 8
"""H.264: carries a sequence parameter set."""
HAS_PPS = 1 << 9
"""H.264: carries a picture parameter set."""
IDR_START = 1 << 10
"""H.264: carries the beginning of an IDR picture. A keyframe too, if no SPS came before it under the same timestamp."""
ARRIVAL_MASK = 0xFF
"""The bits that go into an arrival record."""
