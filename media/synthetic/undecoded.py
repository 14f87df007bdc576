"""Lets aiortc receive without decoding: a classroom that nobody looks at should not cost a processor.

aiortc starts one decoder thread per receiver; this replaces what the thread runs. `tests/media/synthetic` pins the names used.
"""

from __future__ import annotations

from typing import Any

import aiortc.rtcrtpreceiver


def discard_worker(loop: Any, input_q: Any, output_q: Any, decode_error: Any) -> None:
    """Take encoded frames until the receiver ends, and drop them."""
    while input_q.get() is not None:
        pass


def receive_without_decoding() -> None:
    """From now on no aiortc receiver of this process decodes."""
    aiortc.rtcrtpreceiver.decoder_worker = discard_worker
