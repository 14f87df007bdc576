"""Lets aiortc receive without decoding: a classroom that nobody looks at should not cost a processor.

aiortc starts one decoder thread per receiver; this replaces what the thread runs by one that counts whole frames.
`tests/media/synthetic` pins the names used.
"""

from __future__ import annotations

from typing import Any
from weakref import WeakKeyDictionary

import aiortc.rtcrtpreceiver
from aiortc import MediaStreamTrack

_frames: WeakKeyDictionary[Any, int] = WeakKeyDictionary()
"""Frames taken, by the queue they would have gone to."""


def discard_worker(loop: Any, input_q: Any, output_q: Any, decode_error: Any) -> None:
    """Take encoded frames until the receiver ends, count and drop them."""
    while input_q.get() is not None:
        _frames[output_q] = _frames.get(output_q, 0) + 1


def frames_taken(track: MediaStreamTrack) -> int:
    """Whole frames that came for a receiver's track so far: what a page would have played."""
    return _frames.get(getattr(track, "_queue", None), 0)


def receive_without_decoding() -> None:
    """From now on no aiortc receiver of this process decodes."""
    aiortc.rtcrtpreceiver.decoder_worker = discard_worker
